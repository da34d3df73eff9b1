"""Whether a request is of this machine's own."""

import ipaddress

from django.http import HttpRequest

# What a proxy adds: its requests come from a loopback address without being from here.
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")


def is_from_here(request: HttpRequest) -> bool:
    """Both the address the request came from and the one it asked for are this machine's own, and no proxy says that
    it passed the request on. One that adds nothing (nginx with ``proxy_pass`` alone) cannot be told from the machine
    itself."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and _is_loopback(_host(request))


def _host(request: HttpRequest) -> str:
    host = request.get_host()
    return host.partition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
