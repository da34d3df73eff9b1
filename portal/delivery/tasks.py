"""Background work of delivery."""

import datetime as dt

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.delivery import outbox
from portal.delivery.models import Notification, OutboxMessage, State


@shared_task(time_limit=outbox.TIME_LIMIT_S)
def deliver() -> None:
    """Send what waits in the outbox."""
    outbox.deliver_due()


@shared_task(time_limit=900)
def forget_old() -> None:
    """Delete what was sent, and what was read, longer ago than DELIVERY_KEEP_DAYS. What is unread or was given up
    stays."""
    before = timezone.now() - dt.timedelta(days=settings.DELIVERY_KEEP_DAYS)
    OutboxMessage.objects.filter(state=State.SENT, sent_at__lt=before).delete()
    Notification.objects.filter(read_at__lt=before).delete()
