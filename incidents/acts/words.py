"""The acts that move an incident on: what their buttons say."""

from dataclasses import dataclass

from incidents.models import Category, Incident


@dataclass(frozen=True)
class Act:
    label: str
    icon: str


ACT_OF: dict[str, Act] = {
    Category.TRIAGE: Act("Look at it again", "eye"),
    Category.ACTIVE: Act("Work on it", "player-play"),
    Category.MITIGATED: Act("Mitigated", "shield-check"),
    Category.RESOLVED: Act("Resolve", "check"),
    Category.CLOSED: Act("Close", "circle-check"),
    Category.DECLINED: Act("Decline", "ban"),
    Category.CANCELLED: Act("Cancel the incident", "x"),
}
REOPEN = Act("Open again", "arrow-back-up")
# From where it is to the one step that most take.
NEXT: dict[str, str] = {
    Category.TRIAGE: Category.ACTIVE,
    Category.ACTIVE: Category.MITIGATED,
    Category.MITIGATED: Category.RESOLVED,
    Category.RESOLVED: Category.CLOSED,
}


def next_step(incident: Incident) -> str:
    """The category of the one ink-black button; nothing for what is over."""
    return NEXT.get(incident.status.category, "")
