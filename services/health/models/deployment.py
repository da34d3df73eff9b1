"""Deployments: what was put where, when, and how it ended."""

from django.db import models
from django.db.models import Q

from portal.history.tracking import track_history
from portal.references.models import Reference
from services.health.plausible import EARLIEST, LATEST_KEPT

_KEPT = (EARLIEST, LATEST_KEPT)


class DeploymentResult(models.TextChoices):
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class DeploymentOutcome(models.TextChoices):
    """What came of it in the end: to be taken back is as good as to have failed, whatever it said of itself."""

    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    TAKEN_BACK = "taken_back", "Taken back"


@track_history()
class Deployment(models.Model):
    """One version of a service put into one environment. ``key`` makes a repeated report of a service the same
    deployment.

    ``rollback_of`` is the deployment that this one takes back; ``unplanned`` says that an incident forced it (rework).
    ``committed_at`` is when its oldest change was committed: lead time is from then to ``finished_at``.
    ``recovered_at`` is when service was restored after it failed.
    """

    subject = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="deployments", verbose_name="service",
        limit_choices_to={"kind__in": ["component"]},
    )  # fmt: skip
    version = models.CharField(max_length=200)
    environment = models.CharField(max_length=40, default="production")
    result = models.CharField(max_length=10, choices=DeploymentResult, default=DeploymentResult.SUCCEEDED)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField()
    committed_at = models.DateTimeField(null=True, blank=True)
    recovered_at = models.DateTimeField(null=True, blank=True)
    rollback_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="rollbacks")
    is_automatic = models.BooleanField("automatic", default=True)
    is_unplanned = models.BooleanField("unplanned", default=False)
    url = models.URLField(blank=True, max_length=1000)
    note = models.CharField(max_length=500, blank=True)
    key = models.CharField(max_length=200)
    reported_by = models.CharField(max_length=200, blank=True)
    reported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "key"], name="one_deployment_of_a_key"),
            models.CheckConstraint(
                name="deployment_is_of_years_that_can_be_read",
                condition=Q(finished_at__range=_KEPT, started_at__range=_KEPT, committed_at__range=_KEPT),
                violation_error_message="Give moments from 1990 to 2199.",
            ),
        ]
        indexes = [
            models.Index(fields=["-finished_at", "id"], name="deployment_by_time"),
            models.Index(fields=["subject", "environment", "-finished_at"], name="deployment_of_service"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.version}"
