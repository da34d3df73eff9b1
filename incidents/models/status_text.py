"""What is told of an incident while it lasts, to colleagues and to the public, and where the public reads it."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from incidents.models.incident import Incident, IncidentKind
from incidents.models.timeline import TimelineEvent
from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference


def new_code() -> str:
    """What the public knows a record by; nobody guesses from it how many there are."""
    return get_random_string(12, "abcdefghijkmnpqrstuvwxyz23456789")


def new_feed_token() -> str:
    return get_random_string(40)


class PublicStatus(models.TextChoices):
    """The words of status pages, in the order in which an incident goes through them."""

    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"


class PublicImpact(models.TextChoices):
    """How bad it is for those outside, the least first."""

    NONE = "none", "None"
    MINOR = "minor", "Minor"
    MAJOR = "major", "Major"
    CRITICAL = "critical", "Critical"


# What may be told outside: what happened. Practising it, and what only nearly happened, is nobody's business.
PUBLIC_KINDS = frozenset({IncidentKind.REAL, IncidentKind.RETROSPECTIVE})


@track_history()
class PublicName(Versioned):
    """What a service is called outside. One without a public name is never named there."""

    subject = models.OneToOneField(
        Reference, on_delete=models.CASCADE, related_name="public_name", verbose_name="service",
        limit_choices_to={"kind__in": ["component", "api", "resource", "system"]},
        error_messages={"unique": "This service has a public name already. Edit that."},
    )  # fmt: skip
    name = models.CharField("public name", max_length=120, help_text="Such as Checkout. Several services may share it.")
    code = models.CharField(max_length=12, default=new_code, editable=False)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name


class SecretKind(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    DOMAIN = "domain", "Internal domain"
    WORD = "word", "Other word"


@track_history()
class SecretWord(Versioned):
    """A word that the leak check points out in public texts: a customer, a domain with everything below it, a code
    name. ``replacement`` is what it offers instead."""

    word = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=SecretKind, default=SecretKind.CUSTOMER)
    replacement = models.CharField(
        "say instead", max_length=120, blank=True, help_text="Empty: one of our customers, an internal address."
    )
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.word


class PublicIncident(models.Model):
    """What an incident is called outside, and the code by which feeds know it."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True, related_name="public")
    title = models.CharField(max_length=200)
    code = models.CharField(max_length=12, unique=True, default=new_code)

    def __str__(self) -> str:
        return self.title


class StatusTextQuerySet(models.QuerySet["StatusText"]):
    def visible(self, reader: Any) -> "StatusTextQuerySet":
        """Those of incidents that the reader may see."""
        return self.filter(incident__in=Incident.objects.visible(reader))

    def public(self) -> "StatusTextQuerySet":
        """What may be read outside, whatever became of the incident since."""
        return self.exclude(public_text="").filter(incident__is_private=False, incident__kind__in=PUBLIC_KINDS)


class StatusText(models.Model):
    """One status update: a text for colleagues, one for the public, or both. ``happened_at`` is the time that it tells
    of, ``posted_at`` when it was posted. ``components`` are the public names that were hit then, as
    ``[{"code", "name", "status"}]``; ``let_through`` the words that the leak check had pointed out, and that somebody
    published deliberately."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="status_texts")
    event = models.OneToOneField(TimelineEvent, on_delete=models.SET_NULL, null=True, related_name="status_text")
    code = models.CharField(max_length=12, unique=True, default=new_code)
    internal_text = models.TextField("for colleagues", max_length=5_000, blank=True)
    public_text = models.TextField("for the public", max_length=5_000, blank=True)
    public_status = models.CharField(max_length=14, choices=PublicStatus, blank=True)
    public_impact = models.CharField(max_length=8, choices=PublicImpact, blank=True)
    components = models.JSONField(default=list)
    let_through = models.JSONField(default=list)
    happened_at = models.DateTimeField()
    posted_at = models.DateTimeField(default=timezone.now)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = StatusTextQuerySet.as_manager()

    class Meta:
        verbose_name = "status update"
        constraints = [
            models.CheckConstraint(
                name="a_public_text_has_a_status",
                condition=Q(public_text="", public_status="", public_impact="")
                | (~Q(public_text="") & ~Q(public_status="") & ~Q(public_impact="")),
                violation_error_message="What is told outside says how it stands, and how bad it is.",
            )
        ]
        indexes = [models.Index(fields=["incident", "-happened_at"], name="status_texts_of_incident")]

    def __str__(self) -> str:
        return (self.internal_text or self.public_text)[:80]

    def clean(self) -> None:
        if not (self.internal_text.strip() or self.public_text.strip()):
            raise ValidationError("Write something for colleagues, for the public, or for both.")


# Whoever has the token reads the feed: it is no column, and no part of the history.
@track_history(exclude=("token",))
class StatusFeed(Versioned):
    """Where the public texts can be read without signing in, by whoever has the address: a status page, a website, a
    feed reader. One that is not active answers as if it had never been."""

    name = models.CharField(max_length=80, unique=True, help_text="Who reads it, such as Status page.")
    page_name = models.CharField(max_length=120, help_text="What the page is called outside, such as Larkspur Status.")
    page_url = models.URLField("address of the page", blank=True, help_text="Where people read it, when they can.")
    token = models.CharField(max_length=40, unique=True, default=new_feed_token, editable=False)
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name
