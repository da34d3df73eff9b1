"""The strategy of the platform: seven sections that people write, and editions that stay as they were published."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from portal.texts import LONGEST_TEXT
from roadmap.models.append_only import append_only
from roadmap.models.objective import Objective


@track_history()
class StrategySection(Versioned):
    """One section as it reads now: Markdown with live blocks. ``goal`` is the business goal it is tied to."""

    key = models.SlugField(max_length=40, unique=True, editable=False)
    title = models.CharField(max_length=120)
    questions = models.TextField(blank=True, max_length=2000, help_text="What the section answers.")
    text = models.TextField(blank=True, max_length=LONGEST_TEXT)
    goal = models.CharField("business goal", max_length=300, blank=True)
    objective = models.ForeignKey(
        Objective, on_delete=models.SET_NULL, null=True, blank=True, related_name="strategy_sections"
    )
    place = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "section of the strategy"
        verbose_name_plural = "sections of the strategy"

    def __str__(self) -> str:
        return self.title


@track_history()
class SectionDependency(models.Model):
    """That a section concerns a product: a service, system or team that builds on the platform."""

    section = models.ForeignKey(StrategySection, on_delete=models.CASCADE, related_name="dependencies")
    product = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="strategy_sections")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "section dependencies"
        constraints = [models.UniqueConstraint(fields=["section", "product"], name="section_depends_once")]

    def __str__(self) -> str:
        return f"{self.section} – {self.product}"


@track_history()
class ClarifyingAnswer(Versioned):
    """What was answered to one question of the form that the strategy begins with."""

    key = models.SlugField(max_length=40, unique=True, editable=False)
    text = models.TextField(blank=True, max_length=10_000)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.key


class StrategyEdition(models.Model):
    """The strategy as it was published: never changed. ``markdown`` is the whole text with its figures as they were;
    ``sections`` is a list of ``{"key", "title", "goal", "version", "markdown", "products"}``, ``figures`` a list of
    ``{"block", "section", "label", "value", "at"}``; ``summary`` is the page for executives."""

    number = models.PositiveSmallIntegerField(unique=True)
    title = models.CharField(max_length=200)
    note = models.CharField("what changed", max_length=500, blank=True)
    markdown = models.TextField()
    sections = models.JSONField(default=list)
    figures = models.JSONField(default=list)
    summary = models.TextField(blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = "edition of the strategy"
        verbose_name_plural = "editions of the strategy"
        triggers = [append_only("published_by_id")]

    def __str__(self) -> str:
        return f"{self.title}, edition {self.number}"


class ReportKind(models.TextChoices):
    STRATEGY = "strategy", "Strategy"
    SUMMARY = "summary", "Executive summary"
    SPECIFICATION = "specification", "Feature specification"
    ROADMAP = "roadmap", "Roadmap summary"


class ReportState(models.TextChoices):
    WAITING = "waiting", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Not made"


def _report_name(report: "Report", name: str) -> str:
    return f"roadmap/{uuid.uuid4().hex}.pdf"


class Report(models.Model):
    """A PDF of the roadmap that somebody asked for, made by a worker from ``markdown``. Whoever asked sees it, and of
    the strategy everybody. ``might_tell`` are the references of everything private that the asking reader saw then;
    ``problem`` says why it was not made."""

    kind = models.CharField(max_length=13, choices=ReportKind)
    title = models.CharField(max_length=300)
    markdown = models.TextField()
    edition = models.ForeignKey(
        StrategyEdition, on_delete=models.CASCADE, null=True, blank=True, related_name="reports"
    )
    state = models.CharField(max_length=8, choices=ReportState, default=ReportState.WAITING)
    file = models.FileField(upload_to=_report_name, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    might_tell = ArrayField(models.BigIntegerField(), default=list)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "asked_at"], name="reports_to_make")]

    def __str__(self) -> str:
        return self.title
