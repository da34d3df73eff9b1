"""The records that the pages of the walk are made of, and who looks at them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from incidents import timeline
from incidents.declaring import declare
from incidents.models import IncidentTime
from incidents.taxonomy.tagging import node_named, tag
from incidents.uploads.keeping import withdraw
from portal.collections import collections, get_collection
from portal.delivery.actions import notify
from portal.delivery.models import Notification
from portal.people.actions import deactivate_person
from portal.people.models import Role, TeamKind, User
from portal.people.tokens import make_token
from services import graph
from services.health.actions import make_badge
from services.health.models import Check, CheckChange, CheckDay, CheckState, HealthState, Slo
from services.health.openslo.exporting import export
from services.health.uploads import keep
from services.models import Document, DocumentStatus, Entity, Source
from tests import factories
from tests.every_collection.rows import make_rows
from tests.incidents.makers import picture_file
from tests.roadmap.initiatives_makers import make_for_pages
from tests.roadmap.strategy_makers import write_strategy
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
    _make_evidence(readers["administrator"])
    write_strategy()
    sessions = {name: session_of(reader) for name, reader in readers.items()}
    make_for_pages(readers["administrator"])
    charted = make_charted(Entity.objects.get(name="checkout-api"))
    return World({**sessions, "": ""}, records, unowned, charted, _uploads(readers["administrator"]))


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


def _make_evidence(by: User) -> None:
    """An incident with two events: one with everything, one that was corrected; and one of the five times."""
    hit = Entity.objects.get(name="checkout-api").reference
    incident = declare(by=by, values={"title": "Card payments fail"}, services=[hit])
    declare(by=by, values={"title": "Keys leaked"}, is_private=True)
    yesterday = timezone.now() - dt.timedelta(days=1)
    note = timeline.note(
        by=by, incident=incident, text="Pool wait follows the new build", kind="observation", actor_role="Lead",
        happened_at=yesterday, ended_at=yesterday + dt.timedelta(hours=1), link="https://charts.larkspur.example/pool",
        quote="\n".join(f"{n} pool exhausted" for n in range(12)), is_key=True,
        new_files=[picture_file("shot.png", (900, 500)), SimpleUploadedFile("core.dump", b"1")],
    )  # fmt: skip
    withdraw(by=by, upload=note.files.get(name="core.dump"))
    timeline.correct(by=by, event=timeline.note(by=by, incident=incident, text="Fale"), text="Fail")
    IncidentTime.objects.create(incident=incident, point="detected", at=yesterday, source="the alert")
    tag(by=by, incident=incident, node=node_named("mit-rollback"), mode="automatic", evidence=[note])


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
        "initiative-import": ("initiatives-import", b"Key,Summary,Status\nA-1,Shard the orders,done\nA-2,,odd\n"),
    }
    return {name: keep(reader, hook, SimpleUploadedFile("figures", body)).pk for name, (hook, body) in files.items()}
