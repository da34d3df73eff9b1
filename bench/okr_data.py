"""Objectives as many as there get: 2,000 in four cycles with 8,000 key results, on 2,000 metrics that have a quarter of
days."""

import datetime as dt

import pghistory
from django.db import connection, transaction

from bench.figures import say
from portal.search import index
from roadmap.models import Cycle, KeyResult, Objective
from services.catalog.bulk import skip_no_trigger
from services.health.samples import organisation_day

OBJECTIVES, KEY_RESULTS, METRICS, DAYS = 2000, 8000, 2000, 92
_STEPS = (
    """
        INSERT INTO health_metric (name, title, unit, kind, environment, labels, origin, query, total_query, every_s,
                                   provider, baseline_note, tolerance)
        SELECT 'roadmap-' || n, '', 'ms', 'gauge', '', '{}', 'pushed', '', '', 300, '', '', 10
          FROM generate_series(1, %(metrics)s) n
    """,
    """
        INSERT INTO health_metricday (metric_id, day, count, sum, min, max, last)
        SELECT id, %(today)s::date - back, 1, 1000 - back, 1000 - back, 1000 - back, 1000 - (id * 7 + back) %% 500
          FROM health_metric, generate_series(0, %(days)s - 1) back WHERE name LIKE 'roadmap-%%'
    """,
    """
        INSERT INTO health_metricstate (metric_id, value, at, received_at, problem)
        SELECT id, 1000 - id * 7 %% 500, now(), now(), '' FROM health_metric WHERE name LIKE 'roadmap-%%'
    """,
    """
        INSERT INTO roadmap_objective (cycle_id, title, why, owner_id)
        SELECT cycles.ids[1 + n %% cardinality(cycles.ids)], 'Objective ' || n, '',
               owners.ids[1 + n %% cardinality(owners.ids)]
          FROM generate_series(1, %(objectives)s) n,
               (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_cycle WHERE name LIKE 'Bench %%') cycles,
               (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference
                 WHERE kind = 'group' AND attached) owners
    """,
    """
        INSERT INTO roadmap_keyresult (objective_id, metric_id, title, way, baseline, baseline_note, target, statistic,
                                       window_days)
        SELECT objectives.ids[1 + n %% cardinality(objectives.ids)], metrics.ids[1 + n %% cardinality(metrics.ids)],
               'Key result ' || n, (ARRAY['decrease', 'decrease', 'stay_below'])[1 + n %% 3],
               CASE WHEN n %% 3 < 2 THEN 1200 END, '', 600, (ARRAY['last', 'mean', 'sum', 'p90'])[1 + n %% 4],
               7 + n %% 3 * 10
          FROM generate_series(1, %(key_results)s) n,
               (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_objective
                 WHERE title LIKE 'Objective %%') objectives,
               (SELECT array_agg(id ORDER BY id) AS ids FROM health_metric WHERE name LIKE 'roadmap-%%') metrics
    """,
)


def fill() -> None:
    """Fill the objectives of the database that is open, once."""
    with transaction.atomic():
        if KeyResult.objects.count() >= KEY_RESULTS:
            return
        say(f"Writing {KEY_RESULTS:,} key results …")
        skip_no_trigger()
        today = organisation_day()
        first = today - dt.timedelta(days=4 * DAYS - 30)
        for place in range(4):
            starts_on = first + dt.timedelta(days=place * DAYS)
            ends_on = starts_on + dt.timedelta(days=DAYS - 1)
            Cycle.objects.create(name=f"Bench {place}", starts_on=starts_on, ends_on=ends_on)
        counts = {"objectives": OBJECTIVES, "key_results": KEY_RESULTS, "metrics": METRICS, "days": DAYS}
        counts_and_today = {**counts, "today": today}
        with pghistory.context(origin="benchmark"), connection.cursor() as cursor:
            for step in _STEPS:
                cursor.execute(step, counts_and_today)
        for model in (Objective, KeyResult):
            index.refresh(model)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
