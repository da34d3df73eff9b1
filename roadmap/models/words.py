"""The fixed words of the roadmap: what figures count by, whatever an organisation calls its work."""

from django.db import models


class Way(models.TextChoices):
    """Which way a value is meant to go. The last two are guardrails: they are kept, not reached."""

    REACH = "reach", "Reach"
    INCREASE = "increase", "Increase to"
    DECREASE = "decrease", "Decrease to"
    STAY_ABOVE = "stay_above", "Stay above"
    STAY_BELOW = "stay_below", "Stay below"


GUARDRAILS = frozenset({Way.STAY_ABOVE, Way.STAY_BELOW})


class Statistic(models.TextChoices):
    """How the days of a metric become one value."""

    LAST = "last", "Last value"
    MEAN = "mean", "Mean of days"
    SUM = "sum", "Sum of days"
    P90 = "p90", "Worst day in ten"


class Category(models.TextChoices):
    """What an initiative is for."""

    RELIABILITY = "reliability", "Reliability"
    SCALING = "scaling", "Scaling"
    INFRASTRUCTURE = "infrastructure", "Infrastructure upgrade"
    DEVELOPER_EXPERIENCE = "developer_experience", "Developer experience"
    SECURITY = "security", "Security and compliance"
    COST = "cost", "Cost"
    ENABLEMENT = "enablement", "Feature enablement"
    MIGRATION = "migration", "Migration and deprecation"


class Horizon(models.TextChoices):
    NOW = "now", "Now"
    NEXT = "next", "Next"
    LATER = "later", "Later"


class Status(models.TextChoices):
    """Where an initiative stands. Paused and dropped need a reason."""

    IDEA = "idea", "Idea"
    PLANNED = "planned", "Planned"
    IN_PROGRESS = "in_progress", "In progress"
    PAUSED = "paused", "Paused"
    DONE = "delivered", "Delivered"
    DROPPED = "dropped", "Dropped"


OVER = frozenset({Status.DONE, Status.DROPPED})


class Translation(models.TextChoices):
    """What a figure of reliability means to those who decide on money."""

    TRUST = "trust", "Customer trust"
    EFFICIENCY = "efficiency", "Engineering efficiency"
    CONTINUITY = "continuity", "Business continuity"
    READINESS = "readiness", "Regulatory readiness"
    GROWTH = "growth", "Room to grow"


class Course(models.TextChoices):
    """How it goes, in the words of whoever answers for it."""

    ON_TRACK = "on_track", "On track"
    AT_RISK = "at_risk", "At risk"
    OFF_TRACK = "off_track", "Off track"


class Bucket(models.TextChoices):
    """What capacity is spent on."""

    FEATURE = "feature", "Features"
    PLATFORM = "platform", "Platform"
    DEBT = "debt", "Debt"
    LIGHTS = "lights", "Keep the lights on"
    HUNDREDFOLD = "hundredfold", "100×"
