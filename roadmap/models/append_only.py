"""Rows that are written once."""

import pgtrigger


def append_only(*blanked: str) -> pgtrigger.Trigger:
    """The trigger that refuses to change a row, but for the columns ``blanked``: who wrote it may be erased. Deleting
    goes with what the row belongs to."""
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(exclude=[name.removesuffix("_id") for name in blanked]),
        func=pgtrigger.Func("RAISE EXCEPTION 'A row of {meta.db_table} is never changed: add another one.';"),
    )
