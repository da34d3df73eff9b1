"""What comes of what Larkspur delivers: the metrics that were claimed, or whose limit was to be moved, are lower."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q, QuerySet

from roadmap.models import Initiative, Status
from services.demo.health.effects import brings_down
from services.health.models import Metric, Origin


def lowered_by(initiative: Initiative) -> QuerySet[Metric]:
    """What the portal computes itself says what is true. Of what was delivered before the company was loaded, the
    values know anyway."""
    about = Q(claims__initiative=initiative) | Q(limits__initiative_links__initiative=initiative)
    since = initiative.delivered_on
    return Metric.objects.filter(about, origin=Origin.PUSHED, created_at__date__lte=since).distinct().order_by("pk")


@brings_down
def delivered() -> Iterator[tuple[int, dt.date]]:
    """The metrics that are lower, and since when."""
    for each in Initiative.objects.filter(status=Status.DONE):
        if each.delivered_on is not None:
            yield from [(metric.pk, each.delivered_on) for metric in lowered_by(each)]
