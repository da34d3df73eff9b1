"""Loading the demo company as a whole, and setting it back to its beginning."""

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.utils import timezone

from portal.demo import DEMO_DOMAIN, shares
from portal.demo.shifting import QUARTER, shift
from portal.embedded.supervisor import Program
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
def top_up() -> None:
    """Write what happened at the company since the portal was stopped, so that the demo never looks stale."""
    for share in shares():
        if share.top_up and share.is_loaded():
            share.top_up()


def programs(port: int) -> list[Program]:
    """What the demo keeps running beside a portal at this port."""
    return [program for share in shares() if share.programs and share.is_loaded() for program in share.programs(port)]


@transaction.atomic
def a_quarter_later() -> None:
    """Move everything a quarter into the past, and write what happened at the company since. Raises RealDataFoundError
    where there are data that are not from the demo; nothing was touched then."""
    refuse_real_data()
    top_up()
    began = timezone.now()
    shift(-QUARTER)
    top_up()
    for share in shares():
        if share.later and share.is_loaded():
            share.later(began - QUARTER)


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
    # Among what migrations made by hand there are views, which have nothing of their own.
    there = set(connection.introspection.table_names())
    tables = [model._meta.db_table for config in own for model in config.get_models() if model._meta.db_table in there]
    # Within a transaction, tables with references still to be checked could not be emptied.
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE {} RESTART IDENTITY CASCADE".format(", ".join(map(connection.ops.quote_name, tables))))
    # Apps write what every portal begins with after migrations, and after a flush.
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
