"""Postmortems: sections that several people write, what was published, and what readers said."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.incident import Incident, granted_to
from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from portal.texts import LONGEST_TEXT
from services.health.plausible import check_day


def check_sections(sections: object) -> None:
    """A list of sections, each with a key of its own, a title and questions."""
    if not isinstance(sections, list) or not sections:
        raise ValidationError("A template has at least one section.")
    keys = [each.get("key") if isinstance(each, dict) else None for each in sections]
    if not all(isinstance(key, str) and key for key in keys) or len(set(keys)) < len(keys):
        raise ValidationError("Each section has a key of its own.")
    if not all(isinstance(each.get("title"), str) and each["title"] for each in sections):
        raise ValidationError("Each section has a title.")


@track_history()
class PostmortemTemplate(Versioned):
    """The sections that a postmortem begins with: a list of ``{"key", "title", "questions"}``."""

    name = models.CharField(max_length=80, unique=True)
    sections = models.JSONField(default=list, validators=[check_sections])
    is_default = models.BooleanField("used unless another is chosen", default=False, db_default=False)
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], name="one_default_template", condition=models.Q(is_default=True),
                violation_error_message="Another template is the one used unless another is chosen. Change that first.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class PostmortemState(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    PUBLISHED = "published", "Published"


class PostmortemQuerySet(models.QuerySet["Postmortem"]):
    def visible(self, reader: Any) -> "PostmortemQuerySet":
        """Those of incidents that the reader may see."""
        return self.filter(Q(incident__is_private=False) | Q(incident__in=granted_to(reader)))


@track_history(exclude=("latest",))
class Postmortem(Versioned):
    """What an incident taught. Publishing freezes an edition, of which ``latest`` is the last; what is written after it
    is the draft of the next."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="postmortem")
    template = models.ForeignKey(PostmortemTemplate, on_delete=models.SET_NULL, null=True, related_name="postmortems")
    state = models.CharField(max_length=10, choices=PostmortemState, default=PostmortemState.DRAFT, editable=False)
    due_on = models.DateField("due", null=True, blank=True, validators=[check_day])
    latest = models.ForeignKey("Edition", on_delete=models.SET_NULL, null=True, related_name="+", editable=False)

    objects = PostmortemQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        indexes = [models.Index(fields=["due_on"], name="postmortems_due", condition=Q(latest=None))]

    def __str__(self) -> str:
        return f"Postmortem of {self.incident.name}"


@track_history()
class PostmortemSection(Versioned):
    """One section, saved apart from the others: two people collide only where both write the same one."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="sections")
    key = models.SlugField(max_length=40, editable=False)
    title = models.CharField(max_length=120)
    questions = models.TextField(blank=True, max_length=2000, help_text="What the section answers.")
    text = models.TextField(blank=True, max_length=LONGEST_TEXT)
    place = models.PositiveSmallIntegerField(default=0)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "section"
        constraints = [models.UniqueConstraint(fields=["postmortem", "key"], name="one_section_of_a_key")]

    def __str__(self) -> str:
        return self.title


class Edition(models.Model):
    """A postmortem as it was published: never changed. ``markdown`` is the whole text."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    markdown = models.TextField()
    note = models.CharField("what changed", max_length=500, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["postmortem", "number"], name="one_edition_of_a_number")]

    def __str__(self) -> str:
        return f"{self.title}, edition {self.number}"


class PdfState(models.TextChoices):
    WAITING = "waiting", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Not made"


def _pdf_name(pdf: "EditionPdf", name: str) -> str:
    return f"postmortems/{uuid.uuid4().hex}.pdf"


class EditionPdf(models.Model):
    """An edition as a file to send on: asked for by somebody, made by a worker. ``problem`` says why it was not."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, primary_key=True, related_name="pdf")
    state = models.CharField(max_length=8, choices=PdfState, default=PdfState.WAITING)
    file = models.FileField(upload_to=_pdf_name, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"PDF of {self.edition}"


class Review(models.Model):
    """That a person or a team was asked to read a postmortem, and who did when. Asked again, it begins anew."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="reviews")
    who = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="postmortem_reviews",
        limit_choices_to={"kind__in": ["user", "group"]},
    )  # fmt: skip
    asked_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["postmortem", "who"], name="asked_to_review_once")]

    def __str__(self) -> str:
        return f"{self.who} reads {self.postmortem}"


class Comment(models.Model):
    """What somebody asks about a section. ``quote`` is what it is about, as it read then."""

    section = models.ForeignKey(PostmortemSection, on_delete=models.CASCADE, related_name="comments")
    quote = models.CharField(max_length=500, blank=True)
    text = models.TextField(max_length=5000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["section", "at"], name="comments_of_a_section")]

    def __str__(self) -> str:
        return self.text[:80]


class DismissedHint(models.Model):
    """A hint that nobody wants to see at this sentence again. Nobody is named: neither who wrote it nor who did so."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="dismissed_hints")
    key = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["postmortem", "key"], name="dismissed_once")]

    def __str__(self) -> str:
        return self.key
