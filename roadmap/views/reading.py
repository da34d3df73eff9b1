"""The rows of one query string, for every shape that is no table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from portal.above import above_of
from portal.crumbs import crumbs_of
from portal.listing import asking, broken_context, filter_from_form, with_params
from portal.query import BadQuery, Query, parse
from portal.shapes import shapes_of
from roadmap.collections import INITIATIVES
from roadmap.constraints.above import banner
from roadmap.models import Initiative, Link
from roadmap.views.access import changer

# What one page draws, if its shape does not say otherwise. More of them nobody overlooks: the page says how many there
# are, and asks for a filter.
MOST = 500
# Long texts that no shape shows.
NOT_DRAWN = ("problem", "scope_in", "scope_out", "goal", "for_executives")
# What the shapes ask besides the query string of the list.
OWN = ("by",)


@dataclass(frozen=True)
class Asked:
    """What a shape shows: at most as many initiatives as it draws, in its order, of ``total``; ``by`` is how they are
    grouped, ``may`` whether the reader may change one."""

    query: Query
    by: str
    initiatives: list[Initiative]
    total: int
    may: Callable[[Initiative], bool]

    @property
    def reader(self) -> Any:
        return self.query.reader

    @property
    def left_out(self) -> int:
        return self.total - len(self.initiatives) if self.initiatives else 0


# With the methods of Initiative.objects.
Rows = Any


def as_asked(rows: Rows, by: str) -> Rows:
    return rows


@dataclass(frozen=True)
class Shape:
    """One shape: the name of its URL, how it can group, its template and what makes the rest of its context.
    ``rows`` makes of what is asked for those that it is of, in an order of its own where it has one. It draws ``most``
    of them at once: fewer where each has much to show, none where it shows what lies between them.
    ``related`` is what it reads of each besides team and state."""

    name: str
    label: str
    template: str
    content: Callable[[HttpRequest, Asked], dict[str, Any]]
    groupings: Mapping[str, str]
    rows: Callable[[Rows, str], Rows] = as_asked
    wide: bool = True
    most: int = MOST
    related: tuple[str, ...] = ()


def ask(request: HttpRequest, shape: Shape) -> Asked:
    """Read the query string. Raises BadQuery naming every problem at once."""
    params, problems = request.GET.copy(), []
    by = params.get("by", "") or next(iter(shape.groupings), "")
    params.pop("by", None)
    if by and not shape.groupings:
        problems.append(f"by={by[:40]}: “{shape.label}” is not grouped otherwise. Leave it away.")
    elif by not in shape.groupings and shape.groupings:
        problems.append(f"by={by[:40]}: there is no such grouping. There are: {', '.join(shape.groupings)}.")
    try:
        query = parse(INITIATIVES, request.user, params)
    except BadQuery as problem:
        raise BadQuery([*problem.problems, *problems]) from None
    if problems:
        raise BadQuery(problems)
    of_them = shape.rows(query.rows(), by)
    found = of_them.select_related("reference", "team", "state", *shape.related).defer(*NOT_DRAWN)
    shown = list(found[: shape.most + 1])
    total = of_them.order_by().count() if len(shown) > shape.most else len(shown)
    return Asked(query, by, shown[: shape.most], total, changer(query.reader))


def show(request: HttpRequest, shape: Shape) -> HttpResponse:
    """The page of a shape; what cannot be answered is said over nothing."""
    if address := filter_from_form(INITIATIVES, request.GET):
        return redirect(request.path + address.removeprefix(INITIATIVES.url))
    try:
        asked = ask(request, shape)
    except BadQuery as problem:
        page = {**broken_context(request, INITIATIVES, problem.problems), **_of_shape(request, shape)}
        # What is wrong here is wrong in every other shape and grouping too.
        page |= {"shapes": shapes_of(INITIATIVES, "", shape.name), "groupings": ()}
        return render(request, shape.template, {"page": page, **_around(request, shape)}, status=400)
    page = {**asking(request, asked.query), **_of_shape(request, shape)}
    page["exports"] = [{**each, "url": _of_list(each["url"])} for each in page["exports"]]
    page["empty"] = not asked.total and not INITIATIVES.visible(request.user).exists()
    context = {"page": page, "asked": asked, "most": shape.most, "shape": shape, **_around(request, shape)}
    return render(request, shape.template, {**context, **banner(request), **shape.content(request, asked)})


def _around(request: HttpRequest, shape: Shape) -> dict[str, Any]:
    """What the page has around its rows: where it lies, and what stands above the list in every shape."""
    return {"crumbs": crumbs_of(INITIATIVES, (shape.label, request.path)), "above": above_of(request, INITIATIVES.slug)}


def _of_shape(request: HttpRequest, shape: Shape) -> dict[str, Any]:
    """What the page of a list says in this shape: its forms come back here, its tabs lead elsewhere."""
    asked = with_params(request.GET, **dict.fromkeys(OWN))
    by = request.GET.get("by", "")
    return {
        "url": request.path,
        "clear_url": request.path + (f"?by={by}" if by in shape.groupings else ""),
        "shapes": shapes_of(INITIATIVES, asked, shape.name),
        "columns_menu": (),
        "groupings": [
            {"label": label, "url": with_params(request.GET, by=name), "current": name == (by or first)}
            for first in [next(iter(shape.groupings), "")]
            for name, label in shape.groupings.items()
        ],
    }  # fmt: skip


def _of_list(url: str) -> str:
    """A file of the list, which the list itself gives: it knows nothing of what the shapes ask besides."""
    path, _, asked = url.partition("?")
    params = QueryDict(asked, mutable=True)
    for name in OWN:
        params.pop(name, None)
    return f"{path or INITIATIVES.url}?{params.urlencode(safe=',*:/')}"


def limits_of(asked: Asked) -> dict[int, Any]:
    """Initiative → the limit that it answers to which is reached first; those that a forecast speaks of."""
    links = (
        Link.objects.visible(asked.reader)
        .filter(initiative__in=[each.pk for each in asked.initiatives], limit__state__q50_date__isnull=False)
        .select_related("limit__state__forecast")
        .order_by("-limit__state__q50_date")
    )
    return {each.initiative_id: each.limit for each in links}
