"""Addresses of records are put together without asking Django's resolver each time; they must be the same."""

import pytest
from django.urls import reverse, set_script_prefix

from portal.collections import get_collection
from portal.listing import with_params


@pytest.mark.parametrize("key", ["checkout", "team-a:checkout", "ä b", "50%", "a+b&c=d", "KEY", "x~y'(z)", 'q"<>'])
@pytest.mark.parametrize("act", ["record", "record-edit"])
def test_a_record_has_the_address_that_django_gives_it(act, key):
    services = get_collection("services")
    assert services is not None
    assert services.record_url(key, act) == reverse(act, args=["services", key])


def test_addresses_follow_the_prefix_of_the_request():
    services = get_collection("services")
    assert services is not None
    set_script_prefix("/portal/")
    try:
        assert services.record_url("checkout") == "/portal/services/checkout/"
    finally:
        set_script_prefix("/")
    assert services.record_url("checkout") == "/services/checkout/"


def test_parameters_are_written_as_they_are_read(rf):
    params = rf.get("/", {"name.contains": "a b&c", "tier": ["1", "2"], "page": "3", "q": ""}).GET
    assert with_params(params) == "?name.contains=a%20b%26c&tier=1&tier=2"
    assert with_params(params, tier=None, sort="-tier,name") == "?name.contains=a%20b%26c&sort=-tier,name"


def test_a_compressed_answer_is_still_recognised_as_the_version_one_has(api, people):
    from tests.factories import make_entity

    entity = make_entity("checkout-api", owner=people.team)
    client = api(people.reader)
    address = f"/api/v1/services/{entity.name}/"
    first = client.get(address, HTTP_ACCEPT_ENCODING="gzip")
    assert first.headers["Content-Encoding"] == "gzip"
    assert client.get(address, HTTP_IF_NONE_MATCH=first.headers["ETag"]).status_code == 304
