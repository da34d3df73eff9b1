"""Plan and actual of a cycle, a bar for each team: read at a glance, changed in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.acting import tell
from portal.actions import Conflict, Deleted
from portal.collections import unknown_to
from portal.crumbs import crumbs_of
from portal.forms import RecordForm, make_form
from portal.page_numbers import page_number
from portal.saving import base_of, conflict_context, version_of
from portal.tenure import organisation_today
from roadmap.constraints.above import banner
from roadmap.models import Allocation, Bucket, Cycle, LoanState, TradeOff
from roadmap.okr.board import cycle_called
from roadmap.worth.allocating import objection, plan, replan, way_back
from roadmap.worth.collections import ALLOCATIONS, TRADE_OFFS
from roadmap.worth.guard import Verdict, verdict

# Class of a bucket in the picture, and how it is called beside it.
SHORT = {
    Bucket.FEATURE: "features", Bucket.PLATFORM: "platform", Bucket.DEBT: "debt", Bucket.LIGHTS: "lights on",
    Bucket.HUNDREDFOLD: "100×",
}  # fmt: skip
# Teams of one page; the sums are of all.
PAGE = 50
# Under so many percent a part is too narrow for its figure.
NARROW = 5


@dataclass(frozen=True)
class Part:
    """One piece of a bar, in percent of its length."""

    bucket: str
    start: float
    width: float
    days: float
    percent: int

    @property
    def middle(self) -> float:
        return round(self.start + self.width / 2, 2)

    @property
    def is_wide(self) -> bool:
        return self.width >= NARROW


@dataclass(frozen=True)
class Bar:
    """How the days were shared out: planned, or spent. ``words`` say what the picture shows."""

    found: Verdict
    parts: Sequence[Part]

    @property
    def words(self) -> str:
        if not self.parts:
            return "no days yet"
        return ", ".join(f"{each.percent} % {SHORT[Bucket(each.bucket)]}" for each in self.parts)


def bar_of(allocation: Allocation, ending: str) -> Bar:
    found, parts, start = verdict(allocation, ending), [], 0.0
    for bucket in Bucket.values:
        days = float(getattr(allocation, f"{bucket}_{ending}") or 0)
        if days:
            width = 100 * days / found.days
            parts.append(Part(bucket, round(start, 2), round(width, 2), days, round(width)))
            start += width
    return Bar(found, parts)


def described(request: HttpRequest, allocation: Allocation, loans: Sequence[TradeOff]) -> dict[str, Any]:
    """An allocation as the plan, and panels, show it. ``loans`` are the trade-offs recorded for it."""
    planned, actual = (bar_of(allocation, ending) for ending in ("planned", "actual"))
    user: Any = request.user
    may = user.has_perm("roadmap.change_allocation", allocation)
    outside = next((bar.found for bar in (planned, actual) if bar.found.objects), None)
    return {
        "allocation": allocation, "planned": planned, "actual": actual, "may": may,
        "url": ALLOCATIONS.url_of(allocation),
        "edit_url": f"{plan_url(allocation.cycle)}&edit={allocation.pk}#edit" if may else "",
        "objection": objection(outside) if outside else "", "way_back": way_back(outside) if outside else "",
        "loans": [{"trade_off": each, "url": TRADE_OFFS.url_of(each)} for each in loans],
        "record_url": reverse("trade-off-record", args=[allocation.pk]) if outside and may and not loans else "",
    }  # fmt: skip


def loans_of(reader: Any, allocations: Sequence[Allocation]) -> Mapping[int, list[TradeOff]]:
    """Allocation → the trade-offs that were recorded for it and that the reader may see."""
    found: dict[int, list[TradeOff]] = {each.pk: [] for each in allocations}
    rows = TradeOff.objects.visible(reader).filter(allocation__in=list(found)).exclude(state=LoanState.WRITTEN_OFF)
    for each in rows.order_by("pk"):
        found[each.allocation_id or 0].append(each)
    return found


def plan_url(cycle: Cycle) -> str:
    return f"{reverse('allocation-plan')}?cycle={cycle.pk}"


@require_http_methods(["GET", "HEAD", "POST"])
def allocation_plan(request: HttpRequest) -> HttpResponse:
    """The plan of a cycle, with the form of one team in it."""
    cycle = _cycle(request)
    if cycle is None:
        return _page(request, None, None)
    if request.method == "POST":
        return _save(request, cycle)
    form = _asked_form(request, cycle)
    return _page(request, cycle, form)


def _cycle(request: HttpRequest) -> Cycle | None:
    """The cycle that is asked for by name or id; else the one that goes on, the next one, or the last there was."""
    if asked := request.GET.get("cycle", "").strip():
        by_id = Cycle.objects.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 10 else None
        return by_id or cycle_called(asked, list(Cycle.objects.order_by("-starts_on")))
    following = Cycle.objects.filter(starts_on__gt=organisation_today()).order_by("starts_on").first()
    return Cycle.objects.current().first() or following or Cycle.objects.order_by("-starts_on").first()


def _asked_form(request: HttpRequest, cycle: Cycle) -> RecordForm | None:
    asked = request.GET.get("edit", "")
    if not asked:
        return None
    if asked != "new":
        return make_form(ALLOCATIONS, _load(request, cycle, asked))
    if not ALLOCATIONS.may(request.user, "add"):
        raise PermissionDenied("You may not plan: you are in no team. Product managers may.")
    form = make_form(ALLOCATIONS)
    form.initial["cycle"] = cycle.pk
    return form


def _load(request: HttpRequest, cycle: Cycle, key: str) -> Allocation:
    if not key.isdecimal() or len(key) > 9:
        raise BadRequest(f"edit={key[:40]}: give the number of an allocation, or new.")
    found = Allocation.objects.select_related("cycle", "team").filter(pk=int(key), cycle=cycle).first()
    if found is None:
        raise Http404(f"There is no allocation {key} in {cycle}.")
    user: Any = request.user
    if not user.has_perm("roadmap.change_allocation", found):
        raise PermissionDenied(f"You may not plan for {found.team}. That team and product managers may.")
    return found


def _save(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    key = request.POST.get("of", "")
    record = _load(request, cycle, key) if key else None
    if record is None and not ALLOCATIONS.may(request.user, "add"):
        raise PermissionDenied("You may not plan: you are in no team. Product managers may.")
    form = make_form(ALLOCATIONS, record, request.POST)
    if form.is_valid():
        try:
            return _saved(request, _write(request, record, form))
        except ValidationError as problem:
            tell(form, problem)
        except Conflict as conflict:
            return render(request, "409.html", conflict_context(request, ALLOCATIONS, form, conflict), status=409)
        except Deleted as gone:
            messages.warning(request, f"{gone} What you wrote is not saved: plan for the team anew.")
            return redirect(plan_url(cycle))
    return _page(request, cycle, form, status=422)


def _write(request: HttpRequest, record: Allocation | None, form: RecordForm) -> Allocation:
    if record is None:
        return plan(by=request.user, values=form.values)
    return replan(by=request.user, record=record, values=form.values, version=version_of(request, record))


def _saved(request: HttpRequest, saved: Allocation) -> HttpResponse:
    found = verdict(saved)
    if found.objects:
        messages.warning(request, f"Saved. {objection(found)}. {way_back(found)}, or record what is put off.")
    else:
        messages.success(request, f"Saved {saved}.")
    before = [each.pk for each in _seen(request, saved.cycle)].index(saved.pk) // PAGE
    page = f"&page={before + 1}" if before else ""
    return redirect(f"{plan_url(saved.cycle)}{page}#team-{saved.pk}")


def _page(request: HttpRequest, cycle: Cycle | None, form: RecordForm | None, *, status: int = 200) -> HttpResponse:
    seen = _seen(request, cycle) if cycle else []
    page = Paginator(seen, PAGE).get_page(page_number(request.GET))
    rows = _rows(request, list(page))
    editing: Any = form.instance if form is not None and form.instance.pk else None
    context = {
        "cycle": cycle, "rows": rows, "page": page, "sums": _sums(seen), "form": form, "editing": editing,
        "base": base_of(request, form) if form and editing else "", "buckets": _inputs(form) if form else [],
        "cycles": Cycle.objects.order_by("-starts_on")[:40], "outside": [row for row in rows if row["objection"]],
        "may_add": ALLOCATIONS.may(request.user, "add"), "new_url": f"{plan_url(cycle)}&edit=new#edit" if cycle else "",
        **banner(request, [each.team_id for each in seen]),
        "plan_url": plan_url(cycle) if cycle else "",
        "crumbs": crumbs_of(ALLOCATIONS, ("Plan and actual", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/allocation_plan.html", context, status=status)


def _seen(request: HttpRequest, cycle: Cycle) -> list[Allocation]:
    """What the reader sees of a cycle, in the order of the plan."""
    rows = Allocation.objects.filter(cycle=cycle).select_related("team", "cycle").order_by("team__label", "pk")
    hidden = unknown_to(request.user)
    return [each for each in rows if each.team_id not in hidden]


def _rows(request: HttpRequest, allocations: Sequence[Allocation]) -> list[dict[str, Any]]:
    loans = loans_of(request.user, allocations)
    return [described(request, each, loans[each.pk]) for each in allocations]


def _sums(allocations: Sequence[Allocation]) -> dict[str, Any] | None:
    """All teams together, in days."""
    if len(allocations) < 2:
        return None
    whole = Allocation(capacity_days=sum(each.capacity_days for each in allocations))
    for ending in ("planned", "actual"):
        for bucket in Bucket.values:
            name = f"{bucket}_{ending}"
            setattr(whole, name, sum(getattr(each, name) for each in allocations))
    return {"allocation": whole, "planned": bar_of(whole, "planned"), "actual": bar_of(whole, "actual")}


def _inputs(form: RecordForm) -> list[dict[str, Any]]:
    """The fields of each bucket, planned beside spent."""
    return [
        {"label": Bucket(bucket).label, "planned": form[f"{bucket}_planned"], "actual": form[f"{bucket}_actual"]}
        for bucket in Bucket.values
    ]
