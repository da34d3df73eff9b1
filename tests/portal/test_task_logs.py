"""What background work writes to the log: that it failed, and not that it began and ended every few seconds."""

import logging

import pytest

from portal.logs import logging_settings


@pytest.mark.parametrize(("level", "told"), [("INFO", logging.WARNING), ("DEBUG", logging.NOTSET)])
def test_tasks_that_are_due_every_few_seconds_are_told_only_when_they_fail_or_to_whoever_looks_closely(level, told):
    loggers = logging_settings(readable=False, level=level)["loggers"]
    for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat"):
        assert logging.getLevelName(loggers.get(name, {}).get("level", "NOTSET")) == told
