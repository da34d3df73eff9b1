"""Taking a name out of history: its rows and their ids stay, what they say of somebody does not."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connection, models

from portal.history.events import event_model

_REDACT_ADDRESS = """
    UPDATE {table}
       SET pgh_context = jsonb_set(pgh_context, '{{url}}',
                                   to_jsonb(regexp_replace(pgh_context->>'url', %(pattern)s, %(neutral)s, 'i')))
     WHERE pgh_context->>'url' ~* %(pattern)s
"""


def redact_versions(record: models.Model, values: Mapping[str, Any]) -> None:
    """Let every version of the record say ``values`` in place of what it was."""
    versions_of(record).update(**values)


def versions_of(record: models.Model) -> models.QuerySet[Any]:
    table = event_model(type(record))
    assert table is not None  # noqa: S101  only what is tracked has versions
    return table._default_manager.filter(pgh_obj=record.pk)


def redact_text(model: type[models.Model], name: str, texts: Iterable[str], neutral: str) -> None:
    """Put ``neutral`` in place of these texts in a column, in the rows and in their versions."""
    for table in filter(None, (model, event_model(model))):
        table._default_manager.filter(**{f"{name}__in": set(texts)}).update(**{name: neutral})


def redact_addresses(slug: str, keys: Iterable[str], neutral: str) -> None:
    """Put ``neutral`` in place of these keys of a collection wherever history noted the address of a change: the page
    of a record has its name in its address."""
    spelled = "|".join(re.escape(key) for key in keys)
    values = {"pattern": rf"^((?:/api/v1)?/{slug}/)(?:{spelled})(?=/)", "neutral": rf"\1{neutral}"}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if issubclass(model, pghistory.models.Event):
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(_REDACT_ADDRESS.format(table=table), values)
