"""Real workers and beats, killed, doubled and left without their servers: nothing is lost, nothing is doubled.

Every slot of every check has exactly one answer, whatever happens: asked, or written as late when nobody could ask.
"""

import contextlib
import datetime as dt
import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import redis

from portal.embedded import leave_servers, server_urls
from tests.services.health.targets import Targets, serving

PROJECT = Path(__file__).resolve().parents[3]
CHECKS, INTERVAL_S = 20, 10
UP, LATE = 0, 3
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

MAKE = """
import sys, django
django.setup()
from services.health import partitions
from services.health.actions import create_check
from services.actions import create_entity
partitions.maintain()
entity = create_entity(by=None, values={"name": "shop", "type": "service"}, kind="component")
for number in range(int(sys.argv[2])):
    create_check(by=None, values={"entity": entity, "name": f"Page {number}", "address": f"{sys.argv[1]}?{number}",
        "interval_s": int(sys.argv[3]), "timeout_ms": 5000})
"""


@dataclass
class Installation:
    """Servers of its own, and the workers and beats that were started on them."""

    data_dir: Path
    database_url: str
    redis_url: str
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "portal.settings", "DATA_DIR": str(self.data_dir), "DEMO": "0", "HTTPS": "0",
            "DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url, "SECRET_KEY": "for tests " * 6,
            "PROBE_ALLOW": "127.0.0.0/8", "EMBEDDED_DURABLE": "0",
        }  # fmt: skip

    def run(self, *arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], cwd=PROJECT, env=self.environment, check=True)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.data_dir / f"program-{len(self.programs)}.log").open("wb") as log:
            self.programs.append(
                subprocess.Popen(
                    [sys.executable, "-m", "celery", "-A", "portal", *arguments],
                    cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
                )
            )  # fmt: skip
        return self.programs[-1]

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--queues", "default,probes", "--concurrency", "2", "--without-mingle")

    def start_beat(self) -> subprocess.Popen[bytes]:
        schedule = self.data_dir / f"beat-{len(self.programs)}"
        return self.start("beat", "--schedule", str(schedule), "--pidfile", "")

    def rows(self, query: str) -> list[tuple]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchall()

    def answers(self) -> int:
        return self.rows("SELECT count(*) FROM health_checkresult")[0][0]

    def lag_s(self) -> float:
        """By how much the check that waits longest is overdue."""
        return float(self.rows("SELECT extract(epoch FROM now() - min(due_at)) FROM health_checkstate")[0][0])


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    data_dir = tmp_path_factory.mktemp("faults") / "data"
    data_dir.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_DURABLE", "0")
        made = Installation(data_dir, *server_urls(data_dir))
    made.run("manage.py", "migrate", "--verbosity", "0")
    try:
        yield made
    finally:
        for program in made.programs:
            kill(program)
        leave_servers(data_dir, wait=60)


@pytest.fixture
def shop(installation: Installation) -> Iterator[Targets]:
    """Twenty checks of a target that answers, each every ten seconds; nothing runs yet."""
    with psycopg.connect(installation.database_url) as connection:
        connection.execute("TRUNCATE health_check, health_checkresult, services_entity, references_reference CASCADE")
    redis.Redis.from_url(installation.redis_url).flushall()
    with serving() as targets:
        installation.run("-c", MAKE, targets.url("/slow"), str(CHECKS), str(INTERVAL_S))
        try:
            yield targets
        finally:
            for program in installation.programs:
                kill(program)
            installation.programs.clear()


def kill(program: subprocess.Popen[bytes]) -> None:
    """Kill a program and the children it forked, as a machine that loses its power does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def eventually(condition: Callable[[], bool], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not _holds(condition):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.1)


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except (psycopg.Error, redis.RedisError, OSError, IndexError, ValueError):
        # A server is being restarted.
        return False


def caught_up(installation: Installation) -> bool:
    return installation.lag_s() < INTERVAL_S


def assert_nothing_is_lost_or_doubled(installation: Installation, shop: Targets, *, asked_again: int = 0) -> None:
    """Slots follow each other without a gap, one answer each; at most ``asked_again`` questions had no answer kept."""
    for program in installation.programs:
        kill(program)
    slots, outcomes = defaultdict(list), Counter()
    for of_id, due_at, outcome in installation.rows(
        "SELECT of_id, due_at, outcome FROM health_checkresult ORDER BY due_at"
    ):
        slots[of_id].append(due_at)
        outcomes[outcome] += 1
    assert len(slots) == CHECKS
    for first, second, *others in slots.values():
        assert dt.timedelta(0) < second - first <= dt.timedelta(seconds=INTERVAL_S)
        later = [second, *others]
        steps = {after - before for before, after in itertools.pairwise(later)}
        assert steps <= {dt.timedelta(seconds=INTERVAL_S)}
    # What was under way when everything ended has no answer yet.
    under_way = installation.rows("SELECT count(*) FROM health_checkstate WHERE lease IS NOT NULL")[0][0]
    assert set(outcomes) <= {UP, LATE}
    assert outcomes[UP] <= shop.asked["/slow"] <= outcomes[UP] + under_way + asked_again


def test_two_beats_and_two_workers_ask_each_question_once(installation, shop):
    for _ in range(2):
        installation.start_worker()
        installation.start_beat()
    eventually(lambda: installation.answers() >= 3 * CHECKS and caught_up(installation))
    assert_nothing_is_lost_or_doubled(installation, shop)


def test_a_worker_that_is_killed_within_a_batch_loses_nothing(installation, shop):
    installation.start_beat()
    victim = installation.start_worker()
    eventually(lambda: shop.asked["/slow"] > 0)
    kill(victim)
    assert installation.rows("SELECT count(*) FROM health_checkstate WHERE lease IS NOT NULL")[0][0] > 0
    before = installation.answers()
    installation.start_worker()
    eventually(lambda: installation.answers() >= before + 3 * CHECKS and caught_up(installation))
    assert_nothing_is_lost_or_doubled(installation, shop, asked_again=CHECKS)


def test_redis_that_is_emptied_and_restarted_loses_nothing(installation, shop):
    installation.start_beat()
    installation.start_worker()
    eventually(lambda: installation.answers() >= CHECKS)
    redis.Redis.from_url(installation.redis_url).flushall()
    restart(installation, "redis/redis.pid", lambda: bool(redis.Redis.from_url(installation.redis_url).ping()))
    before = installation.answers()
    eventually(lambda: installation.answers() >= before + 3 * CHECKS and caught_up(installation))
    assert_nothing_is_lost_or_doubled(installation, shop)


def test_postgres_that_is_restarted_loses_nothing(installation, shop):
    installation.start_beat()
    installation.start_worker()
    eventually(lambda: installation.answers() >= CHECKS)
    before = installation.answers()
    restart(installation, "postgres/postmaster.pid", lambda: bool(installation.rows("SELECT 1")))
    eventually(lambda: installation.answers() >= before + 3 * CHECKS and caught_up(installation))
    assert_nothing_is_lost_or_doubled(installation, shop, asked_again=CHECKS)


def restart(installation: Installation, pid_file: str, answers: Callable[[], bool]) -> None:
    """Kill a server; the keeper of the embedded servers starts it again at the same address."""
    file = installation.data_dir / pid_file
    killed = int(file.read_text().splitlines()[0])
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: file.exists() and int(file.read_text().splitlines()[0]) != killed and answers())
