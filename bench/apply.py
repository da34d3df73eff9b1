"""``catalog apply`` of 10,000 documents into an empty catalog, and once more with nothing changed.

Floor: reading the same files with PyYAML's C loader.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.figures import Figure, at_most
from bench.places import EMPTY, PROJECT, drop, environment, prepare

DOCUMENTS = 10_000
TEAMS = 100
SYSTEMS = 200
PER_FILE = 5


def measure() -> Iterator[Figure]:
    drop(EMPTY)
    prepare(EMPTY)
    with tempfile.TemporaryDirectory() as folder:
        files = _write(Path(folder))
        started = time.perf_counter()
        for file in files:
            list(yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader))
        floor = time.perf_counter() - started
        yield at_most(f"apply {DOCUMENTS:,} documents", _apply(folder), 20, "s", floor)
        yield at_most(f"apply {DOCUMENTS:,} documents again, unchanged", _apply(folder), 4, "s", floor)
    drop(EMPTY)


def _apply(folder: str) -> float:
    """Seconds of the command as a person runs it, its start included."""
    command = [sys.executable, "manage.py", "catalog", "apply", folder, "--source", "bench", "--format", "json"]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=PROJECT, env=environment(EMPTY), check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    taken = sum(json.loads(line)["status"] == "accepted" for line in done.stdout.splitlines())
    if taken != DOCUMENTS:
        raise RuntimeError(f"{taken} of {DOCUMENTS} documents were accepted:\n{done.stderr[-2000:]}")
    return seconds


def _write(folder: Path) -> list[Path]:
    documents = [_document(number) for number in range(DOCUMENTS)]
    files = []
    for start in range(0, DOCUMENTS, PER_FILE):
        file = folder / f"repository-{start // PER_FILE}" / "catalog-info.yaml"
        file.parent.mkdir()
        file.write_text(yaml.dump_all(documents[start : start + PER_FILE], Dumper=yaml.CSafeDumper, sort_keys=False))
        files.append(file)
    return files


def _document(number: int) -> dict[str, object]:
    """Teams first, then systems, then components that depend on components described before them."""
    if number < TEAMS:
        spec = {"type": "team", "children": []}
        return _envelope("Group", f"team-{number}", spec)
    if number < TEAMS + SYSTEMS:
        return _envelope("System", f"system-{number}", {"owner": f"team-{number % TEAMS}"})
    first = TEAMS + SYSTEMS
    needs = (
        [f"component:service-{first + (number * step) % (number - first)}" for step in (7, 13)]
        if number > first
        else []
    )
    spec = {
        "type": "service",
        "lifecycle": "production",
        "owner": f"team-{number % TEAMS}",
        "system": f"system-{TEAMS + number % SYSTEMS}",
        "dependsOn": sorted(set(needs)),
    }
    return _envelope("Component", f"service-{number}", spec)


def _envelope(kind: str, name: str, spec: dict[str, object]) -> dict[str, object]:
    metadata = {
        "name": name,
        "description": f"{name} as a descriptor says it.",
        "tags": ["go", "payments"],
        "annotations": {"github.com/project-slug": f"larkspur/{name}"},
        "links": [{"url": f"https://runbooks.larkspur.example/{name}", "title": "Runbook"}],
    }
    return {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
