"""Moving what was just written into the past, history included: a demo that began this minute has nothing to tell."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
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
_DATE_VERSIONS = """
    UPDATE {table} SET pgh_created_at = told.moment
      FROM (SELECT pgh_id, pgh_obj_id, row_number() OVER (PARTITION BY pgh_obj_id ORDER BY pgh_id) AS number
              FROM {table}) version
      JOIN unnest(%s::bigint[], %s::int[], %s::timestamptz[]) AS told (id, number, moment)
        ON told.id = version.pgh_obj_id AND told.number = version.number
     WHERE version.pgh_id = {table}.pgh_id
"""
_DATE_ROWS = """
    UPDATE {table} SET created_at = told.first, updated_at = told.last
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS told (id, first, last)
     WHERE told.id = {table}.id
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


def date_versions(model: type[models.Model], moments: Mapping[int, Sequence[dt.datetime]]) -> None:
    """Let the versions of some records have come about at these moments, by id and in their order."""
    told = [(pk, number, at) for pk, found in moments.items() for number, at in enumerate(found, start=1)]
    ends = [(pk, found[0], found[-1]) for pk, found in moments.items()]
    with connection.cursor() as cursor, pgtrigger.ignore():
        if told and any(each.pgh_tracked_model is model for each in _event_models()):
            table = _events_of(model)
            cursor.execute(_DATE_VERSIONS.format(table=table), [list(each) for each in zip(*told, strict=True)])
            cursor.execute(_MEND_RANGES.format(table=table))
        if ends and "created_at" in {field.name for field in model._meta.fields}:
            table = model._meta.db_table
            cursor.execute(_DATE_ROWS.format(table=table), [list(each) for each in zip(*ends, strict=True)])


def date_tenures(begun: list[Tenure]) -> None:
    """Let memberships and ownerships have begun on their day, without a trace of another one."""
    with connection.cursor() as cursor, pgtrigger.ignore():
        for tenure in begun:
            row = tenure.row
            for table, key in ((row._meta.db_table, "id"), (_events_of(type(row)), "pgh_obj_id")):
                cursor.execute(_BEGIN.format(table=table, key=key), [tenure.since, tenure.role, row.pk])


def _event_tables() -> list[str]:
    return [model._meta.db_table for model in _event_models()]


def _event_models() -> list[Any]:
    return [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]


def _events_of(model: type[models.Model]) -> str:
    return apps.get_model(model._meta.app_label, f"{model.__name__}Event")._meta.db_table
