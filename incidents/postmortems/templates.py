"""Writing the templates of postmortems."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import slugify

from incidents.models import PostmortemTemplate
from incidents.models.postmortem import check_sections
from incidents.postmortems.template import default_sections
from portal.actions import create_record, update_record


def create_template(
    *, by: Any, model: type[PostmortemTemplate] = PostmortemTemplate, values: Mapping[str, Any], kind: str = ""
) -> PostmortemTemplate:
    """Make a template. Unless sections are given it begins with those that a new portal has."""
    return create_record(by=by, model=model, values={"sections": default_sections(), **values})


def set_sections(
    *, by: Any, template: PostmortemTemplate, sections: Sequence[Mapping[str, str]], version: int | None = None
) -> PostmortemTemplate:
    """Say which sections it has, in their order. One without a key gets one from its title. Postmortems that were begun
    keep theirs. Raises ValidationError for none, and for two of the same key."""
    wanted = _with_keys(sections)
    check_sections(wanted)
    return update_record(by=by, record=template, values={"sections": wanted}, version=version)


def _with_keys(sections: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    taken, found = {each["key"] for each in sections if each.get("key")}, []
    for each in sections:
        key = each.get("key") or _free_key(each["title"], taken)
        taken.add(key)
        found.append({"key": key, "title": each["title"], "questions": each.get("questions", "")})
    return found


def _free_key(title: str, taken: set[str]) -> str:
    stem = slugify(title)[:30] or "section"
    return stem if stem not in taken else next(key for n in range(2, 999) if (key := f"{stem}-{n}") not in taken)
