"""What targets say, well or badly behaved, in the words that the page shows."""

import asyncio
import datetime as dt
import errno
import socket
import ssl
import time
from pathlib import Path

import pytest

from services.health import guard, probes
from services.health.guard import Guard, Hosts
from services.health.models import Outcome
from services.health.scheduler import ask_once
from services.health.targets import Target, parse_host_port, parse_statuses, parse_url
from tests.services.health.targets import serving

CERTIFICATES = Path(__file__).with_name("certificates")


def ask(address: str, *, kind: str = "http", timeout_ms: int = 5000, **values) -> probes.Said:
    return ask_once(Target(1, kind, address, 60, timeout_ms, **values), timeout_ms)


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_target_that_answers_is_up_and_its_latency_known(targets):
    said = ask(targets.url("/slow"))
    assert (said.outcome, said.reason, said.status_code) == (Outcome.UP, "answered 200", 200)
    assert 300 <= said.latency_ms < 3000


def test_method_headers_and_our_name_are_sent(targets):
    ask(targets.url("/ok?deep=1"), method="HEAD", headers={"X-Key": "k1", "User-Agent": "probe/2"})
    [head] = targets.requests
    assert head.startswith("HEAD /ok?deep=1 HTTP/1.1\r\n")
    assert "X-Key: k1\r\n" in head
    assert "User-Agent: probe/2\r\n" in head
    ask(targets.url())
    assert "User-Agent: Groundwork\r\n" in targets.requests[1]


@pytest.mark.parametrize(
    ("status", "expected", "outcome", "reason"),
    [
        (503, "200-299", Outcome.DOWN, "answered 503, expected 200-299"),
        (204, "200-299", Outcome.UP, "answered 204"),
        (401, "200-299,401", Outcome.UP, "answered 401"),
        (200, "301, 401", Outcome.DOWN, "answered 200, expected 301, 401"),
    ],
)
def test_the_status_must_be_one_of_the_expected(targets, status, expected, outcome, reason):
    said = ask(targets.url(f"/status/{status}"), expected_status=expected)
    assert (said.outcome, said.reason, said.status_code) == (outcome, reason, status)


def test_the_answer_must_contain_the_text(targets):
    assert ask(targets.url(), expected_text="is well").outcome == Outcome.UP
    said = ask(targets.url(), expected_text="is ill")
    assert (said.outcome, said.reason) == (Outcome.DOWN, "answered 200, but “is ill” is not in the answer")


def test_a_slow_answer_is_degraded(targets):
    said = ask(targets.url("/slow"), max_latency_ms=200)
    assert said.outcome == Outcome.DEGRADED
    assert said.reason == f"took {said.latency_ms:,.0f} ms, slow from 200 ms"


# Targets that misbehave


def test_a_target_that_hangs_is_given_up_in_time(targets):
    started = time.monotonic()
    said = ask(targets.url("/hang"), timeout_ms=400)
    assert (said.outcome, said.reason) == (Outcome.DOWN, "no answer within 400 ms")
    assert time.monotonic() - started < 3


def test_of_an_answer_that_never_ends_only_the_beginning_is_read(targets):
    assert ask(targets.url("/stream")).outcome == Outcome.UP
    said = ask(targets.url("/stream"), expected_text="end")
    assert said.reason == "answered 200, but “end” is not in the first 256 KiB of the answer"


def test_an_answer_that_drips_is_given_up_in_time_and_its_beginning_told(targets):
    said = ask(targets.url("/drip"), timeout_ms=400)
    assert (said.outcome, said.status_code) == (Outcome.DOWN, 200)
    assert said.reason == "answered 200, but did not end within 400 ms"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/reset", "no connection: reset"),
        ("/close", "no connection: closed without an answer"),
        ("/garbage", "no connection: what came is no HTTP"),
        ("/half", "answered 200, but broke off in the middle"),
    ],
)
def test_connections_that_end_badly_are_told_apart(targets, path, reason):
    said = ask(targets.url(path))
    assert (said.outcome, said.reason) == (Outcome.DOWN, reason)


def test_nobody_at_the_port_and_no_such_name_are_told_apart(targets):
    assert ask(f"http://127.0.0.1:{closed_port()}/").reason == "no connection: refused"
    assert ask("http://no-such-name.invalid/").reason.startswith("no connection: ")
    assert "name" in ask("http://no-such-name.invalid/").reason


# Redirects


def test_redirects_are_followed(targets):
    said = ask(targets.url("/to/ok"), expected_text="well")
    assert (said.outcome, said.status_code) == (Outcome.UP, 200)
    assert targets.asked == {"/to/ok": 1, "/ok": 1}


