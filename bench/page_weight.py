"""What a browser fetches for the list page of 50, cold: the page and all it names, compressed as the portal sends it.

Left out are files that only pages with charts or graphs load. There is no floor: an empty page weighs nothing.
"""

import gzip
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from bench import site
from bench.figures import Figure, at_most
from bench.places import LARGE

ADDRESS = "/services/"
NAMED_IN_HTML = re.compile(r'<(?:link|script|img|use)\b[^>]*?\b(?:href|src)="([^"#]+)')
NAMED_IN_CSS = re.compile(r"url\(([^)]+)\)")


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(LARGE):
        headers = {**site.sign_in(), "accept_encoding": "gzip, br"}
        page, page_size = _fetch(portal, ADDRESS, headers)
        sizes = {ADDRESS: page_size}
        for address in _named(NAMED_IN_HTML, page, ADDRESS):
            _add(portal, address, headers, sizes)
    for address, size in sizes.items():
        yield Figure(f"page weight: {address.rpartition('/')[2] or address}", size / 1024, "KB")
    yield at_most("page weight, all together", sum(sizes.values()) / 1024, 220, "KB")


def _add(portal: Any, address: str, headers: dict[str, str], sizes: dict[str, int]) -> None:
    if address in sizes or not address.startswith("/static/"):
        return
    text, sizes[address] = _fetch(portal, address, headers)
    if address.endswith(".css"):
        for named in _named(NAMED_IN_CSS, text, address):
            _add(portal, named, headers, sizes)


def _fetch(portal: Any, address: str, headers: dict[str, str]) -> tuple[str, int]:
    """The text of an answer, and how many bytes of it went over the wire."""
    status, found, pieces = site.ask(portal, address, **headers)
    site.require(200, address, status)
    sent = b"".join(pieces)
    encoding = dict(found).get("Content-Encoding", "")
    return _decoded(sent, encoding).decode(errors="replace"), len(sent)


def _decoded(sent: bytes, encoding: str) -> bytes:
    if encoding == "br":
        import brotli

        return bytes(brotli.decompress(sent))
    return gzip.decompress(sent) if encoding == "gzip" else sent


def _named(pattern: re.Pattern[str], text: str, base: str) -> set[str]:
    found = (name.strip("'\" ") for name in pattern.findall(text))
    return {urljoin(base, name.partition("#")[0]) for name in found if not name.startswith(("data:", "#"))}
