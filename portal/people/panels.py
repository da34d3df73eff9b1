"""Panels of teams, people and service accounts."""

from django.http import HttpRequest

from portal.cells import owner_html
from portal.collections import get_collection, known_to, reference_url
from portal.panels import Context, panel
from portal.people.belonging import where_said
from portal.people.forms import LeavingForm, MemberForm, TokenForm
from portal.people.models import Membership, Person, ServiceAccount, Team


@panel(on=Team, slot="main", order=20, title="Members", template="people/_members.html")
def members(request: HttpRequest, team: Team) -> Context:
    everybody = Membership.objects.current().filter(team=team.reference_id).select_related("person")
    current = known_to(request.user, everybody, "person")
    found = list(current.order_by("-role", "person__label"))
    said = where_said(team.reference, [each.person_id for each in found])
    rows = [
        {
            "membership": each,
            "html": owner_html(each.person.label, _url(each.person), "user", each.person.attached),
            "said": said.get(each.person_id),
        }
        for each in found
    ]
    may = request.user.has_perm("people.change_team", team)
    form = MemberForm() if may else None
    return {"rows": rows, "fact": len(rows) or "", "form": form, "key": _key("teams", team)}


@panel(on=Team, slot="rail", order=20, title="Teams within", template="people/_teams.html")
def children(request: HttpRequest, team: Team) -> Context | None:
    found = Team.objects.filter(parent=team.reference_id, is_active=True).select_related("reference")
    known = known_to(request.user, found.order_by("title"), "reference")
    rows = [owner_html(str(each), _url(each.reference), "group") for each in known]
    return {"rows": rows, "fact": len(rows)} if rows else None


@panel(on=Person, slot="main", order=20, title="Teams", template="people/_person_teams.html")
def teams(request: HttpRequest, person: Person) -> Context:
    everywhere = Membership.objects.filter(person=person.reference_id).select_related("team")
    tenures = known_to(request.user, everywhere, "team")
    rows = [
        {"membership": each, "html": owner_html(each.team.label, _url(each.team), "group", each.team.attached)}
        for each in tenures.order_by("effective_to", "team__label")
    ]
    return {"rows": rows}


@panel(on=Person, slot="rail", order=50, title="Leaving", template="people/_leaving.html")
def leaving(request: HttpRequest, person: Person) -> Context | None:
    if not request.user.has_perm("people.change_person", person):
        return None
    return {"form": LeavingForm(auto_id="leaving_%s"), "key": _key("people", person)}


@panel(on=ServiceAccount, slot="main", order=10, title="Tokens", template="people/_tokens.html")
def tokens(request: HttpRequest, account: ServiceAccount) -> Context:
    """What its tokens are called and begin with is for who may revoke them; others learn how many there are."""
    may = request.user.has_perm("people.change_serviceaccount", account)
    found = account.api_tokens.filter(revoked_at=None).order_by("-created_at")
    return {"tokens": found if may else (), "fact": found.count() or "", "form": TokenForm() if may else None}


def _url(reference: object) -> str:
    return reference_url(reference.canonical, reference.attached)  # type: ignore[attr-defined]


def _key(slug: str, record: Person | Team) -> str:
    """What names the record in an address; the name alone would mean another one's outside of “default”."""
    collection = get_collection(slug)
    assert collection is not None  # noqa: S101  it is registered beside this module
    return collection.key_of(record)
