"""Every page of the portal, for the tests that look at all of them.

What a collection has follows from the registry, so a new one is covered by itself. The rest is listed here; a test
compares it with the addresses of the portal, and fails for one that is neither a page here nor named in NO_PAGES.
"""

from collections.abc import Callable, Iterable

from django.db import OperationalError
from django.urls import reverse

from portal.collections import Collection, collections
from portal.panels import registered_panels
from services.health.models import CheckKind
from services.models import Entity
from tests.browser.acting import (
    Shown,
    asks_the_palette,
    opens,
    opens_the_menu_of_a_phone,
    opens_the_tables,
    opens_the_user_menu,
    press,
    sends,
    sends_without_the_name,
    tries,
)
from tests.browser.incident_pages import INCIDENT_PAGES
from tests.browser.roadmap_pages import ROADMAP_PAGES
from tests.browser.world import BARE, RICH, World

# Those whose rich record is over, so that nobody changes it any more.
STANDING = {"objectives"}


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
        yield Shown(f"{slug}: edit", at(BARE if slug in STANDING else RICH, "edit/"))


def _tabs(collection: Collection) -> Iterable[str]:
    for panel in registered_panels():
        slot, _, tab = panel.slot.partition(":")
        if slot == "tab" and panel.on is collection.model and (set(collection.kinds) & panel.kinds or not panel.kinds):
            yield tab


def charted(kind: str) -> Callable[[World], str]:
    """The page of a record with a past."""
    return lambda world: f"/{kind}s/{world.charted[kind].pk}/"


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
    *INCIDENT_PAGES,
    *ROADMAP_PAGES,
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
    Shown("all that suffers with it",
          lambda world: reverse("around", args=[Entity.objects.get(name="checkout-api").pk, "radius"])),
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
    "initiative-things",
    "incident-known", "incident-role-lay-down", "incident-impact-end", "incident-impact-level",
    "incident-impact-take-out", "incident-take-out",
    "api", "api-schema", "metrics", "hooks-nothing", "heartbeat-bare",
    "hook-alerts", "hook-alerts-address", "hook-alerts-bare", "hook-pagerduty", "hook-pagerduty-bare",
    # acts, which lead back to a page
    "demo-sign-in", "set-preferences", "set-theme", "token-new", "token-revoke", "person-deactivate",
    "person-reactivate", "member-add", "member-end", "machine-token-new", "machine-token-revoke",
    "notification", "notifications-read", "notifications-stop", "set-notices", "webhook-try", "delivery-again",
    "deliveries-again", "check-run", "check-test", "dependency-add", "dependency-remove", "check-renew", "metric-try",
    "metric-baseline", "prometheus-try", "incident-follow-up",
    "incident-note", "incident-role", "tag-add", "tag-remove", "incident-mend",
    "events-key", "event-withdraw", "upload-new", "upload-withdraw",
    "on-call-begin", "on-call-add", "on-call-turn", "on-call-stand-in", "on-call-stand-in-end", "on-call-again",
    "on-call-calendar-open", "on-call-calendar-close",
    "alert-belongs-not", "alert-source-renew", "alert-source-secret", "alert-message-again", "incident-mitigated",
    "status-feed-renew",
    "postmortem-save", "postmortem-preview", "postmortem-check", "postmortem-dismiss", "postmortem-hints-show",
    "postmortem-read", "postmortem-draft", "postmortem-comment", "postmortem-settle", "postmortem-make-pdf",
    "postmortem-outline", "postmortem-texts",
    "strategy-save", "strategy-preview", "strategy-outline", "strategy-texts", "strategy-begin-write",
    "strategy-concern", "strategy-unconcern", "strategy-pdf", "strategy-edition-pdf",
    "initiative-part-remove", "initiative-unlink", "initiative-release", "initiative-take-out",
    "initiative-dependency-remove", "roadmap-report-again", "proposal-take", "trade-off-interest-drop",
    # leads on to the columns, or to what became of it
    "initiative-import-preview", "initiative-import-done",
    # files
    "postmortem-draft-markdown", "postmortem-markdown", "postmortem-pdf",
    "status-feed-json", "status-feed-unresolved", "status-feed-atom", "on-call-calendar",
    "strategy-markdown", "strategy-edition-markdown", "initiative-specification-file", "initiatives-summary-file",
    "initiatives-timeline-svg", "initiatives-timeline-png", "roadmap-report-pdf", "roadmap-report-markdown",
    "upload", "upload-small", "upload-original", "slos-openslo", "slo-openslo",
    # what machines call
    "heartbeat", "hook-metrics", "hook-deployments", "badge", "badge-make", "badge-withdraw",
    # leads on to the page that changes the password
    "account_set_password",
    # only while nobody can sign in: test_accounts.py
    "first-administrator",
}  # fmt: skip
