"""The shapes of the roadmap, each with something in it and with nothing."""

from tests.browser.acting import Shown, sends

_SHAPES = {
    "timeline": "timeline", "board": "board", "now, next, later": "horizons", "by objective": "by-objective",
    "dependencies": "dependencies", "infrastructure": "infrastructure", "developer experience": "developer-experience",
}  # fmt: skip
PAGES: list[Shown] = [
    *(Shown(f"initiatives: {label}", f"/initiatives/-/{name}/") for label, name in _SHAPES.items()),
    Shown("initiatives: timeline by team", "/initiatives/-/timeline/?by=team"),
    Shown("initiatives: timeline of nothing", "/initiatives/-/timeline/?q=no-such-thing"),
    Shown("initiatives: timeline asked for what there is not", "/initiatives/-/timeline/?no-such=1", status=400),
    Shown("an initiative: dates", "/initiatives/rm-1/-/dates/"),
    Shown("an initiative: dates refused", "/initiatives/rm-1/-/dates/",
          act=sends("form.gw-form", starts_on="2030-01-01", ends_likely="2029-01-01")),
    Shown("an initiative: dropped, why", "/initiatives/rm-1/-/place/?field=status&to=dropped"),
    Shown("an initiative: what it waits for", "/initiatives/rm-1/-/dependencies/"),
    Shown("an initiative: waits for what there is not", "/initiatives/rm-1/-/dependencies/",
          act=sends("form.gw-form", before="no-such-thing")),
]  # fmt: skip
