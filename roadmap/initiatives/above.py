"""The note above the initiatives, in whichever shape: the worst of what is proposed, for those who decide."""

from typing import Any

from django.db.models import Count, Window
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from portal.above import above
from portal.collections import get_collection
from portal.proposals.models import Proposal, State
from roadmap.collections import INITIATIVES
from roadmap.initiatives.new import initiatives_of
from roadmap.models import OVER

MOST_AT_WORK = 3


@above("initiatives")
def proposal_note(request: HttpRequest) -> SafeString | str:
    """Safe HTML: what is proposed, with what begins it and what declines it. Nothing for whoever does not decide."""
    if request.headers.get("HX-Request") or not request.user.has_perm("proposals.change_proposal"):
        return ""
    rows = Proposal.objects.filter(state=State.OPEN).annotate(among=Window(Count("pk")))
    found = rows.order_by("-severity", "created_at", "pk").first()
    if found is None:
        return ""
    collection: Any = get_collection("proposals")
    context = {
        "proposal": found, "text": found.text.partition("\n\n")[0], "more": found.among - 1,
        "url": collection.url_of(found), "all_url": collection.url,
        "into_url": reverse("proposal-take-into", args=[found.pk]), **at_work_on(request.user, found),
        "take_url": reverse("proposal-take", args=[found.pk]),
        "decline_url": f"{reverse('proposal-decide', args=[found.pk])}?decision=decline",
    }  # fmt: skip
    return render_to_string("roadmap/_above.html", context, request)


def at_work_on(reader: Any, proposal: Proposal) -> dict[str, Any]:
    """What ``_at_work.html`` shows: the initiatives that work on the limit of a proposal already, in one query."""
    number = limit_number(proposal)
    found = [each for each in initiatives_of(reader, "limit", number) if each.status not in OVER] if number else []
    return {
        "at_work": [(each, INITIATIVES.url_of(each)) for each in found[:MOST_AT_WORK]],
        "at_work_more": max(0, len(found) - MOST_AT_WORK),
    }  # fmt: skip


def limit_number(proposal: Proposal) -> int:
    """The limit that a proposal is about; 0 where it is about none."""
    number = proposal.source_key.removeprefix("limit:").partition("@")[0]
    return int(number) if proposal.source_key.startswith("limit:") and number.isdecimal() else 0
