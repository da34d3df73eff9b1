"""Frameworks, their controls, and the evidence that these are met."""

from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from portal.collections import Collection, Tool, register
from portal.columns import Column
from portal.looks import looks
from portal.tenure import organisation_today
from roadmap.compliance import actions
from roadmap.models import Control, Evidence, Framework, Fulfilment


class Standing(TextChoices):
    """How it stands about a control, or a piece of evidence, today: the worst that is said."""

    NO_EVIDENCE = "no_evidence", "No evidence"
    GAP = "gap", "Gap"
    PARTLY = "partly", "Partly met"
    REVIEW_DUE = "review_due", "Review overdue"
    MET = "met", "Met"
    NOT_APPLICABLE = "not_applicable", "Does not apply"
    OFF = "off", "Switched off"


OPEN = (Standing.NO_EVIDENCE, Standing.GAP, Standing.PARTLY, Standing.REVIEW_DUE)
looks({
    Standing.NO_EVIDENCE: ("idle", "file-off"), Standing.GAP: ("bad", "shield-x"),
    Standing.PARTLY: ("warn", "shield-half"), Standing.REVIEW_DUE: ("warn", "clock-exclamation"),
    Standing.MET: ("ok", "shield-check"),
    Standing.NOT_APPLICABLE: ("idle", "minus"), Standing.OFF: ("idle", "ban"),
})  # fmt: skip
_CHOICES: Any = CharField(choices=Standing.choices)


def is_overdue(path: str = "") -> Q:
    """Whether what shows a control was to be looked at before today."""
    met = Q(**{f"{path}fulfilment__in": [Fulfilment.MET, Fulfilment.PARTLY]})
    return met & Q(**{f"{path}review_by__lt": organisation_today()})


def seen(reader: Any) -> Any:
    return Evidence.objects.all() if reader is None else Evidence.objects.visible(reader)


def standing_of_evidence(reader: Any = None) -> Case:
    """How a piece of evidence stands."""
    return Case(
        When(control__framework__is_active=False, then=Value(Standing.OFF)),
        When(fulfilment__in=[Fulfilment.GAP, Fulfilment.PARTLY, Fulfilment.NOT_APPLICABLE], then=F("fulfilment")),
        When(is_overdue(), then=Value(Standing.REVIEW_DUE)),
        default=F("fulfilment"), output_field=_CHOICES,
    )  # fmt: skip


def standing_of_control(reader: Any) -> Case:
    """How a control stands: the worst of its evidence."""
    rows = seen(reader).filter(control=OuterRef("pk"))

    def has(**more: Any) -> Exists:
        return Exists(rows.filter(**more))

    return Case(
        When(framework__is_active=False, then=Value(Standing.OFF)),
        When(~Exists(rows), then=Value(Standing.NO_EVIDENCE)),
        When(has(fulfilment=Fulfilment.GAP), then=Value(Standing.GAP)),
        When(has(fulfilment=Fulfilment.PARTLY), then=Value(Standing.PARTLY)),
        When(Exists(rows.filter(is_overdue())), then=Value(Standing.REVIEW_DUE)),
        When(has(fulfilment=Fulfilment.MET), then=Value(Standing.MET)),
        default=Value(Standing.NOT_APPLICABLE), output_field=_CHOICES,
    )  # fmt: skip


def counted(rows: Any, by: str) -> Coalesce:
    """How many of the rows there are of each ``by``, of which a query has one as its own key."""
    numbers = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)


def _controls(reader: Any) -> Coalesce:
    return counted(Control.objects.all(), "framework")


def _open_controls(reader: Any) -> Coalesce:
    return counted(
        Control.objects.annotate(standing=standing_of_control(reader)).filter(standing__in=OPEN), "framework"
    )


