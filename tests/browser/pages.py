"""Every page of the portal, for the tests that look at all of them.

What a collection has follows from the registry, so a new one is covered by itself. The rest is listed here; a test
compares it with the addresses of the portal, and fails for one that is neither a page here nor named in NO_PAGES.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from portal.collections import Collection, collections, get_collection
from portal.delivery.actions import notify
from portal.delivery.models import Notification
from portal.panels import registered_panels
from portal.people.actions import deactivate_person
from portal.people.models import Role, TeamKind, User
from portal.people.tokens import make_token
from services import graph
from services.health.actions import make_badge
from services.health.models import Check, CheckChange, CheckDay, CheckKind, CheckState, HealthState, Slo
from services.health.openslo.exporting import export
from services.health.uploads import keep
from services.models import Document, DocumentStatus, Entity, Source
from tests import factories
from tests.every_collection.rows import make_rows
from tests.services.health.charted import make_charted

# Records of each collection that the walk opens: an odd one has a value in every column, an even one few.
RICH, BARE = 0, 1


@dataclass(frozen=True)
class World:
    """The records that pages are made of, and the sessions of those who look at them."""

    sessions: dict[str, str]
    records: dict[str, list[Any]]
    unowned: Entity
    charted: dict[str, Any]
    uploads: dict[str, int]

    def address(self, slug: str, at: int, act: str = "") -> str:
        collection = get_collection(slug)
        assert collection is not None
        return f"{collection.url_of(self.records[slug][at])}{act}"


@dataclass(frozen=True)
class Shown:
    """One page in one state: who sees it, where, and what is done there first."""

    name: str
    address: str | Callable[[World], str]
    reader: str = "administrator"
    status: int = 200
    act: Callable[[Page], object] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    broken_by: Exception | None = None

    def address_in(self, world: World) -> str:
        return self.address if isinstance(self.address, str) else self.address(world)


def make_world() -> World:
    """Three records of every collection, and a service in the midst of others with an owner that can be reached."""
    records = {
        each.slug: make_rows(each, range(10 * n + 1, 10 * n + 4)) for n, each in enumerate(collections(), start=1)
    }
    team = factories.make_team(
        "checkout", chat="#checkout", email="checkout@larkspur.example", on_call_url="https://on-call.larkspur.example"
    )
    readers = {
        "administrator": factories.make_user("sofia", role=Role.ADMINISTRATOR, teams=(team,)),
        "editor": factories.make_user("mei", teams=(team,)),
        "stranger": factories.make_user("noor"),
    }
    factories.make_team("platform", kind=TeamKind.PLATFORM)
    unowned = factories.make_entity("nobodys-service", tier=1)
    _make_checkout(team, unowned)
    _tell(readers["editor"])
    make_token(holder=readers["editor"], name="laptop", scopes=["read"])
    make_token(holder=records["service-accounts"][RICH], name="ci", scopes=["read"])
    sessions = {name: session_of(reader) for name, reader in readers.items()}
    charted = make_charted(Entity.objects.get(name="checkout-api"))
    return World({**sessions, "": ""}, records, unowned, charted, _uploads(readers["administrator"]))


def _checkout_pk() -> int:
    return Entity.objects.get(name="checkout-api").pk


def session_of(reader: User) -> str:
    client = Client()
    client.force_login(reader, backend="portal.people.backends.PersonBackend")
    return client.cookies["sessionid"].value


def _make_checkout(team: Any, unowned: Entity) -> None:
    """The most connected service: what it needs, a dozen that need it, and a file that declares part of it."""
    checkout = factories.make_entity(
        "checkout-api", owner=team, tier=0, title="Checkout API", description="Takes orders and payment.\nSecond line.",
        tags=["money"], links=[{"url": "https://larkspur.example/runbook", "title": "Runbook"}],
    )  # fmt: skip
    factories.make_person("lead", teams=(team,))
    deactivate_person(by=None, person=factories.make_person("gone", teams=(team,)))
    database = factories.make_entity("orders-db", kind="resource", owner=team, tier=0)
    callers = [factories.make_entity(f"caller-{n:02}", owner=team, tier=n % 5) for n in range(12)]
    factories.depend(checkout, database, unowned)
    for caller in callers:
        factories.depend(caller, checkout)
    graph.refresh_counts()
    _watch(checkout)
    declared = {"metadata.description": 5, "spec.lifecycle": 12}
    Document.objects.create(
        source=Source.objects.create(name="repositories"), file="checkout/catalog-info.yaml", number=0, line=1,
        status=DocumentStatus.ACCEPTED, reference=checkout.reference, fields=declared,
    )  # fmt: skip


def _watch(checkout: Entity) -> None:
    """A check that is down and has been so before, and a badge."""
    check = Check.objects.create(entity=checkout, name="Front page", address="https://larkspur.example/")
    now = timezone.now()
    why = {"reason": "answered 503, expected 200-299", "since": now}
    CheckState.objects.create(of=check, status="down", due_at=now, **why)
    CheckChange.objects.create(of=check, at=now, before="up", after="down", reason=why["reason"])
    HealthState.objects.create(entity=checkout, status="failing", **why)
    for back in range(1, 80):
        day = now.date() - dt.timedelta(days=back)
        CheckDay.objects.create(of=check, day=day, good=1400, bad=40 if back % 9 == 0 else 0, maintenance=back % 2)
    make_badge(by=None, entity=checkout)


def _tell(reader: User) -> None:
    """Notifications of a record that keeps going down and coming back, and of another, one of them read."""
    url, why = "/services/checkout-api/", "You are in Checkout, which owns checkout-api."
    for n in range(9):
        title = f"Front page of checkout-api {('is down', 'is up again')[n % 2]}"
        notify(to=[reader], kind="check", title=title, text="503 for 2 of 3.", url=url, about=f"check:1#{n}", why=why)
    Notification.objects.filter(user=reader).update(read_at=timezone.now())
    notify(to=[reader], kind="check", title="Front page is down", url=url, about="check:1#now", why=why)
    notify(to=[reader], kind="limit", title="orders-db is full in spring", url=url, about="limit:1#now", why=why)


# What is done on a page before it is looked at


def press(*keys: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def opens(summary: str) -> Callable[[Page], None]:
    """Open the menu behind a button."""
    return lambda page: page.locator("summary", has_text=summary).first.click()


def sends(form: str, **values: str) -> Callable[[Page], None]:
    """Fill fields of a form and send it."""

    def act(page: Page) -> None:
        for name, value in values.items():
            page.locator(f"{form} [name={name}]").evaluate("(field, value) => { field.value = value; }", value)
        with page.expect_navigation():
            page.locator(f"{form} button:not([type=button], [formaction])").last.click()

    return act


def tries(page: Page) -> None:
    page.locator("[name=address]").fill("http://169.254.169.254/")
    page.get_by_role("button", name="Test").click()
    page.locator("#trial .gw-note").wait_for()


def asks_the_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("checkout")
    page.locator("#palette [role=option]").first.wait_for()


def opens_the_menu_of_a_phone(page: Page) -> None:
    page.evaluate("() => { location.hash = 'menu'; }")


def opens_the_user_menu(page: Page) -> None:
    page.locator(".gw-user summary").click()


def sends_without_the_name(page: Page) -> None:
    page.locator("button.btn-danger").evaluate("(button) => { button.disabled = false; }")
    with page.expect_navigation():
        page.locator("button.btn-danger").click()


def _collection_pages(each: Collection) -> Iterable[Shown]:
    """What differs from collection to collection. A form that was refused shows all that an empty one does."""
    slug = each.slug

    def at(which: int, act: str = "") -> Callable[[World], str]:
        return lambda world: world.address(slug, which, act)

    yield Shown(f"{slug}: list", f"/{slug}/")
    yield Shown(f"{slug}: record", at(RICH))
    yield Shown(f"{slug}: record with little known", at(BARE))
    for tab in dict.fromkeys(_tabs(each)):
        yield Shown(f"{slug}: {tab}", at(RICH, f"{tab}/"))
    if each.form and each.create:
        yield Shown(f"{slug}: new, refused", f"/{slug}/-/new/", act=sends("form.gw-form"))
    if each.form and each.update:
        yield Shown(f"{slug}: edit", at(RICH, "edit/"))


def _tabs(collection: Collection) -> Iterable[str]:
    for panel in registered_panels():
        slot, _, tab = panel.slot.partition(":")
        if slot == "tab" and panel.on is collection.model and (set(collection.kinds) & panel.kinds or not panel.kinds):
            yield tab


def opens_the_tables(page: Page) -> None:
    """Every chart drawn, and read as a table too."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-chart]')].every((each) => 'drawn' in each.dataset)"
    )
    for button in page.locator("[data-chart-toggle]").all():
        button.click()


