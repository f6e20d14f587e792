"""What may be typed, and what it means."""

import re
from pathlib import Path

import pytest

from esc_simulator.command_line import main, read_options
from esc_simulator.world import World


def test_without_arguments_the_portal_is_the_documented_one() -> None:
    options = read_options([])

    assert options.world == World(500, 7, pending_only=False)
    assert (options.host, options.port, options.truth_port) == ("127.0.0.1", 8100, 8101)
    assert (options.username, options.password) == ("officer", "practice")
    assert (options.latency_seconds, options.session_seconds) == (0, 1800)
    assert options.database is None
    assert options.ready_file is None


def test_every_option_can_be_chosen() -> None:
    typed = (
        "--batches 3 --seed 9 --pending-only --host 0.0.0.0 --port 0 --truth-port 0"
        " --database d.sqlite3 --username u --password p --latency-ms 300"
        " --session-minutes 0.5 --ready-file r.json"
    )

    options = read_options(typed.split())

    assert options.world == World(3, 9, pending_only=True)
    assert (options.host, options.port, options.truth_port) == ("0.0.0.0", 0, 0)
    assert (options.username, options.password) == ("u", "p")
    assert (options.latency_seconds, options.session_seconds) == (0.3, 30)
    assert (options.database, options.ready_file) == (Path("d.sqlite3"), Path("r.json"))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("--batches 0", "'0' is not a whole number, 1 or more"),
        ("--batches many", "'many' is not a whole number, 1 or more"),
        ("--seed lucky", "'lucky' is not a whole number"),
        ("--port 65536", "'65536' is not a port, 0 to 65535"),
        ("--truth-port -1", "'-1' is not a port, 0 to 65535"),
        ("--latency-ms -5", "'-5' is not a number, 0 or more"),
        ("--latency-ms nan", "'nan' is not a number, 0 or more"),
        ("--session-minutes 0", "'0' is not a number, more than 0"),
        ("--colour green", "unrecognized arguments: --colour green"),
    ],
)
def test_a_wrong_value_ends_the_program_saying_what_is_allowed(
    typed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(typed.split())

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert typed.split()[0] in said
    assert told in said


def test_a_database_that_cannot_be_opened_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "no-such-folder" / "portal.sqlite3"

    status = main(["--database", str(nowhere), "--port", "0", "--truth-port", "0"])

    assert status == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"practice portal: .*no-such-folder.*\n", said)
