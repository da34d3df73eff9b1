"""A walk over every address: who gets what, and nothing changes by looking.

``TABLE`` says for each named URL what each reader is answered; a URL that is missing there fails. Service accounts have
tokens, which open the API and no page.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from portal.collections import collections
from portal.delivery.actions import notify
from portal.delivery.models import Notification, OutboxMessage
from portal.people.models import ApiToken, Membership, User
from portal.people.tokens import make_token
from services.health.models import Metric, MetricState, PrometheusServer, Slo
from services.health.uploads import keep
from services.models import Document, DocumentStatus, Source
from services.oncall.actions import add_turn, begin_rotation
from services.relations import add_dependency
from tests import factories
from tests.conftest import People, make_people
from tests.incidents.urls import INCIDENT_URLS, make_incident_world
from tests.roadmap.urls import ROADMAP_FORMS, ROADMAP_URLS, make_roadmap_world
from tests.services.health.makers import MAKERS
from tests.services.health.results import make_check
from tests.services.oncall.makers import MAKERS as ON_CALL_MAKERS
from tests.url_rows import READERS, Row, page, post

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("every-url")]

SIGN_IN = 302
SERVICE = {"slug": "services", "key": "checkout-api"}
# The editor is in the team that owns checkout-api and holds deploy-pipeline; the reader is in another team.
TABLE: dict[str, Row] = {
    # Without signing in: sign-in itself, and what machines ask
    "account_login": Row("200 302 302 302 302 302 200"),
    "account_logout": Row("302 200 200 200 200 200 302"),
    "account_signup": Row("200 302 302 302 302 302 200"),
    "account_inactive": Row("200 200 200 200 200 200 200"),
    "account_reset_password": Row("200 200 200 200 200 200 200"),
    "account_reset_password_done": Row("200 200 200 200 200 200 200"),
    "account_reset_password_from_key": Row("200 200 200 200 200 200 200", {"uidb36": "1", "key": "no-such-key"}),
    "account_reset_password_from_key_done": Row("200 200 200 200 200 200 200"),
    "demo-sign-in": post("404 404 404 404 404 404 404", {"email": "sofia.marchetti@larkspur.example"}),
    "first-administrator": Row("404 404 404 404 404 404 404", {"key": "guessed"}),
    "healthz": Row("200 200 200 200 200 200 200"),
    "readyz": Row("200 200 200 200 200 200 200"),
    "metrics": Row("401 401 401 401 401 401 200"),
    # Everybody
    "home": page(),
    "help": page(),
    "help-document": page(name="query-grammar"),
    "status": Row("200 200 200 200 200 200 200"),
    "search": page(),
    "search-palette": page(),
    "search-references": page(),
    "collection": page(slug="services"),
    "collection-total": page(slug="services"),
    "record": page(**SERVICE),
    "record-tab": page(**SERVICE, tab="dependencies"),
    "around": page(pk="unowned", name="radius"),
    "record-panel": page(**SERVICE, name="servicesentity-facts"),
    "record-chart": page(**SERVICE, name="deployment-frequency"),
    "record-history": page(**SERVICE),
    # One's own account
    "account_change_password": page(),
    "account_set_password": Row("302 302 302 302 302 302 302"),
    "account_reauthenticate": Row("302 200 200 200 200 200 302"),
    "profile": page(),
    "notifications": page(),
    "notification": Row("302 404 404 302 404 404 302", {"pk": "notification"}),
    "notifications-read": post("302 302 302 302 302 302 302", {}, "/notifications/"),
    "notifications-stop": post("302 302 302 302 302 302 302", {"kind": "check"}, "/notifications/"),
    "set-notices": post("302 302 302 302 302 302 302", {"check:email": "on"}, "/profile/"),
    "set-preferences": post(
        "302 302 302 302 302 302 302", {"theme": "dark", "density": "compact", "time_zone": "UTC"}, "/profile/"
    ),
    "set-theme": post("302 302 302 302 302 302 302", {"theme": "dark", "next": "/help/"}, "/help/"),
    "token-new": post("302 200 200 200 200 200 302", {"name": "laptop", "scope": "read", "days": "30"}),
    "token-revoke": post("302 404 404 302 404 404 302", {}, "/profile/", pk="editors_token"),
    # Records of a team: only its members and administrators write
    "record-new": Row("302 403 200 200 403 200 302", {"slug": "services"}),
    "record-edit": Row("302 403 403 200 403 200 302", SERVICE),
    "record-delete": Row("302 403 403 200 403 200 302", SERVICE),
    "dependency-add": post(
        "302 403 403 302 403 302 302", {"target": "some-api"}, "/services/checkout-api/", pk="checkout_entity"
    ),
    "dependency-remove": post(
        "302 403 403 302 403 302 302", {}, "/services/checkout-api/", pk="checkout_entity", relation="relation"
    ),
    "take": Row("302 403 200 200 403 403 302", {"pk": "unowned"}),
    "member-add": post(
        "302 403 403 302 403 302 302", {"person": "stranger", "role": "member"}, "/teams/checkout/", key="checkout"
    ),
    "member-end": post("302 403 403 302 403 302 302", {}, "/teams/checkout/", key="checkout", pk="membership"),
    "machine-token-new": post(
        "302 403 403 200 403 200 302", {"name": "ci", "scope": "read", "days": "90"}, key="machine"
    ),
    "machine-token-revoke": post(
        "302 403 403 302 403 302 302", {}, "/service-accounts/", key="machine", pk="machines_token"
    ),
    # Joining and leaving the company, for administrators
    "person-deactivate": post(
        "302 403 403 403 403 302 302", {"left_at": "2026-11-20"}, "/people/reader/", key="reader"
    ),
    "person-reactivate": post("302 403 403 403 403 302 302", {}, "/people/reader/", key="reader"),
    "person-erase": Row("302 403 403 403 403 200 302", {"key": "reader"}),
    # Chat webhooks of a team, and what leaves the portal
    "webhook-try": post("302 403 403 302 403 302 302", {}, "/chat-webhooks/", key="webhook"),
    "delivery-again": post("302 404 404 404 404 302 302", {}, "/deliveries/", key="delivery"),
    "deliveries-again": post("302 404 404 404 404 302 302", {}, "/deliveries/"),
    # Checks are run by whoever may edit their service, and tested by whoever may have some; a heartbeat is a capability
    "check-run": post("302 403 403 302 403 302 302", {}, "/checks/", key="check"),
    "check-test": post("302 403 422 422 403 422 302", {"address": "shop"}),
    "check-renew": post("302 403 403 302 403 302 302", {}, "/checks/", key="heartbeat"),
    # Where values come from: metrics by who speaks for their subject, Prometheus by administrators, files by both
    "metric-try": post("302 403 403 422 403 422 302", {}, key="metric"),
    "metric-baseline": post("302 403 403 302 403 302 302", {}, "/metrics/", key="metric"),
    "prometheus-try": post("302 403 403 403 403 200 302", {}, key="prometheus"),
    "metrics-import": Row("302 403 200 200 403 200 302"),
    "metric-import": Row("302 403 404 200 403 404 302", {"key": "csv"}),
    "slos-import": Row("302 403 200 200 403 200 302"),
    "slo-import": Row("302 403 404 422 403 404 302", {"key": "openslo"}),
    "slos-openslo": page(),
    "slo-openslo": page(key="slo"),
    "health": page(),
    "capacity": page(),
    "badge": Row("404 404 404 404 404 404 404", {"token": "guessed"}),
    "badge-make": post("302 403 403 302 403 302 302", {}, "/services/checkout-api/health/", pk="checkout_entity"),
    "badge-withdraw": post("302 403 403 302 403 302 302", {}, "/services/checkout-api/health/", pk="checkout_entity"),
    "hook-metrics": post("401 401 401 401 401 401 422"),
    "hook-deployments": post("401 401 401 401 401 401 422"),
    "heartbeat": Row("404 404 404 404 404 404 404", {"token": "guessed"}),
    "heartbeat-bare": Row("404 404 404 404 404 404 404", {"token": "guessed"}),
    # Who is on call is said by the team; its calendar opens to whoever has the address
    "on-call-calendar": Row("404 404 404 404 404 404 404", {"token": "guessed"}),
    "on-call-begin": post("302 302 302 302 302 302 302", {}, "/on-call/", key="checkout"),
    "on-call-add": post("302 403 403 302 403 302 302", {"person": "stranger"}, "/on-call/", key="on_call"),
    "on-call-turn": post("302 403 403 302 403 302 302", {"act": "up"}, "/on-call/", key="on_call", pk="on_call_turn"),
    "on-call-stand-in": post("302 403 403 422 403 422 302", {"person": "reader"}, "/on-call/", key="on_call"),
    "on-call-stand-in-end": post("302 403 403 302 403 302 302", {}, "/on-call/", key="on_call", pk="on_call_turn"),
    "on-call-again": post("302 403 403 302 403 302 302", {}, "/on-call/", key="on_call"),
    "on-call-calendar-open": post("302 403 403 302 403 302 302", {}, "/on-call/", key="on_call"),
    "on-call-calendar-close": post("302 403 403 302 403 302 302", {}, "/on-call/", key="on_call"),
    **INCIDENT_URLS,
    **ROADMAP_URLS,
    # Product managers and administrators decide
    "proposal-decide": Row("302 403 403 403 200 200 302", {"pk": "proposal"}),
    "api": Row("401 200 200 200 200 200 200"),
    "api-nothing": Row("404 404 404 404 404 404 404", {"rest": "v1/zebras/"}),
    "hooks-nothing": Row("404 404 404 404 404 404 404", {"rest": "zebras/"}),
    "api-schema": Row("401 200 200 200 200 200 200"),
}  # fmt: skip
ADMINISTRATORS_ONLY = {"users", "deliveries", "status-feeds", "secret-words"}


def full_table() -> dict[str, Row]:
    """The table, with the two API addresses that every collection has."""
    table = dict(TABLE)
    for each in collections():
        may = "404 404 404 404 200 404" if each.slug in ADMINISTRATORS_ONLY else "200 200 200 200 200 200"
        table[f"api-{each.slug}"] = Row(f"401 {may}")
        table[f"api-{each.slug}-record"] = Row(f"401 {may}", {"key": f"first:{each.slug}"})
    return table


def named_urls() -> Iterator[str]:
    def walk(patterns: Iterable[Any]) -> Iterator[str]:
        for each in patterns:
            if isinstance(each, URLPattern):
                assert each.name, f"{each.pattern} has no name, so no test can speak of it."
                yield each.name
            else:
                yield from walk(each.url_patterns)

    yield from walk(get_resolver().url_patterns)


def test_every_url_is_in_the_table_and_the_table_names_no_other():
    assert sorted(full_table()) == sorted(named_urls())


@pytest.fixture(scope="module")
def _standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[People, dict[str, Any]]]:
    """People and records for all tests here, made once; each test takes back what it did to them."""
    with django_db_blocker.unblock(), transaction.atomic():
        people = make_people()
        yield people, make_world(people)
        transaction.set_rollback(True)


@pytest.fixture
def people(_standing, db) -> People:
    return _standing[0]


@pytest.fixture
def world(_standing, db) -> dict[str, Any]:
    return _standing[1]


def make_world(people: People) -> dict[str, Any]:
    """What the arguments of the table stand for."""
    checkout = factories.make_entity("checkout-api", owner=people.team)
    for kind in ("api", "resource", "system", "domain"):
        factories.make_entity(f"some-{kind}", kind=kind, owner=people.team)
    needed = factories.make_reference("resource:default/orders-db")
    source = Source.objects.create(name="repos")
    Document.objects.create(source=source, file="a.yaml", number=0, status=DocumentStatus.REJECTED)
    factories.make_reference("component:default/loose-end")
    editors_token, _ = make_token(holder=people.editor, name="laptop", scopes=["read"])
    machines_token, _ = make_token(holder=people.service_account, name="ci", scopes=["read"])
    webhook = factories.make_webhook(people.team)
    notify(to=people.team.reference, kind="check", title="Down", url="/services/checkout-api/", about="x", why="Yours.")
    return {
        "checkout_entity": checkout.pk,
        "relation": add_dependency(entity=checkout, target=needed).pk,
        "webhook": webhook.pk,
        "notification": Notification.objects.get(user=people.editor).pk,
        "delivery": OutboxMessage.objects.filter(channel="email").get().pk,
        "proposal": factories.make_proposal().pk,
        "check": make_check(entity=checkout).pk,
        "heartbeat": make_check("Export", entity=checkout, kind="heartbeat").pk,
        **_sources(people, checkout),
        **_on_call(people),
        "health": [make(None, 1) for make in MAKERS.values()],
        "shifts": [make(None, 1) for make in ON_CALL_MAKERS.values()],
        **make_incident_world(people),
        **make_roadmap_world(people),
        "unowned": factories.make_entity("unowned").pk,
        "editors_token": editors_token.pk,
        "machines_token": machines_token.pk,
        "machine": people.service_account.pk,
        "membership": Membership.objects.get(person=people.editor.person.reference).pk,
    }


def _on_call(people: Any) -> dict[str, Any]:
    rotation = begin_rotation(by=None, team=people.team.reference)
    turn = add_turn(by=None, schedule=rotation, person=people.editor.person.reference)
    return {"on_call": rotation.pk, "on_call_turn": turn.pk}


def _sources(people: Any, checkout: Any) -> dict[str, Any]:
    """A metric with a value, a Prometheus server, uploads of the editor, and an SLO."""
    metric = Metric.objects.create(name="nps", subject=checkout.reference)
    MetricState.objects.create(metric=metric, value=42, at=timezone.now())
    uploads = {
        hook: keep(people.editor, hook, SimpleUploadedFile("file", body)).pk
        for hook, body in (("metric-import", _CSV), ("openslo-import", b"kind: nothing"))
    }
    slo = Slo.objects.create(name="promise", entity=checkout, source_check=make_check("Asked", entity=checkout))
    return {
        "metric": metric.pk,
        "prometheus": PrometheusServer.objects.create(name="main", url="http://127.0.0.1:9").pk,
        "csv": uploads["metric-import"],
        "openslo": uploads["openslo-import"],
        "slo": slo.pk,
    }


_CSV = b"metric,subject,at,value\nnps,component:default/checkout-api,2026-11-21,42\n"


def _address(name: str, row: Row, world: dict[str, Any]) -> str:
    kwargs = {}
    for key, value in row.kwargs.items():
        if isinstance(value, str) and value.startswith("first:"):
            found = next(each for each in collections() if each.slug == value.removeprefix("first:"))
            kwargs[key] = found.key_of(found.rows().first())
        else:
            kwargs[key] = world.get(value, value)
    return reverse(name, kwargs=kwargs)


def _client(people: Any, reader: str) -> Client:
    who = None if reader == "anonymous" else getattr(people, reader)
    if who is None:
        return Client()
    if isinstance(who, User):
        client = Client()
        client.force_login(who, backend="portal.people.backends.PersonBackend")
        return client
    return Client(headers={"Authorization": f"Bearer {factories.token_for(who)}"})


@pytest.mark.parametrize("name", sorted(full_table()))
def test_each_reader_gets_what_the_table_says(name, people, world):
    row = full_table()[name]
    found, expected = {}, dict(row.expected())
    address = _address(name, row, world)
    for reader in READERS:
        with transaction.atomic():
            response = getattr(_client(people, reader), row.method)(address, row.data)
            found[reader] = response.status_code
            transaction.set_rollback(True)
            if response.status_code == SIGN_IN and reader in {"anonymous", "service_account"}:
                assert response.url.startswith("/accounts/login/"), f"{name}: {reader} is sent to {response.url}"
            elif row.to and response.status_code == 302:
                assert response.url.startswith(row.to), f"{name}: {reader} is sent to {response.url}"
        cache.clear()
    assert found == expected


POSTS = sorted(
    name for name, row in full_table().items() if row.method == "post" and not name.startswith(("hook-", "api-"))
)


@pytest.mark.parametrize("name", POSTS)
def test_looking_at_an_address_that_only_acts_leads_to_its_page_and_does_nothing(name, people, world):
    row = full_table()[name]
    address = _address(name, row, world)
    tokens = list(ApiToken.objects.values_list())
    client = _client(people, "administrator")
    looked = client.get(address)
    assert looked.status_code == 302
    assert client.get(looked.url, follow=True).status_code == 200
    assert client.put(address).status_code == 405
    assert list(ApiToken.objects.values_list()) == tokens


LOOKS = sorted(
    name
    for name, row in full_table().items()
    if row.method == "get" and not name.startswith(("account_", "api-")) and name not in {
        "record-new", "record-edit", "record-delete", "take", "first-administrator",
        "person-erase",
        "proposal-decide", "incident-status", "incident-new", "event-correct", "incident-time", "tag-new",
        "tag-edit", "follow-up-act", "alert-declare", "alert-belongs",
        "incident-severity", "incident-merge", "incident-role-give", "incident-impact", "incident-impact-correct",
        "incident-access",
        "postmortem-begin", "postmortem-review", "postmortem-publish", "postmortem-template",
        "heartbeat", "heartbeat-bare", "hooks-nothing", "metrics-import", "metric-import", "slos-import", "slo-import",
        "badge", "on-call-calendar", "status-feed-json", "status-feed-unresolved", "status-feed-atom",
        "incident-update",
        *ROADMAP_FORMS,
    }
)  # fmt: skip


@pytest.mark.parametrize("name", LOOKS)
def test_an_address_that_only_shows_answers_a_post_with_405(name, people, world):
    address = _address(name, full_table()[name], world)
    refused = _client(people, "administrator").post(address)
    assert refused.status_code == 405
    assert name == "api" or "takes no POST: nothing was saved" in refused.content.decode()


WITHOUT_SIGN_IN = {
    "account_login", "account_signup", "account_inactive", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "demo-sign-in", "first-administrator",
    "healthz", "readyz", "status", "api-nothing", "hooks-nothing", "heartbeat", "heartbeat-bare",
    "hook-alerts-address", "hook-alerts-bare", "hook-pagerduty", "hook-pagerduty-bare",
    "badge", "on-call-calendar", "status-feed-json", "status-feed-unresolved", "status-feed-atom",
}  # fmt: skip


def test_without_a_sign_in_only_the_sign_in_and_the_health_of_the_portal_answer():
    answers = {name for name, row in full_table().items() if dict(row.expected())["anonymous"] not in {302, 401}}
    assert answers == WITHOUT_SIGN_IN


@pytest.mark.parametrize("slug", sorted(each.slug for each in collections()))
def test_every_list_new_edit_and_record_page_is_for_people_who_are_signed_in(slug, world):
    found = next(each for each in collections() if each.slug == slug)
    key = found.key_of(found.rows().first())
    for address in (found.url, f"{found.url}-/new/", found.record_url(key), f"{found.record_url(key)}edit/"):
        response = Client().get(address)
        assert (response.status_code, unquote(response.url)) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("slug", sorted(each.slug for each in collections()))
def test_every_record_page_of_every_collection_opens_without_a_broken_panel(slug, people, world):
    found = next(each for each in collections() if each.slug == slug)
    client = _client(people, "administrator")
    for record in found.visible(people.administrator)[:5]:
        for act in ("", "history/"):
            response = client.get(f"{found.url_of(record)}{act}", follow=True)
            assert response.status_code == 200
            assert "could not be shown" not in response.content.decode()
            assert not re.search(r"\{\{|\{%", response.content.decode())


def test_the_sign_up_page_says_that_accounts_are_made_by_an_administrator():
    response = Client().get("/accounts/signup/")
    assert "administrator" in response.content.decode()
    Client().post(
        "/accounts/signup/", {"email": "mallory@larkspur.example", "password1": "x9!kfjf", "password2": "x9!kfjf"}
    )
    assert not User.objects.filter(email="mallory@larkspur.example").exists()
