"""The kinds of notification there are. An app registers its own in a module ``notices.py``, found by itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What somebody chooses on their profile: what it is called there, and when one gets it."""

    slug: str
    label: str
    when: str


_kinds: dict[str, Kind] = {}


def register_kind(slug: str, label: str, when: str) -> Kind:
    """Make a kind known. ``label`` heads its line on the profile, ``when`` is a sentence that says when it comes."""
    return _kinds.setdefault(slug, Kind(slug, label, when))


def kinds() -> list[Kind]:
    """All of them, by label."""
    return sorted(_kinds.values(), key=lambda each: each.label)


def get_kind(slug: str) -> Kind:
    """Raises ValueError naming those there are."""
    if slug not in _kinds:
        raise ValueError(
            f"There is no kind of notification “{slug}”. There are: {', '.join(sorted(_kinds)) or 'none'}. "
            "Register it in the app's notices.py with portal.delivery.kinds.register_kind."
        )
    return _kinds[slug]


def label_of(slug: str) -> str:
    """What a kind is called; made from the slug where nobody can choose it."""
    return _kinds[slug].label if slug in _kinds else slug.replace("-", " ").capitalize()
