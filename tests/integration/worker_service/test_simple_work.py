"""What a simple task type's function is given, on a real record."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from shared.record import artifacts
from shared.task_state import ItemStatus
from tests.integration.worker_service.office import LetterParams, Office
from worker_service.registry import TaskDefinition
from worker_service.simple_task import simple_task
from worker_service.work import Work

TIME_LIMIT = 60.0


def writing(leaf: Path, seen: dict[str, float]) -> TaskDefinition[LetterParams]:
    """A task type that tells what it was given."""

    @simple_task(name="stamp_letters", title="Write", description="Writes.", side_effect="none")
    def write(context: Work, params: LetterParams) -> dict[str, object]:
        seen["left"] = context.deadline - time.monotonic()
        for done in (0, 1, 4, 10, 11, 500, 1000):
            context.progress(done, 1000, f"{done} of 1000")
        context.save_file("letter.txt", leaf)
        leaf.write_text("changed afterwards")
        return {"item": context.item, "task": context.task_id, "attempt": context.attempt}

    return write


@pytest.fixture
def leaf(tmp_path: Path) -> Path:
    """A file of the author's own."""
    found = tmp_path / "leaf"
    found.write_text("Dear Ann")
    return found


def test_it_is_told_whose_work_it_is_and_until_when(office: Office, leaf: Path) -> None:
    task_id, seen = office.accept("Ann"), dict[str, float]()

    assert office.serve(task_id, writing(leaf, seen), item_time_limit=TIME_LIMIT) == "completed"

    (item,) = office.items(task_id).values()
    assert item.status is ItemStatus.DONE
    assert item.details == {"item": task_id, "task": task_id, "attempt": 1}
    # The deadline is that of ITEM_TIME_LIMIT, on the clock of this process
    assert 0 < seen["left"] <= TIME_LIMIT


def test_each_whole_per_cent_is_told_once(office: Office, leaf: Path) -> None:
    task_id = office.accept("Ann")
    office.serve(task_id, writing(leaf, {}))

    told = [event.data for event in office.events(task_id) if event.type.value == "progress"]
    own = [(one["progress"], one["message"]) for one in told if "of 1000" in one["message"]]
    assert own == [
        (0, "0 of 1000"),
        (1, "10 of 1000"),
        (50, "500 of 1000"),
        # The rest is the outcome itself
        (99, "1000 of 1000"),
    ]


def test_a_saved_path_is_a_copy_and_a_deliverable(office: Office, leaf: Path) -> None:
    task_id = office.accept("Ann")
    office.serve(task_id, writing(leaf, {}))

    (item,) = office.items(task_id).values()
    with office.record.read() as connection:
        (kept,) = artifacts.of_items(connection, [item.id])[item.id]
    assert (kept.kind.value, kept.content_type) == ("file", "text/plain")
    content = (office.folder / "results" / kept.path).read_bytes()
    assert content == b"Dear Ann"
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    result = office.task(task_id).result
    assert result is not None
    assert result["files"] == [kept.path]