def charted(kind: str) -> Callable[[World], str]:
    """The page of a record with a past."""
    return lambda world: f"/{kind}s/{world.charted[kind].pk}/"


CSV = b"metric,subject,at,value\nnps,group:default/checkout,2026-11-20,41\nnps,group:default/checkout,2026-11-21,42\n"
WRONG_CSV = b"metric,subject,at,value\nnps,group:default/nobody,yesterday,many\n"


def _uploads(reader: User) -> dict[str, int]:
    """Files that are looked at before they are imported."""
    openslo = export(Slo.objects.filter(window_days__lte=366).order_by("name")).encode()
    files = {
        "metric-import right": ("metric-import", CSV),
        "metric-import wrong": ("metric-import", WRONG_CSV),
        "slo-import right": ("openslo-import", openslo),
        "slo-import wrong": ("openslo-import", b"kind: SLO\n"),
    }
    return {name: keep(reader, hook, SimpleUploadedFile("figures", body)).pk for name, (hook, body) in files.items()}


def _upload(world: World, page: str, which: str) -> str:
    return reverse(page, args=[world.uploads[f"{page} {which}"]])


def _heartbeat(world: World) -> str:
    check = next(each for each in world.records["checks"] if each.kind == CheckKind.HEARTBEAT)
    return f"/checks/{check.pk}/"


