"""The portal as a process: how it starts, what it says, how it ends."""

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.esc_simulator.conftest import StartPortal
from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    send_approval,
    sign_in,
)


def test_ready_means_that_both_ports_answer(start_portal: StartPortal) -> None:
    portal = start_portal("--batches", "3")

    assert portal.ready["pid"] == portal.pid
    assert portal.ready["username"] == "officer"
    assert portal.url in portal.first_line
    assert httpx.get(f"{portal.url}/login").status_code == 200
    assert portal.summary()["batches"] == 3
    assert [path.name for path in portal.folder.glob("ready*")] == ["ready.json"]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_leaves_nothing(
    start_portal: StartPortal, signal_number: int
) -> None:
    portal = start_portal("--batches", "3")
    assert list(portal.temporary.iterdir())

    assert portal.stop(signal_number) == 0
    assert list(portal.temporary.iterdir()) == []


def test_visitors_who_wait_do_not_keep_it_from_ending(start_portal: StartPortal) -> None:
    # Given an idle connection, one kept alive, and one whose page takes ten minutes
    portal = start_portal("--batches", "3")
    with portal.visitor() as visitor, socket.create_connection(_address(portal)):
        sign_in(visitor)
        portal.set_faults({"kind": "latency", "ms": 600_000})
        waiting = threading.Thread(target=_visit_in_vain, args=(portal,))
        waiting.start()
        deadline = time.monotonic() + 30
        while portal.times_fired() != [1] and time.monotonic() < deadline:
            continue

        assert portal.stop() == 0
        waiting.join()


def _visit_in_vain(portal: PracticePortal) -> None:
    with portal.visitor() as visitor, suppress(httpx.HTTPError):
        visitor.get("/login", timeout=60)


def test_a_port_that_is_taken_is_said_in_one_line(start_portal: StartPortal) -> None:
    taken = str(_address(start_portal("--batches", "3"))[1])

    with pytest.raises(RuntimeError, match=r"\Astatus 1: practice portal: .*in use.*\n\Z"):
        start_portal("--port", taken)


def test_a_database_that_cannot_be_opened_is_said_in_one_line(
    start_portal: StartPortal, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "no-such-folder" / "portal.sqlite3")

    with pytest.raises(RuntimeError, match=r"\Astatus 1: practice portal: .*no-such-folder.*\n\Z"):
        start_portal("--database", nowhere)


def test_what_was_approved_outlives_a_killed_portal(
    start_portal: StartPortal, tmp_path: Path
) -> None:
    kept = ("--batches", "3", "--database", str(tmp_path / "kept.sqlite3"))
    first = start_portal(*kept)
    with first.visitor() as officer:
        sign_in(officer)
        approve(officer, "BATCH001", "Looks fine")
    first.stop(signal.SIGKILL)

    second = start_portal(*kept)

    assert [a["remark"] for a in second.batch("BATCH001")["approvals"]] == ["Looks fine"]


def test_a_restarted_portal_keeps_its_truth_and_forgets_its_faults(
    start_portal: StartPortal, tmp_path: Path
) -> None:
    # Given an approval, a refused request, a rejection, and a request that has not landed yet
    kept = ("--batches", "4", "--pending-only", "--database", str(tmp_path / "kept.sqlite3"))
    first = start_portal(*kept)
    first.set_faults({"kind": "lands_late", "ms": 3_600_000, "batch_id": "BATCH004"})
    with first.visitor() as officer:
        sign_in(officer)
        approve(officer, "BATCH001", "Looks fine")
        send_approval(officer, "BATCH002", "made-up")
        approve(officer, "BATCH004")
    first.ask_truth("POST", "/truth/batches/BATCH003/reject", {"by": "s.kulkarni"})
    known, counted = first.batches(), first.summary()
    assert counted["late_requests"] == 1
    first.stop(signal.SIGKILL)

    second = start_portal(*kept)

    known[3]["late_requests"] = counted["late_requests"] = 0
    assert second.batches() == known
    assert second.summary() == counted
    assert counted["approve_posts"] == 3
    assert second.ask_truth("GET", "/faults").json() == []


def test_the_same_seed_gives_the_same_truth(start_portal: StartPortal) -> None:
    first = start_portal("--batches", "40", "--seed", "11")
    second = start_portal("--batches", "40", "--seed", "11")

    assert first.batches() == second.batches()


def test_pending_only_makes_every_batch_approvable(start_portal: StartPortal) -> None:
    portal = start_portal("--batches", "60", "--pending-only")

    assert portal.summary()["pending"] == 60
    assert {batch["refusal"] for batch in portal.batches()} == {None}


def test_the_truth_is_told_on_the_loopback_only(start_portal: StartPortal) -> None:
    portal = start_portal("--batches", "3", "--host", "0.0.0.0")

    assert portal.ready["truth_url"].startswith("http://127.0.0.1:")
    assert _bound_addresses(portal.pid) == {"0.0.0.0", "127.0.0.1"}


def _address(portal: PracticePortal) -> tuple[str, int]:
    url = httpx.URL(portal.url)
    assert url.port is not None
    return url.host, url.port


def _bound_addresses(pid: int) -> set[str]:
    links = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    own = {link.removeprefix("socket:[").removesuffix("]") for link in links if "socket:" in link}
    listening = "0A"
    rows = [row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    addresses = (row[1].split(":")[0] for row in rows if row[3] == listening and row[9] in own)
    return {socket.inet_ntoa(bytes.fromhex(address)[::-1]) for address in addresses}
