"""What somebody means by a name: the reference it names, or what is near."""

import difflib

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from portal.references.models import Reference


def find_reference(text: str, kinds: tuple[str, ...], among: QuerySet[Reference] | None = None) -> Reference:
    """The reference that ``text`` names, by its short name, its former one, canonically, or by the label of its record;
    of those ``among`` which it is looked for. A loose end is one too. Raises ValidationError naming what is near."""
    rows = Reference.objects.all() if among is None else among
    text = text.replace("\x00", "")
    kind, _, rest = text.lower().rpartition(":")
    namespace, _, name = rest.rpartition("/")
    for each in [kind] if kind else kinds:
        found = rows.filter(canonical=f"{each}:{namespace or 'default'}/{name}").first()
        if found and each in kinds:
            return found
    if renamed := _renamed(rows, kind, namespace or "default", name, kinds):
        return renamed
    by_label = rows.filter(kind__in=kinds, label__iexact=text, attached=True)[:2]
    if len(by_label) == 1:
        return by_label[0]
    raise ValidationError(_unknown(text, kinds), code="unknown")


def _renamed(
    rows: QuerySet[Reference], kind: str, namespace: str, name: str, kinds: tuple[str, ...]
) -> Reference | None:
    """What had this name before it was renamed."""
    former = [f"{each}:{namespace}/{name}" for each in ([kind] if kind else kinds)]
    return rows.filter(kind__in=kinds, aliases__canonical__in=former).first()


def _unknown(text: str, kinds: tuple[str, ...]) -> str:
    what = " or ".join(", ".join(_KIND_WORDS.get(kind, kind) for kind in kinds).rsplit(", ", 1))
    # What is near must not tell of records that not everybody may see.
    open_kinds = [kind for kind in kinds if not _has_row_rule(kind)]
    names = Reference.objects.filter(kind__in=open_kinds, attached=True).values_list("name", flat=True)
    near = difflib.get_close_matches(text.lower(), names[:20_000], 3, 0.6)
    return f"There is no {what} “{text[:80]}”." + (f" Did you mean {' or '.join(near)}?" if near else "")


def _has_row_rule(kind: str) -> bool:
    from portal.collections import collection_of_kind

    home = collection_of_kind(kind)
    return home is not None and home.has_row_rule


_KIND_WORDS = {"group": "team", "user": "person", "component": "service", "api": "API"}
