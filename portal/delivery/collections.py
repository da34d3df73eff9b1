"""What leaves the portal, and the chats it goes to, as collections."""

from portal.collections import Collection, register
from portal.columns import Column
from portal.delivery import actions
from portal.delivery.models import ChatWebhook, OutboxMessage, State
from portal.looks import looks

looks({State.WAITING: ("idle", "clock"), State.SENT: "ok", State.DEAD: "bad"})

CHAT_WEBHOOKS = register(
    Collection(
        model=ChatWebhook,
        slug="chat-webhooks",
        place=30,
        rows=ChatWebhook.objects.all,
        order="name",
        label="Chat webhooks",
        label_one="chat webhook",
        description="Chats that take the notifications of a team, or of one person.",
        icon="message",
        group="Administration",
        columns=(
            Column("name", cell="link", search="B"),
            Column("owner", search="B"),
            Column("shape", cell="badge"),
            Column("is_active", label="Active"),
            Column("updated_at", label="Changed"),
        ),
        form=("name", "owner", "shape", "url", "is_active"),
        line=("owner",),
        empty="A team that wants its notifications in its chat enters the address of the chat's incoming webhook here.",
        create=actions.create_webhook,
        update=actions.update_webhook,
    )
)

DELIVERIES = register(
    Collection(
        model=OutboxMessage,
        slug="deliveries",
        place=40,
        rows=OutboxMessage.objects.all,
        order="-created_at",
        label="Deliveries",
        label_one="delivery",
        description="E-mails and chat messages: sent, waiting, or given up.",
        icon="send",
        group="Administration",
        perm="delivery.view_outboxmessage",
        columns=(
            Column("title", label="What", cell="link"),
            Column("kind", shown=False),
            Column("state", cell="status"),
            Column("recipient", label="To"),
            Column("channel", cell="badge"),
            Column("attempts"),
            Column("last_error", label="Last error"),
            Column("created_at", label="Written"),
            Column("next_attempt_at", shown=False),
            Column("sent_at", shown=False),
            Column("possibly_repeated", shown=False),
            Column("delivery_id", source="key", label="Delivery id", shown=False),
        ),
        empty="Nothing has been sent yet. What health tells people by e-mail or chat stands here.",
        create=None,
        update=None,
        delete=None,
    )
)