CHECKOUT = "/services/checkout-api/"
OTHERS = (
    Shown("my work", "/", reader="editor"),
    Shown("my work without a team", "/", reader="stranger"),
    Shown("my work of an administrator", "/"),
    Shown("help", "/help/"),
    Shown("document", "/help/query-grammar/"),
    Shown("status", "/status/"),
    Shown("notifications", "/notifications/", reader="editor"),
    Shown("notifications: earlier ones open", "/notifications/", reader="editor", act=opens("earlier")),
    Shown("notifications: about one record", "/notifications/?about=check:1", reader="editor"),
    Shown("notifications: none", "/notifications/", reader="stranger"),
    Shown("notifications: none unread", "/notifications/?show=unread", reader="stranger"),
    Shown("decide about a proposal", lambda world: world.address("proposals", BARE, "-/decide/")),
    Shown("decide about a proposal: refused", lambda world: world.address("proposals", BARE, "-/decide/"),
          act=sends("form.gw-form")),
    Shown("profile", "/profile/", reader="editor"),
    Shown("profile: new token", "/profile/", reader="stranger", act=sends("form[action$='tokens/']", name="ci")),
    Shown("profile: token refused", "/profile/", reader="stranger", act=sends("form[action$='tokens/']", name="")),
    Shown("health", "/health/", reader="editor"),
    Shown("health of my teams", "/health/?mine=true", reader="editor"),
    Shown("health of my teams without a team", "/health/?mine=true", reader="stranger"),
    Shown("health asked for what it has not", "/health/?team=checkout", status=400),
    Shown("capacity", "/health/capacity/"),
    Shown("capacity of one team", "/health/capacity/?owner=checkout"),
    Shown("a service with a badge", f"{CHECKOUT}health/", reader="editor"),
    Shown("search", "/search/"),
    Shown("search: hits", "/search/?q=checkout"),
    Shown("search: no hit", "/search/?q=no-such-thing"),
    Shown("a service with all there is", CHECKOUT, reader="editor"),
    Shown("a service with a file's values: edit", f"{CHECKOUT}edit/", reader="editor"),
    Shown("a service that others need: delete", f"{CHECKOUT}delete/", reader="editor"),
    Shown("a service that others need: deleting refused", f"{CHECKOUT}delete/", reader="editor",
          act=sends_without_the_name),
    Shown("a service that was changed meanwhile", f"{CHECKOUT}edit/", reader="editor",
          act=sends("form.gw-form", version="0", title="Mine")),
    Shown("a service that was changed meanwhile: delete", lambda world: world.address("services", RICH, "delete/"),
          act=sends("form.gw-form", version="0")),
    Shown("a new service", "/services/-/new/", reader="editor"),
    Shown("what happened to a service", f"{CHECKOUT}history/"),
    Shown("what happened to a check", lambda world: world.address("checks", RICH, "history/")),
    Shown("delete a check", lambda world: world.address("checks", RICH, "delete/")),
    Shown("somebody who left", "/people/gone/"),
    Shown("somebody who left: erase the name", "/people/gone/-/erase/"),
    Shown("somebody who works here: erase the name", lambda world: world.address("people", RICH, "-/erase/")),
    Shown("a team with all there is", "/teams/checkout/"),
    Shown("a check with charts", charted("check"), act=opens_the_tables),
    Shown("an SLO with charts", charted("slo"), act=opens_the_tables),
    Shown("a limit with charts", charted("limit"), act=opens_the_tables),
    Shown("a metric with charts", charted("metric"), act=opens_the_tables),
    Shown("delivery of a service", f"{CHECKOUT}deployments/", act=opens_the_tables),
    Shown("delivery of a team", "/teams/checkout/delivery/", act=opens_the_tables),
    Shown("a range that is none", lambda world: f"{charted('check')(world)}?range=2w", status=400),
    Shown("what a service needs, said by people", f"{CHECKOUT}dependencies/", reader="editor"),
    Shown("what a service needs: refused", f"{CHECKOUT}dependencies/", reader="editor",
          act=sends("form[action*='/needs/']:not([action$='/remove/'])", target="nothing-like-that")),
    Shown("take a service", lambda world: f"/catalog/take/{world.unowned.pk}/", reader="editor"),
    Shown("a list in which nothing matches", "/services/?q=no-such-thing"),
    Shown("a list that is asked for what it has not", "/services/?no-such-filter=1", status=400),
    Shown("a list with filters", "/services/?tier=0&tier=1&lifecycle=production&owner.set=true&q=c"),
    Shown("a list with its filter menu open", "/services/", act=opens("Filter")),
    Shown("a list with its columns open", "/services/", act=opens("Columns")),
    Shown("a list with its export open", "/services/", act=opens("Export")),
    Shown("the palette", "/", act=asks_the_palette),
    Shown("the list of keys", "/", act=press("?")),
    Shown("the user menu", "/", act=opens_the_user_menu),
    Shown("the menu of a phone", "/", act=opens_the_menu_of_a_phone),
    Shown("a team of a kind: what it is measured by", "/teams/platform/", reader="editor"),
    Shown("import metrics", "/metrics/-/import/"),
    Shown("import metrics: refused", "/metrics/-/import/", act=sends("form.gw-form")),
    Shown("import metrics: preview", lambda world: _upload(world, "metric-import", "right")),
    Shown("import metrics: wrong file", lambda world: _upload(world, "metric-import", "wrong"), status=422),
    Shown("import SLOs", "/slos/-/import/"),
    Shown("import SLOs: preview", lambda world: _upload(world, "slo-import", "right")),
    Shown("import SLOs: wrong file", lambda world: _upload(world, "slo-import", "wrong"), status=422),
    Shown("a check: tried while editing", "/checks/-/new/", act=tries),
    Shown("a heartbeat: another address", _heartbeat, act=opens("Give it another address")),
    Shown("sign in", "/accounts/login/", reader=""),
    Shown("sign in, refused", "/accounts/login/", reader="",
          act=sends("form.gw-form", login="mei@larkspur.example", password="wrong")),
    Shown("sign in to the demo", "/accounts/login/", reader="", settings={"DEMO": True}),
    Shown("sign out", "/accounts/logout/"),
    Shown("sign up", "/accounts/signup/", reader=""),
    Shown("login closed", "/accounts/inactive/", reader=""),
    Shown("password forgotten", "/accounts/password/reset/", reader=""),
    Shown("password forgotten: sent", "/accounts/password/reset/done/", reader=""),
    Shown("password forgotten: old link", "/accounts/password/reset/key/1-no-such-key/", reader=""),
    Shown("password forgotten: set", "/accounts/password/reset/key/done/", reader=""),
    Shown("password", "/accounts/password/change/", reader="editor"),
    Shown("password once more", "/accounts/reauthenticate/", reader="editor"),
    Shown("all that suffers with it", lambda world: reverse("around", args=[_checkout_pk(), "radius"])),
    Shown("not there", "/services/chekout-api/", status=404),
    Shown("not there, not signed in", "/no/such/place/at/all/", reader="", status=404),
    Shown("not allowed", f"{CHECKOUT}edit/", reader="stranger", status=403),
    Shown("our fault", "/", status=500, broken_by=RuntimeError("a fault made for the test")),
    Shown("database gone", "/", status=503, broken_by=OperationalError("the database is gone, for the test")),
)  # fmt: skip
PAGES = (*(page for each in collections() for page in _collection_pages(each)), *OTHERS)


# Addresses that show no page of their own
NO_PAGES = {
    # parts of pages, files and answers for machines
    "collection-total", "record-panel", "record-chart", "search-palette", "search-references", "healthz", "readyz",
    "api", "api-schema", "metrics", "hooks-nothing", "heartbeat-bare",
    # acts, which lead back to a page
    "demo-sign-in", "set-preferences", "set-theme", "token-new", "token-revoke", "person-deactivate",
    "person-reactivate", "member-add", "member-end", "machine-token-new", "machine-token-revoke",
    "notification", "notifications-read", "notifications-stop", "set-notices", "webhook-try", "delivery-again",
    "deliveries-again", "check-run", "check-test", "dependency-add", "dependency-remove", "check-renew", "metric-try",
    "metric-baseline", "prometheus-try",
    # files
    "slos-openslo", "slo-openslo",
    # what machines call
    "heartbeat", "hook-metrics", "hook-deployments", "badge", "badge-make", "badge-withdraw",
    # leads on to the page that changes the password
    "account_set_password",
    # only while nobody can sign in: test_accounts.py
    "first-administrator",
}  # fmt: skip
