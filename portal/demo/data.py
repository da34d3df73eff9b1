"""Loading the demo company as a whole, and setting it back to its beginning."""

from django.apps import apps
from django.db import connection, transaction

from portal.demo import DEMO_DOMAIN, shares
from portal.people.models import User


class RealDataFoundError(Exception):
    """There is something that does not come from the demo; nothing was touched."""


def is_loaded() -> bool:
    return any(share.is_loaded() for share in shares())


def real_data() -> str:
    """What is here that the demo did not bring, in words; empty when there is nothing."""
    logins = User.objects.exclude(email__iendswith=DEMO_DOMAIN)
    found = [f"{logins.count()} login(s), such as {logins[0].email}"] if logins else []
    return "; ".join([*found, *(text for share in shares() if (text := share.real_data()))])


def refuse_real_data() -> None:
    found = real_data()
    if found:
        raise RealDataFoundError(
            f"This database holds data that are not from the demo: {found}. The demo is only loaded where nothing else "
            "is. Use another database: set DATA_DIR to an empty folder, or DATABASE_URL to an empty database."
        )


@transaction.atomic
def reset(*, large: int | None = None) -> None:
    """Remove everything and load the demo anew, with ``large`` records when given. All of it happens, or nothing."""
    refuse_real_data()
    _empty_every_table()
    for share in shares():
        share.load()
    if large is not None:
        for share in shares():
            if share.large:
                share.large(entities=large)


def _empty_every_table() -> None:
    """Empty the tables of this project's own apps, history included; those of packages follow where they refer here."""
    own = [config for config in apps.get_app_configs() if "site-packages" not in config.path]
    tables = [model._meta.db_table for config in own for model in config.get_models() if model._meta.managed]
    # Within a transaction, tables with references still to be checked could not be emptied.
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE {} CASCADE".format(", ".join(map(connection.ops.quote_name, tables))))
