"""The head of a delivery's and of a chat webhook's page."""

from django.http import HttpRequest

from portal.cells import owner_html
from portal.collections import reference_url
from portal.delivery.kinds import label_of
from portal.delivery.models import ChatWebhook, OutboxMessage
from portal.heads import Fact, Head, head


@head(on=OutboxMessage)
def delivery(request: HttpRequest, message: OutboxMessage) -> Head:
    subtitle = f"{label_of(message.kind)}, by {message.get_channel_display().lower()} to {message.recipient}"
    return Head(message.title, subtitle, tags=[message.get_state_display()])


@head(on=ChatWebhook)
def webhook(request: HttpRequest, webhook: ChatWebhook) -> Head:
    owner = webhook.owner
    tags = [webhook.get_shape_display(), *([] if webhook.is_active else ["Not active"])]
    url = reference_url(owner.canonical, owner.attached)
    return Head(webhook.name, tags=tags, reach=[Fact("For", owner_html(owner.label, url, owner.kind, owner.attached))])
