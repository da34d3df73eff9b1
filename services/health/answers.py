"""What came of asking something at once: a note in place for htmx, and otherwise a page of its own."""

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.collections import Collection
from portal.crumbs import crumbs_of
from services.health.throttle import MOST

TOO_OFTEN = f"You asked {MOST} times within a minute. Wait a moment."


def show_answer(
    request: HttpRequest, home: Collection, about: Model | str, look: str, words: str, status: int = 200
) -> HttpResponse:
    """``about`` is the record of ``home`` that was asked, or the name of what was done; ``look`` is ok, warn, bad or
    idle. A page of its own leads back to the record, or to the list."""
    title, url = str(about), home.url_of(about) if isinstance(about, Model) else home.url
    template = "health/_answer.html" if request.headers.get("HX-Request") else "health/answer.html"
    context = {
        "title": title,
        "look": look,
        "words": words,
        "back": {"label": title if isinstance(about, Model) else home.title, "url": url},
        "crumbs": crumbs_of(home, (title, url)),
    }
    return render(request, template, context, status=status)


def too_often(request: HttpRequest, home: Collection, about: Model | str) -> HttpResponse:
    return show_answer(request, home, about, "warn", TOO_OFTEN, status=429)
