"""What the log keeps of requests: where they went, and not the key that was in the address."""

import io
import logging

import pytest
import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from services.health.actions import make_badge
from tests.factories import make_entity
from tests.services.health.results import make_check


@pytest.fixture
def log():
    """Everything that is logged, as it is written."""
    formatter = dict(settings.LOGGING["formatters"]["line"])
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(
        import_string("structlog.stdlib.ProcessorFormatter")(
            **{name: value for name, value in formatter.items() if name != "()"}
        )
    )
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield handler.stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.django_db
def test_an_address_that_is_a_key_is_logged_without_the_key(client, log):
    cart = make_entity("cart")
    ping, badge = make_check("Nightly", entity=cart, kind="heartbeat").token, make_badge(by=None, entity=cart).token
    for address, key in (
        (f"/hooks/heartbeat/{ping}/", ping),
        (f"/badge/{badge}.svg", badge),
        # Nobody has these: Django itself tells of what is not found.
        ("/hooks/heartbeat/neverGivenToAnybody/?again=1", "neverGivenToAnybody"),
        ("/accounts/first/first-key-of-all/", "first-key-of-all"),
        ("/accounts/password/reset/key/2-c0ffee-0123456789/", "c0ffee"),
    ):
        log.truncate(log.seek(0))
        client.get(address)
        written = log.getvalue()
        assert (key in written, f"{address.partition(key)[0][:15]}" in written) == (False, True), written


@pytest.mark.django_db
def test_any_other_address_is_logged_whole(client, log):
    client.get("/accounts/login/?next=/checks/")
    client.get("/accounts/password/reset/key/done/")
    written = log.getvalue()
    assert "GET /accounts/login/?next=/checks/" in written
    assert "GET /accounts/password/reset/key/done/" in written


def test_a_traceback_of_such_a_request_does_not_hold_the_key_either(log):
    try:
        raise ValueError("/badge/AAAABBBB.svg failed")
    except ValueError:
        structlog.get_logger("tests").exception("request_failed", request="GET /badge/AAAABBBB.svg")
    assert "request_failed" in log.getvalue()
    assert "AAAABBBB" not in log.getvalue()
