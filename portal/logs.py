"""structlog for everything: JSON lines in production, readable lines at a terminal. PROCESS names who speaks."""

import logging
import os
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def _name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if process := os.environ.get("PROCESS"):
        event.setdefault("process", process)
    return event


# Whoever has one of these addresses may do what it is for, so the log, which others read, keeps only where it led.
_CAPABILITY = re.compile(
    r"(/hooks/(?:heartbeat|alerts|pagerduty)/|/badge/|/accounts/first/|/accounts/password/reset/key/(?!done/))[^/\s?&\"'<>]+"
)


def _hide_capabilities(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _CAPABILITY.sub(r"\1[hidden]", value)
    return event


class RefusalsInOneLine(logging.Filter):
    """What Django refuses, as forbidden, malformed or suspicious, is the doing of whoever asks: no fault of ours, and
    no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security") or 400 <= getattr(record, "status_code", 0) < 500:
            record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        return True


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _name_process,
)


# Who speaks twice for each task: some are due every few seconds. That one failed is an error, and stays.
_TALKATIVE = ("celery.worker.strategy", "celery.app.trace", "celery.beat", "django_structlog.celery.receivers")


def logging_settings(*, readable: bool, level: str) -> dict[str, Any]:
    """Return Django's LOGGING and configure structlog to feed it."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": list(_SHARED),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *([] if readable else [structlog.processors.format_exc_info]),
                    _hide_capabilities,
                    renderer,
                ],
            }
        },
        "filters": {"refusals": {"()": RefusalsInOneLine}},
        "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
        "root": {
            "handlers": ["terminal"],
            "level": level,
        },
        "loggers": {
            "django.server": {
                "handlers": ["terminal"],
                "propagate": False,
                "level": "INFO",
            },
            **{name: {"level": "WARNING"} for name in _TALKATIVE if level != "DEBUG"},
        },
    }
