"""Moving what was just written into the past, history included: a demo that began this minute has nothing to tell."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import pgtrigger
from django.apps import apps
from django.db import connection, models

from services.models import Entity

# Table names are ours, never from outside.
_DATE = """
    UPDATE {table} SET pgh_created_at = COALESCE(
        (SELECT told.moment FROM unnest(%s::uuid[], %s::timestamptz[]) AS told (context, moment)
          WHERE told.context = pgh_context_id), %s)
"""
_MEND_RANGES = """
    UPDATE {table} SET valid = CASE WHEN pgh_label = 'delete' THEN 'empty' ELSE tstzrange(begun, ended) END
      FROM (SELECT pgh_id AS id, pgh_created_at AS begun,
                   lead(pgh_created_at) OVER (PARTITION BY pgh_obj_id ORDER BY pgh_id) AS ended FROM {table}) spell
     WHERE spell.id = {table}.pgh_id
"""
_DATE_ENTITIES = """
    UPDATE services_entity SET created_at = spell.first, updated_at = spell.last
      FROM (SELECT pgh_obj_id, min(pgh_created_at) AS first, max(pgh_created_at) AS last
              FROM {events} GROUP BY pgh_obj_id) spell
     WHERE spell.pgh_obj_id = services_entity.id
"""
_BEGIN = "UPDATE {table} SET effective_from = %s, role = %s WHERE {key} = %s"


@dataclass(frozen=True)
class Tenure:
    """A membership or ownership began on a day, in a role."""

    row: models.Model
    since: dt.date
    role: str


def date_history(moments: dict[UUID, dt.datetime], *, beginning: dt.datetime) -> None:
    """Date each version by the moment of the context it was written in; all others by the beginning."""
    with connection.cursor() as cursor:
        for table in _event_tables():
            cursor.execute(_DATE.format(table=table), [list(moments), list(moments.values()), beginning])
            cursor.execute(_MEND_RANGES.format(table=table))
        with pgtrigger.ignore():
            cursor.execute(_DATE_ENTITIES.format(events=_events_of(Entity)))


def date_tenures(begun: list[Tenure]) -> None:
    """Let memberships and ownerships have begun on their day, without a trace of another one."""
    with connection.cursor() as cursor, pgtrigger.ignore():
        for tenure in begun:
            row = tenure.row
            for table, key in ((row._meta.db_table, "id"), (_events_of(type(row)), "pgh_obj_id")):
                cursor.execute(_BEGIN.format(table=table, key=key), [tenure.since, tenure.role, row.pk])


def _event_tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]


def _events_of(model: type[models.Model]) -> str:
    return apps.get_model(model._meta.app_label, f"{model.__name__}Event")._meta.db_table
