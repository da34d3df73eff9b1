"""Search: what is typed finds records of every collection, and the line that is found says who owns it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.collections import unknown_to
from portal.people import actions as people_actions
from portal.search import index
from portal.search.find import find
from portal.search.models import SearchEntry
from services import actions
from services.ownership import set_accountable
from tests.factories import depend, make_entity, make_person, make_team

pytestmark = pytest.mark.django_db


def names(reader, text: str) -> list[str]:
    return [result.name for result in find(reader, text).results]


def test_the_result_line_says_who_owns_it(sign_in, people):
    make_entity("checkout-api", owner=people.team, tier=0)
    make_entity("orphan")
    client = sign_in(people.reader)
    lines = {}
    for text in ("checkout-api", "orphan"):
        groups = client.get(f"/search/?q={text}").context["groups"]
        lines |= {option["title"]: option["meta"] for group in groups for option in group["options"]}
    assert lines["checkout-api"].startswith("Checkout, ")
    assert "tier 0" in lines["checkout-api"]
    assert lines["orphan"].startswith("no owner")


def test_whole_names_come_first_then_beginnings_then_the_rest(people):
    for name in ("mail-cart", "cart-web", "cart", "mini-cartel"):
        make_entity(name)
    assert names(people.reader, "cart") == ["cart", "cart-web", "mail-cart", "mini-cartel"]


@pytest.mark.parametrize("text", ["refu", "REFU", "gateway", "ateway", "refunds gate", "gate refunds",
                                  "refunds-gateway", "refu gatew", "  refunds  ", "refunds.gateway"])  # fmt: skip
def test_a_service_is_found_by_beginnings_and_insides_of_its_name(people, text):
    make_entity("refunds-gateway")
    make_entity("orders")
    found = find(people.reader, text).results
    assert [each.name for each in found if "/services/" in each.url] == ["refunds-gateway"]
    assert found[0].name == "refunds-gateway"


@pytest.mark.parametrize("text", ["", " ", ";;", "'", "\\", "& | !", "<->", ":*", "\x00\x00", "~", "(", "%", "_"])
def test_punctuation_finds_nothing_and_breaks_nothing(sign_in, people, text):
    for address in ("/search/", "/search/palette/", "/search/references/", "/services/"):
        asked = {"q": text} if address != "/search/references/" else {"q": text, "kinds": "component"}
        response = sign_in(people.reader).get(address, asked)
        assert response.status_code == (400 if address == "/services/" and "\x00" in text else 200)
    assert names(people.reader, text) == []


def test_accents_do_not_matter(people):
    make_person("zoe", title="Zoë Müller")
    assert names(people.reader, "zoe muller") == names(people.reader, "Zoë Müller") != []


def test_every_collection_that_declares_search_columns_is_searched(people):
    make_team("ticketing", title="Ticketing")
    make_person("tina", title="Tina Ticketing")
    make_entity("ticketing-api", kind="api")
    make_entity("ticketing-db", kind="resource")
    make_entity("ticketing-system", kind="system")
    make_entity("ticketing-domain", kind="domain")
    make_entity("ticketing-web")
    found = {result.collection.slug for result in find(people.reader, "ticketing").results}
    assert found == {"teams", "people", "apis", "resources", "systems", "domains", "services"}


def test_a_kind_without_a_page_of_its_own_is_found_too(people):
    make_entity("golden-path", kind="template")
    result = find(people.reader, "golden").results[0]
    assert (result.collection.slug, result.url) == ("entities", "/entities/template:default:golden-path/")


def test_words_of_other_columns_are_found_by_their_beginning(people):
    make_entity("api", owner=people.team, description="Charges cards of fans", tags=["pci-scope"])
    for text in ("char", "cards fans", "pci", "checkout", "scope"):
        assert names(people.reader, text)[-1:] == ["api"], text
    assert "api" not in names(people.reader, "harges")


def test_the_index_follows_every_write(people):
    entity = make_entity("alpha")
    assert names(people.reader, "alpha") == ["alpha"]
    actions.update_entity(by=None, record=entity, values={"title": "Bravo"})
    assert names(people.reader, "bravo") == ["alpha"]
    actions.update_entity(by=None, record=entity, values={"title": "", "name": "charlie"})
    assert (names(people.reader, "bravo"), names(people.reader, "charlie")) == ([], ["charlie"])
    actions.delete_entity(by=None, record=entity)
    assert names(people.reader, "charlie") == []


def test_a_service_is_found_by_its_new_owner_and_no_longer_by_the_former(people):
    entity = make_entity("cart", owner=people.team)
    set_accountable(entity=entity, owner=people.other.reference)
    assert "cart" in names(people.reader, "payments")
    assert "cart" not in names(people.reader, "checkout")


def test_a_team_that_is_renamed_is_found_as_the_owner_under_its_new_name(people):
    make_entity("api", owner=people.team)
    people_actions.update_record(by=None, record=people.team, values={"title": "Purchase"})
    assert "api" in names(people.reader, "purchase")


def test_writing_the_index_anew_changes_nothing(people):
    make_entity("alpha", owner=people.team, tags=["x"])
    before = sorted(SearchEntry.objects.values_list("model", "object_id", "name", "document"))
    index.refresh_everything()
    assert sorted(SearchEntry.objects.values_list("model", "object_id", "name", "document")) == before


def test_a_search_takes_the_same_queries_whatever_it_finds(people):
    for n in range(3):
        make_entity(f"cart-{n}", owner=people.team)
    # Asked once for each reader, whatever is searched for.
    assert people.reader.team_ids
    assert not unknown_to(people.reader)
    few = _queries(people.reader)
    for n in range(3, 40):
        make_entity(f"cart-{n}", owner=people.team)
    assert _queries(people.reader) == few <= 4


def _queries(reader) -> int:
    assert reader.team_ids  # which every page needs anyway
    with CaptureQueriesContext(connection) as captured:
        find(reader, "cart")
    return len(captured)


def test_more_than_fits_is_said(sign_in, people):
    for n in range(60):
        make_entity(f"cart-{n:02}")
    client = sign_in(people.reader)
    assert (client.get("/search/?q=cart").context["total"], client.get("/search/?q=cart").context["more"]) == (50, True)
    assert client.get("/search/?q=cart-0").context["more"] is False


def test_what_is_too_much_to_search_for_is_said_and_not_cut(sign_in, people):
    make_entity("pay")
    for address in ("/search/", "/search/palette/"):
        page = sign_in(people.reader).get(address, {"q": "pay " * 13}).content.decode()
        assert "13 words are more than can be searched for at once. Leave at most 12." in page
        assert "/services/pay/" in sign_in(people.reader).get(address, {"q": "pay " * 12}).content.decode()


def test_what_is_typed_is_marked_and_never_run(sign_in, people):
    make_entity("checkout-api", title="<script>alert(1)</script>")
    client = sign_in(people.reader)
    page = client.get("/search/", {"q": "checkout"}).content.decode()
    assert "<mark>checkout</mark>-api" in page
    assert "<script>alert" not in page
    assert "<b>x</b>" not in client.get("/search/", {"q": "<b>x</b>"}).content.decode()


def test_the_palette_answers_with_a_fragment(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    page = sign_in(people.reader).get("/search/palette/?q=checkout-a").content.decode()
    assert "/services/checkout-api/" in page
    assert "<html" not in page


def test_suggestions_of_a_field_are_of_its_kinds_and_described(sign_in, people):
    make_entity("checkout-system", kind="system")
    depend(make_entity("checkout-api"), make_entity("checkout-db", kind="resource"))
    client = sign_in(people.reader)
    assert client.get("/search/references/?kinds=group,user&q=check").json() == {
        "items": [{"value": "checkout", "label": "Checkout"}]
    }
    assert client.get("/search/references/?kinds=group,user&q=stran").json() == {
        "items": [{"value": "user:default/stranger", "label": "Stranger"}]
    }
    assert client.get("/search/references/?q=check").json() == {"items": []}


def test_null_characters_in_what_is_looked_for_are_left_out(sign_in, people):
    client = sign_in(people.reader)
    for address in ("/search/references/?kinds=gro%00up&q=che%00ck", "/search/references/?kinds=group&q=check"):
        assert client.get(address).json() == {"items": [{"value": "checkout", "label": "Checkout"}]}


def test_logins_are_found_by_nobody(people):
    assert [each.collection.slug for each in find(people.administrator, "reader").results] == ["people"]
