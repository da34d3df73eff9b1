"""Alerts: what was sent, what it says, and which incident it led to."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from incidents.models.incident import Incident, Severity, granted_to
from portal.history.tracking import track_history
from portal.models import Versioned, bump_version
from portal.references.models import Reference


def new_secret() -> str:
    return get_random_string(40)


_RULE = re.compile(r"[A-Za-z_][\w.-]* *= *[^|=,]*[^|=,\s][^|=,]*(?:\|[^|=,]*[^|=,\s][^|=,]*)*")


def rule_of(promotes: str) -> tuple[str, frozenset[str]] | None:
    """The label that a rule such as ``severity=critical|page`` looks at, with the values that fit; None without one."""
    label, sign, values = promotes.partition("=")
    wanted = frozenset(filter(None, map(str.strip, values.split("|"))))
    return (label.strip(), wanted) if sign and label.strip() and wanted else None


class SourceKind(models.TextChoices):
    ALERTMANAGER = "alertmanager", "Alertmanager or Grafana"
    PAGERDUTY = "pagerduty", "PagerDuty"
    PORTAL = "portal", "The portal's own SLOs"


# The token opens the door and the secret signs: neither is part of the history.
@track_history(exclude=("token", "secret"))
class AlertSource(Versioned):
    """Somebody who sends alerts. ``token`` is part of its address; PagerDuty signs with ``secret``. ``service_labels``
    are the labels that name a service, the first that fits counts. ``promotes`` says with which label an alert becomes
    an incident by itself; empty means that people decide."""

    name = models.CharField(max_length=80, unique=True, help_text="Such as Alertmanager of production.")
    kind = models.CharField(max_length=14, choices=SourceKind, default=SourceKind.ALERTMANAGER)
    token = models.CharField(max_length=64, unique=True, default=new_secret, editable=False)
    secret = models.CharField(max_length=200, blank=True, editable=False)
    service_labels = models.CharField(
        max_length=200, default="service,app,job", help_text="Labels that name a service, separated by commas."
    )
    promotes = models.CharField(
        "becomes an incident", max_length=80, blank=True,
        help_text="A label with its values, such as severity=critical|page. Empty: people decide.",
    )  # fmt: skip
    severity = models.ForeignKey(
        Severity, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Of incidents that alerts become by themselves.",
    )  # fmt: skip
    is_active = models.BooleanField("active", default=True, db_default=True)
    # Part of the history, so that it tells who made another address and when.
    token_made_at = models.DateTimeField("address made", default=timezone.now, editable=False)

    class Meta(Versioned.Meta):
        abstract = False
        triggers = [bump_version("token", "token_made_at", "secret")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.promotes.strip() and not _RULE.fullmatch(self.promotes.strip()):
            raise ValidationError(
                {"promotes": "Write a label and its values, such as severity=critical or severity=critical|page."}
            )


class MessageState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    TAKEN = "taken", "Taken"
    REFUSED = "refused", "Not understood"


class AlertMessage(models.Model):
    """One message as it came, byte by byte. It is answered when it is stored, and understood later. ``problem`` is what
    was wrong with it, also where its sender was told so at once."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="messages")
    received_at = models.DateTimeField(default=timezone.now)
    body = models.BinaryField()
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.WAITING)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="messages_waiting", condition=Q(state="waiting")),
            models.Index(fields=["source", "-received_at"], name="messages_of_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.received_at:%Y-%m-%d %H:%M:%S}"


class AlertGroupQuerySet(models.QuerySet["AlertGroup"]):
    def visible(self, reader: Any) -> "AlertGroupQuerySet":
        """All but those of private incidents that the reader is not let into."""
        return self.filter(Q(incident=None) | Q(incident__is_private=False) | Q(incident__in=granted_to(reader)))


class AlertGroup(models.Model):
    """Alerts that their sender tells together, under its ``key``; and the incident they were promoted to."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="groups")
    key = models.CharField(max_length=400)
    title = models.CharField(max_length=300)
    labels = models.JSONField(default=dict)
    url = models.CharField(max_length=2000, blank=True)
    subject = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="alert_groups", verbose_name="service"
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="alert_groups"
    )
    # Since when people say that it belongs to none: what fires on makes no incident again.
    detached_at = models.DateTimeField(null=True, blank=True)
    left_out = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField("since")
    last_at = models.DateTimeField("last told")
    is_firing = models.BooleanField("firing", default=True)

    objects = AlertGroupQuerySet.as_manager()

    class Meta:
        verbose_name = "alert"
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_group_of_a_key")]
        indexes = [models.Index(fields=["-last_at", "id"], name="groups_by_time")]

    def __str__(self) -> str:
        return self.title


class Alert(models.Model):
    """One time of firing. Its end is written once: messages that come again, or late, change nothing."""

    group = models.ForeignKey(AlertGroup, on_delete=models.CASCADE, related_name="alerts")
    fingerprint = models.CharField(max_length=400)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", null=True, blank=True)
    told_at = models.DateTimeField("first told", default=timezone.now)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    url = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "fingerprint", "starts_at"], name="one_alert_of_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint} since {self.starts_at:%Y-%m-%d %H:%M}"
