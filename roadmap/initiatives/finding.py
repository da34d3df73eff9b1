"""What somebody means by the words for a thing that an initiative is linked to. It is looked for among what the reader
may see, so that a guess tells nothing of the rest."""

import difflib
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from incidents.models import HIT, FollowUp, Incident, Node
from portal.collections import collection_of, get_collection, unknown_to
from portal.references.finding import find_reference
from portal.references.models import Reference
from roadmap.models import Control, Initiative, KeyResult, Link
from services.health.models import Limit

# Kind → what it is called, and how it is written.
KINDS: dict[str, tuple[str, str]] = {
    "service": ("Service or other part of the catalog", "its name, such as checkout-api"),
    "incident": ("Incident", "its number, such as INC-12"),
    "factor": ("Factor", "its name, such as “No alert”"),
    "follow_up": ("Follow-up", "its number, such as INC-12-1, or its title"),
    "limit": ("Limit", "its name, such as “Connections of orders-db”"),
    "control": ("Control", "its identifier, such as CC6.1"),
    "key_result": ("Key result", "its title"),
}
# The headings under which links of each kind stand.
HEADINGS = {
    "service": "Services", "incident": "Incidents", "factor": "Factors", "follow_up": "Follow-ups", "limit": "Limits",
    "control": "Controls", "key_result": "Key results",
}  # fmt: skip
_MOST_COMPARED = 5_000


def find_thing(reader: Any, kind: str, text: str) -> Any:
    """The thing of this kind. Raises ValidationError that says how it is written, and what is near."""
    text = text.replace("\x00", "").strip()
    if kind not in KINDS:
        raise ValidationError({"kind": f"There is no kind “{kind[:40]}”. There are: {', '.join(KINDS)}."})
    if kind == "service":
        return _service(reader, text)
    rows, condition, names = _FOUND[kind](reader, text)
    found = list(rows.filter(condition).distinct()[:2])
    if len(found) == 1:
        return found[0]
    label, written = KINDS[kind]
    if found:
        told = f"“{text[:80]}” is more than one {label.lower()}. Write which, or its number as its address has it."
        raise ValidationError({"thing": told})
    known = dict.fromkeys(str(each) for each in rows.values_list(names, flat=True)[:_MOST_COMPARED])
    near = difflib.get_close_matches(text, known)
    hint = f" Did you mean {' or '.join(f'“{each}”' for each in near)}?" if near else f" Write {written}."
    raise ValidationError({"thing": f"There is no {label.lower()} “{text[:80]}”.{hint}"})


def _service(reader: Any, text: str) -> Reference:
    try:
        found = find_reference(text, HIT)
    except ValidationError as problem:
        raise ValidationError({"thing": problem.messages}) from None
    if unknown_to(reader, [found.pk]):
        raise ValidationError({"thing": f"There is no service “{text[:80]}”."})
    return found


Found = tuple[QuerySet[Any], Q, str]


def _number(text: str) -> Q:
    return Q(pk=int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else Q(pk=None)


def _incident(reader: Any, text: str) -> Found:
    collection: Any = get_collection("incidents")
    condition = Q(name__iexact=text) | Q(title__iexact=text) | collection.key_condition(text or "-")
    return Incident.objects.visible(reader), condition, "name"


def _follow_up(reader: Any, text: str) -> Found:
    number, _, place = text.partition(" ")[0].rpartition("-")
    condition = Q(title__iexact=text) | _number(text)
    if place.isascii() and place.isdigit() and len(place) < 6:
        condition |= Q(incident__name__iexact=number, number=int(place))
    return FollowUp.objects.visible(reader), condition, "title"


def _named(rows: Callable[[], QuerySet[Any]], *names: str) -> Callable[[Any, str], Found]:
    def find(reader: Any, text: str) -> Found:
        condition = _number(text)
        for name in names:
            condition |= Q(**{f"{name}__iexact": text})
        return rows(), condition, names[0]

    return find


_FOUND: dict[str, Callable[[Any, str], Found]] = {
    "incident": _incident,
    "follow_up": _follow_up,
    "factor": _named(Node.objects.all, "name", "slug"),
    "limit": _named(Limit.objects.all, "name"),
    "control": _named(Control.objects.all, "identifier", "title"),
    "key_result": _named(KeyResult.objects.all, "title"),
}


def rows_of(reader: Any, kind: str) -> QuerySet[Any]:
    """Everything of a kind that the reader may see; of every kind but services."""
    return _FOUND[kind](reader, "")[0]


def find_initiative(reader: Any, text: str) -> Initiative:
    """The initiative of this number, or title, among those that the reader may see. Raises ValidationError."""
    return initiative_among(Initiative.objects.visible(reader), text, "“{}” is no initiative. " + _BY_NUMBER)


def initiative_among(rows: QuerySet[Initiative], text: str, unknown: str) -> Initiative:
    """The same among these rows, by number before title. Raises ValidationError: ``unknown`` where it is none."""
    collection: Any = get_collection("initiatives")
    text = text.replace("\x00", "").strip()
    by_number = list(rows.filter(collection.key_condition(text or "-"))[:1])
    found = by_number or list(rows.filter(title__iexact=text)[:2])
    if len(found) == 1:
        return found[0]
    several = "“{}” is the title of several initiatives. " + _BY_NUMBER
    raise ValidationError((several if found else unknown).format(text[:80]))


_BY_NUMBER = "Write its number, such as RM-12."


def url_of(thing: Any) -> str:
    """The page of what is at the other end of a link; nothing where it has none."""
    from portal.collections import reference_url

    if isinstance(thing, Reference):
        return reference_url(thing.canonical, thing.attached)
    collection = collection_of(thing)
    return collection.url_of(thing) if collection else ""


def by_kind(links: list[Link]) -> list[dict[str, Any]]:
    """Links as the pages show them: by kind, in the order of KINDS."""
    found: list[dict[str, Any]] = []
    for kind, heading in HEADINGS.items():
        rows = [{"link": each, "thing": each.end, "url": url_of(each.end)} for each in links if each.kind == kind]
        if rows:
            found.append({"kind": kind, "heading": heading, "rows": sorted(rows, key=lambda row: str(row["thing"]))})
    return found
