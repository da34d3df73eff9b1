"""Domain events: told at once and in the same transaction, and a handler that fails harms nobody else."""

from dataclasses import dataclass

import pytest
import structlog
from django.db import transaction
from structlog.testing import capture_logs

from portal import events
from portal.events import Event, emit, handles
from portal.people.models import Team
from tests.factories import make_team

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Rang(Event):
    name: str


@dataclass(frozen=True)
class Broke(Event):
    name: str


@pytest.fixture(autouse=True)
def own_handlers(monkeypatch):
    """What is registered here is gone after the test; a logger of its own is heard however others were set up."""
    monkeypatch.setattr(events, "_handlers", events.defaultdict(list))
    monkeypatch.setattr(events, "log", structlog.get_logger("portal.events"))


def names() -> list[str]:
    return sorted(Team.objects.values_list("name", flat=True))


def test_handlers_are_called_in_order_and_only_for_their_own_type():
    heard: list[str] = []
    handles(Rang)(lambda event: heard.append(f"first {event.name}"))
    handles(Rang, Broke)(lambda event: heard.append(f"second {event.name}"))
    emit(Rang("bell"))
    emit(Broke("glass"))
    assert heard == ["first bell", "second bell", "second glass"]


def test_a_handler_that_fails_takes_back_only_what_it_wrote_itself():
    @handles(Rang)
    def fails(event: Rang) -> None:
        make_team("half-done")
        make_team("half-done")

    handles(Rang)(lambda event: make_team("told"))
    with capture_logs() as logged, transaction.atomic():
        make_team("happened")
        emit(Rang("bell"))
    assert names() == ["happened", "told"]
    assert [(each["log_level"], each["event_type"]) for each in logged] == [("error", "Rang")]


def test_what_handlers_wrote_is_gone_when_what_happened_is_taken_back():
    handles(Rang)(lambda event: make_team("told"))
    with transaction.atomic():
        emit(Rang("bell"))
        assert names() == ["told"]
        transaction.set_rollback(True)
    assert names() == []


def test_only_events_are_handled():
    with pytest.raises(TypeError, match="str is no event"):
        handles(str)(print)
