"""A real Alertmanager on this machine, that sends to a hook of the portal: of the Debian package
prometheus-alertmanager. Listens on loopback, talks to nobody else, keeps its data in a folder of the test."""

import datetime as dt
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from incidents.models import AlertMessage
from incidents.tasks import take_alerts

BINARIES = ("prometheus-alertmanager", "alertmanager")
PATIENCE_S = 30
# JSON is YAML. Waits are short: a message goes out as soon as an alert comes, and as soon as it changes.
_ROUTE = {"receiver": "portal", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s",
          "repeat_interval": "1h"}  # fmt: skip


def binary() -> str:
    """Where it is installed; empty where it is not."""
    return next(filter(None, map(shutil.which, BINARIES)), "")


class RealAlertmanager:
    """One that answers at ``url``. ``fire`` and ``resolve`` tell it of alerts as Prometheus does."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fire(self, labels: Mapping[str, str], summary: str = "", *, starts_at: dt.datetime | None = None) -> None:
        self._tell({
            "labels": dict(labels), "annotations": {"summary": summary} if summary else {},
            "startsAt": (starts_at or dt.datetime.now(dt.UTC)).isoformat(),
        })  # fmt: skip

    def resolve(self, labels: Mapping[str, str]) -> None:
        """Say that what has these labels is over, now."""
        self._tell({"labels": dict(labels), "endsAt": dt.datetime.now(dt.UTC).isoformat()})

    def _tell(self, alert: Mapping[str, Any]) -> None:
        body = json.dumps([alert]).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


@contextmanager
def running(folder: Path, hook: str, *, token: str = "") -> Iterator[RealAlertmanager]:
    """One that sends to the address ``hook``, with the ``token`` in a header where it is given. Raises RuntimeError
    with its log where it does not start."""
    webhook: dict[str, Any] = {"url": hook, "send_resolved": True}
    if token:
        webhook["http_config"] = {"authorization": {"type": "Bearer", "credentials": token}}
    config = folder / "alertmanager.yml"
    config.write_text(json.dumps({"route": _ROUTE, "receivers": [{"name": "portal", "webhook_configs": [webhook]}]}))
    address, log = f"127.0.0.1:{_free_port()}", folder / "alertmanager.log"
    command = [
        binary(), f"--config.file={config}", f"--storage.path={folder / 'data'}", f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
        try:
            _wait_for(f"http://{address}/-/ready", process, log)
            yield RealAlertmanager(f"http://{address}")
        finally:
            process.terminate()
            process.wait(timeout=20)


def take_until(what: Callable[[], bool]) -> None:
    """Let the task take what Alertmanager sends, until this is so."""
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until, list(AlertMessage.objects.values_list("state", "problem"))
        time.sleep(0.2)
        take_alerts()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"Alertmanager did not start: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
