"""What came of asking something at once: a note in place for htmx, and otherwise a page of its own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from services.health.throttle import MOST


def show_answer(request: HttpRequest, title: str, look: str, words: str, status: int = 200) -> HttpResponse:
    """``look`` is ok, warn, bad or idle."""
    template = "health/_answer.html" if request.headers.get("HX-Request") else "health/answer.html"
    return render(request, template, {"title": title, "look": look, "words": words}, status=status)


def too_often(request: HttpRequest, title: str) -> HttpResponse:
    return show_answer(request, title, "warn", f"You asked {MOST} times within a minute. Wait a moment.", status=429)
