"""5,000 initiatives with what hangs on them, for benchmarks, written by SQL: their evidence, criteria, updates, scores,
claims and 4,000 dependencies. One in twenty is private.

They lie beside the demo company's own in the database of 10,000 entities and 20,000 incidents, with the objectives of
``okr_data`` and the plans of ``plan_data``. Chance is a hash: they are always the same.
"""

import pghistory
from django.db import connection, transaction

from bench import incidents_data, okr_data, plan_data
from bench.figures import say
from incidents.models import Series
from portal.search import index
from roadmap.making import PRIVATE, PUBLIC
from roadmap.models import Initiative
from roadmap.tasks import refresh_key_results, refresh_slack
from services.catalog.bulk import skip_no_trigger

INITIATIVES, DEPENDENCIES = 5_000, 4_000
PRIVATE_IN = 20

_WORDS = {
    "verb": '{Shard,Split,Cache,Replace,Harden,Measure,Automate,Retire,Move,Halve}',
    "what": '{"the orders database","the search index","the sign-in","the build","the test suite","the event queue",'
            '"the seat map","the payment gateway","the local environment","the backups"}',
    "category": '{reliability,scaling,infrastructure,developer_experience,security,cost,enablement,migration}',
    "status": '{idea,planned,planned,in_progress,in_progress,delivered}',
    "horizon": '{now,next,later}',
    "translation": '{trust,efficiency,continuity,readiness,growth,""}',
}  # fmt: skip
_DRAW = f"""
    CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS
    WITH numbered AS (
         SELECT n, n %% {PRIVATE_IN} = 0 AS is_private,
                CASE WHEN n %% {PRIVATE_IN} = 0 THEN '{PRIVATE}-' || %(private)s + n / {PRIVATE_IN}
                     ELSE '{PUBLIC}-' || %(public)s + n - n / {PRIVATE_IN} END AS name
           FROM generate_series(1, %(wanted)s) n),
    teams AS (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference WHERE kind = 'group' AND attached),
    people AS (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference WHERE kind = 'user' AND attached),
    objectives AS (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_objective WHERE title LIKE '%%, part %%')
    SELECT n, is_private, name,
           pg_temp.one(n, 1, '{_WORDS["verb"]}') || ' ' || pg_temp.one(n, 2, '{_WORDS["what"]}') || ', part ' || n
               AS title,
           pg_temp.one(n, 3, '{_WORDS["category"]}') AS category, pg_temp.one(n, 4, '{_WORDS["status"]}') AS status,
           pg_temp.one(n, 5, '{_WORDS["horizon"]}') AS horizon,
           pg_temp.one(n, 6, '{_WORDS["translation"]}') AS translation,
           %(today)s::date - 300 + floor(pg_temp.chance(n, 7) * 600)::int AS starts_on,
           10 + floor(pg_temp.chance(n, 8) * 110)::int AS lasts,
           teams.ids[1 + floor(pg_temp.chance(n, 9) * cardinality(teams.ids))::int] AS team_id,
           people.ids[1 + floor(pg_temp.chance(n, 10) * cardinality(people.ids))::int] AS owner_id,
           objectives.ids[1 + floor(pg_temp.chance(n, 11) * cardinality(objectives.ids))::int] AS objective_id
      FROM numbered, teams, people, objectives
"""
_STEPS = (
    """
        INSERT INTO references_reference (uid, kind, namespace, name, canonical, label, attached)
        SELECT gen_random_uuid(), 'initiative', 'default', lower(name), 'initiative:default/' || lower(name), title,
               false
          FROM drawn
    """,
    """
        INSERT INTO roadmap_initiative (reference_id, name, title, problem, scope_in, scope_out, category, horizon,
                                        status, status_reason, team_id, owner_id, objective_id, cycle_id, starts_on,
                                        ends_earliest, ends_likely, ends_latest, started_on, delivered_on,
                                        done_percent, effort_days, cost, goal, translation, for_executives,
                                        is_hundredfold, is_private)
        SELECT reference.id, drawn.name, title, 'Buyers wait at ' || title || ' whenever an on-sale begins.',
               '- the busiest region first', 'All that is sold elsewhere.', category, horizon, status, '', team_id,
               owner_id, objective_id, objective.cycle_id, starts_on, starts_on + lasts / 2, starts_on + lasts,
               starts_on + lasts * 3 / 2, CASE WHEN status IN ('in_progress', 'delivered') THEN starts_on END,
               CASE WHEN status = 'delivered' THEN least(starts_on + lasts, %(today)s) END,
               CASE status WHEN 'delivered' THEN 100 WHEN 'in_progress' THEN n %% 100 ELSE 0 END, 5 + n %% 195,
               n %% 50 * 1000, 'Sell at the pace of the largest on-sale.', translation,
               'Fans get their tickets at once', n %% 200 = 0, is_private
          FROM drawn
          JOIN references_reference reference ON canonical = 'initiative:default/' || lower(drawn.name)
          JOIN (SELECT id, cycle_id FROM roadmap_objective) objective ON objective.id = objective_id
         ORDER BY n
    """,
    """
        INSERT INTO roadmap_initiativestate (initiative_id, course, updated_at, reached, reached_teams)
        SELECT initiative.id,
               CASE WHEN initiative.status = 'in_progress'
                    THEN pg_temp.one(n, 12, '{on_track,on_track,at_risk,off_track}') ELSE '' END,
               now(), n %% 60, n %% 7
          FROM drawn JOIN roadmap_initiative initiative USING (name)
    """,
    """
        INSERT INTO roadmap_initiativeaccess (initiative_id, who_id)
        SELECT initiative.id, initiative.team_id FROM drawn JOIN roadmap_initiative initiative USING (name)
         WHERE drawn.is_private
    """,
    """
        INSERT INTO roadmap_update (initiative_id, course, text, at)
        SELECT initiative.id, pg_temp.one(n * 10 + back, 12, '{on_track,on_track,at_risk,off_track}'),
               'Two of four shards have moved; the third is next week.', now() - back * interval '7 days'
          FROM drawn JOIN roadmap_initiative initiative USING (name), generate_series(0, 3) back
         WHERE initiative.status = 'in_progress'
    """,
    """
        INSERT INTO roadmap_criterion (initiative_id, title, metric_id, way, baseline, target)
        SELECT initiative.id, 'Answers come in 600 ms', metrics.ids[1 + n %% cardinality(metrics.ids)], 'decrease',
               1200, 600
          FROM drawn JOIN roadmap_initiative initiative USING (name),
               (SELECT array_agg(id ORDER BY id) AS ids FROM health_metric WHERE name LIKE 'roadmap-%%') metrics
    """,
    """
        INSERT INTO roadmap_objection (initiative_id, text, answer)
        SELECT initiative.id, 'It costs a quarter of features.', 'An hour of a failed on-sale costs more.'
          FROM drawn JOIN roadmap_initiative initiative USING (name) WHERE n %% 2 = 0
    """,
    """
        INSERT INTO roadmap_link (initiative_id, service_id, note)
        SELECT DISTINCT initiative.id, services.ids[1 + (n * 7 + place * 31) %% cardinality(services.ids)], ''
          FROM drawn JOIN roadmap_initiative initiative USING (name), generate_series(1, 2) place,
               (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference
                 WHERE kind = 'component' AND attached) services
    """,
    """
        INSERT INTO roadmap_link (initiative_id, incident_id, note)
        SELECT DISTINCT initiative.id, incidents.ids[1 + (n * 11 + place * 97) %% cardinality(incidents.ids)], ''
          FROM drawn JOIN roadmap_initiative initiative USING (name), generate_series(1, 3) place,
               (SELECT array_agg(id ORDER BY id) AS ids FROM incidents_incident) incidents
    """,
    """
        INSERT INTO roadmap_link (initiative_id, limit_id, note)
        SELECT initiative.id, limits.ids[1 + n %% cardinality(limits.ids)], ''
          FROM drawn JOIN roadmap_initiative initiative USING (name),
               (SELECT array_agg(id ORDER BY id) AS ids FROM health_limit) limits
         WHERE n %% 10 = 0 AND cardinality(limits.ids) > 0
    """,
    """
        INSERT INTO roadmap_link (initiative_id, key_result_id, note)
        SELECT initiative.id, (SELECT min(id) FROM roadmap_keyresult WHERE objective_id = initiative.objective_id), ''
          FROM drawn JOIN roadmap_initiative initiative USING (name)
         WHERE n %% 2 = 0 AND EXISTS (SELECT FROM roadmap_keyresult WHERE objective_id = initiative.objective_id)
    """,
    """
        INSERT INTO roadmap_priorityinput (initiative_id, factor, value, basis, source)
        SELECT initiative.id, factor, CASE factor WHEN 'confidence' THEN 0.5 ELSE 1 + n %% 13 END, 'guessed', ''
          FROM drawn JOIN roadmap_initiative initiative USING (name),
               unnest('{reach,impact,confidence,effort,value,urgency,risk,size}'::text[]) factor
         WHERE n %% 4 > 0
    """,
    """
        UPDATE roadmap_initiativestate state SET rice = (1 + n %% 13) * 0.5, wsjf = 3
          FROM drawn JOIN roadmap_initiative initiative USING (name)
         WHERE state.initiative_id = initiative.id AND n %% 4 > 0
    """,
    """
        INSERT INTO roadmap_claim (initiative_id, kind, per_month, metric_id, note)
        SELECT initiative.id, kind, 10 + n %% 90, metrics.ids[1 + n %% cardinality(metrics.ids)], ''
          FROM drawn JOIN roadmap_initiative initiative USING (name),
               unnest('{incident_minutes,cost}'::text[]) kind,
               (SELECT array_agg(id ORDER BY id) AS ids FROM health_metric WHERE name LIKE 'roadmap-%%') metrics
         WHERE n %% 2 = 0
    """,
    """
        INSERT INTO roadmap_finding (claim_id, per_month, low, high, expected, measured, days_before, days_after,
                                     problem, found_at)
        SELECT claim.id, 20, 5, 35, 120, 100, 90, 60, '', now()
          FROM drawn JOIN roadmap_initiative initiative USING (name) JOIN roadmap_claim claim
            ON claim.initiative_id = initiative.id
         WHERE initiative.status = 'delivered'
    """,
    # Each is waited for by a later one, so that there is no circle.
    f"""
        INSERT INTO roadmap_dependency (before_id, after_id, kind, lag_days)
        SELECT before.id, after.id, pg_temp.one(link, 13, '{{fs,fs,ss,ff}}'), 0
          FROM generate_series(1, {DEPENDENCIES} + 200) link
          JOIN drawn earlier ON earlier.n = 1 + floor(pg_temp.chance(link, 14) * ({INITIATIVES} - 61))::int
          JOIN drawn later ON later.n = earlier.n + 1 + link %% 60
          JOIN roadmap_initiative before ON before.name = earlier.name
          JOIN roadmap_initiative after ON after.name = later.name
         ORDER BY link LIMIT {DEPENDENCIES}
            ON CONFLICT DO NOTHING
    """,
)


def fill() -> None:
    """Fill the roadmap of the database that is open, once."""
    incidents_data.fill()
    okr_data.fill()
    if Initiative.objects.count() < INITIATIVES:
        _write()
        plan_data.write()
        refresh_key_results()
        refresh_slack()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


@transaction.atomic
def _write() -> None:
    say(f"Writing {INITIATIVES:,} initiatives …")
    skip_no_trigger()
    series = {
        prefix: Series.objects.select_for_update().get_or_create(prefix=prefix)[0] for prefix in (PUBLIC, PRIVATE)
    }
    given = {
        "wanted": INITIATIVES, "today": okr_data.organisation_day(), "public": series[PUBLIC].last_number,
        "private": series[PRIVATE].last_number,
    }  # fmt: skip
    with pghistory.context(origin="benchmark"), connection.cursor() as cursor:
        cursor.execute(incidents_data.CHANCE)
        cursor.execute(_DRAW, given)
        for step in _STEPS:
            cursor.execute(step, given)
    for each in series.values():
        each.last_number += INITIATIVES
        each.save(update_fields=["last_number"])
    index.refresh(Initiative)
