"""The query string: the public contract of lists, files and API. The walk over every collection is beside this."""

import base64
import datetime as dt
import json

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.actions import update_record
from services.models import Document, Entity, Source
from tests import factories
from tests.factories import make_entity, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(api, people):
    """Ask the API for services: their names in order, or the sentence that says why not."""
    client = api(people.reader)

    def asked(query: str, slug: str = "services") -> list[str] | str:
        response = client.get(f"/api/v1/{slug}/?{query}")
        if response.status_code == 400:
            return response.json()["error"]
        assert response.status_code == 200, response.content
        return [row["key"] for row in response.json()["items"]]

    return asked


def cursor_of(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_the_same_name_twice_is_either_and_different_names_are_both(ask):
    make_entity("a", tier=0, lifecycle="production")
    make_entity("b", tier=1, lifecycle="production")
    make_entity("c", tier=1, lifecycle="deprecated")
    make_entity("d", tier=2, lifecycle="production")
    assert ask("tier=0&tier=1") == ["a", "b", "c"]
    assert ask("tier=0&tier=1&lifecycle=production") == ["a", "b"]
    assert ask("tier.min=1&tier.max=2&lifecycle=production") == ["b", "d"]


def test_not_keeps_what_has_no_value(ask):
    make_entity("a", tier=0)
    make_entity("b")
    assert ask("tier.not=0") == ["b"]
    assert ask("owner.not=nobody") == ["a", "b"]


def test_set_asks_whether_there_is_a_value(ask, people):
    make_entity("owned", owner=people.team, title="Owned", tags=["pci"])
    make_entity("unowned")
    for column in ("owner", "title", "tags"):
        assert ask(f"{column}.set=true") == ["owned"]
        assert ask(f"{column}.set=false") == ["unowned"]
    assert ask("owner.set=no") == ["unowned"]


def test_an_owner_is_named_in_any_of_its_spellings(ask, people):
    make_entity("a", owner=people.team)
    make_entity("b", owner=people.other)
    for spelling in ("checkout", "Checkout", "default/checkout", "group:default/checkout", "GROUP:default/Checkout"):
        assert ask(f"owner={spelling}") == ["a"], spelling
    assert ask("owner=user:default/checkout") == []
    assert ask("owner=elsewhere/checkout") == []
    assert ask("owner=checkout&owner=payments") == ["a", "b"]


def test_text_is_compared_without_regard_to_case(ask):
    make_entity("Payments-API", title="Takes PAYMENTS")
    assert ask("name.contains=ments-a") == ["payments-api"]
    assert ask("name.starts=pay") == ["payments-api"]
    assert ask("title.contains=payments") == ["payments-api"]


def test_what_like_would_take_for_a_pattern_is_taken_as_it_is(ask):
    make_entity("a", title="100% sure")
    make_entity("b", title="100 times sure")
    make_entity("c", title="snake_case")
    make_entity("d", title="snake case")
    assert ask("title.contains=100%25") == ["a"]
    assert ask("title.contains=snake_") == ["c"]
    assert ask("title.contains=%5C") == []


def test_a_tag_matches_whole(ask):
    make_entity("a", tags=["pci", "eu"])
    make_entity("b", tags=["pci-scope"])
    assert ask("tags=pci") == ["a"]
    assert ask("tags.not=pci") == ["b"]
    assert ask("tags=pci-scope&tags=eu") == ["a", "b"]


def test_days_begin_and_end_in_the_readers_time_zone(sign_in, people):
    late = dt.datetime(2026, 3, 10, 23, 30, tzinfo=dt.UTC)  # the 11th already in Warsaw
    source = Source.objects.create(name="repos")
    Document.objects.create(source=source, file="late.yaml", number=0, status="rejected", read_at=late)
    people.reader.time_zone = "Europe/Warsaw"
    people.reader.save()
    client = sign_in(people.reader)
    for query, count in (("read_at.after=2026-03-11", 1), ("read_at.before=2026-03-11", 0)):
        assert client.get(f"/documents/?{query}").context["page"]["total"]["count"] == count
    text = b"".join(client.get("/documents/?format=csv&columns=file,read_at").streaming_content).decode()
    assert "late.yaml,2026-03-11T00:30:00+01:00" in text


def test_within_counts_back_from_now(ask):
    make_entity("fresh")
    assert ask("updated_at.within=1h") == ["fresh"]
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=8), tick=False):
        assert ask("updated_at.within=7d") == []
        assert ask("updated_at.within=2w") == ["fresh"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("tier=zero", "tier=zero: expected a whole number, such as 2."),
        ("tier=9223372036854775808", "tier=9223372036854775808: that number is too large."),
        ("tier.set=perhaps", "tier.set=perhaps: expected true or false."),
        ("updated_at.within=30", "within=30: expected a span of hours, days or weeks, such as 12h, 30d or 4w."),
        ("updated_at.after=2026-02-30", "updated_at.after=2026-02-30: expected a date or a moment"),
        ("lifecycle=dead", "there is no such value. There are: experimental, production, deprecated, retired."),
        ("page=0", "page=0: expected a whole number from 1 to 10,000."),
        ("page=10001", "page=10001: expected a whole number from 1 to 10,000."),
        ("page=00000000199999999999999999999999", "expected a whole number from 1 to 10,000."),
        ("size=501", "size=501: expected a whole number from 1 to 500."),
        ("size=-1", "size=-1: expected a whole number from 1 to 500."),
        ("size=٣٣٣٣", "expected a whole number from 1 to 500."),
        ("q=a%00b", "q: text cannot hold a null character."),
        ("title=a%00b", "text cannot hold a null character."),
        ("owner=a%00b", "text cannot hold a null character."),
        ("tiers=1", "The filter “tiers” is not known here. Did you mean “tier”?"),
        ("sort=ownr", "To sort by, the column “ownr” is not known here. Did you mean “owner”?"),
        ("sort=tags", "To sort by, the column “tags” is not known here."),
        ("columns=name,ownr", "The column “ownr” is not known here. Did you mean “owner”?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(ask, query, problem):
    answer = ask(query)
    assert isinstance(answer, str)
    assert problem in answer


@pytest.mark.parametrize("number", ["1e200000", "-1e301", "1e-200000", "NaN", "Infinity"])
def test_a_number_beyond_all_measure_is_refused_in_a_sentence(api, people, number):
    for question in ("target", "target.min", "target.max", "target.not"):
        answer = api(people.reader).get(f"/api/v1/slos/?{question}={number}")
        assert answer.status_code == 400
        assert f"{question}={number}: " in answer.json()["error"]
    assert api(people.reader).get("/api/v1/slos/?target.min=1e300").status_code == 200


def test_every_problem_is_said_at_once(api, people):
    response = api(people.reader).get("/api/v1/services/?tier=zero&zebra=1&sort=stripes")
    problems = response.json()["problems"]
    assert [problem.split(" ")[0] for problem in sorted(problems)] == ["The", "To", "tier=zero:"]


def test_the_page_says_it_too_and_keeps_its_frame(sign_in, people):
    response = sign_in(people.reader).get("/services/?tier=zero")
    assert response.status_code == 400
    assert "tier=zero: expected a whole number, such as 2." in response.content.decode()
    assert "<h1>Services</h1>" in response.content.decode()


def test_empty_parameters_ask_nothing(ask):
    make_entity("a")
    for query in ("tier=", "tier=&q=&sort=&columns=&cursor=&page=&size=", "columns=,", "tier=%20"):
        assert ask(query) == ["a"], query


def test_an_empty_choice_of_columns_shows_the_usual_ones(sign_in, people):
    make_entity("a")
    page = sign_in(people.reader).get("/services/?columns=,").context["page"]
    assert [column["name"] for column in page["columns"]][:2] == ["name", "owner"]


def test_default_filters_hold_until_the_same_column_is_asked_for(ask):
    make_entity("a-service")
    make_entity("b-library", type="library")
    assert ask("") == ["a-service"]
    assert ask("tier.set=false") == ["a-service"]
    assert ask("type=*") == ["a-service", "b-library"]
    assert ask("type=library") == ["b-library"]
    assert ask("type.not=service") == ["b-library"]


def test_sorting_by_several_columns(ask):
    for name, tier in (("a", 1), ("b", 0), ("c", 1), ("d", None)):
        make_entity(name, tier=tier)
    assert ask("sort=tier,-name") == ["b", "c", "a", "d"]
    assert ask("sort=-tier,name") == ["a", "c", "b", "d"]


def test_the_text_box_finds_words_prefixes_and_insides_of_names(ask, people):
    make_entity("checkout-gateway", owner=people.other, title="Checkout gateway")
    make_entity("orders")
    assert ask("q=gate") == ["checkout-gateway"]
    assert ask("q=ateway") == ["checkout-gateway"]
    assert ask("q=gate+payments") == ["checkout-gateway"]
    assert ask("q=gate+refunds") == []
    assert ask("q=%3B%3B") == []


def test_the_total_is_exact_to_1000_and_loaded_later_beyond(sign_in, people):
    team = make_team("many")
    references = [factories.Reference(canonical=f"component:default/s-{n:04}", kind="component", name=f"s-{n:04}",
                                      label=f"s-{n:04}") for n in range(1001)]  # fmt: skip
    made = factories.Reference.objects.bulk_create(references)
    Entity.objects.bulk_create(
        [
            Entity(reference=each, kind="component", name=each.name, type="service", owner=team.reference)
            for each in made
        ]
    )
    client = sign_in(people.reader)
    page = client.get("/services/?name.not=s-0000").context["page"]
    assert page["total"] == {"text": "1,000", "count": 1000, "lazy_url": None}
    page = client.get("/services/").context["page"]
    assert page["total"]["count"] is None
    assert page["total"]["text"] == "more than 1,000"
    assert client.get(page["total"]["lazy_url"]).content == b"1,001"


def test_paging_reads_one_page_and_not_the_rows_before_it_twice(api, people):
    for n in range(5):
        make_entity(f"s-{n}")
    client = api(people.reader)
    first = client.get("/api/v1/services/?size=2").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert [[row["key"] for row in page["items"]] for page in (first, second, third)] == [
        ["s-0", "s-1"], ["s-2", "s-3"], ["s-4"],
    ]  # fmt: skip
    assert third["next"] is None
    assert {page["total"] for page in (first, second, third)} == {5}


def test_the_text_box_of_a_list_that_is_in_no_index_looks_through_its_texts(ask, api, people):
    source = Source.objects.create(name="repos", location="/srv/repos")
    Document.objects.create(source=source, file="a/catalog-info.yaml", number=0, status="rejected", error="No name.")
    factories.make_reference("component:default/loose-end")
    source_key, document_key = str(source.pk), str(Document.objects.get().pk)
    account = str(people.service_account.pk)
    for slug, text, found in (
        ("sources", "REPO", [source_key]),
        ("documents", "a/catalog name", [document_key]),
        ("references", "loose&pointed_at=*", ["component:default:loose-end"]),
        ("service-accounts", "pipeline", [account]),
        ("service-accounts", "pipeline zebra", []),
        ("documents", "100%25", []),
    ):
        assert ask(f"q={text}", slug) == found, (slug, text)
    users = api(people.administrator).get("/api/v1/users/?q=editor&columns=email").json()["items"]
    assert [each["email"] for each in users] == ["editor@larkspur.example"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pay+" * 13, "q: 13 words are more than can be searched for at once. Leave at most 12."),
        ("a-b." * 7, "q: 14 words are more than can be searched for at once. Leave at most 12."),
        ("x" * 401, "q: 401 characters are more than can be searched for at once. Shorten it to 400."),
    ],
)
def test_what_is_too_much_to_search_for_is_refused_and_not_cut(ask, text, said):
    make_entity("pay")
    assert ask(f"q={text}") == ask(f"q={text}", "references") == said
    assert ask("q=" + "pay+" * 12) == ["pay"]


@pytest.mark.parametrize("length", [350, 9000])
def test_pages_follow_each_other_however_long_the_values_that_are_sorted_by(api, people, length):
    for letter in "abcd":
        make_entity(letter, description=letter * length)
    client, address, seen = api(people.reader), "/api/v1/services/?sort=description&size=1&columns=name", []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.content
        seen += [each["name"] for each in answer.json()["items"]]
        address = answer.json()["next"]
    assert seen == ["a", "b", "c", "d"]


def test_a_filter_finds_by_the_name_that_something_had(ask, people):
    update_record(by=None, record=people.team, values={"name": "tills"})
    make_entity("cart", owner=people.team)
    make_entity("ledger", owner=people.other)
    for spelling in ("tills", "checkout", "default/checkout", "group:default/checkout"):
        assert ask(f"owner={spelling}") == ["cart"], spelling
        assert ask(f"owner.not={spelling}") == ["ledger"], spelling
    assert ask("owner=user:default/checkout") == []
    make_entity("till-roll", owner=make_team("checkout"))
    assert ask("owner=checkout") == ["till-roll"]


def test_a_row_that_is_added_meanwhile_shifts_no_cursor(api, people):
    for name in ("b", "d", "f"):
        make_entity(name)
    client = api(people.reader)
    first = client.get("/api/v1/services/?size=2").json()
    make_entity("a")
    assert [row["key"] for row in client.get(first["next"]).json()["items"]] == ["f"]


@pytest.mark.parametrize(
    "cursor",
    [
        "zebra",
        "!!!",
        cursor_of("a"),
        cursor_of("a", "b", 1),
        cursor_of("a", "1"),
        cursor_of({"a": 1}, 1),
        cursor_of(["a"], 1),
        cursor_of("a\x00", 1),
        cursor_of("a", 10**30),
        cursor_of("a", True),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(ask, cursor):
    make_entity("a")
    assert ask(f"cursor={cursor}") == "cursor: this cursor belongs to another list or is cut short; begin without it."


@pytest.mark.parametrize(
    ("sort", "value"),
    [("tier", "zebra"), ("tier", {}), ("tier", 10**30), ("updated_at", 5), ("updated_at", "zebra"), ("updated_at", []),
     ("owner", {"a": 1}), ("owner", "a\x00"), ("lifecycle", ["a"]), ("lifecycle", 5)],
)  # fmt: skip
def test_a_cursor_with_a_value_of_another_type_is_refused(ask, sort, value):
    make_entity("a")
    answer = ask(f"sort={sort}&cursor={cursor_of(value, 1)}")
    assert answer == "cursor: this cursor belongs to another list or is cut short; begin without it."


@pytest.mark.parametrize(
    "query",
    ["q=pay&q=gate", "sort=name&sort=tier", "page=1&page=2", "size=10&size=20", "cursor=a&cursor=b",
     "format=csv&format=json"],
)  # fmt: skip
def test_what_is_asked_once_is_refused_twice_by_page_and_api(ask, sign_in, people, query):
    told = f"{query.partition('=')[0]} was given 2 times; it takes one value."
    assert told in ask(query)
    response = sign_in(people.reader).get(f"/services/?{query}")
    assert (response.status_code, told in response.content.decode()) == (400, True)


def test_empty_values_do_not_count_as_given(ask):
    make_entity("pay-gate")
    assert ask("q=&q=pay") == ["pay-gate"]


def test_a_time_without_a_zone_is_the_readers_on_pages_and_the_organisations_with_a_token(
    ask, sign_in, people, settings
):
    settings.TIME_ZONE = "America/New_York"
    people.reader.time_zone = "Asia/Tokyo"
    people.reader.save()
    make_entity("a")
    Entity.objects.update(updated_at="2026-12-01T03:00:00Z")
    page = sign_in(people.reader).get
    # 10:00 in Tokyo is 01:00 UTC, before the change; in New York it is 15:00 UTC, after it.
    for asked in ("2026-12-01T10:00", "2026-12-01"):
        rows = page(f"/services/?updated_at.after={asked}").context["page"]["rows"]
        assert [row["url"] for row in rows] == ["/services/a/"]
        file = b"".join(page(f"/services/?updated_at.after={asked}&columns=name&format=csv"))
        assert file.decode("utf-8-sig").split() == ["name", "a"]
        assert ask(f"updated_at.after={asked}") == []
    assert ask("updated_at.after=2026-12-01T10:00%2B09:00") == ["a"]
    assert ask("updated_at.after=2026-11-30T21:00") == ["a"]


def test_asking_in_sql_stays_text(ask):
    make_entity("a")
    assert ask("name=a';DROP TABLE services_entity;--") == []
    assert ask("q=a'%20OR%201=1") == []
    assert "is not known here" in ask("sort=name;DROP")
    assert ask("name=a") == ["a"]


def test_a_broken_question_costs_no_query_of_the_rows(sign_in, people):
    client = sign_in(people.reader)
    client.get("/services/?zebra=1")
    with CaptureQueriesContext(connection) as captured:
        client.get("/services/?zebra=1")
    assert not [query for query in captured.captured_queries if "services_entity" in query["sql"]]


def test_the_form_of_a_filter_becomes_one_parameter(sign_in, people):
    client = sign_in(people.reader)
    response = client.get("/services/?sort=-name&filter.field=tier&filter.op=not&filter.value=1&filter.value=2")
    assert (response.status_code, response.url) == (302, "/services/?sort=-name&tier.not=1&tier.not=2")
    response = client.get("/services/?tier=1&filter.field=tier&filter.op=&filter.value=0, 3")
    assert response.url == "/services/?tier=0&tier=3"
    response = client.get("/services/?filter.field=owner&filter.op=set&filter.value=false")
    assert response.url == "/services/?owner.set=false"


def test_removing_a_chip_lifts_its_filter_and_only_that(sign_in, people):
    make_entity("a", tier=1)
    client = sign_in(people.reader)
    chips = client.get("/services/?tier=1&lifecycle=production").context["page"]["chips"]
    assert {chip["label"]: chip["remove_url"] for chip in chips} == {
        "Tier": "?lifecycle=production",
        "Lifecycle": "?tier=1",
        "Type": "?tier=1&lifecycle=production&type=*",
    }


def test_a_format_that_is_not_known_is_refused_with_those_that_are(sign_in, people):
    response = sign_in(people.reader).get("/services/?format=xlsx")
    assert response.status_code == 400
    assert "There is no format “xlsx”. There are: csv, json." in response.content.decode()
