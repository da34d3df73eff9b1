"""What an initiative waits for, and what waits for it, on its page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.panels import Context, panel
from roadmap.collections import INITIATIVES
from roadmap.models import Dependency, Initiative
from roadmap.views.forms import DependencyForm
from roadmap.views.networks import known_around


@panel(on=Initiative, slot="main", order=60, title="Dependencies", template="roadmap/_dependencies.html", lazy=True)
def dependencies(request: HttpRequest, initiative: Initiative) -> Context:
    """What the plan does not keep is said beside it."""
    known = known_around(request.user, initiative.pk)
    ties = {each.pk: each for each in known.ties}
    seen = Dependency.objects.visible(request.user).select_related("before__reference", "after__reference")
    may = request.user.has_perm("roadmap.change_initiative", initiative)
    awaits = [_row(each, each.before, known.problem(ties[each.pk])) for each in seen.filter(after=initiative)]
    awaited = [_row(each, each.after, known.problem(ties[each.pk])) for each in seen.filter(before=initiative)]
    slot = known.schedule().slots.get(initiative.pk)
    return {
        "initiative": initiative, "key": INITIATIVES.key_of(initiative), "awaits": awaits, "awaited": awaited,
        "slot": slot, "form": DependencyForm(request.user) if may else None,
        "fact": "critical path" if slot and slot.slack == 0 else f"{slot.slack} days of slack" if slot else "",
        "link": {"label": "All dependencies", "url": reverse("initiatives-dependencies")},
    }  # fmt: skip


def _row(dependency: Dependency, other: Initiative, problem: str) -> dict[str, Any]:
    return {"dependency": dependency, "other": other, "url": INITIATIVES.url_of(other), "problem": problem}
