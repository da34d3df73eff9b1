"""What is suggested while somebody writes which thing an initiative is linked to, of every kind that a link takes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from incidents.models import HIT
from portal.search_views import suggested_references
from roadmap.initiatives.finding import KINDS, rows_of

MOST = 10
_NUMBER = Concat("incident__name", Value("-"), Cast("number", TextField()), output_field=TextField())
# Kind → how one of it is written, what tells it besides, and in which order they are suggested.
_WRITTEN: Mapping[str, tuple[Any, str, str]] = {
    "incident": (F("name"), "title", "-pk"),
    "factor": (F("name"), "slug", "written"),
    "follow_up": (_NUMBER, "title", "-pk"),
    "limit": (F("name"), "metric__title", "written"),
    "control": (F("identifier"), "title", "written"),
    "key_result": (F("title"), "objective__title", "-pk"),
}


@require_safe
def things(request: HttpRequest) -> JsonResponse:
    """Up to ten things of a ``kind`` that the reader may see, with the text ``q`` in them."""
    kind, text = request.GET.get("kind", ""), request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if kind not in KINDS:
        raise BadRequest(f"There is no kind “{kind[:40]}”. There are: {', '.join(KINDS)}.")
    found = suggested_references(request.user, HIT, text) if kind == "service" else suggest(request.user, kind, text)
    return JsonResponse({"items": found})


def suggest(reader: Any, kind: str, text: str) -> list[dict[str, str]]:
    """What is written for each, and the words that tell it; by its number where several are written alike."""
    written, besides, order = _WRITTEN[kind]
    rows = rows_of(reader, kind).annotate(written=written)
    for word in text.split():
        rows = rows.filter(Q(written__icontains=word) | Q(**{f"{besides}__icontains": word}))
    found = list(rows.order_by(order, "pk").values_list("pk", "written", besides)[:MOST])
    times = Counter(said for _, said, _ in found)
    return [
        {"value": said if times[said] == 1 else str(pk), "label": f"{said}: {more}" if more else said}
        for pk, said, more in found
    ]
