"""The portal as a process: how it starts, what it says, how it ends."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.esc_simulator.conftest import EVERY_KIND, StartPortal
from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    can_be_approved,
    send_approval,
    sign_in,
)


@pytest.fixture(scope="module")
def second_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    """A portal like the one that all tests here share, but for all the world to see."""
    folder = tmp_path_factory.mktemp("second")
    with closing(PracticePortal(folder, *EVERY_KIND, "--host", "0.0.0.0")) as portal:
        yield portal


def test_it_answers_on_both_ports_once_ready_until_ctrl_c_ends_it_and_leaves_nothing(
    start_portal: StartPortal,
) -> None:
    portal = start_portal("--batches", "3")

    assert portal.ready["pid"] == portal.pid
    assert portal.ready["username"] == "officer"
    assert portal.url in portal.first_line
    assert httpx.get(f"{portal.url}/login").status_code == 200
    assert portal.summary()["batches"] == 3
    assert [path.name for path in portal.folder.glob("ready*")] == ["ready.json"]
    assert list(portal.temporary.iterdir())

    assert portal.stop(signal.SIGINT) == 0
    assert list(portal.temporary.iterdir()) == []


def test_sigterm_ends_it_whoever_waits_and_whatever_is_to_come(start_portal: StartPortal) -> None:
    # Given an idle connection, one kept alive, one whose page takes ten minutes, and an approval
    # that lands in an hour
    portal = start_portal("--batches", "3")
    with portal.visitor() as visitor, socket.create_connection(_address(portal)):
        sign_in(visitor)
        portal.set_faults({"kind": "lands_late", "ms": 3_600_000})
        approve(visitor, "BATCH001")
        portal.set_faults({"kind": "latency", "ms": 600_000})
        waiting = threading.Thread(target=_visit_in_vain, args=(portal,))
        waiting.start()
        deadline = time.monotonic() + 30
        while portal.times_fired() != [1] and time.monotonic() < deadline:
            continue
        assert portal.summary()["late_requests"] == 1

        assert portal.stop(signal.SIGTERM) == 0
        waiting.join()
    assert list(portal.temporary.iterdir()) == []


def _visit_in_vain(portal: PracticePortal) -> None:
    with portal.visitor() as visitor, suppress(httpx.HTTPError):
        visitor.get("/login", timeout=60)


def test_a_port_that_is_taken_is_said_in_one_line(
    portal: PracticePortal, start_portal: StartPortal
) -> None:
    taken = str(_address(portal)[1])

    with pytest.raises(RuntimeError, match=r"\Astatus 1: practice portal: .*in use.*\n\Z"):
        start_portal("--port", taken)


def test_a_killed_portal_keeps_its_truth_and_forgets_its_faults(
    start_portal: StartPortal, tmp_path: Path
) -> None:
    # Given batches that can all be approved (without the option one in a dozen cannot), of them a
    # refused request, a rejection, and a request that has not landed yet
    kept = ("--batches", "12", "--pending-only", "--database", str(tmp_path / "kept.sqlite3"))
    first = start_portal(*kept)
    assert all(map(can_be_approved, first.batches()))
    first.set_faults({"kind": "lands_late", "ms": 3_600_000, "batch_id": "BATCH004"})
    first.ask_truth("POST", "/truth/batches/BATCH003/reject", {"by": "s.kulkarni"})
    with first.visitor() as officer:
        sign_in(officer)
        send_approval(officer, "BATCH002", "made-up")
        approve(officer, "BATCH004")
        known, counted = first.batches(), first.summary()

        # When it is killed as soon as an approval was answered
        approve(officer, "BATCH001", "Looks fine")
        first.stop(signal.SIGKILL)

    second = start_portal(*kept)

    just_approved, *others = second.batches()
    assert [a["remark"] for a in just_approved["approvals"]] == ["Looks fine"]
    assert (known[3]["late_requests"], counted["late_requests"]) == (1, 1)
    known[3]["late_requests"] = 0
    assert others == known[1:]
    approved = {"pending": 10, "approved": 1, "approvals": 1, "approve_posts": 3}
    assert second.summary() == {**counted, **approved, "late_requests": 0}
    assert second.ask_truth("GET", "/faults").json() == []


def test_the_same_seed_gives_the_same_truth(
    portal: PracticePortal, second_portal: PracticePortal
) -> None:
    assert second_portal.batches() == portal.as_started


def test_the_truth_is_told_on_the_loopback_only(second_portal: PracticePortal) -> None:
    assert second_portal.ready["truth_url"].startswith("http://127.0.0.1:")
    assert _bound_addresses(second_portal.pid) == {"0.0.0.0", "127.0.0.1"}


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
