"""Telling people something, and what they do about it: read it, stop it, send it again."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.actions import create_record, update_record
from portal.delivery import inbox
from portal.delivery.chat import check_address
from portal.delivery.kinds import get_kind, kinds
from portal.delivery.models import Channel, ChatWebhook, Notification, OutboxMessage, Preference, State
from portal.history.erasing import redact_text
from portal.people.erasing import Identity, forgets
from portal.people.models import Membership, Person, User
from portal.references.models import Reference


@dataclass(frozen=True)
class _Message:
    """What is told, before it is known to whom."""

    kind: str
    title: str
    text: str
    url: str
    about: str
    why: str

    def key(self, channel: str, recipient: object) -> str:
        told = "\n".join((self.kind, self.about, channel, str(recipient)))
        return hashlib.sha256(told.encode()).hexdigest()[:40]

    @property
    def payload(self) -> dict[str, str]:
        return {"title": self.title, "text": self.text, "url": self.url, "why": self.why, "kind": self.kind}


@transaction.atomic
def notify(
    *,
    to: Iterable[User] | Reference,
    kind: str,
    title: str,
    text: str = "",
    url: str,
    about: str,
    why: str,
    besides: Any = None,
    inbox_only: bool = False,
) -> None:
    """Tell logins, or the current members and the chat webhooks of a team, in the caller's transaction.

    ``kind`` is registered (portal.delivery.kinds). ``url`` is a path of the portal. ``why`` says why they get it, such
    as “You are in Checkout, which owns checkout-api.”. ``about`` names the record and the event: what stands before
    ``#`` groups what is told of one record, and the whole is told once per kind and recipient, however often it is
    reported: ``slo:12#burning-2026-11-21T10:00Z``. So the same event has the same ``about``, and another one another.
    ``besides`` is whoever did it, and knows. ``inbox_only`` keeps what few may read out of mail and chat, and so out of
    the list of deliveries. It is remembered for DELIVERY_KEEP_DAYS after it was sent or read: what is still reported
    then is told anew.

    Raises ValueError when the kind is unknown or the url leads elsewhere.
    """
    get_kind(kind)
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(f"“{url}” is no path of the portal. Give one such as /services/checkout-api/.")
    message = _Message(kind, title[:300], text, url, about, why[:300])
    team = to if isinstance(to, Reference) else None
    found = _members(team) if team else [user for user in to if user.is_active]  # type: ignore[union-attr]
    # Two who report the same event at once write the same rows: in the same order, or each would wait for the other.
    users = sorted((user for user in found if user != besides), key=lambda user: user.pk)
    unwanted = set(Preference.objects.filter(user__in=users, kind=kind, is_wanted=False).values_list("user", "channel"))
    _tell_inbox(message, [user for user in users if (user.pk, Channel.PORTAL) not in unwanted])
    if inbox_only:
        return
    _tell_email(message, [user for user in users if (user.pk, Channel.EMAIL) not in unwanted])
    _tell_chat(message, team, [user for user in users if (user.pk, Channel.CHAT) not in unwanted])


def _members(team: Reference) -> list[User]:
    people = Membership.objects.current().filter(team=team).values("person")
    return list(User.objects.filter(person__reference__in=people, is_active=True))


def _tell_inbox(message: _Message, users: list[User]) -> None:
    values = {name: getattr(message, name) for name in ("kind", "title", "text", "url", "why")}
    about = message.about.partition("#")[0][:200]
    rows = [Notification(user=user, key=message.key(Channel.PORTAL, user.pk), about=about, **values) for user in users]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    inbox.recount_later([user.pk for user in users])


def _tell_email(message: _Message, users: list[User]) -> None:
    _post(
        OutboxMessage(
            key=message.key(Channel.EMAIL, user.pk), kind=message.kind, channel=Channel.EMAIL, recipient=user.email,
            title=message.title, payload=message.payload,
        )
        for user in users
    )  # fmt: skip


def _tell_chat(message: _Message, team: Reference | None, users: list[User]) -> None:
    """To the webhooks of the team, and to those that people have made for themselves."""
    owners = Q(owner__in=Person.objects.filter(user__in=users).values("reference"))
    webhooks = ChatWebhook.objects.filter(owners | Q(owner=team) if team else owners, is_active=True)
    webhooks = webhooks.order_by("pk")
    _post(
        OutboxMessage(
            key=message.key(Channel.CHAT, webhook.pk), kind=message.kind, channel=Channel.CHAT, recipient=webhook.name,
            webhook=webhook, title=message.title, payload=message.payload,
        )
        for webhook in webhooks
    )  # fmt: skip


def _post(messages: Iterable[OutboxMessage]) -> None:
    OutboxMessage.objects.bulk_create(list(messages), ignore_conflicts=True)


@forgets
def forget_recipient(identity: Identity) -> None:
    """No delivery names whoever left. An address that somebody else has now is theirs."""
    theirs = identity.emails - set(User.objects.filter(email__in=identity.emails).values_list("email", flat=True))
    redact_text(OutboxMessage, "recipient", theirs, identity.neutral_email)


# The inbox


def mark_read(*, user: User, about: str = "", pk: int | None = None) -> int:
    """Mark one notification as read, those about one record, or without either all of them; answers how many."""
    rows = Notification.objects.unread().filter(user=user)
    if pk is not None:
        rows = rows.filter(pk=pk)
    elif about:
        rows = rows.filter(about=about)
    changed = rows.update(read_at=timezone.now())
    inbox.recount_later([user.pk])
    return changed


def set_wanted(*, user: User, wanted: Mapping[tuple[str, str], bool]) -> None:
    """Say for kinds and channels whether the user wants them. Raises ValidationError for one that is unknown."""
    known = {each.slug for each in kinds()}
    for kind, channel in wanted:
        if kind not in known or channel not in Channel.values:
            raise ValidationError(f"There is no notification “{kind}” by “{channel}”.")
    rows = [Preference(user=user, kind=kind, channel=channel, is_wanted=on) for (kind, channel), on in wanted.items()]
    Preference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind", "channel"], update_fields=["is_wanted"]
    )


def stop(*, user: User, kind: str) -> None:
    """No more of this kind, wherever. Raises ValidationError when there is none such."""
    set_wanted(user=user, wanted={(kind, channel): False for channel in Channel.values})


# Chat webhooks


def create_webhook(
    *, by: Any, model: type[ChatWebhook] = ChatWebhook, values: Mapping[str, Any], kind: str = ""
) -> ChatWebhook:
    """Make a webhook of a team of the writer, or of the writer. Raises ValidationError for another's, and for an
    address that must not be called."""
    _check_owner(by, values["owner"])
    check_address(values["url"])
    return create_record(by=by, model=model, values=values)


def update_webhook(
    *, by: Any, record: ChatWebhook, values: Mapping[str, Any], version: int | None = None
) -> ChatWebhook:
    """Change a webhook; it moves only to a team of the writer, or to the writer."""
    if values.get("owner") not in (None, record.owner):
        _check_owner(by, values["owner"])
    if "url" in values:
        check_address(values["url"])
    return update_record(by=by, record=record, values=values, version=version)


def try_webhook(*, by: Any, webhook: ChatWebhook, url: str) -> OutboxMessage:
    """Send a message to the chat that says where it comes from; ``url`` is the webhook's own page."""
    text = f"{webhook} takes the notifications of {webhook.owner}."
    message = _Message("try", "Groundwork can write here", text, url, uuid.uuid4().hex, f"{by} tried this webhook.")
    return OutboxMessage.objects.create(
        key=message.key(Channel.CHAT, webhook.pk), kind=message.kind, channel=Channel.CHAT, recipient=webhook.name,
        webhook=webhook, title=message.title, payload=message.payload,
    )  # fmt: skip


def _check_owner(by: Any, owner: Reference) -> None:
    person = getattr(by, "person", None)
    if by is None or by.is_administrator or owner.pk in by.team_ids or (person and person.reference_id == owner.pk):
        return
    raise ValidationError({"owner": f"{owner} is neither you nor a team of yours. Choose a team you are in."})


# Dead letters


def send_again(*, by: Any, message: OutboxMessage) -> bool:
    """Let a message that was given up, or that waits, be sent at the next round; False when it has been sent."""
    return bool(_due_now(OutboxMessage.objects.filter(pk=message.pk)))


def send_all_again(*, by: Any) -> int:
    """Let everything that was given up be sent once more; answers how many."""
    return _due_now(OutboxMessage.objects.filter(state=State.DEAD))


def _due_now(messages: Any) -> int:
    """Attempts are counted anew. What somebody is sending at this moment is left to them."""
    now = timezone.now()
    free = messages.exclude(state=State.SENT).filter(Q(leased_until=None) | Q(leased_until__lt=now))
    return int(free.update(state=State.WAITING, attempts=0, next_attempt_at=now))
