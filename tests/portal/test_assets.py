"""What the browser loads: nothing inline, every icon drawn, every file built, compressed and small enough."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.icons import DIST

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SOURCES = [path for app in ("portal", "services") for path in sorted((ROOT / app).rglob("*.py"))]
ICONS = set(json.loads((ROOT / "assets" / "icons.json").read_text("utf-8")))
MOST_COMPRESSED = 140_000  # of the 220 KB of a page; the rest is for the HTML and the second font file

# The content security policy allows files of our own and nothing else.
FORBIDDEN = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an event handler": r"<[^>]*\son[a-z]+\s*=",
    "a script without src": r"<script(?![^>]*\bsrc=)",
    "hx-on": r"\bhx-on\b",
    "code in a value": r"=\s*[\"'](?:js|javascript):",
    "an address outside": r"(?:src|href)=[\"']//|(?:src=|<link[^>]*href=)[\"']https?:",
    "a link to nowhere": r"href=[\"']#[\"']",
}


def without_comments(source: str) -> str:
    source = re.sub(r"{% comment %}.*?{% endcomment %}", "", source, flags=re.DOTALL)
    return re.sub(r"{#.*?#}", "", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_holds_nothing_inline(path: Path) -> None:
    source = without_comments(path.read_text("utf-8"))
    found = [what for what, pattern in FORBIDDEN.items() if re.search(pattern, source, re.IGNORECASE)]
    assert not found, f"{path.name} has {', '.join(found)}"


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        "<style>p {}</style>",
        '<a onclick="go()">',
        "<script>go()</script>",
        '<a hx-on:click="go()">',
        "<a hx-vals='js:{}'>",
        '<script src="https://cdn.example/x.js"></script>',
        '<a href="#">',
    ],
)
def test_each_forbidden_thing_is_found(source: str) -> None:
    assert any(re.search(pattern, source, re.IGNORECASE) for pattern in FORBIDDEN.values())


def icons_in_templates() -> Iterator[str]:
    for path in TEMPLATES:
        yield from re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text("utf-8"))


def icons_in_code() -> Iterator[str]:
    """Texts given as ``icon=…``, as ``"icon": …`` or to ``icon(…)``, and the fifth argument of ``Waiting``."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from (text(each.value) for each in node.keywords if each.arg == "icon")
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                yield from (text(each) for each in {"icon": node.args[:1], "Waiting": node.args[4:5]}.get(name, ()))
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                yield from (text(value) for key, value in pairs if key is not None and text(key) == "icon")


def text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_icon_is_in_the_sprite() -> None:
    used = {name for name in (*icons_in_templates(), *icons_in_code()) if name}
    assert {"circle-arrow-right", "stack-2", "pencil"} <= used, "the search itself finds nothing"
    assert used - ICONS == set(), "add them to assets/icons.json"


def test_icons_are_sorted_and_single() -> None:
    names = json.loads((ROOT / "assets" / "icons.json").read_text("utf-8"))
    assert names == sorted(set(names))


def built_files() -> dict[str, str]:
    manifest = DIST / "manifest.json"
    if not manifest.exists():
        pytest.fail(f"{manifest} is missing. Build the front end with: npm ci && node assets/build.mjs")
    names: dict[str, str] = json.loads(manifest.read_text("utf-8"))
    return names


def test_every_built_file_carries_its_hash_and_is_compressed() -> None:
    for plain, name in built_files().items():
        assert re.fullmatch(r".+-[0-9A-Z]{8}\.[a-z0-9]+", name), plain
        assert (DIST / name).is_file()
        if not name.endswith(".woff2"):
            assert (DIST / f"{name}.br").is_file()
            assert (DIST / f"{name}.gz").is_file()


def test_what_every_page_loads_is_small() -> None:
    names = built_files()
    sizes = {plain: (DIST / f"{names[plain]}.gz").stat().st_size for plain in ("portal.css", "portal.js", "icons.svg")}
    sizes["font"] = (DIST / names["inter-latin-wght-normal.woff2"]).stat().st_size
    assert sum(sizes.values()) <= MOST_COMPRESSED, sizes


def test_the_policy_of_the_stylesheet_is_kept() -> None:
    """Only files beside it: no address outside, no second stylesheet."""
    css = (DIST / built_files()["portal.css"]).read_text("utf-8")
    addresses = re.findall(r"url\(([^)]*)\)", css)
    assert addresses
    assert all(address.strip("\"'").startswith(("./", "data:")) for address in addresses)
    assert "@import" not in css
