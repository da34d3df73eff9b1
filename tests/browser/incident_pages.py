"""The pages of incidents, alerts, postmortems and what is learned from them, in their states."""

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Page

from incidents.models import Incident, Postmortem, TimelineEvent, Upload
from tests.browser.acting import Shown, opens_the_tables, sends
from tests.browser.world import BARE, World


def _event_with_files() -> TimelineEvent:
    return TimelineEvent.objects.get(files__name="shot.png")


def _incident(rest: str = "") -> Callable[[World], str]:
    """The page of the incident with evidence, or one below it."""
    return lambda world: f"/incidents/{_event_with_files().incident.name.lower()}/{rest}"


def _event_to_correct(world: World) -> str:
    return f"{_incident()(world)}-/events/{_event_with_files().pk}/correct/"


def writes_what_is_refused(page: Page) -> None:
    page.locator("[data-happened]").click()
    page.locator("#compose [name=happened_at]").fill("2099-01-01T10:00")
    page.locator("#compose [name=text]").fill("Yet to come")
    page.locator("#compose [name=text]").press("Control+Enter")
    page.locator("#compose .gw-summary").wait_for()


def _window(world: World) -> str:
    impact = _event_with_files().incident.impacts.get()
    return reverse("incident-impact-correct", args=[impact.incident.name, impact.pk])


def _access(world: World) -> str:
    return reverse("incident-access", args=[Incident.objects.filter(is_private=True).latest("pk").name])


def opens_the_acts(page: Page) -> None:
    page.get_by_label("More acts").click()


def _evidence(name: str) -> Callable[[World], str]:
    return lambda world: reverse("upload-about", args=[Upload.objects.get(name=name).uid])


def _postmortem(rest: str) -> Callable[[World], str]:
    """A page of the postmortem that has an edition and the draft of the next."""

    def address(world: World) -> str:
        draft = Postmortem.objects.filter(state="draft").exclude(latest=None).order_by("pk").first()
        assert draft is not None
        return f"/postmortems/{draft.incident.name.lower()}/{rest}"

    return address


def writes_what_gives_a_hint(page: Page) -> None:
    page.get_by_role("textbox", name="What surprised us").press_sequentially(" We should have checked it.")
    page.locator(".gw-hint").first.wait_for()


def opens_the_preview(page: Page) -> None:
    page.locator("[data-view=preview]").click()
    page.locator("[data-preview] h2").first.wait_for()


INCIDENT_PAGES = (
    Shown("declare an incident", "/incidents/-/new/"),
    Shown("declare an incident of a service", "/incidents/-/new/?service=checkout-api"),
    Shown("declare an incident: refused", "/incidents/-/new/", act=sends("form.gw-form", services="no-such-thing")),
    Shown("an incident with all its acts", _incident(), act=opens_the_acts),
    Shown("an incident: how bad it is", _incident("-/severity/")),
    Shown("an incident: resolved, with what is missing", _incident("-/status/?to=resolved")),
    Shown("an incident: any status", _incident("-/status/")),
    Shown("an incident: merged", _incident("-/merge/")),
    Shown("an incident: a role is given", _incident("-/roles/lead/")),
    Shown("an incident: what it hit", _incident("-/impact/")),
    Shown("an incident: what it hit, refused", _incident("-/impact/"),
          act=sends("form.gw-form", subject="no-such-thing")),
    Shown("an incident: one window of impact", _window),
    Shown("an incident: similar ones", _incident("similar/")),
    Shown("a private incident: who sees it", _access),
    Shown("begin a postmortem", _incident("-/postmortem/")),
    Shown("write a postmortem", _postmortem("-/write/"), act=writes_what_gives_a_hint),
    Shown("write a postmortem: side by side", _postmortem("-/write/"), act=opens_the_preview),
    Shown("write a postmortem from nothing", lambda world: world.address("postmortems", BARE, "-/write/")),
    Shown("a postmortem: hints", _postmortem("-/hints/")),
    Shown("a postmortem: ask for review", _postmortem("-/review/")),
    Shown("a postmortem: ask for review, refused", _postmortem("-/review/"), act=sends("form.gw-form", readers="")),
    Shown("a postmortem: publish", _postmortem("-/publish/")),
    Shown("a postmortem: publish, refused", lambda world: world.address("postmortems", BARE, "-/publish/"),
          act=sends("form.gw-form")),
    Shown("a postmortem: compare versions", _postmortem("-/compare/")),
    Shown("a postmortem: one edition", _postmortem("-/editions/1/")),
    Shown("sections of a template", lambda world: world.address("postmortem-templates", BARE, "-/sections/")),
    Shown("report a near miss", "/incidents/-/new/?kind=near_miss"),
    Shown("an incident with all there is", _incident()),
    Shown("post an update", _incident("-/update/")),
    Shown("post an update: words of the inside", _incident("-/update/"),
          act=sends("form.gw-form", public_title="Payments are slow", public_text="Ask mei, see PAY-12.")),
    Shown("an incident: writing refused", _incident(), act=writes_what_is_refused),
    Shown("an incident: key events", _incident("?events=key")),
    Shown("an incident: what a timeline cannot be asked", _incident("?order=up"), status=400),
    Shown("an event to correct", _event_to_correct),
    Shown("an event to correct: refused", _event_to_correct,
          act=sends("#correct", "button[form=correct]", text="", happened_at="2099-01-01T10:00")),
    Shown("when an incident was detected", _incident("-/times/detected/")),
    Shown("when an incident was detected: refused", _incident("-/times/detected/"),
          act=sends("form.gw-form", at="2099-01-01T10:00")),
    Shown("what an incident was like", _incident("-/classification/")),
    Shown("what an incident was like: refused", _incident("-/classification/"),
          act=sends("form[action$='/add/trigger/']:has([list])", node="no such thing")),
    Shown("what shows it", _incident("-/classification/mit-rollback/")),
    Shown("classify an incident: refused", "/incident-tags/-/new/", act=sends("form.gw-form")),
    Shown("a picture of an incident", _evidence("shot.png")),
    Shown("a file of an incident, withdrawn", _evidence("core.dump")),
    Shown("figures of incidents", "/incidents/insights/?kind=*&declared_at.within=9999d", act=opens_the_tables),
    Shown("figures of incidents: none", "/incidents/insights/?q=no-such-thing"),
    Shown("figures of incidents: asked for what there is not", "/incidents/insights/?no-such=1", status=400),
    Shown("follow-ups by team", "/follow-ups/-/by-team/"),
    Shown("commit to a follow-up", lambda world: world.address("follow-ups", BARE, "-/commit/")),
    Shown("commit to a follow-up: refused", lambda world: world.address("follow-ups", BARE, "-/commit/"),
          act=sends("form.gw-form", due_on="2020-01-01")),
    Shown("declare from an alert", lambda world: world.address("alerts", BARE, "-/declare/")),
    Shown("put an alert to an incident", lambda world: world.address("alerts", BARE, "-/belongs/")),
)  # fmt: skip
