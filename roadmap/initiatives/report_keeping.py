"""How long reports of the roadmap are kept: those of an edition of the strategy for ever, all others for a month. They
are made anew whenever somebody asks, and then say what is true on that day."""

import datetime as dt
from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from roadmap.models import Report

log = structlog.get_logger(__name__)
KEPT_FOR = dt.timedelta(days=30)
AT_ONCE = 200


def forget_old() -> int:
    """Delete the reports of no edition that nobody has asked for since, and their files; answers how many."""
    before, number = timezone.now() - KEPT_FOR, 0
    while forgotten := _forget_some(before):
        number += forgotten
    return number


@transaction.atomic
def _forget_some(before: dt.datetime) -> int:
    """Delete some of them. What a worker is making at this moment stays for the next round."""
    old = Report.objects.filter(edition=None, asked_at__lt=before).order_by("pk")
    found = list(old.select_for_update(skip_locked=True, of=("self",)).defer("markdown")[:AT_ONCE])
    Report.objects.filter(pk__in=[each.pk for each in found]).delete()
    for each in found:
        if each.file:
            # Once the row is gone for good: a row without its file would offer what is not there.
            transaction.on_commit(_delete(each.file), robust=True)
    return len(found)


def _delete(file: FieldFile) -> Callable[[], None]:
    name, storage = file.name or "", file.storage

    def delete() -> None:
        try:
            storage.delete(name)
        except OSError as problem:
            log.exception("report_not_deleted", name=name, exc_info=problem)

    return delete
