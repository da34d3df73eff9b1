"""The catalog's collections. Teams and people have theirs in portal.people."""

from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from portal.collections import Collection, register
from portal.columns import Column
from services import actions
from services.models import Document, DocumentStatus, Entity, Run, Source, needs_attention

_NAME = (
    Column("name", cell="link", search="A"),
    Column("title", label="Display name", search="A", shown=False),
)
_OWNER = Column("owner", search="B")
_TYPE = Column("type", search="C")
_LIFECYCLE = Column("lifecycle")
_SYSTEM = Column("system", search="C")
_DEPENDANTS = Column("dependants", source="state__dependants", help="How many depend on it directly.")
_DEPENDENCIES = Column("dependencies", source="state__dependencies", shown=False)
_TAIL = (
    Column("team_kind", source="owner__team__kind", label="Owned by", shown=False),
    Column(
        "reach",
        source="owner__team__chat",
        label="Write to",
        help="Where the team that owns it is reached.",
        shown=False,
    ),
    Column(
        "on_call",
        source="owner__team__on_call_url",
        cell="address",
        help="Where it stands who is on call in the team that owns it.",
        shown=False,
    ),
    Column("domain", shown=False),
    Column("privacy_class", shown=False),
    Column("residency", shown=False),
    Column("region", shown=False),
    Column("failover", shown=False),
    Column("encryption", shown=False),
    Column("tags", search="C", shown=False),
    Column("description", search="D", shown=False),
    Column("namespace", shown=False),
    Column("source", source="source__name", shown=False),
    Column("successor", shown=False),
    Column("updated_at", label="Changed"),
)
_RUNNING = (
    _OWNER,
    Column("tier", cell="tier"),
    _TYPE,
    _LIFECYCLE,
    _SYSTEM,
)

# The page of an entity says how its owner is reached.
_ALONG = ("owner__team", "owner__person")

_WRITES: dict[str, Any] = {
    "create": actions.create_entity,
    "update": actions.update_entity,
    "delete": actions.delete_entity,
}
_FACTS = (
    "tier",
    "privacy_class",
    "residency",
    "region",
    "failover",
    "encryption",
    "tags",
    "links",
)
_FORM = (
    "name",
    "title",
    "description",
    "type",
    "lifecycle",
    "owner",
    "system",
    *_FACTS,
)

