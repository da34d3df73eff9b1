"""Panels of deliveries and chat webhooks."""

from django.http import HttpRequest

from portal.delivery.models import ChatWebhook, OutboxMessage, State
from portal.panels import Context, panel

MOST = 10


@panel(on=OutboxMessage, slot="main", order=10, title="How it went", template="delivery/_delivery.html")
def delivery(request: HttpRequest, message: OutboxMessage) -> Context:
    dead = OutboxMessage.objects.filter(state=State.DEAD).count() if message.state == State.DEAD else 0
    return {"may_send": message.state != State.SENT, "dead": dead}


@panel(on=ChatWebhook, slot="main", order=10, title="Last messages", template="delivery/_webhook.html")
def webhook(request: HttpRequest, webhook: ChatWebhook) -> Context:
    """What went there is for those who may change the webhook: titles can tell of things outside the team."""
    if not request.user.has_perm("delivery.change_chatwebhook", webhook):
        return {"may": False}
    return {"may": True, "messages": webhook.messages.order_by("-created_at")[:MOST]}
