"""The embedded servers, started, killed, starved and mistreated for real, each time in a data directory of its own."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from portal.embedded import EmbeddedError, leave_servers, programs, revive_keeper, server_urls
from portal.embedded.owned import MARK
from portal.embedded.places import LONGEST_SOCKET_PATH, Places, is_held

PROJECT = Path(__file__).resolve().parents[2]
# A process that uses the servers until its standard input is closed.
USER = """
import sys
from pathlib import Path
from portal.embedded import EmbeddedError, server_urls
try:
    print(*server_urls(Path(sys.argv[1])), flush=True)
except EmbeddedError as error:
    sys.exit(str(error))
sys.stdin.read()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")


@pytest.fixture(autouse=True)
def _fleeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that need not outlive the machine are made faster."""
    monkeypatch.setenv("EMBEDDED_DURABLE", "0")


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory; afterwards nothing of it runs any more."""
    directory = tmp_path / "data"
    yield directory
    assert leave_servers(directory, wait=60)
    eventually(lambda: not servers_of(directory))


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def servers_of(data_dir: Path) -> list[psutil.Process]:
    """Every process that works in the data directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(data_dir):
                found.append(process)
    return found


def owners_of(data_dir: Path) -> set[int]:
    """As whom the processes in the data directory work, but for those that end while they are asked."""
    found = set()
    for process in servers_of(data_dir):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.add(process.uids().real)
    return found


def pid_in(file: Path) -> int:
    return int(file.read_text().splitlines()[0])


def postgres_pid(data_dir: Path) -> int:
    return pid_in(data_dir / "postgres" / "postmaster.pid")


def keeper_pid(data_dir: Path) -> int:
    return int(json.loads(Places(data_dir).state.read_text())["keeper"])


@contextlib.contextmanager
def user(data_dir: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def addresses(process: subprocess.Popen[str]) -> list[str]:
    """What a user printed, once the servers answer it."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def ask(database_url: str, query: str) -> object:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


def everything_below(directory: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(directory.rglob("*"))}


