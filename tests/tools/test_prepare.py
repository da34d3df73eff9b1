"""tools/prepare.py: what it says on unfit machines, and that finished steps are skipped."""

import builtins
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "prepare.py"


@pytest.fixture
def prepare(tmp_path: Path) -> ModuleType:
    """The script as a module, working in an empty checkout."""
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ROOT = tmp_path  # type: ignore[attr-defined]
    module.VENV, module.STAMPS = tmp_path / ".venv", tmp_path / ".venv" / ".stamps"  # type: ignore[attr-defined]
    module.PYTHON = module.VENV / "bin" / "python"  # type: ignore[attr-defined]
    module.VENV.mkdir()
    return module


def test_an_old_python_is_named_with_the_way_out(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    said = prepare.main("run")
    assert said.startswith("Python 3.9 is too old; Python 3.11 or newer is needed.")
    assert "\n" not in said


def test_a_missing_venv_module_is_named_with_the_way_out(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_ensurepip(name: str, *args: object) -> object:
        if name == "ensurepip":
            raise ImportError(name)
        return real_import(name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_ensurepip)
    said = prepare.main("run")
    assert said.startswith("Python's venv module is missing. Install it: apt install python3-venv")
    assert "\n" not in said


def test_a_step_is_skipped_until_its_input_changes(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(prepare, "run", lambda command, *rest, **options: commands.append(command))
    requirements = prepare.ROOT / "requirements.txt"
    requirements.write_text("django==5.2\n")
    prepare.install(requirements)
    prepare.install(requirements)
    assert len(commands) == 1
    requirements.write_text("django==5.2.1\n")
    prepare.install(requirements)
    assert len(commands) == 2


def test_a_failed_step_is_done_again(prepare: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    requirements = prepare.ROOT / "requirements.txt"
    requirements.write_text("django==5.2\n")
    prepare.PYTHON.parent.mkdir()
    prepare.PYTHON.write_text("#!/bin/sh\necho no network\nexit 1\n")
    prepare.PYTHON.chmod(0o755)
    for _ in range(2):
        with pytest.raises(prepare.PreparationError, match=r"installing requirements\.txt failed"):
            prepare.install(requirements)
    assert capsys.readouterr().err.count("no network") == 2


def test_the_front_end_is_built_again_when_a_source_changes(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []
    monkeypatch.setattr(prepare, "run", lambda command, doing, *rest, **options: commands.append(doing))
    monkeypatch.setattr(prepare, "find_node", lambda: ("node", ["npm"]))
    for name in ("package.json", "package-lock.json", "assets/build.mjs", "portal/static/dist/manifest.json"):
        (prepare.ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (prepare.ROOT / name).write_text("{}")
    (prepare.ROOT / "node_modules").mkdir()
    prepare.build_front_end()
    prepare.build_front_end()
    assert commands == ["npm ci", "building the front end"]
    (prepare.ROOT / "assets" / "portal.css").write_text("a {}")
    prepare.build_front_end()
    assert commands == ["npm ci", "building the front end", "building the front end"]


@pytest.mark.parametrize(("said", "version"), [("v24.19.0\n", 24), ("v18.20.4\n", 18), ("what?\n", 0)])
def test_the_version_of_node_is_read(prepare: ModuleType, tmp_path: Path, said: str, version: int) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\nprintf '{said}'\n")
    node.chmod(0o755)
    assert prepare.node_version(str(node)) == version
