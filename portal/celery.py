"""The Celery application: the beat's schedule, and which queue each task waits in."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# There are as many workers as there is to do at once: threads of numpy beside them make a forecast half as dear again.
os.environ.setdefault("OMP_NUM_THREADS", "1")

app = Celery("groundwork")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["portal.search", "portal.people"])

# What is not named here waits in the queue "default".
app.conf.task_routes = {
    "portal.tasks.refresh_search": "reports",
    "services.health.tasks.probe_batch": "probes",
    "services.health.tasks.forecast_limit": "reports",
    "services.health.tasks.forecast_limits": "reports",
    "services.health.tasks.derive_metrics": "reports",
    "incidents.tasks.make_pdf": "reports",
    "incidents.tasks.make_pdfs": "reports",
    "incidents.tasks.refresh_facts": "reports",
    "incidents.tasks.propose_recurring": "reports",
    "roadmap.tasks.make_report": "reports",
    "roadmap.tasks.refresh_reach": "reports",
    "roadmap.tasks.make_reports": "reports",
    "roadmap.tasks.refresh_trade_offs": "reports",
    "roadmap.tasks.refresh_slack": "reports",
    "roadmap.tasks.measure_claims": "reports",
}

# Seconds between runs; a tick that comes twice does nothing the second time.
app.conf.beat_schedule = {
    "freshness": {"task": "portal.tasks.note_freshness", "schedule": 30},
    "counts": {"task": "services.tasks.refresh_counts", "schedule": 300},
    "search": {"task": "portal.tasks.refresh_search", "schedule": 3600},
    "sessions": {"task": "portal.tasks.forget_old_sessions", "schedule": 86_400},
    # A tick that nobody took before the next one is forgotten, so that they do not pile up.
    "deliver": {"task": "portal.delivery.tasks.deliver", "schedule": 5, "options": {"expires": 5}},
    "probes": {"task": "services.health.tasks.tick", "schedule": 3, "options": {"expires": 3}},
    "late checks": {"task": "services.health.tasks.find_late", "schedule": 15, "options": {"expires": 15}},
    "heartbeats": {"task": "services.health.tasks.read_heartbeats", "schedule": 10, "options": {"expires": 10}},
    "partitions": {"task": "services.health.tasks.make_partitions", "schedule": 3600},
    "results by hour": {"task": "services.health.tasks.roll_up_results", "schedule": 300},
    "old sums": {"task": "services.health.tasks.forget_old_sums", "schedule": 86_400},
    "old bodies of hooks": {"task": "services.health.tasks.forget_old_batches", "schedule": 86_400},
    "samples by day": {"task": "services.health.tasks.sum_samples", "schedule": 900},
    "Prometheus": {"task": "services.health.tasks.ask_prometheus", "schedule": 15, "options": {"expires": 15}},
    # Only what changed is written, so that most rounds write nothing.
    "derived metrics": {"task": "services.health.tasks.derive_metrics", "schedule": 900},
    # A forecast is made when the day or the data changed, so that most rounds do little.
    "limits": {"task": "services.health.tasks.forecast_limits", "schedule": 3600},
    # Only what was written since is computed.
    "facts of incidents": {"task": "incidents.tasks.refresh_facts", "schedule": 20, "options": {"expires": 20}},
    # Each event is told once, however often a run reports it.
    "follow-ups": {"task": "incidents.tasks.remind_of_follow_ups", "schedule": 3600},
    "what recurs": {"task": "incidents.tasks.propose_recurring", "schedule": 3600},
    "what came of claims": {"task": "roadmap.tasks.measure_claims", "schedule": 86_400},
    # Told once a week for each, and proposed anew only where it got worse.
    "trade-offs": {"task": "roadmap.tasks.refresh_trade_offs", "schedule": 3600},
    "SLOs": {"task": "services.health.tasks.evaluate_slos", "schedule": 60, "options": {"expires": 60}},
    "calendars of who is on call": {
        "task": "services.oncall.tasks.read_calendars",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "shifts": {"task": "services.oncall.tasks.lay_out_shifts", "schedule": 3600},
    "alerts": {"task": "incidents.tasks.take_alerts", "schedule": 5, "options": {"expires": 5}},
    "old messages of alerts": {"task": "incidents.tasks.forget_old_messages", "schedule": 86_400},
    # Somebody was told that it is on its way; this is for what the queue or a worker lost.
    "PDFs": {"task": "incidents.tasks.make_pdfs", "schedule": 60, "options": {"expires": 60}},
    "updates of initiatives": {"task": "roadmap.tasks.remind_of_initiatives", "schedule": 3600},
    "reach of initiatives": {"task": "roadmap.tasks.refresh_reach", "schedule": 3600},
    "reports of the roadmap": {"task": "roadmap.tasks.make_reports", "schedule": 60, "options": {"expires": 60}},
    "old reports of the roadmap": {"task": "roadmap.tasks.forget_old_reports", "schedule": 86_400},
    # Each step is told once, so that most rounds tell nothing.
    "postmortems due": {"task": "incidents.tasks.remind_of_postmortems", "schedule": 3600},
    # Only what changed is written.
    "key results": {"task": "roadmap.tasks.refresh_key_results", "schedule": 180, "options": {"expires": 180}},
    # Most of what changes it writes it at once; this is for edits and imports.
    "slack": {"task": "roadmap.tasks.refresh_slack", "schedule": 120, "options": {"expires": 120}},
    "evidence due for review": {"task": "roadmap.tasks.remind_of_evidence", "schedule": 3600},
    "forget old deliveries": {"task": "portal.delivery.tasks.forget_old", "schedule": 86_400},
}


@setup_logging.connect
def _use_our_logging(**kwargs: object) -> None:
    """Leave logging as Django's settings made it."""
