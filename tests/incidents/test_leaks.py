"""The leak check: what in a public text tells of the inside, what does not, and what could be said instead."""

import pytest

from incidents.models import PublicName, SecretWord
from incidents.status_texts.known import known_in
from incidents.status_texts.leaks import find, instead
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _names():
    team = factories.make_team("checkout", title="Checkout", chat="#checkout-help")
    factories.make_team("core-platform", title="Core Platform")
    factories.make_person("mei", title="Mei Lindqvist", email="mei@larkspur.example")
    factories.make_person("will.grace", title="Will Grace")
    factories.make_person("sinead", title="Sinéad O'Brien")
    factories.make_entity("payments-gateway", owner=team)
    factories.make_entity("search", owner=team)
    cart = factories.make_entity("cart-api", owner=team)
    PublicName.objects.create(subject=cart.reference, name="Shopping cart")
    SecretWord.objects.create(word="Globex", kind="customer", replacement="a venue")
    SecretWord.objects.create(word="larkspur.net", kind="domain")
    SecretWord.objects.create(word="Bluebird", kind="word", replacement="the new checkout")


def found(text: str) -> list[tuple[str, str]]:
    return [(leak.word, leak.why) for leak in find(text, known_in(text))]


@pytest.mark.parametrize(
    ("text", "word", "why"),
    [
        ("Mei Lindqvist is rolling back.", "Mei Lindqvist", "the name of a colleague"),
        ("Mei is on it, buyers can go on.", "Mei", "the name of a colleague"),
        ("O'Brien is looking into it.", "O'Brien", "the name of a colleague"),
        ("Ask O’Brien.", "O’Brien", "the name of a colleague"),
        ("Mei's change is taken back.", "Mei", "the name of a colleague"),
        ("Only ip-10-0-3-17 is slow.", "ip-10-0-3-17", "the name of an internal host"),
        ("See localhost:8080 for it.", "localhost:8080", "the name of an internal host"),
        ("It was found by will.grace today.", "will.grace", "the name of a colleague"),
        ("We asked the Checkout team to look.", "Checkout team", "the name of a team"),
        ("Core Platform is looking into it.", "Core Platform", "the name of a team"),
        ("Ask in #checkout-help.", "#checkout-help", "an internal chat"),
        ("Errors come from payments-gateway.", "payments-gateway", "the internal name of a service"),
        ("The search service answers slowly.", "search service", "the internal name of a service"),
        ("The cart-api is slow.", "cart-api", "the internal name of a service"),
        ("Globex cannot sell tickets.", "Globex", "the name of a customer"),
        ("This is part of Bluebird.", "Bluebird", "a word that stays inside"),
        ("The host db-prod-03 is full.", "db-prod-03", "the name of an internal host"),
        ("It runs on orders.eu.internal:5432 now.", "orders.eu.internal:5432", "the name of an internal host"),
        ("See https://wiki.larkspur.net/pay for more.", "https://wiki.larkspur.net/pay", "an internal address"),
        ("See http://grafana/d/abc.", "http://grafana/d/abc", "an internal address"),
        ("It answers from 10.20.4.17:8080 only.", "10.20.4.17:8080", "an IP address"),
        ("It answers from 2001:db8::8a2e:370 only.", "2001:db8::8a2e:370", "an IP address"),
        ("Write to mei@larkspur.example.", "mei@larkspur.example", "an e-mail address"),
        ("Tracked as PAY-1234.", "PAY-1234", "the number of a ticket"),
        ("The same as PRIV-7.", "PRIV-7", "the number of a private incident"),
        ("Follow INC-412.", "INC-412", "an internal number of an incident"),
    ],
)  # fmt: skip
def test_what_tells_of_the_inside_is_found_with_the_reason(text, word, why):
    assert found(text) == [(word, why)]


@pytest.mark.parametrize(
    "text",
    [
        "Checkout is slow for some buyers. We will tell more by 15:00 UTC.",
        "Search answers again; by the grace of caching most pages never failed.",
        "The Shopping cart loses items in version 1.20.300.4 of the app.",
        "We now require TLS-1 no more, encode as UTF-8 and sign with SHA-256.",
        "Read more on https://status.example.com/incidents and https://www.example.org.",
        "Between 10:20 and 11:45 about 4.5% of requests failed, 3-4 times as many as usual.",
        "Payments by card work. Vouchers do not, and we are working on it.",
    ],
)
def test_ordinary_sentences_of_status_pages_are_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The Checkout team is looking into it.", "Our team is looking into it."),
        ("Mei Lindqvist found it.", "Our engineers found it."),
        ("The cart-api is slow.", "Shopping cart is slow."),
        ("Sales of Globex stopped.", "Sales of a venue stopped."),
        ("It comes from payments-gateway.", "It comes from one of our systems."),
        ("Tracked as PAY-1234.", "Tracked as an internal ticket."),
    ],
)
def test_the_offer_takes_the_place_of_the_word_as_the_sentence_wants_it(text, said):
    (leak,) = find(text, known_in(text))
    assert instead(text, leak) == said


def test_the_check_asks_the_database_as_often_for_a_long_text_as_for_a_short_one(django_assert_num_queries):
    for text in ("payments-gateway is slow.", "Mei Lindqvist of Core Platform restarts payments-gateway. " * 60):
        with django_assert_num_queries(5):
            known_in(text)