def test_both_servers_answer_and_stop_with_their_last_user(data_dir: Path) -> None:
    database_url, redis_url = server_urls(data_dir)
    assert server_urls(data_dir) == (database_url, redis_url)
    assert ask(database_url, "SHOW server_version").split(".")[0] == "18"  # type: ignore[attr-defined]
    assert ask(database_url, "SHOW timezone") == "UTC"
    assert ask(database_url, "SELECT lower('ÄÖÜ')") == "äöü"
    assert ask(database_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    client = redis.from_url(redis_url)
    assert client.set("key", "value")
    client.close()
    assert leave_servers(data_dir, wait=60)
    assert servers_of(data_dir) == []


def test_data_outlive_the_servers(data_dir: Path) -> None:
    database_url, redis_url = server_urls(data_dir)
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.from_url(redis_url) as client:
        client.set("kept", "yes")
    assert leave_servers(data_dir, wait=60)
    database_url, redis_url = server_urls(data_dir)
    assert ask(database_url, "SELECT answer FROM kept") == 42
    with redis.from_url(redis_url) as client:
        assert client.get("kept") == b"yes"


def test_data_are_written_durably_unless_told_otherwise(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMBEDDED_DURABLE")
    assert ask(server_urls(data_dir)[0], "SHOW fsync") == "on"
    assert leave_servers(data_dir, wait=60)
    monkeypatch.setenv("EMBEDDED_DURABLE", "0")
    assert ask(server_urls(data_dir)[0], "SHOW fsync") == "off"


def test_nobody_else_gets_in(data_dir: Path) -> None:
    server_urls(data_dir)
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700
    settings = Places(data_dir).own / "redis.json"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    with socket.create_connection(("127.0.0.1", json.loads(settings.read_text())["port"])) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    listening = {
        connection.laddr.ip
        for server in servers_of(data_dir)
        for connection in server.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_users_at_the_same_time_share_one_server(data_dir: Path) -> None:
    with contextlib.ExitStack() as stack:
        users = [stack.enter_context(user(data_dir)) for _ in range(4)]
        answers = [addresses(process) for process in users]
        assert len(answers[0]) == 2
        assert all(answer == answers[0] for answer in answers)
        first = postgres_pid(data_dir)
        for leaving in users[:3]:
            leaving.communicate()
        assert ask(answers[0][0], "SELECT 1") == 1
        assert postgres_pid(data_dir) == first
    eventually(lambda: not servers_of(data_dir))


def test_a_forked_child_keeps_the_servers(data_dir: Path) -> None:
    database_url, _ = server_urls(data_dir)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    assert not leave_servers(data_dir, wait=1.5)
    assert ask(database_url, "SELECT 1") == 1
    os.close(writing)
    os.waitpid(child, 0)


def test_killed_users_leave_no_servers_behind(data_dir: Path) -> None:
    with user(data_dir) as process:
        addresses(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        eventually(lambda: not servers_of(data_dir))


def test_servers_left_by_a_killed_keeper_are_taken_over(data_dir: Path) -> None:
    with user(data_dir) as process:
        before = addresses(process)
        server, keeper = postgres_pid(data_dir), keeper_pid(data_dir)
        os.kill(keeper, signal.SIGKILL)
        process.kill()
        eventually(lambda: not psutil.pid_exists(keeper) or psutil.Process(keeper).status() == psutil.STATUS_ZOMBIE)
    assert list(server_urls(data_dir)) == before
    assert postgres_pid(data_dir) == server
    assert ask(before[0], "SELECT 1") == 1


def kill_keeper(data_dir: Path) -> None:
    keeper = keeper_pid(data_dir)
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not is_held(Places(data_dir).keeper_lock))


def test_a_killed_keeper_is_brought_back_and_starts_what_died_meanwhile(data_dir: Path) -> None:
    before = server_urls(data_dir)
    assert not revive_keeper(data_dir)
    killed = pid_in(data_dir / "redis/redis.pid")
    kill_keeper(data_dir)
    os.kill(killed, signal.SIGKILL)
    assert revive_keeper(data_dir)

    def answers_again() -> bool:
        with contextlib.suppress(redis.RedisError, OSError), redis.from_url(before[1]) as client:
            return pid_in(data_dir / "redis/redis.pid") != killed and bool(client.ping())
        return False

    eventually(answers_again)
    assert ask(before[0], "SELECT 1") == 1


def test_servers_whose_keeper_was_killed_are_stopped_all_the_same(data_dir: Path) -> None:
    server_urls(data_dir)
    kill_keeper(data_dir)
    assert leave_servers(data_dir, wait=60)
    eventually(lambda: not servers_of(data_dir))


@pytest.mark.parametrize("name", ["postgres/postmaster.pid", "redis/redis.pid"])
def test_a_killed_server_is_started_again_at_the_same_address(data_dir: Path, name: str) -> None:
    database_url, redis_url = server_urls(data_dir)
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    killed = pid_in(data_dir / name)
    os.kill(killed, signal.SIGKILL)

    def answers_again() -> bool:
        gone = (psycopg.Error, redis.RedisError, OSError, IndexError, ValueError)
        with contextlib.suppress(*gone), redis.from_url(redis_url) as client:
            return pid_in(data_dir / name) != killed and ask(database_url, "SELECT 1") == 1 and bool(client.ping())
        return False

    eventually(answers_again)
    assert ask(database_url, "SELECT answer FROM kept") == 42


def test_a_pid_file_with_the_number_of_a_stranger_is_stale(data_dir: Path) -> None:
    server_urls(data_dir)
    assert leave_servers(data_dir, wait=60)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lines = [stranger.pid, data_dir / "postgres", int(time.time()), 5432, ".", "", " 1 1", "ready   "]
        (data_dir / "postgres" / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
        (data_dir / "redis" / "redis.pid").write_text(f"{stranger.pid}\n")
        assert ask(server_urls(data_dir)[0], "SELECT 1") == 1
        assert leave_servers(data_dir, wait=60)
        assert stranger.poll() is None
        stranger.kill()


def test_an_interrupted_preparation_is_done_again(data_dir: Path) -> None:
    unfinished = data_dir / "postgres.unfinished"
    (unfinished / "base").mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert ask(server_urls(data_dir)[0], "SELECT 1") == 1
    assert not unfinished.exists()


def refused(data_dir: Path) -> str:
    """The message of a refusal, which changes none of the data."""
    before = everything_below(data_dir / "postgres")
    with pytest.raises(EmbeddedError) as caught:
        server_urls(data_dir)
    assert everything_below(data_dir / "postgres") == before
    assert "DATA_DIR" in str(caught.value)
    return str(caught.value)


def test_a_database_of_somebody_else_is_neither_started_nor_written_to_nor_stopped(data_dir: Path) -> None:
    server_urls(data_dir)
    (data_dir / "postgres" / MARK).unlink()
    rules = data_dir / "postgres" / "pg_hba.conf"
    rules.write_text("local all all trust\n")
    kill_keeper(data_dir)  # its servers run on, as somebody's would whom we know nothing of
    running = postgres_pid(data_dir)
    leave_servers(data_dir)
    with user(data_dir) as process:
        assert process.wait(60) == 1
        said = process.stderr.read() if process.stderr else ""
    assert f"No file {MARK} in {data_dir}/postgres: the data there may be another program's. Nothing was" in said
    assert (psutil.pid_exists(running), rules.read_text()) == (True, "local all all trust\n")
    subprocess.run(said[said.index("touch ") :], shell=True, check=True)  # as the message says
    assert ask(server_urls(data_dir)[0], "SELECT 1") == 1


def test_a_redis_of_somebody_else_is_left_alone(data_dir: Path) -> None:
    (data_dir / "redis").mkdir(parents=True)
    (data_dir / "redis" / "dump.rdb").write_bytes(b"somebody's")
    with pytest.raises(EmbeddedError, match=f"No file {MARK} in {data_dir}/redis: the data there"):
        server_urls(data_dir)
    assert [each.name for each in data_dir.iterdir() if each.name != "embedded"] == ["redis"]
    assert everything_below(data_dir / "redis") == {f"{data_dir}/redis/dump.rdb": b"somebody's"}


def test_half_a_database_is_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres" / "base").mkdir(parents=True)
    (data_dir / "postgres" / MARK).touch()
    (data_dir / "postgres" / "base" / "precious").write_text("data")
    assert f"{data_dir}/postgres is no complete database: PG_VERSION is missing" in refused(data_dir)


def test_a_database_without_its_control_file_is_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / MARK).touch()
    (data_dir / "postgres" / "PG_VERSION").write_text("18\n")
    assert "global/pg_control is missing" in refused(data_dir)


def test_data_of_another_version_are_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres" / "global").mkdir(parents=True)
    (data_dir / "postgres" / MARK).touch()
    (data_dir / "postgres" / "global" / "pg_control").write_text("old")
    (data_dir / "postgres" / "PG_VERSION").write_text("15\n")
    message = refused(data_dir)
    assert "was made by PostgreSQL 15; this portal brings PostgreSQL 18" in message
    assert "pg_dump" in message


def test_a_taken_port_is_given_up_for_another(data_dir: Path) -> None:
    _, before = server_urls(data_dir)
    assert leave_servers(data_dir, wait=60)
    port = json.loads((Places(data_dir).own / "redis.json").read_text())["port"]
    with socket.create_server(("127.0.0.1", port)):
        _, after = server_urls(data_dir)
        with redis.from_url(after) as client:
            assert client.ping()
    assert after != before


def test_a_long_path_gets_a_short_private_socket_directory(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20) / ("deep" * 20)
    assert len(str(deep)) > LONGEST_SOCKET_PATH
    database_url, _ = server_urls(deep)
    assert ask(database_url, "SELECT 1") == 1
    sockets = Path(database_url.partition("?host=")[2])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert leave_servers(deep, wait=60)
    assert not sockets.exists()


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("long" * 20) / ("deep" * 20)
    database_url, _ = server_urls(deep)
    assert leave_servers(deep, wait=60)
    sockets = Path(database_url.partition("?host=")[2])
    sockets.mkdir()
    sockets.chmod(0o777)
    try:
        with pytest.raises(EmbeddedError, match=f"{sockets} is not ours"):
            server_urls(deep)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o777
    finally:
        sockets.rmdir()


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(EmbeddedError, match=f"DATA_DIR={tmp_path}/data cannot be used"):
        server_urls(tmp_path / "data")


def test_spaces_and_letters_in_the_path(tmp_path: Path) -> None:
    odd = tmp_path / "Größe 100% & mehr"
    assert ask(server_urls(odd)[0], "SELECT 1") == 1
    assert leave_servers(odd, wait=60)


def test_removed_data_take_their_servers_with_them(data_dir: Path) -> None:
    with user(data_dir) as process:
        addresses(process)
        servers = servers_of(data_dir)
        assert servers
        shutil.rmtree(data_dir)
        eventually(lambda: not any(server.is_running() for server in servers))


def test_programs_that_do_not_run_are_named(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("#!/bin/sh\necho wrong processor >&2\nexit 1\n")
    (tmp_path / "postgres").chmod(0o755)
    with pytest.raises(EmbeddedError, match=f"{tmp_path}/postgres does not run on this machine: wrong processor"):
        programs._usable(tmp_path, ("postgres",), "postgresql", None)


@as_root
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this root may not mount a small disk")
    try:
        with pytest.raises(EmbeddedError, match=r"The disk is full: .* MB free, and the database needs 200 MB"):
            server_urls(disk / "data")
        assert leave_servers(disk / "data", wait=60)
        assert not (disk / "data" / "postgres").exists()
    finally:
        subprocess.run(["umount", disk], check=True)


@as_root
def test_root_changes_no_permission_and_gives_up_its_rights(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = {path: path.stat().st_mode for path in [closed, *closed.parents]}
    assert ask(server_urls(closed / "data")[0], "SELECT 1") == 1
    assert owners_of(closed / "data") == {pwd.getpwnam("nobody").pw_uid}
    assert {path: path.stat().st_mode for path in before} == before
    assert leave_servers(closed / "data", wait=60)


def as_nobody(act: Callable[[], object]) -> str:
    """What an EmbeddedError said when an ordinary user acted, in a forked child that became one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(pwd.getpwnam("nobody").pw_gid)
                os.setuid(pwd.getpwnam("nobody").pw_uid)
            try:
                act()
            except EmbeddedError as error:
                os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def test_a_closed_parent_directory_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0)
    try:
        said = as_nobody(lambda: server_urls(closed / "inner" / "data"))
    finally:
        closed.chmod(0o700)
    assert "No permission: creating the data directory" in said
    assert "may not be entered" in said
    assert "DATA_DIR=" in said


def test_a_directory_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    said = as_nobody(lambda: server_urls(Path("/proc/groundwork-data")))
    assert said.startswith(("No permission: creating the data directory", "Creating the data directory"))