FRAMEWORKS = register(
    Collection(
        model=Framework,
        slug="frameworks",
        place=64,
        rows=Framework.objects.all,
        order="name",
        description="What the company answers to. One that is switched off is neither counted nor asked for.",
        icon="certificate",
        group="Roadmap",
        columns=(
            Column("name", cell="link", search="A"),
            Column("is_active", label="Active"),
            Column("controls", expr=_controls),
            Column("gaps", expr=_open_controls, help="Controls without evidence, with a gap, or due for review."),
            Column("description", search="C"),
            Column("slug", search="B", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("slug", "name", "description", "is_active"),
        tools=(
            Tool("Gaps", "compliance-gaps", "list-check", act="view"),
            Tool("By service", "compliance-matrix", "table", act="view"),
        ),
        empty="There is no framework. Make one for what you ask of yourselves.",
        keeps="A framework stays. Switch it off: it is then neither counted nor asked for.",
        create=actions.make_framework,
        update=actions.edit_framework,
        delete=None,
    )
)
CONTROLS = register(
    Collection(
        model=Control,
        slug="controls",
        place=66,
        rows=Control.objects.all,
        order="identifier",
        description="What the frameworks ask for, one thing each, and how it stands.",
        icon="shield-check",
        group="Roadmap",
        columns=(
            Column("identifier", cell="link", search="A"),
            Column("title", search="A"),
            Column("standing", expr=standing_of_control, cell="status"),
            Column("framework", source="framework__name", search="C"),
            Column("evidence", expr=lambda reader: counted(seen(reader), "control")),
            Column("framework_slug", source="framework__slug", label="Framework, short", shown=False),
            Column("is_active", source="framework__is_active", label="Active", shown=False),
            Column("description", search="D", shown=False),
            Column("review_days", label="Reviewed every, days", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("framework", "identifier", "title", "description", "review_days"),
        defaults={"is_active": ("true",)},
        line=("standing", "framework"),
        tools=(
            Tool("Gaps", "compliance-gaps", "list-check", act="view"),
            Tool("By service", "compliance-matrix", "table", act="view"),
        ),
        empty="Nothing is asked for. Switch a framework on: it brings its controls along.",
        goes=("its evidence",),
    )
)
EVIDENCE = register(
    Collection(
        model=Evidence,
        slug="evidence",
        place=68,
        rows=Evidence.objects.all,
        order="review_by",
        label="Evidence",
        label_one="evidence",
        description="That a service, or the company, meets a control or not; what shows it, and until when that holds.",
        icon="file-certificate",
        group="Roadmap",
        columns=(
            Column("control", source="control__identifier", cell="link", search="A"),
            Column("title", source="control__title", label="What is asked", search="B"),
            Column("service", source="service__reference", label="Service", search="B"),
            Column("standing", expr=standing_of_evidence, cell="status"),
            Column("owner", search="C"),
            Column("review_by"),
            Column("framework", source="control__framework__name", label="Framework"),
            Column("fulfilment", cell="status", shown=False),
            Column("framework_slug", source="control__framework__slug", label="Framework, short", shown=False),
            Column("is_active", source="control__framework__is_active", label="Active", shown=False),
            Column("initiative", source="initiative__reference", label="Closed by", shown=False),
            Column("reviewed_on", shown=False),
            Column("text", search="D", shown=False),
            Column("url", cell="address", shown=False),
            Column("privacy_class", source="service__privacy_class", label="Privacy class", shown=False),
            Column("residency", source="service__residency", label="Data residency", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("control", "service", "fulfilment", "text", "url", "owner", "reviewed_on", "review_by"),
        line=("standing", "service", "owner"),
        tools=(
            Tool("Gaps", "compliance-gaps", "list-check", act="view"),
            Tool("By service", "compliance-matrix", "table", act="view"),
        ),
        empty="Nothing is recorded. Begin with a control of the gap list, and say what shows that it is met.",
        along=("control__framework", "initiative__reference"),
        create=actions.make_evidence,
        update=actions.edit_evidence,
    )
)
