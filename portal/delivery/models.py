"""What people are told: their inbox, what they want to be told where, chat webhooks, and the outbox of what leaves the
portal."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference


class Channel(models.TextChoices):
    """Where a notification can go. The portal is the inbox; the others go through the outbox."""

    PORTAL = "portal", "Portal"
    EMAIL = "email", "E-mail"
    CHAT = "chat", "Chat"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)


class Notification(models.Model):
    """One line of somebody's inbox. ``about`` groups those of one record; ``key`` is unique for its reader, so that the
    same event is told once however often it is reported."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    key = models.CharField(max_length=64)
    about = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=500)
    why = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_notification_of_an_event")]
        indexes = [
            models.Index(fields=["user", "about", "-created_at"], name="notification_by_record"),
            models.Index(fields=["user"], name="notification_unread", condition=Q(read_at=None)),
            models.Index(fields=["read_at"], name="notification_read", condition=~Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(models.Model):
    """That somebody wants a kind of notification in a channel, or does not. Without a row they do."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delivery_preferences")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    is_wanted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "channel"], name="one_preference")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} by {self.channel} {'wanted' if self.is_wanted else 'not wanted'}"


class Shape(models.TextChoices):
    """What a chat expects to be sent."""

    SLACK = "slack", "Slack"
    TEAMS = "teams", "Teams"


# The address is a secret: whoever has it may write to the chat. So it is neither a column nor part of the history.
@track_history(exclude=("url",))
class ChatWebhook(Versioned):
    """Where a chat takes messages for a team, or for one person. Slack's shape suits Mattermost and Rocket.Chat too."""

    name = models.CharField(max_length=100, help_text="Where it writes to, such as #checkout-alerts.")
    owner = models.ForeignKey(
        Reference, on_delete=models.CASCADE, related_name="chat_webhooks", verbose_name="for",
        limit_choices_to={"kind__in": ["group", "user"]},
        help_text="The team, or the person, whose notifications it takes.",
    )  # fmt: skip
    shape = models.CharField(max_length=10, choices=Shape, default=Shape.SLACK)
    url = models.URLField(
        "address",
        max_length=1000,
        help_text="The https address that the chat gave you. Only those who may edit see it.",
    )
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="one_webhook_of_a_name",
                violation_error_message="There is a webhook of that name already. Choose another, or edit that one.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    DEAD = "dead", "Given up"


class OutboxMessage(models.Model):
    """One message that leaves the portal, written in the transaction of the change it tells of.

    ``key`` is what the message is recognised by wherever it arrives: the left part of an e-mail's Message-ID, the
    delivery id of a webhook. ``payload`` has title, text, url, why and kind. Whoever sends takes the row with a lease
    (``leased_until``); a lease that has run out means that the sender died, and that what it sent may come again:
    ``possibly_repeated``.
    """

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=[each for each in Channel.choices if each[0] != Channel.PORTAL])
    recipient = models.CharField(max_length=320)
    webhook = models.ForeignKey(ChatWebhook, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages")
    title = models.CharField(max_length=300)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField("next attempt", default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField("sent", null=True, blank=True)
    possibly_repeated = models.BooleanField("possibly sent twice", default=False)

    class Meta:
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["next_attempt_at"], name="outbox_due", condition=Q(state="waiting")),
            models.Index(fields=["sent_at"], name="outbox_sent", condition=Q(state="sent")),
            models.Index(fields=["state", "-created_at"], name="outbox_by_state"),
            models.Index(fields=["-created_at"], name="outbox_by_time"),
        ]

    def __str__(self) -> str:
        return self.title
