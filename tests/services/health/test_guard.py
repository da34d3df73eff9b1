"""Which addresses may be asked, whatever name or wrapping they come in."""

import ipaddress
import socket

import pytest
from django.core.checks import run_checks

from services.health.guard import Guard, Hosts, Refused, current_guard
from services.health.models import Outcome
from services.health.scheduler import ask_once
from services.health.targets import Target

OWN, LINK, CLOUD, MANY = (
    "the portal's own machine", "a link-local address", "where a cloud hands out credentials",
    "an address of many machines at once",
)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", OWN), ("127.8.9.1", OWN), ("::1", OWN), ("0.0.0.0", OWN), ("0.1.2.3", OWN), ("::", OWN),
        ("::ffff:127.0.0.1", OWN), ("::ffff:0:0", OWN), ("::127.0.0.1", OWN), ("64:ff9b::7f00:1", OWN),
        ("2002:7f00:1::", OWN),
        ("169.254.1.1", LINK), ("169.254.169.254", LINK), ("fe80::1", LINK), ("fe80::1%eth0", LINK),
        ("::ffff:169.254.169.254", LINK), ("64:ff9b::a9fe:a9fe", LINK), ("2002:a9fe:a9fe::1", LINK),
        ("fd00:ec2::254", CLOUD), ("fd20:ce::254", CLOUD), ("100.100.100.200", CLOUD), ("168.63.129.16", CLOUD),
        ("::ffff:100.100.100.200", CLOUD),
        ("224.0.0.1", MANY), ("255.255.255.255", MANY), ("ff02::1", MANY),
    ],
)  # fmt: skip
def test_closed_addresses_are_refused_and_named(address, what):
    with pytest.raises(Refused, match=f"^{address} is {what}, which PROBE_ALLOW does not name$"):
        Guard().check(address, address)


@pytest.mark.parametrize("address", ["10.0.0.8", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd12::1", "93.184.216.34"])
def test_addresses_of_the_company_and_of_the_world_are_open(address):
    Guard().check("checkout.internal", address)


def test_allowed_networks_and_names_open_what_is_closed():
    guard = Guard(Hosts.parse(["127.0.0.0/8", "Build.example.com", ".lab.example.com"]))
    guard.check("anything", "127.0.0.1")
    guard.check("anything", "::ffff:127.0.0.1")
    guard.check("build.example.com.", "169.254.7.7")
    guard.check("a.b.lab.example.com", "::1")
    with pytest.raises(Refused, match=r"169\.254\.7\.7"):
        guard.check("notlab.example.com", "169.254.7.7")


def test_what_is_denied_stays_denied_though_it_is_allowed_too():
    guard = Guard(Hosts.parse(["10.0.0.0/8", "vault.example.com"]), Hosts.parse(["10.20.0.0/16", ".example.com"]))
    for host, address in (("crm.internal", "10.20.3.4"), ("vault.example.com", "10.1.1.1"), ("x", "::ffff:10.20.3.4")):
        with pytest.raises(Refused, match="is on the list PROBE_DENY"):
            guard.check(host, address)


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "300.1.1.1", "10.0.0.0/33"])
def test_a_list_that_cannot_be_read_is_said_before_anything_is_asked(settings, entry):
    settings.PROBE_ALLOW = [entry]
    [problem] = [each for each in run_checks() if each.id == "health.E001"]
    assert problem.msg.startswith(f"PROBE_ALLOW: “{entry}” is no network.")


def test_one_port_of_an_address_is_opened_and_no_other(targets, settings):
    settings.PROBE_ALLOW = [f"127.0.0.1:{targets.port}", "[::1]:9090"]
    assert _ask(targets.url()).outcome == Outcome.UP
    assert _ask(f"127.0.0.1:{targets.port}", "tcp").outcome == Outcome.UP
    guard = current_guard()
    guard.check("anything", "::1", 9090)
    for address, port in (("127.0.0.1", targets.port + 1), ("127.0.0.2", targets.port), ("::1", 9091), ("::1", None)):
        with pytest.raises(Refused):
            guard.check(address, address, port)


def test_one_port_of_an_address_can_be_closed():
    guard = Guard(deny=Hosts.parse(["10.0.0.7:22"]))
    guard.check("10.0.0.7", "10.0.0.7", 443)
    with pytest.raises(Refused, match="on the list PROBE_DENY"):
        guard.check("10.0.0.7", "10.0.0.7", 22)


# Look-ups


@pytest.fixture
def names(monkeypatch) -> dict[str, list[list[str]]]:
    """What the look-ups of a name give, one after another; a name that is asked for once too often fails the test."""
    answers: dict[str, list[list[str]]] = {}

    def look_up(host, port, *args, **kwargs):
        return [_found(address, port) for address in answers[host].pop(0)]

    original = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: (look_up if host in answers else original)(host, *rest, **more),
    )
    return answers


def _found(address: str, port: int):
    version = ipaddress.ip_address(address).version
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    place = (address, port) if version == 4 else (address, port, 0, 0)
    return family, socket.SOCK_STREAM, 6, "", place


def _ask(address: str, kind: str = "http", **values):
    return ask_once(Target(1, kind, address, 60, 5000, **values), 5000)


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(targets, names):
    names["shop.example.com"] = [["127.0.0.1"], ["169.254.169.254"]]
    said = _ask(targets.url(host="shop.example.com"))
    assert (said.outcome, said.reason) == (Outcome.UP, "answered 200")
    assert names["shop.example.com"] == [["169.254.169.254"]]
    assert f"\r\nHost: shop.example.com:{targets.port}\r\n" in targets.requests[0]


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_name_that_leads_to_a_closed_address_is_not_asked_and_not_called_down(targets, names, kind):
    names["shop.example.com"] = [["169.254.169.254"]]
    address = targets.url(host="shop.example.com") if kind == "http" else f"shop.example.com:{targets.port}"
    said = _ask(address, kind)
    assert said.outcome == Outcome.LATE
    assert said.reason == (
        "not asked: shop.example.com (169.254.169.254) is a link-local address, which PROBE_ALLOW does not name"
    )


def test_one_closed_address_among_open_ones_closes_the_name(targets, names):
    names["shop.example.com"] = [["127.0.0.1", "::1"]]
    assert _ask(targets.url(host="shop.example.com")).outcome == Outcome.LATE
    assert not targets.requests


def test_a_closed_address_without_a_name_is_not_asked(targets, settings):
    settings.PROBE_ALLOW = []
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"):
        assert _ask(targets.url(host=host)).outcome == Outcome.LATE
        assert _ask(f"{host}:{targets.port}", "tcp").outcome == Outcome.LATE
    assert not targets.requests


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1", "0177.0.0.1"])
def test_other_spellings_of_an_address_do_not_slip_through(targets, settings, host):
    settings.PROBE_ALLOW = []
    _ask(targets.url(host=host))
    _ask(f"{host}:{targets.port}", "tcp")
    assert not targets.requests


def test_a_name_that_is_denied_is_not_even_looked_up(targets, settings, names):
    settings.PROBE_DENY = ["secret.example.com"]
    names["secret.example.com"] = []
    assert (
        _ask(targets.url(host="secret.example.com")).reason == "not asked: secret.example.com is on the list PROBE_DENY"
    )
