"""The search for a Chromium, with made-up programs on the PATH."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium


@pytest.fixture(autouse=True)
def _forget_what_was_found() -> Iterator[None]:
    chromium.find_chromium.cache_clear()
    yield
    chromium.find_chromium.cache_clear()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def refuse() -> Path:
    raise chromium.NoChromium("refused")


def put(directory: Path, name: str, status: int) -> Path:
    program = directory / name
    program.write_text(f"#!/bin/sh\nexit {status}\n")
    program.chmod(0o755)
    return program


def test_playwright_gets_another_node_when_its_own_does_not_start(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = put(programs, "node", 0)
    monkeypatch.delenv(chromium.NODE_SETTING, raising=False)
    monkeypatch.setattr(chromium, "_starts", lambda program: program == node)
    chromium._give_playwright_a_node()
    assert os.environ[chromium.NODE_SETTING] == str(node)


def test_an_installed_one_is_taken(programs: Path) -> None:
    program = put(programs, "google-chrome", 0)
    assert chromium.find_chromium() == program


def test_one_that_does_not_start_is_passed_over(programs: Path) -> None:
    put(programs, "chromium", 127)
    program = put(programs, "google-chrome", 0)
    assert chromium.find_chromium() == program


def test_the_next_way_is_tried_when_one_fails(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "downloaded", refuse)
    monkeypatch.setattr(chromium, "downloaded_now", refuse)
    monkeypatch.setattr(chromium, "installed_by_apt", lambda: Path("/usr/bin/chromium"))
    assert chromium.find_chromium() == Path("/usr/bin/chromium")


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_any_a_person_skips_and_ci_fails(
    programs: Path, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    for way in ("downloaded", "downloaded_now", "installed_by_apt"):
        monkeypatch.setattr(chromium, way, refuse)
    with pytest.raises(outcome, match=r"none of chromium, .* is installed; refused; refused; refused"):
        chromium.require_chromium()


def test_a_failing_download_says_why(programs: Path) -> None:
    program = put(programs, "download", 3)
    with pytest.raises(chromium.NoChromium, match=r"no luck \(exit status 3\)"):
        chromium._run([str(program)], "no luck")
