"""manage.py demo: loads once, resets, and never touches data that are not its own."""

import io

import pghistory
import pytest
from django.core.management import CommandError, call_command

from portal.demo.progress import Progress
from portal.people.models import Person, User
from services.demo.health import span
from services.demo.load import SOURCE
from services.models import Entity, Source
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _short_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands do does not depend on how long the company's past is, which takes its time to be written."""
    monkeypatch.setattr(span, "DAYS", 1)


def test_it_loads_the_company() -> None:
    call_command("demo", stderr=(said := io.StringIO()))
    assert "Larkspur is loaded" in said.getvalue()
    assert Source.objects.get().name == SOURCE
    assert Entity.objects.filter(name="checkout-api", kind="component").exists()


def test_it_resets_what_people_tried_out() -> None:
    call_command("demo")
    Entity.objects.filter(name="checkout-api").update(tier=4)
    with pghistory.context(user=User.objects.get(email="sofia.marchetti@larkspur.example").pk, origin="page"):
        factories.make_entity("tried-out")
        factories.make_user("tried.out")
    call_command("demo")
    assert Entity.objects.get(name="checkout-api").tier == 0
    assert not Entity.objects.filter(name="tried-out").exists()


def test_once_leaves_a_loaded_demo_alone() -> None:
    call_command("demo")
    factories.make_entity("tried-out")
    call_command("demo", once=True)
    assert Entity.objects.filter(name="tried-out").exists()


def test_it_refuses_where_somebody_real_signs_in() -> None:
    User.objects.create_user("jo@company.test", "correct horse", role="administrator")
    with pytest.raises(CommandError, match=r"1 login\(s\), such as jo@company.test.*DATA_DIR"):
        call_command("demo")
    assert User.objects.exists()


def test_it_refuses_where_a_catalog_is_kept() -> None:
    factories.make_entity("payroll")
    with pytest.raises(CommandError, match="1 entities, such as payroll"):
        call_command("demo")
    assert Entity.objects.get().name == "payroll"


def test_what_somebody_made_beside_the_loaded_demo_is_named_and_kept() -> None:
    call_command("demo")
    with pghistory.context(origin="shell"):
        factories.make_entity("payroll")
        factories.make_team("accounting")
    with pytest.raises(CommandError, match="1 entities, such as payroll; 1 teams, such as Accounting"):
        call_command("demo")
    assert Entity.objects.filter(name="payroll").exists()


def test_who_has_a_real_address_is_not_the_demo_s_to_delete_whoever_entered_them() -> None:
    call_command("demo")
    with pghistory.context(user=User.objects.get(email="sofia.marchetti@larkspur.example").pk, origin="page"):
        factories.make_person("jo", email="jo@company.test")
    with pytest.raises(CommandError, match="1 people, such as Jo"):
        call_command("demo")
    assert Person.objects.filter(name="jo").exists()


def test_once_is_quiet_where_there_are_real_data() -> None:
    factories.make_entity("payroll")
    call_command("demo", once=True)
    assert Entity.objects.get().name == "payroll"


def test_large_adds_to_the_company() -> None:
    call_command("demo", size="large", entities=1_000)
    assert Entity.objects.count() == 1_000
    assert Entity.objects.filter(name="checkout-api", kind="component").exists()
    call_command("demo")
    assert Entity.objects.count() < 1_000


@pytest.mark.parametrize("size", ["many", "999", "-5", "5000001"])
def test_it_says_how_large_is_possible(size: str) -> None:
    with pytest.raises(CommandError, match="whole number from 1000 to 5000000"):
        call_command("demo", f"--entities={size}")


def test_progress_is_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with Progress("Loading", 10, out) as bar:
        bar.advance(5, "one")
        bar.advance(1, "one")
        bar.advance(99, "two")
    assert out.getvalue().splitlines() == ["Loading: one (50 %)", "Loading: two (100 %)", "Loading: done in 0 s"]


def test_progress_is_a_bar_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with Progress("Loading", 10, out) as bar:
        bar.advance(5, "relations")
    assert "█" * 15 + "░" * 15 in out.getvalue()
    assert "relations" in out.getvalue()
