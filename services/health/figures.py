"""What health measures of itself: how late checks are asked, and rows that found no partition."""

from collections.abc import Iterable

from django.db import connection

from portal.figures import Figure, figures

# The lag of the last questions stands still when nobody asks any more; what has been due longest does not.
_LAG = """
    SELECT count(*) FILTER (WHERE state.lag_ms IS NOT NULL),
           percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY state.lag_ms),
           max(state.lag_ms),
           count(*) FILTER (WHERE state.due_at < now()),
           greatest(0, extract(epoch FROM now() - min(state.due_at)))
      FROM health_checkstate state JOIN health_check asked ON asked.id = state.of_id
     WHERE asked.is_active
"""
# Counting stops here: that many rows without a partition are a fault whatever their number.
MOST_ROWS = 100_000


@figures(readiness=True)
def check_lag() -> Iterable[Figure]:
    """How late the last question of each active check was asked, and what is overdue at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(_LAG)
        asked, percentiles, highest, due, overdue = cursor.fetchone()
    yield Figure("checks_due", "Active checks whose next question is due.", due)
    yield Figure("check_overdue_seconds", "How long the longest overdue question has been due.", float(overdue or 0))
    if asked:
        text = "How late the last questions of the checks were asked."
        for quantile, lag_ms in zip(("0.5", "0.95", "0.99"), percentiles, strict=True):
            yield Figure("check_lag_seconds", text, lag_ms / 1000, {"quantile": quantile})
        yield Figure("check_lag_seconds", text, highest / 1000, {"quantile": "1"})


@figures()
def default_partitions() -> Iterable[Figure]:
    """Rows that found no partition of their time. They are kept, and say that one was not made ahead."""
    for table in ("health_checkresult", "health_sample"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM (SELECT FROM {table}_default LIMIT %s) counted", [MOST_ROWS])  # noqa: S608
            [count] = cursor.fetchone()
        text = f"Rows without a partition of their time, counted up to {MOST_ROWS:,}."
        yield Figure("default_partition_rows", text, count, {"table": table})
