"""What stands above a list: a fact that wants a decision. An app registers it for the slug of the collection."""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.safestring import SafeString

Above = Callable[[HttpRequest], SafeString | str]
_above: dict[str, Above] = {}


def above(slug: str) -> Callable[[Above], Above]:
    """Register a function of the request that gives safe HTML, or nothing, above the list of a collection."""

    def decorate(fill: Above) -> Above:
        _above[slug] = fill
        return fill

    return decorate


def above_of(request: HttpRequest, slug: str) -> SafeString | str:
    return _above[slug](request) if slug in _above else ""
