"""The core stays small enough to be read in an afternoon."""

import ast
from pathlib import Path

import pytest

import portal

# What design calls the core: columns, collections, exports, views, forms and api, with the modules each was split into.
CORE = (
    "columns", "kinds", "collections", "query", "exports", "listing", "views", "loading", "saving", "forms", "api",
    "api_urls", "serializers", "openapi",
)  # fmt: skip
MOST_STATEMENTS = 1500
MOST_LINES = 500
ROOT = Path(portal.__file__).parent


def _statements(source: str) -> int:
    """Statements without docstrings, which are free."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    return sum(not _is_text(node) for node in found)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_the_core_has_fewer_than_1500_statements():
    counts = {name: _statements((ROOT / f"{name}.py").read_text()) for name in CORE}
    assert sum(counts.values()) < MOST_STATEMENTS, counts


@pytest.mark.parametrize("app", ["portal", "services", "incidents", "roadmap", "tests"])
def test_no_module_has_500_lines(app):
    written = [path for path in (ROOT.parent / app).rglob("*.py") if "migrations" not in path.parts]
    long = {str(path): lines for path in written if (lines := len(path.read_text().splitlines())) >= MOST_LINES}
    assert not long


def test_statements_are_counted_without_docstrings():
    assert _statements('"""Said."""\nx = 1\ndef f():\n    """Said."""\n    return x\n') == 3
