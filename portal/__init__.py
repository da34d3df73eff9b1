"""The project and the layer that all apps share; it knows no kind of record of theirs."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