def test_a_redirect_that_is_expected_is_the_answer(targets):
    assert ask(targets.url("/to/ok"), expected_status="302").outcome == Outcome.UP
    assert targets.asked == {"/to/ok": 1}


def test_a_redirect_in_a_loop_ends_after_five(targets):
    said = ask(targets.url("/to/itself"))
    assert said.outcome == Outcome.DOWN
    assert said.reason == f"redirected more than 5 times, last to {targets.url('/to/itself')}"
    assert targets.asked["/to/itself"] == 6


def test_a_redirect_to_a_metadata_address_is_not_followed_and_its_key_not_shown(targets):
    said = ask(targets.url("/to/metadata"))
    assert said.outcome == Outcome.DOWN
    assert said.reason == (
        "redirected to http://169.254.169.254/latest/meta-data/, which is not asked: "
        "169.254.169.254 is a link-local address, which PROBE_ALLOW does not name"
    )


def test_a_redirect_to_a_name_is_checked_too(targets, settings):
    settings.PROBE_DENY = ["localhost"]
    said = ask(targets.url("/to/elsewhere"))
    there = targets.url("/ok", "localhost")
    assert (said.outcome, said.reason) == (
        Outcome.DOWN,
        f"redirected to {there}, which is not asked: localhost is on the list PROBE_DENY",
    )
    assert targets.asked == {"/to/elsewhere": 1}


def test_a_redirect_to_another_kind_of_address_is_not_followed(targets):
    said = ask(targets.url("/to/file"))
    assert said.reason == "answered 302 with a redirect to something that is no web address"


def test_keys_do_not_follow_a_redirect_to_another_place(targets, settings):
    settings.PROBE_ALLOW = ["127.0.0.0/8", "localhost"]
    assert ask(targets.url("/to/ok"), headers={"X-Key": "secret"}).outcome == Outcome.UP
    assert "X-Key" in targets.requests[1]
    assert ask(targets.url("/to/elsewhere"), headers={"X-Key": "secret"}).outcome == Outcome.UP
    assert "X-Key" not in targets.requests[3]


# TLS


@pytest.fixture
def secure(settings, monkeypatch):
    """A target with a certificate of an authority that is trusted here, for shop.example.com and 127.0.0.1."""
    settings.PROBE_ALLOW = ["127.0.0.0/8", "localhost"]
    authority = ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))
    monkeypatch.setattr(probes, "trusted", lambda: authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "target.pem")
    with serving(context) as running:
        yield running


ENDS = dt.datetime(2049, 11, 21, tzinfo=dt.UTC)


def test_the_end_of_a_certificate_is_known(secure):
    for path in ("/ok", "/status/204", "/slow"):
        said = ask(secure.url(path))
        assert said.outcome == Outcome.UP
        assert abs(dt.datetime.fromtimestamp(said.certificate_ends, dt.UTC) - ENDS) < dt.timedelta(days=2)


def test_a_certificate_that_ends_soon_is_degraded(secure):
    said = ask(secure.url(), certificate_days=20_000)
    days = int((said.certificate_ends - time.time()) // 86_400)
    assert said.outcome == Outcome.DEGRADED
    assert said.reason == f"the certificate ends in {days} days, wanted are 20000"
    assert ask(secure.url(), certificate_days=14).outcome == Outcome.UP


def test_a_certificate_for_another_name_and_one_of_strangers_are_told_apart(secure, monkeypatch):
    said = ask(secure.url(host="localhost"))
    assert said.outcome == Outcome.DOWN
    assert said.reason.startswith("no connection: the certificate is not trusted (Hostname mismatch")
    monkeypatch.setattr(probes, "trusted", ssl.create_default_context)
    assert ask(secure.url()).reason.startswith("no connection: the certificate is not trusted (unable to get local")


def test_https_at_a_port_without_tls_is_told(targets, secure):
    assert ask(f"https://127.0.0.1:{targets.port}/garbage", timeout_ms=2000).reason.startswith("no connection: no TLS")


def test_the_name_checked_against_the_certificate_is_the_one_asked_for(secure, monkeypatch):
    original = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: original("127.0.0.1", *rest, **more))
    assert ask(secure.url(host="shop.example.com")).outcome == Outcome.UP
    assert "Hostname mismatch" in ask(secure.url(host="till.example.com")).reason


# TCP


def test_a_port_that_takes_connections_is_up(targets):
    said = ask(f"127.0.0.1:{targets.port}", kind="tcp")
    assert (said.outcome, said.reason) == (Outcome.UP, "connected")
    assert said.latency_ms < 1000


