"""History kept by the database: every insert, update and delete of a tracked table leaves a version of the row.

Each version carries ``valid``, the time range in which it was the truth, so that a question "as of" a moment is one
index look-up. A version replaced within the transaction that made it was never visible and has the empty range.
"""

from collections.abc import Callable
from typing import TypeVar

import pghistory
import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models

Model = TypeVar("Model", bound=type[models.Model])

# Bookkeeping of a row, which says nothing about what people changed.
MACHINE_FIELDS = ("version", "created_at", "updated_at")

# now() is when a transaction began. One that waited for another's row began before the version it replaces, and must
# not claim to have been first: it follows a microsecond later.
_CLOSE_PREVIOUS_VERSION = """
    IF NEW.pgh_label <> 'insert' THEN
        UPDATE {meta.db_table}
           SET valid = tstzrange(lower(valid), CASE WHEN lower(valid) > NEW.pgh_created_at
                                                    THEN lower(valid) + interval '1 microsecond'
                                                    ELSE NEW.pgh_created_at END)
         WHERE pgh_obj_id = NEW.pgh_obj_id AND upper_inf(valid)
        RETURNING upper(valid) INTO replaced_at;
        NEW.pgh_created_at := coalesce(replaced_at, NEW.pgh_created_at);
    END IF;
    NEW.valid := CASE WHEN NEW.pgh_label = 'delete' THEN 'empty'::tstzrange
                      ELSE tstzrange(NEW.pgh_created_at, NULL) END;
    RETURN NEW;
"""


def track_history(*, exclude: tuple[str, ...] = ()) -> Callable[[Model], Model]:
    """Class decorator: keep every version of the model's rows in ``<Model>Event``, without ``exclude``."""

    def decorate(model: Model) -> Model:
        name = model._meta.model_name
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=[*_present(model, MACHINE_FIELDS), *exclude],
            attrs={"valid": DateTimeRangeField(null=True)},
            meta={
                "indexes": [GistIndex(fields=["valid"], name=f"{name}_valid")],
                "triggers": [
                    pgtrigger.Trigger(
                        name="close_previous_version",
                        when=pgtrigger.Before,
                        operation=pgtrigger.Insert,
                        declare=[("replaced_at", "timestamptz")],
                        func=pgtrigger.Func(_CLOSE_PREVIOUS_VERSION),
                    )
                ],
            },
        )(model)
        return model

    return decorate


def _present(model: Model, names: tuple[str, ...]) -> list[str]:
    # A version that is a text, as that of what was deployed, counts no changes.
    own = {field.name for field in model._meta.local_fields if not isinstance(field, models.CharField)}
    return [name for name in names if name in own]
