"""2,000 objectives with 8,000 key results, on 2,000 metrics of services that have a quarter of days, for benchmarks.

They lie in the cycles that are not closed, so that all of them are read again and again.
"""

import pghistory
from django.db import connection, transaction

from bench.figures import say
from portal.search import index
from roadmap.models import KeyResult, Objective
from services.catalog.bulk import skip_no_trigger
from services.health.models import Metric
from services.health.samples import organisation_day

OBJECTIVES, KEY_RESULTS, METRICS, DAYS = 2_000, 8_000, 2_000, 92
# Of so many objectives one is the company's, which the others serve.
TO_ONE_OF_THE_COMPANY = 20
_CYCLES = "(SELECT array_agg(id ORDER BY starts_on) AS ids FROM roadmap_cycle WHERE closed_at IS NULL) cycles"
_STEPS = (
    """
        INSERT INTO health_metric (name, title, unit, kind, environment, labels, origin, query, total_query, every_s,
                                   provider, baseline_note, tolerance, subject_id)
        SELECT 'roadmap-' || n, 'Answer time ' || n, 'ms', 'gauge', '', '{}', 'pushed', '', '', 300, '', '', 10,
               services.ids[1 + n %% cardinality(services.ids)]
          FROM generate_series(1, %(metrics)s) n,
               (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference
                 WHERE kind = 'component' AND attached) services
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
    f"""
        INSERT INTO roadmap_objective (cycle_id, title, why)
        SELECT cycles.ids[1 + n %% cardinality(cycles.ids)], 'The platform holds what it says, part ' || n, ''
          FROM generate_series(1, %(companys)s) n, {_CYCLES}
    """,
    f"""
        INSERT INTO roadmap_objective (cycle_id, title, why, owner_id, parent_id)
        SELECT cycles.ids[1 + n %% cardinality(cycles.ids)], 'Services answer in time, part ' || n,
               'Whoever waits leaves.', teams.ids[1 + n %% cardinality(teams.ids)],
               (SELECT array_agg(id ORDER BY id) FROM roadmap_objective
                 WHERE owner_id IS NULL AND cycle_id = cycles.ids[1 + n %% cardinality(cycles.ids)]
               )[1 + n %% (%(companys)s / cardinality(cycles.ids))]
          FROM generate_series(1, %(objectives)s - %(companys)s) n, {_CYCLES},
               (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference
                 WHERE kind = 'group' AND attached) teams
    """,
    """
        INSERT INTO roadmap_keyresult (objective_id, metric_id, title, way, baseline, baseline_note, target, statistic,
                                       window_days)
        SELECT objectives.ids[1 + n %% cardinality(objectives.ids)], metrics.ids[1 + n %% cardinality(metrics.ids)],
               'Answers come in 600 ms, measure ' || n,
               (ARRAY['decrease', 'decrease', 'stay_below'])[1 + n %% 3],
               CASE WHEN n %% 3 < 2 THEN 1200 END, '', 600, (ARRAY['last', 'mean', 'sum', 'p90'])[1 + n %% 4],
               7 + n %% 3 * 10
          FROM generate_series(1, %(key_results)s) n,
               (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_objective
                 WHERE title LIKE '%%, part %%') objectives,
               (SELECT array_agg(id ORDER BY id) AS ids FROM health_metric WHERE name LIKE 'roadmap-%%') metrics
    """,
    """
        INSERT INTO roadmap_checkin (key_result_id, at, confidence, text, value, progress)
        SELECT id, now() - back * interval '7 days', 0.4 + id %% 5 * 0.1, 'Two of four shards have moved.', 800, 0.6
          FROM roadmap_keyresult, generate_series(0, 2) back WHERE title LIKE '%%, measure %%'
    """,
)


def fill() -> None:
    """Fill the objectives of the database that is open, once."""
    if KeyResult.objects.count() >= KEY_RESULTS:
        return
    say(f"Writing {KEY_RESULTS:,} key results …")
    numbers = {
        "objectives": OBJECTIVES, "companys": OBJECTIVES // TO_ONE_OF_THE_COMPANY, "key_results": KEY_RESULTS,
        "metrics": METRICS, "days": DAYS, "today": organisation_day(),
    }  # fmt: skip
    with transaction.atomic():
        skip_no_trigger()
        with pghistory.context(origin="benchmark"), connection.cursor() as cursor:
            for step in _STEPS:
                cursor.execute(step, numbers)
        for model in (Metric, Objective, KeyResult):
            index.refresh(model)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