def test_a_port_that_does_not_is_down(targets):
    assert ask(f"127.0.0.1:{closed_port()}", kind="tcp").reason == "no connection: refused"


# What the portal lacks


@pytest.mark.parametrize("kind", ["http", "tcp"])
@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE])
def test_a_portal_that_can_open_no_more_connections_does_not_call_its_targets_down(targets, monkeypatch, kind, code):
    class Socket(socket.socket):
        def __init__(self, family=-1, *given, **named):
            if family == socket.AF_INET and len(given) < 3:
                raise OSError(code, "too many")
            super().__init__(family, *given, **named)

    monkeypatch.setattr(socket, "socket", Socket)
    said = ask(targets.url() if kind == "http" else f"127.0.0.1:{targets.port}", kind=kind)
    assert (said.outcome, said.reason) == (Outcome.LATE, "not asked: the portal has too many connections open")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (socket.EAI_AGAIN, (Outcome.LATE, "not asked: the name could not be looked up at the moment")),
        (socket.EAI_NONAME, (Outcome.DOWN, "no connection: no such host name")),
    ],
)
def test_a_name_that_cannot_be_looked_up_now_is_told_from_one_that_is_not_there(monkeypatch, code, said):
    def fail(*_given, **_named):
        raise socket.gaierror(code, "for tests")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    for kind, address in (("http", "http://shop.example.com/"), ("tcp", "shop.example.com:5432")):
        found = ask(address, kind=kind)
        assert (found.outcome, found.reason) == said


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_look_up_that_waits_for_others_counts_from_its_turn_and_without_one_says_nothing(
    targets, settings, monkeypatch, kind
):
    settings.PROBE_ALLOW = ["127.0.0.0/8", "localhost"]
    monkeypatch.setattr(probes, "LOOK_UP_THREADS", 1)
    monkeypatch.setattr(guard, "LOOK_UP_SECONDS", 1.8)
    original = socket.getaddrinfo

    def slowly(host, *given, **named):
        time.sleep(1)
        return original("127.0.0.1", *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    names = ["a.localhost", "b.localhost", "c.localhost"]

    async def ask_all(timeout_ms: int) -> list[tuple[Outcome, str]]:
        addresses = [targets.url(host=name) if kind == "http" else f"{name}:{targets.port}" for name in names]
        async with probes.Prober(Guard(Hosts.parse(["127.0.0.0/8"]))) as prober:
            said = await asyncio.gather(*(prober.ask(Target(1, kind, each, 60, timeout_ms)) for each in addresses))
        return [(each.outcome, each.reason) for each in said]

    well = (Outcome.UP, "answered 200" if kind == "http" else "connected")
    assert asyncio.run(ask_all(10_000)) == [well] * 3
    late = (Outcome.LATE, "not asked: the portal had too many names to look up")
    assert asyncio.run(ask_all(1500)) == [well, (Outcome.DOWN, "no answer within 1,500 ms"), late]


# What people write


@pytest.mark.parametrize(
    ("text", "ranges"),
    [("200", [(200, 200)]), ("200-299,301", [(200, 299), (301, 301)]), (" 200 , 404 ", [(200, 200), (404, 404)])],
)
def test_expected_statuses_are_read(text, ranges):
    assert [(each[0], each[-1]) for each in parse_statuses(text)] == ranges


@pytest.mark.parametrize("text", ["", "2xx", "200-", "-200", "299-200", "99", "200;201", "600"])
def test_statuses_that_cannot_be_read_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="Write"):
        parse_statuses(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("db.example.com:5432", ("db.example.com", 5432)),
        ("[2001:db8::1]:80", ("2001:db8::1", 80)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
    ],
)
def test_hosts_and_ports_are_read(text, place):
    assert parse_host_port(text) == place


@pytest.mark.parametrize("text", ["db", "db:", ":80", "db:0", "db:65536", "db:http", "2001:db8::1:80"])
def test_hosts_and_ports_that_cannot_be_read_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="5432"):
        parse_host_port(text)


@pytest.mark.parametrize(
    "text", ["", "shop", "ftp://shop/", "http://", "javascript:alert(1)", "http://[::1/", "//shop/"]
)
def test_addresses_that_are_no_web_addresses_are_refused(text):
    with pytest.raises(ValueError, match="address"):
        parse_url(text)


def test_a_password_does_not_belong_into_an_address():
    with pytest.raises(ValueError, match="Put it into a header"):
        parse_url("https://me:secret@shop.example.com/")
