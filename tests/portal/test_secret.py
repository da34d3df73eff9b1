"""The signing key that an installation makes for itself."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from portal.secret import read_or_create_secret_key


def test_processes_that_start_at_the_same_moment_share_one_whole_key(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(directory: Path) -> str:
        together.wait()
        return read_or_create_secret_key(directory)

    with ThreadPoolExecutor(8) as starting:
        for attempt in map(str, range(50)):
            assert len(set(starting.map(start, [tmp_path / attempt] * 8))) == 1
            assert [each.name for each in (tmp_path / attempt).iterdir()] == ["secret-key"]


def test_the_key_is_never_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, other = os.link, []

    def look_first(*names: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        other.append(read_or_create_secret_key(tmp_path))  # a second process, before the first has put its key there
        link(*names)

    monkeypatch.setattr(os, "link", look_first)
    assert [read_or_create_secret_key(tmp_path)] == other


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    read_or_create_secret_key(tmp_path)
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