ENTITIES = register(
    Collection(
        model=Entity,
        slug="entities",
        place=0,
        rows=Entity.objects.all,
        order="name",
        label="Everything",
        label_one="entity",
        description="Every kind of thing the catalog knows, also those without a page of their own.",
        icon="sitemap",
        group="",
        columns=(*_NAME, Column("kind"), *_RUNNING, _DEPENDANTS, _DEPENDENCIES, *_TAIL),
        line=("owner", "reach", "tier", "type"),
        preview=("on_call_now", "on_call", "dependants"),
        empty="Nothing is described yet. Apply a folder of catalog files, or make the first service.",
        create=None,
        update=None,
        delete=None,
    )
)
SERVICES = register(
    Collection(
        model=Entity,
        slug="services",
        along=_ALONG,
        place=10,
        rows=lambda: Entity.objects.of_kind("component"),
        order="name",
        label="Services",
        label_one="service",
        description="What runs, who owns it and what it depends on.",
        icon="stack-2",
        kinds=("component",),
        columns=(*_NAME, *_RUNNING, _DEPENDANTS, _DEPENDENCIES, *_TAIL),
        form=(*_FORM, "successor"),
        defaults={"type": ("service", "website")},
        line=("owner", "reach", "tier", "lifecycle"),
        empty="No service is described yet. Apply a folder of catalog files, or make the first one here.",
        **_WRITES,
    )
)
APIS = register(
    Collection(
        model=Entity,
        slug="apis",
        along=_ALONG,
        place=20,
        rows=lambda: Entity.objects.of_kind("api"),
        order="name",
        label="APIs",
        label_one="API",
        description="What services offer each other, and in which form.",
        icon="api",
        kinds=("api",),
        columns=(
            *_NAME,
            _OWNER,
            _TYPE,
            _LIFECYCLE,
            _SYSTEM,
            _DEPENDANTS,
            Column("tier", cell="tier", shown=False),
            *_TAIL,
        ),
        form=(*_FORM, "successor"),
        line=("owner", "reach", "type", "lifecycle"),
        empty="No API is described yet. Declare one beside the service that provides it.",
        **_WRITES,
    )
)
RESOURCES = register(
    Collection(
        model=Entity,
        slug="resources",
        along=_ALONG,
        place=30,
        rows=lambda: Entity.objects.of_kind("resource"),
        order="name",
        label="Resources",
        label_one="resource",
        description="Databases, queues, buckets and other things that services stand on.",
        icon="database",
        kinds=("resource",),
        columns=(*_NAME, *_RUNNING, _DEPENDANTS, *_TAIL),
        form=_FORM,
        line=("owner", "reach", "type"),
        empty="No resource is described yet. Start with the databases of your most important service.",
        **_WRITES,
    )
)
SYSTEMS = register(
    Collection(
        model=Entity,
        slug="systems",
        along=_ALONG,
        place=40,
        rows=lambda: Entity.objects.of_kind("system"),
        order="name",
        label="Systems",
        label_one="system",
        description="Services and resources that together do one job.",
        icon="box",
        kinds=("system",),
        columns=(
            *_NAME,
            _OWNER,
            Column("domain"),
            Column("description", search="D"),
            *(c for c in _TAIL if c.name not in {"domain", "description"}),
        ),
        form=(
            "name",
            "title",
            "description",
            "type",
            "owner",
            "domain",
            "tags",
            "links",
        ),
        line=("owner", "reach", "domain"),
        empty="No system is described yet. A system names what several services do together.",
        **_WRITES,
    )
)
DOMAINS = register(
    Collection(
        model=Entity,
        slug="domains",
        along=_ALONG,
        place=50,
        rows=lambda: Entity.objects.of_kind("domain"),
        order="name",
        label="Domains",
        label_one="domain",
        description="Areas of the business that systems belong to.",
        icon="map",
        kinds=("domain",),
        columns=(
            *_NAME,
            _OWNER,
            Column("description", search="D"),
            *(c for c in _TAIL if c.name not in {"domain", "description"}),
        ),
        form=("name", "title", "description", "type", "owner", "tags", "links"),
        line=("owner", "reach"),
        empty="No domain is described yet. A domain is an area of the business, such as payments.",
        **_WRITES,
    )
)
DOCUMENTS = register(
    Collection(
        model=Document,
        slug="documents",
        place=90,
        rows=Document.objects.all,
        order="file",
        label="Import problems",
        label_one="document",
        description="Documents of catalog files that were not taken, or lost what they describe to another; and why.",
        icon="file-alert",
        columns=(
            Column("file", cell="link"),
            Column("error", cell="prose"),
            Column("line", label="Begins at line", shown=False),
            Column("number", label="Document", shown=False),
            Column("status", cell="badge", shown=False),
            Column("conflict", cell="prose", help="Who keeps what the document describes as well."),
            Column(
                "attention",
                expr=ExpressionWrapper(needs_attention(), BooleanField()),
                label="Needs attention",
                help="It was rejected, or another document keeps what it describes.",
                shown=False,
            ),
            Column("reference", shown=False),
            Column("source", source="source__name", shown=False),
            Column("read_at", label="Read"),
        ),
        defaults={"attention": ("true",)},
        empty="No document was turned away.",
        create=None,
        update=None,
        delete=None,
        keeps="It goes when its file no longer has it and is read again.",
    )
)


def _documents(**match: str) -> Any:
    """How many documents of a source there are, of those that match or of all."""
    found = Document.objects.filter(source=OuterRef("pk"), **match).order_by().values("source")
    counted = Subquery(found.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(counted, 0)


SOURCES = register(
    Collection(
        model=Source,
        slug="sources",
        place=30,
        rows=Source.objects.all,
        order="name",
        label="Sources",
        label_one="source",
        description="Where the catalog is read from, and how the last reading went.",
        icon="folder",
        group="Administration",
        columns=(
            Column("name", cell="link"),
            Column("location", perm="services.view_locations"),
            Column("trusted", help="A trusted source may make teams, people and memberships."),
            Column("precedence", help="Of two sources that describe the same, the one with the lower number keeps it."),
            Column("documents", expr=lambda reader: _documents()),
            Column("rejected", expr=lambda reader: _documents(status=DocumentStatus.REJECTED)),
            Column(
                "conflicts",
                expr=lambda reader: _documents(conflict__gt=""),
                help="Documents that describe what another document keeps.",
            ),
            Column(
                "last_run",
                expr=lambda reader: Subquery(
                    Run.objects.filter(source=OuterRef("pk")).order_by("-started_at").values("started_at")[:1]
                ),
                label="Last read",
            ),
        ),
        empty="Nothing has been read yet: manage.py catalog apply FOLDER reads descriptor files.",
        create=None,
        update=None,
        delete=None,
        keeps="Whoever runs the portal takes one out with: manage.py catalog remove NAME.",
    )
)
