"""Logs: one line of JSON an event, from all processes into one file, without secrets."""

from __future__ import annotations

import json
import logging
import multiprocessing
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import structlog

from shared.config import Settings
from shared.correlation import about_task
from shared.logging_config import LOG_FILE, configure_logging, hide_from_logs

PROCESSES = 3
LINES = 60
MAX_BYTES = 4_000
KEPT_FILES = 500

processes = multiprocessing.get_context("forkserver")


def _settings(logs_dir: Path, level: str = "INFO") -> Settings:
    return Settings(_env_file=None, logs_dir=logs_dir, log_level=level)


def _lines(logs_dir: Path) -> list[dict[str, Any]]:
    """Every line of every file, each proved to be a JSON object of its own."""
    found = []
    for file in sorted(logs_dir.glob(f"{LOG_FILE}*")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            assert isinstance(entry, dict)
            found.append(entry)
    return found


def write_lines(logs_dir: Path, writer: int) -> None:
    """Log numbered lines as one process of several."""
    configure_logging(_settings(logs_dir), f"writer-{writer}", MAX_BYTES, KEPT_FILES)
    log = structlog.get_logger()
    for number in range(LINES):
        with about_task(f"task-{writer}"):
            log.info("a line\nwith a break", number=number, filler="é" * (number % 50))


def test_a_line_says_when_how_grave_by_which_service_and_about_what(
    logs_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(_settings(logs_dir), "worker")

    with about_task("task-1", "request-1"):
        structlog.get_logger("a.room").warning("not reachable", reason="down")

    (line,) = _lines(logs_dir)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "not reachable",
        "level": "warning",
        "logger": "a.room",
        "service": "worker",
        "task_id": "task-1",
        "request_id": "request-1",
        "reason": "down",
    }
    assert "not reachable" in capfd.readouterr().err


def test_lines_of_libraries_look_the_same(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir), "worker")

    with about_task("task-1"):
        logging.getLogger("celery.worker").info("Task %s received", "t")

    (line,) = _lines(logs_dir)
    assert (line["event"], line["logger"]) == ("Task t received", "celery.worker")
    assert (line["task_id"], line["service"]) == ("task-1", "worker")


def test_what_is_less_grave_than_the_level_is_left_out(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir, "WARNING"), "worker")

    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in _lines(logs_dir)] == ["loud"]


def test_chatty_libraries_are_heard_only_when_something_is_wrong(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir, "DEBUG"), "worker")

    logging.getLogger("selenium.webdriver").debug("every command and its cookies")
    logging.getLogger("httpx").info("every request")
    logging.getLogger("urllib3.connectionpool").warning("wrong")

    assert [line["event"] for line in _lines(logs_dir)] == ["wrong"]


@pytest.mark.parametrize(
    "name", ["password", "ESC_PASSWORD", "secret_key", "api_key", "x_token", "Authorization"]
)
def test_what_is_named_like_a_secret_is_hidden_however_deep(logs_dir: Path, name: str) -> None:
    configure_logging(_settings(logs_dir), "worker")

    log = structlog.get_logger()
    log.info("flat", **{name: "s3cret"})
    log.info("deep", request={"headers": [{name: "s3cret", "accept": "*"}]})

    flat, deep = _lines(logs_dir)
    assert flat[name] == "***"
    assert deep["request"] == {"headers": [{name: "***", "accept": "*"}]}
    assert "s3cret" not in (logs_dir / LOG_FILE).read_text()


def test_a_secret_of_the_settings_is_masked_wherever_it_stands(
    logs_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Given settings with secrets of every kind
    known: dict[str, Any] = {
        "api_key": "api-key-1",
        "secret_key": "secret-key-2",
        "esc_password": "pass word&3",
    }
    urls: dict[str, Any] = {
        "database_url": "postgresql://me:record-pass@db/record",
        "redis_url": "redis://:redis-pass@host",
    }
    settings = Settings(_env_file=None, logs_dir=logs_dir, log_level="DEBUG", **known, **urls)
    # And one that was made at first start
    configure_logging(settings, "worker", secrets=["made-key-4"])
    # When they turn up in words, values, addresses, exceptions and the lines of libraries
    secrets = [*known.values(), "record-pass", "redis-pass", "made-key-4"]
    for secret in secrets:
        structlog.get_logger().info(f"it is {secret}", reason=[{"why": (secret, Path(secret))}])
        logging.getLogger("library").debug("GET /?it=%s", quote_plus(secret))
        try:
            raise LookupError(secret)
        except LookupError:
            structlog.get_logger().exception("failed", error=LookupError(secret))
    # Then none of them is in the file or on the console
    logged, shown = (logs_dir / LOG_FILE).read_text(), capfd.readouterr().err
    for secret in secrets:
        for text in (logged, shown):
            assert secret not in text
            assert quote_plus(secret) not in text
    assert logged.count("it is ***") == shown.count("it is ***") == len(secrets)
    assert all(_lines(logs_dir))


def test_a_secret_that_becomes_known_later_is_masked_from_then_on(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir), "worker")
    structlog.get_logger().info("it is read-from-file")
    hide_from_logs("read-from-file")
    structlog.get_logger().info("it is read-from-file")

    before, after = _lines(logs_dir)
    assert (before["event"], after["event"]) == ("it is read-from-file", "it is ***")


def test_an_exception_is_written_into_its_line(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir), "worker")
    try:
        raise LookupError("no such batch")
    except LookupError:
        structlog.get_logger().exception("attempt failed")
        logging.getLogger("library").exception("library failed")

    for line in _lines(logs_dir):
        assert "LookupError: no such batch" in line["exception"]


def test_anything_at_all_can_be_logged(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir), "worker")

    structlog.get_logger().info("odd", path=logs_dir, raw=b"\xff", text="\ud800\u2028", own={1: 2})

    (line,) = _lines(logs_dir)
    assert line["path"].endswith("logs')")
    assert line["text"] == "\ud800\u2028"


def test_configuring_again_writes_no_line_twice(logs_dir: Path) -> None:
    configure_logging(_settings(logs_dir), "worker")
    configure_logging(_settings(logs_dir), "worker")

    structlog.get_logger().info("once")

    assert len(_lines(logs_dir)) == 1


def test_processes_write_one_log_and_no_line_is_lost_or_mixed_when_files_change(
    logs_dir: Path,
) -> None:
    # Given several processes, When they log at the same time, far more than one file holds
    writers = [
        processes.Process(target=write_lines, args=(logs_dir, writer), daemon=True)
        for writer in range(PROCESSES)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
        assert process.exitcode == 0

    # Then every line is there once, whole, and with the task of the process that wrote it
    assert len(list(logs_dir.glob(f"{LOG_FILE}*"))) > PROCESSES
    found = [(line["service"], line["task_id"], line["number"]) for line in _lines(logs_dir)]
    assert sorted(found) == sorted(
        (f"writer-{writer}", f"task-{writer}", number)
        for writer in range(PROCESSES)
        for number in range(LINES)
    )
