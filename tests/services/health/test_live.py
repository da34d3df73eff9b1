"""Parts of pages that follow what happens are asked for with the ETag of what they show: 304 while it is the same."""

import pytest

from services.health.models import CheckState, EntityHealth, HealthState
from tests.factories import make_entity
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db

PANEL = "/services/cart/panels/servicesentity-health/"


@pytest.fixture
def check(people):
    check = make_check(entity=make_entity("cart", owner=people.team))
    HealthState.objects.create(entity=check.entity, status=EntityHealth.HEALTHY, reason="Its check is up")
    return check


def ask(client, address: str, tag: str = ""):
    named = {"If-None-Match": tag} if tag else {}
    return client.get(address, headers={"HX-Request": "true", **named})


def go_down(check) -> None:
    CheckState.objects.filter(of=check).update(status="down", reason="answered 503")
    HealthState.objects.update(status=EntityHealth.FAILING, reason="Front page is down: answered 503")


def addresses(check) -> dict[str, str]:
    return {
        "the health of a service": PANEL,
        "its checks day by day": "/services/cart/panels/servicesentity-checks-day-by-day/",
        "what a check says": f"/checks/{check.pk}/panels/healthcheck-now/",
        "its facts": f"/checks/{check.pk}/panels/healthcheck-facts/",
        "the overview": "/health/",
    }


@pytest.mark.parametrize(
    "part", ["the health of a service", "its checks day by day", "what a check says", "its facts", "the overview"]
)
def test_while_nothing_changed_the_answer_is_304_without_a_body_and_then_the_news(sign_in, people, check, part):
    client, address = sign_in(people.editor), addresses(check)[part]
    first = ask(client, address)
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    again = ask(client, address, first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    go_down(check)
    news = ask(client, address, first["ETag"])
    assert (news.status_code, "answered 503" in news.content.decode()) == (200, True)


def test_the_token_of_a_form_is_no_news(sign_in, people, check):
    client, address = sign_in(people.editor), f"/checks/{check.pk}/panels/healthcheck-latest-answers/"
    first = ask(client, address)
    assert "csrfmiddlewaretoken" in first.content.decode()
    assert ask(client, address, first["ETag"]).status_code == 304


def test_the_status_in_the_head_of_the_page_comes_with_the_news(sign_in, people, check):
    go_down(check)
    part = ask(sign_in(people.reader), PANEL).content.decode()
    assert 'id="record-pill" class="gw-pill-link" href="/services/cart/health/" hx-swap-oob="true"' in part
    assert 'id="record-why" hx-swap-oob="true">Front page is down: answered 503' in part


def test_the_head_of_a_service_says_its_health_and_why_and_leads_to_more(sign_in, people, check):
    go_down(check)
    page = sign_in(people.reader).get("/services/cart/").content.decode()
    head = page[: page.index("gw-tabs")]
    for text in ('href="/services/cart/health/"', "Failing", "Front page is down: answered 503"):
        assert text in head, text


def test_a_service_that_nobody_asks_is_said_to_have_no_checks(sign_in, people):
    make_entity("quiet", owner=people.team)
    head = sign_in(people.reader).get("/services/quiet/").content.decode().partition("gw-tabs")[0]
    assert "No checks" in head
    make_entity("whole", kind="system")
    assert "record-pill" not in sign_in(people.reader).get("/systems/whole/").content.decode()


def test_a_whole_page_names_no_etag_so_that_nobody_is_shown_an_old_one(sign_in, people, check):
    assert not sign_in(people.reader).get("/health/").has_header("ETag")


def test_what_is_hidden_from_a_reader_cannot_be_followed(client, check):
    assert ask(client, PANEL).status_code == 302
