"""One row of the walk over every address: what one URL answers to each reader."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

READERS = ("anonymous", "stranger", "reader", "editor", "product_manager", "administrator", "service_account")


@dataclass(frozen=True)
class Row:
    """What one URL answers to each of READERS, in their order. ``data`` is sent where it is a POST."""

    statuses: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    method: str = "get"
    data: dict[str, Any] = field(default_factory=dict)
    to: str = ""

    def expected(self) -> Iterable[tuple[str, int]]:
        return zip(READERS, map(int, self.statuses.split()), strict=True)


def page(**kwargs: Any) -> Row:
    """A page that everybody who is signed in may open."""
    return Row("302 200 200 200 200 200 302", kwargs)


def post(statuses: str, data: dict[str, Any] | None = None, to: str = "", **kwargs: Any) -> Row:
    return Row(statuses, kwargs, "post", data or {}, to)
