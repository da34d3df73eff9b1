"""Addresses that the portal does not call by itself, whoever asks it to: those that only its own machine can reach.

These are the machine itself (loopback, unspecified), link-local addresses, multicast, and where clouds hand out
credentials. Private networks are open, because a company's own servers are the point.
"""

import functools
import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds answer with credentials, besides 169.254.169.254: AWS, Google, Oracle by IPv6, Alibaba, Azure, Oracle.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
METADATA = tuple(
    ipaddress.ip_network(each)
    for each in (
        "fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
# 0.0.0.0/8 is “this host” (RFC 1122): Linux connects to itself.
_THIS_HOST = ipaddress.ip_network("0.0.0.0/8")


@functools.lru_cache(maxsize=8192)
def meanings(address: str) -> tuple[tuple[Address, str], ...]:
    """What an address means, each with what it is where that is closed to the portal, else with nothing.

    Raises ValueError for what is no address.

    Kept, because the same targets are asked every minute, and reading an address costs a tenth of a question.
    """
    return tuple((each, _closed(each)) for each in _meant(ipaddress.ip_address(address)))


def _meant(address: Address) -> list[Address]:
    """The address, and an IPv4 address that it only wraps: mapped, compatible, 6to4, Teredo or translated."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [address, *(each for each in wrapped if each is not None)]


def _closed(address: Address) -> str:
    """What the address is, where that is closed by default."""
    if any(address in network for network in METADATA):
        return "where a cloud hands out credentials"
    if address.is_loopback or address.is_unspecified or address in _THIS_HOST:
        return "the portal's own machine"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        return "an address of many machines at once"
    return ""
