"""What people are told of postmortems, in the transaction of what happened: who is killed after it tells nobody twice
and nobody too little, because the outbox holds it. Of a private incident only those are told who see it."""

from collections.abc import Iterable
from typing import Any

from incidents import telling
from incidents.models import Comment, Edition, Incident, Postmortem, Review
from incidents.postmortems.addresses import address_of
from incidents.telling import Circle


def published(edition: Edition) -> None:
    """Tell who answers for the incident, who was in it, who was hit, and who was asked to read it."""
    postmortem = edition.postmortem
    asked = [_asked(review) for review in postmortem.reviews.select_related("who").order_by("pk")]
    _tell(
        postmortem, "postmortem-published", f"Published: the postmortem of {postmortem.incident}",
        f"Edition {edition.number}. {edition.note}".strip(), f"published-{edition.number}",
        [*telling.circles(postmortem.incident, ever=True), *asked], by=edition.published_by,
    )  # fmt: skip


def asked_to_review(review: Review, by: Any) -> None:
    """Tell who is asked to read it."""
    whom = "your team" if review.who.kind == "group" else "you"
    _tell(
        review.postmortem, "postmortem-review", f"Read the postmortem of {review.postmortem.incident}",
        f"{by} asks {whom} to read it before it is published.", f"review-{review.pk}-{review.asked_at.isoformat()}",
        [_asked(review)],
    )  # fmt: skip


def _asked(review: Review) -> Circle:
    name = review.postmortem.incident.name
    return telling.circle_of(
        review.who, f"You are in {review.who}, which was asked to read about {name}.",
        f"You were asked to read about {name}.",
    )  # fmt: skip


def commented(comment: Comment) -> None:
    """Tell who answers for the incident and who was in it that somebody asks or adds something; their chats are not
    told of every comment."""
    postmortem = comment.section.postmortem
    title = f"A comment on “{comment.section.title}” of {postmortem.incident.name}"
    to = [Circle(each.users(), each.why) for each in telling.answering(postmortem.incident, ever=True)]
    _tell(postmortem, "postmortem-comment", title, comment.text[:500], f"comment-{comment.pk}", to, by=comment.by)


def due(incident: Incident, title: str, text: str, step: str, url: str) -> None:
    """Tell who answers for the incident and who was in it that its postmortem is due."""
    telling.tell(
        incident, kind="postmortem-due", title=title, text=text, about=f"postmortem:{incident.pk}#due-{step}", url=url,
        to=telling.answering(incident, ever=True),
    )  # fmt: skip


def _tell(
    postmortem: Postmortem, kind: str, title: str, text: str, event: str, to: Iterable[Circle], by: Any = None
) -> None:
    telling.tell(
        postmortem.incident, kind=kind, title=title, text=text, about=f"postmortem:{postmortem.incident_id}#{event}",
        url=address_of(postmortem), to=to, by=by,
    )  # fmt: skip
