"""Proposing work, and deciding about it."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.actions import lock, update_record
from portal.people.models import User
from portal.proposals.models import Proposal, State
from portal.proposals.taking import taken_on
from portal.search import index


@transaction.atomic
def propose(
    *,
    source_key: str,
    kind: str,
    title: str,
    text: str,
    evidence: Mapping[str, Any],
    price: Mapping[str, Any],
    url: str,
) -> Proposal:
    """Make the proposal of a source, or write its evidence anew while it is open; answers with the one that stands.

    ``source_key`` names what proposes, and where the question can come up again, which time it is: ``limit:12``.
    ``evidence["severity"]`` is a number, higher being worse; without one it is 0. What has been decided stays decided:
    a new proposal of the same source is made only when its severity is above that of the decided one. One that was
    withdrawn decides nothing.
    """
    severity = float(evidence.get("severity", 0))
    now = timezone.now()
    values = {
        "title": title[:300], "text": text, "evidence": dict(evidence), "price": dict(price), "url": url,
        "severity": severity, "refreshed_at": now,
    }  # fmt: skip
    found = Proposal.objects.select_for_update().filter(source_key=source_key).exclude(state=State.WITHDRAWN)
    newest = found.order_by("-pk").first()
    if newest and newest.state == State.OPEN:
        return _refresh(newest, values)
    if newest and severity <= newest.severity:
        return newest
    return _make(source_key, kind, values)


@transaction.atomic
def withdraw(proposals: QuerySet[Proposal], *, reason: str) -> None:
    """Take back those that are open, because their evidence is gone; when it returns, they are proposed anew."""
    for proposal in proposals.select_for_update().filter(state=State.OPEN):
        values = {"state": State.WITHDRAWN, "reason": reason, "decided_at": timezone.now()}
        update_record(by=None, record=proposal, values=values)


def _refresh(proposal: Proposal, values: Mapping[str, Any]) -> Proposal:
    renamed = proposal.title != values["title"] or proposal.text != values["text"]
    Proposal.objects.filter(pk=proposal.pk).update(**values)
    for name, value in values.items():
        setattr(proposal, name, value)
    if renamed:
        index.refresh(Proposal, [proposal.pk])
    return proposal


def _make(source_key: str, kind: str, values: Mapping[str, Any]) -> Proposal:
    """Two who propose the same at once make one: the second waits for the first and finds its proposal."""
    proposal = Proposal(source_key=source_key, kind=kind, **values)
    proposal.full_clean(validate_constraints=False)
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError:
        return _refresh(Proposal.objects.get(source_key=source_key, state=State.OPEN), values)
    index.refresh(Proposal, [proposal.pk])
    return proposal


@transaction.atomic
def accept(
    *, by: User, proposal: Proposal, reason: str = "", version: int | None = None, into: Any = None
) -> tuple[Proposal, Any]:
    """Agree to the work; answers with the proposal, and with what it has become (portal.proposals.taking), a new record
    or ``into``, None where nothing is made of it. Raises ValidationError when it has been decided, Conflict when it
    moved on."""
    accepted = _decide(by, proposal, version, state=State.ACCEPTED, reason=reason)
    record = taken_on(by, accepted, into)
    if record is not None:
        told = f"{accepted.reason}\n\nTaken on as {record}.".strip()
        accepted = update_record(by=by, record=accepted, values={"reason": told})
    return accepted, record


def decline(*, by: User, proposal: Proposal, reason: str, version: int | None = None) -> Proposal:
    """Say no, and why. Raises ValidationError without a reason or when it has been decided."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is declined: the next who sees this evidence will ask."})
    return _decide(by, proposal, version, state=State.DECLINED, reason=reason)


def merge(*, by: User, proposal: Proposal, into: Proposal, reason: str = "", version: int | None = None) -> Proposal:
    """Leave the work to another open proposal. Raises ValidationError when either has been decided."""
    if into.pk == proposal.pk or into.state != State.OPEN:
        raise ValidationError({"into": f"“{into}” is not open, or is this proposal. Choose another open one."})
    return _decide(by, proposal, version, state=State.MERGED, reason=reason, merged_into=into)


@transaction.atomic
def _decide(by: User, proposal: Proposal, version: int | None, **values: Any) -> Proposal:
    locked = lock(proposal, version, values)
    if locked.state != State.OPEN:
        raise ValidationError(locked.ended_in_words)
    values = {**values, "reason": values["reason"].strip(), "decided_by": by, "decided_at": timezone.now()}
    return update_record(by=by, record=locked, values=values)
