"""The task that reads 8,000 key results from 2,000 metrics, and what is kept beside them: the first round, in which all
are new, and one without news.

Floor: one statement of SQL that takes the mean of the last week for each key result, and writes nothing.
"""

import time
from collections.abc import Callable, Iterator

from django.db import connection

from bench import roadmap_data, site
from bench.figures import Figure, at_most
from bench.places import SMALL
from roadmap.models import KeyResult, KeyResultState, ObjectiveState
from roadmap.tasks import refresh_key_results

SECONDS = 60
_BARE = """
    SELECT result.id, avg(days.last) FROM roadmap_keyresult result JOIN health_metricday days USING (metric_id)
     WHERE days.day > current_date - 7 GROUP BY result.id
"""


def measure() -> Iterator[Figure]:
    with site.entities(SMALL):
        roadmap_data.fill()
        KeyResultState.objects.all().delete()
        ObjectiveState.objects.all().delete()
        floor, first, again = (_seconds(work) for work in (_bare, _task, _task))
        number = f"{KeyResult.objects.filter(objective__cycle__closed_at=None).count():,} key results"
        yield at_most(f"{number}: the task, where all is new", first, SECONDS, "s", floor)
        yield at_most(f"{number}: the task, without news", again, SECONDS, "s", floor)


def _task() -> None:
    # As a worker runs it, in this process; raises what the task raises.
    refresh_key_results.apply(throw=True)


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BARE)
        cursor.fetchall()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
