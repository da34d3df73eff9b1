"""Where one comes out: beyond the last page, at what was deleted, at what nothing names, at the portal's own status."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal.frame import FRESH_KEY
from portal.history.events import _Names
from services import actions
from services.models import Entity
from tests.factories import depend, make_entity, make_reference


@pytest.mark.django_db
def test_a_page_beyond_the_last_says_how_many_there_are_and_leads_to_the_last(sign_in, people):
    for name in ("a", "b", "c"):
        make_entity(name, owner=people.team)
    client = sign_in(people.reader)
    page = client.get("/services/?size=2&page=100").content.decode()
    assert "Page 100 of 2" in page
    assert 'href="?size=2&amp;page=2"' in page
    assert "Nothing matches" not in page
    assert "No services here" not in page
    assert "Nothing matches" in client.get("/services/?q=nowhere&page=2").content.decode()


@pytest.mark.django_db
def test_what_nothing_names_is_no_loose_end_and_its_page_says_so(sign_in, people):
    make_reference("component:default/forgotten")
    depend(make_entity("shop", owner=people.team), gone := make_entity("ledger", owner=people.team))
    actions.delete_entity(by=None, record=gone)
    client = sign_in(people.reader)
    assert [row["url"] for row in client.get("/references/").context["page"]["rows"]] == [
        "/references/component:default:ledger/"
    ]
    assert "Something points at it." in client.get("/references/component:default:ledger/").content.decode()
    page = client.get("/references/component:default:forgotten/").content.decode()
    assert "Nothing points at it." in page
    assert "Something points at it." not in page


@pytest.mark.django_db(transaction=True)
def test_history_goes_on_across_deleting_and_describing_anew(sign_in, people):
    make_entity("ledger", owner=people.team, description="The first one")
    client = sign_in(people.editor)
    actions.update_entity(by=None, record=Entity.objects.get(), values={"description": "Told better"})
    actions.delete_entity(by=None, record=Entity.objects.get())
    assert (
        'href="/references/component:default:ledger/history/"'
        in client.get("/references/component:default:ledger/").content.decode()
    )
    told = client.get("/references/component:default:ledger/history/").context["events"]
    assert [each.kind for each in told] == ["deleted", "changed", "created"]
    make_entity("ledger", owner=people.team, description="The second one")
    told = client.get("/services/ledger/history/").context["events"]
    assert [each.kind for each in told] == ["created", "deleted", "changed", "created"]


@pytest.mark.django_db
def test_history_names_nobody_rather_than_a_page_where_nobody_was_signed_in():
    names = _Names([], None)
    assert names.who({"origin": "page"}) == "Somebody who was not signed in"
    assert names.who({"origin": "catalog apply"}) == "catalog apply"


@pytest.mark.django_db
def test_a_reference_that_nobody_ever_described_has_no_history(sign_in, people):
    make_reference("component:default/forgotten")
    page = sign_in(people.reader).get("/references/component:default:forgotten/").content.decode()
    assert "forgotten/history/" not in page


@pytest.mark.django_db
def test_the_foot_of_every_page_leads_people_to_a_page_about_the_portals_state(sign_in, people, client):
    assert 'href="/status/"' in sign_in(people.reader).get("/help/").content.decode()
    client.logout()
    page = client.get("/status/").content.decode()
    assert "no worker has answered" in page
    cache.set(FRESH_KEY, timezone.now())
    assert "data were refreshed" in client.get("/status/").content.decode()
