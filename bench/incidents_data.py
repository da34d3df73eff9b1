"""20,000 incidents with 400,000 events for benchmarks, with everything that hangs on them, written by SQL.

They lie beside the demo company's own, in the database of 10,000 entities. Chance is a hash: they are always the same.
"""

import pghistory
from django.db import connection, transaction

from bench.figures import say
from incidents.declaring import PUBLIC
from incidents.defaults import begin
from incidents.models import Incident, Series
from portal.search import index
from services.catalog.bulk import skip_no_trigger

INCIDENTS, EVENTS = 20_000, 400_000
PER_INCIDENT = EVENTS // INCIDENTS

# Evenly spread from 0 up to 1, and around nought, for an incident and a question.
CHANCE = """
    CREATE OR REPLACE FUNCTION pg_temp.chance(n bigint, about int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
        'SELECT (hashint8(n * 1000 + about) & 2147483647)::float8 / 2147483648';
    CREATE OR REPLACE FUNCTION pg_temp.bell(n bigint, about int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
        'SELECT sqrt(-2 * ln(pg_temp.chance(n, about) + 1e-9)) * cos(6.283185 * pg_temp.chance(n, about + 500))';
    CREATE OR REPLACE FUNCTION pg_temp.one(n bigint, about int, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
        'SELECT words[1 + floor(pg_temp.chance(n, about) * cardinality(words))::int]'
"""
_WHAT = '{Checkout,Search,Sign-in,Payments,"The waiting room","Seat map",Refunds,Settlement,"Ticket wallet",Entry}'
_DOES = '{"answers with errors","is slow","times out","cannot be reached","shows old data",stops,"refuses some"}'
_WHY = (
    '{"after a rollout","while the pool is full","behind a full queue","after failover","with an expired certificate",'
    '"during an on-sale","since a migration","for one region","as retries pile up","with a new limit"}'
)
# One incident every 105 minutes, so that they go back four years; how long they last is log-normal.
_DRAW = f"""
    CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS
    WITH numbered AS (SELECT n, %(last)s + n AS number FROM generate_series(1, %(wanted)s) n),
    owners AS (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference WHERE kind = 'group' AND attached),
    subjects AS (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference
                  WHERE kind = 'component' AND attached),
    levels AS (SELECT array_agg(id ORDER BY rank) AS ids FROM incidents_severity),
    closed AS (SELECT id FROM incidents_status WHERE slug = 'closed')
    SELECT n, 'INC-' || number AS name, number,
           pg_temp.one(n, 1, '{_WHAT}') || ' ' || pg_temp.one(n, 2, '{_DOES}') || ' '
               || pg_temp.one(n, 3, '{_WHY}') AS title,
           now() - (20000 - n) * interval '105 minutes' - interval '2 days' AS started,
           exp(ln(75) + 1.08 * pg_temp.bell(n, 4)) * interval '1 minute' AS lasts,
           owners.ids[1 + floor(pg_temp.chance(n, 5) * cardinality(owners.ids))::int] AS owner,
           subjects.ids[1 + floor(pg_temp.chance(n, 6) ^ 3 * cardinality(subjects.ids))::int] AS subject,
           levels.ids[1 + floor(pg_temp.chance(n, 7) * cardinality(levels.ids))::int] AS severity,
           closed.id AS status
      FROM numbered, owners, subjects, levels, closed
"""
_STEPS = (
    """
        INSERT INTO references_reference (uid, kind, namespace, name, canonical, label, attached)
        SELECT gen_random_uuid(), 'incident', 'default', lower(name), 'incident:default/' || lower(name), title, false
          FROM drawn
    """,
    """
        INSERT INTO incidents_incident (name, title, summary, kind, is_private, status_id, severity_id, owner_id,
                                        reason, declared_at, reference_id)
        SELECT drawn.name, title, title || '. Seen by ' || n %% 900 || ' buyers.',
               CASE WHEN n %% 9 = 0 THEN 'near_miss' WHEN n %% 17 = 0 THEN 'drill' ELSE 'real' END, false, status,
               severity, owner, '', started + lasts * 0.2, reference.id
          FROM drawn JOIN references_reference reference ON canonical = 'incident:default/' || lower(drawn.name)
         ORDER BY n
    """,
    """
        INSERT INTO incidents_incidenttime (incident_id, point, at, precision, source)
        SELECT incident.id, point, started + lasts * share, 'exact', ''
          FROM drawn JOIN incidents_incident incident USING (name)
         CROSS JOIN (VALUES ('started', 0.0), ('detected', 0.15), ('acknowledged', 0.2), ('mitigated', 0.6),
                            ('resolved', 1.0)) points(point, share)
         WHERE pg_temp.chance(n, (share * 100)::int) > 0.04
    """,
    f"""
        INSERT INTO incidents_timelineevent (incident_id, kind, text, happened_at, recorded_at, actor_role, source,
                                             source_key, link, quote)
        SELECT incident.id, pg_temp.one(n * 100 + place, 8, '{{note,observation,action,decision,status,alert}}'),
               'Step ' || place || ': ' || drawn.title || '; looked at ' || pg_temp.one(n * 100 + place, 9,
                   '{{pools,logs,"the rollout",traces,queues,limits}}'),
               started + lasts * place / {PER_INCIDENT}, started + lasts * place / {PER_INCIDENT} + interval '40 s', '',
               'benchmark', '', '', ''
          FROM drawn JOIN incidents_incident incident USING (name), generate_series(0, {PER_INCIDENT - 1}) place
         ORDER BY n, place
    """,
    """
        INSERT INTO incidents_impact (incident_id, subject_id, level, started_at, ended_at, note)
        SELECT incident.id, subject, pg_temp.one(n, 10, '{degraded,partial,down}'), started, started + lasts * 0.6, ''
          FROM drawn JOIN incidents_incident incident USING (name)
    """,
    """
        INSERT INTO incidents_tag (incident_id, node_id, confidence, mode, effect, place, note)
        SELECT DISTINCT ON (incident.id, node.id) incident.id, node.id, 'supported',
               CASE WHEN node.facet = 'mitigation' THEN pg_temp.one(n, 11, '{automatic,one_click,manual}') ELSE '' END,
               CASE WHEN node.facet = 'mitigation' THEN 'ended' ELSE '' END, 0, ''
          FROM drawn JOIN incidents_incident incident USING (name)
          CROSS JOIN LATERAL (
              SELECT DISTINCT ON (facet) id, facet FROM incidents_node WHERE facet <> 'action_type'
               ORDER BY facet, pg_temp.chance(n * 100 + id, 12) ^ (1 + place / 8)
          ) node
    """,
    """
        INSERT INTO incidents_followup (incident_id, number, title, text, state, owner_id, due_on, ticket, evidence,
                                        reason, factor_id)
        SELECT incident.id, place, 'Mend ' || place || ': ' || drawn.title, '',
               pg_temp.one(n + place, 13, '{idea,committed,done}'), owner, (started + interval '30 days')::date, '', '',
               '', (SELECT tag.node_id FROM incidents_tag tag JOIN incidents_node node ON node.id = tag.node_id
                     WHERE tag.incident_id = incident.id AND facet = 'contributing_factor' LIMIT 1)
          FROM drawn JOIN incidents_incident incident USING (name), generate_series(1, 2) place WHERE n %% 2 = 0
    """,
    """
        INSERT INTO incidents_postmortem (incident_id, state, due_on)
        SELECT incident.id, CASE WHEN n %% 4 = 0 THEN 'published' ELSE 'draft' END, (started + interval '10 days')::date
          FROM drawn JOIN incidents_incident incident USING (name) WHERE n %% 2 = 0
    """,
)


def fill() -> None:
    """Fill up to 20,000 incidents in the database that is open, once."""
    with transaction.atomic():
        wanted = INCIDENTS - Incident.objects.count()
        if wanted <= 0:
            return
        say(f"Writing {wanted:,} incidents …")
        skip_no_trigger()
        begin()
        series, _ = Series.objects.select_for_update().get_or_create(prefix=PUBLIC)
        with pghistory.context(origin="benchmark"), connection.cursor() as cursor:
            cursor.execute(CHANCE)
            cursor.execute(_DRAW, {"last": series.last_number, "wanted": wanted})
            for step in _STEPS:
                cursor.execute(step, [])
        series.last_number += wanted
        series.save(update_fields=["last_number"])
        index.refresh(Incident)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
