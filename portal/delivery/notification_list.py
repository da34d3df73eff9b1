"""The inbox as its page shows it: grouped by record, newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import RowNumber

from portal.delivery.kinds import label_of
from portal.delivery.models import Notification
from portal.people.models import User

GROUPS_A_PAGE, NOTIFICATIONS_A_PAGE = 25, 50
# So many of a group are on the page; the others are behind a link.
MOST_OF_A_GROUP = 6


@dataclass
class Group:
    """What was told of one record: the newest, some earlier ones, and how many there are in all."""

    newest: Notification
    kind: str
    earlier: list[Notification] = field(default_factory=list)
    total: int = 1
    unread: int = 0

    @property
    def hidden(self) -> int:
        return self.total - 1 - len(self.earlier)


def groups_of(user: User, *, only_unread: bool, page: str) -> tuple[Page[Any], list[Group]]:
    """One page of the groups, and those groups; the number of queries does not depend on how many there are. After
    the last page comes the last one: what is marked as read there leaves it."""
    rows = Notification.objects.filter(user=user)
    summed = rows.values("about").annotate(
        newest=Max("created_at"), total=Count("pk"), unread=Count("pk", filter=Q(read_at=None))
    )
    summed = summed.filter(unread__gt=0) if only_unread else summed
    found = Paginator(summed.order_by("-newest", "about"), GROUPS_A_PAGE).get_page(page)
    counts: dict[str, Any] = {each["about"]: each for each in found}
    newest_first = Window(RowNumber(), partition_by=F("about"), order_by=(F("created_at").desc(), F("pk").desc()))
    shown = rows.filter(about__in=counts).annotate(place=newest_first).filter(place__lte=MOST_OF_A_GROUP)
    return found, _grouped(shown.order_by("place"), counts)


def _grouped(shown: Iterable[Notification], counts: Mapping[str, Any]) -> list[Group]:
    groups: dict[str, Group] = {}
    for each in shown:
        if each.about in groups:
            groups[each.about].earlier.append(each)
        else:
            count = counts[each.about]
            groups[each.about] = Group(each, label_of(each.kind), total=count["total"], unread=count["unread"])
    return [groups[about] for about in counts]


def all_about(user: User, about: str, *, only_unread: bool, page: str) -> tuple[Page[Notification], list[Group]]:
    """Everything about one record, each by itself."""
    rows = Notification.objects.filter(user=user, about=about).order_by("-created_at", "-pk")
    rows = rows.unread() if only_unread else rows
    found = Paginator(rows, NOTIFICATIONS_A_PAGE).get_page(page)
    return found, [Group(each, label_of(each.kind), unread=int(each.read_at is None)) for each in found]
