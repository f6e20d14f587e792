"""Retention: old files and histories go, answers stay sensible, nothing that is open is touched."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from orchestrator_service.retention import Retention
from shared.record import Record, retention, tables
from shared.task_state import ItemStatus
from shared.utils import utc_now
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.sealed_folder import folder_of, until_sealed
from tests.integration.orchestrator_service.task_author import APPROVE_BATCHES, TaskAuthor
from tests.integration.orchestrator_service.waiting import until

OLD = timedelta(days=40)
TWO_HOURS = 7200


def completed(edge: RunningEdge, author: TaskAuthor) -> str:
    """A completed task with a picture, a report and a log."""
    task_id = edge.assign("approve_batches", batch_ids=["B1"])
    author.begin(task_id, ["B1"])
    picture = author.keep_file(task_id, "B1-1-after.jpg", b"after", "image/jpeg", item=0)
    report = author.keep_file(task_id, "report.csv", b"a,b", "text/csv")
    author.log(task_id, "one", "two")
    author.finish_items(task_id, ItemStatus.DONE, "Approved by us")
    author.complete(task_id, screenshot=picture.path, files=[report.path])
    return task_id


def let_it_be_old(record: Record, task_id: str, age: timedelta = OLD) -> None:
    """As if the task had ended so long ago."""
    with record.write() as connection:
        connection.execute(
            tables.seals.update()
            .where(tables.seals.c.task_id == task_id)
            .values(finished_at=utc_now() - age)
        )


def retention_of(edge: RunningEdge, days: float = 30) -> Retention:
    return Retention(edge.record, edge.settings.results_dir, days)


def streamed(edge: RunningEdge, task_id: str, after: int) -> list[dict[str, Any]]:
    told = []
    with edge.follow(task_id, after) as stream, suppress(ConnectionClosed):
        while True:
            told.append(json.loads(stream.recv(timeout=30)))
    assert stream.close_code == 1000
    return told


def test_an_orchestrator_removes_what_is_old_and_still_answers_for_it(
    start_edge: Callable[..., RunningEdge],
) -> None:
    # Given an old task and a young one, and an orchestrator that keeps evidence for 30 days
    first = start_edge()
    author = TaskAuthor(first.record, first.settings.results_dir, first.settings.redis)
    author.announce(APPROVE_BATCHES)
    old, young = completed(first, author), completed(first, author)
    for task_id in (old, young):
        until_sealed(first, task_id)
    last = streamed(first, old, 0)[-1]["id"]
    let_it_be_old(first.record, old)
    first.stop()
    author.close()
    edge = start_edge(retention_days=30)
    # Then the old one's folder goes
    until(lambda: not folder_of(edge, old).exists(), 60)
    # And its result has the outcome, no links, and says why
    result = edge.client.get(f"/result/{old}").json()
    (item,) = result["result"]["items"]
    assert (item["status"], item["detail"], item["evidence"]) == ("approved", "Approved by us", [])
    assert (result["screenshot_url"], result["download_links"]) == (None, [])
    assert result["evidence_url"] is None
    (line,) = result["logs"]
    assert "RETENTION_DAYS and then removed" in line
    # And so have its status and the list
    status = edge.client.get(f"/status/{old}").json()
    assert status["result"] == {"message": "1 done", "screenshot": None, "files": []}
    assert (status["state"], status["counts"]) == ("completed", {"approved": 1})
    assert edge.client.get("/tasks/history").json()[1]["id"] == old
    # And the stream tells the end, from wherever it is followed
    for after in (0, 2):
        (final,) = streamed(edge, old, after)
        assert (final["id"], final["type"]) == (last, "completed")
        assert final["data"]["result"]["files"] == []
    assert streamed(edge, old, last) == []
    # And the zip says that it is gone
    gone = edge.client.get(f"/result/{old}/evidence.zip")
    assert (gone.status_code, gone.json()["code"]) == (410, "evidence_removed")
    # And the young one is as it was
    assert edge.client.get(f"/result/{young}/evidence.zip").status_code == 200
    assert len(streamed(edge, young, 0)) == last


def test_by_default_nothing_is_ever_old(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = completed(edge, author)
    let_it_be_old(edge.record, task_id, timedelta(days=4000))

    assert retention_of(edge, edge.settings.retention_days).remove_old() == 0
    assert folder_of(edge, task_id).exists()


def test_several_orchestrators_remove_a_task_once(edge: RunningEdge, author: TaskAuthor) -> None:
    ids = [completed(edge, author) for _ in range(6)]
    for task_id in ids:
        until_sealed(edge, task_id)
        let_it_be_old(edge.record, task_id)

    with ThreadPoolExecutor(3) as threads:
        removed = list(threads.map(lambda _: retention_of(edge).remove_old(), range(3)))

    assert sum(removed) == len(ids)
    assert not any(folder_of(edge, task_id).exists() for task_id in ids)


def test_what_a_crash_left_of_a_removed_task_is_swept(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a task of which the record has been forgotten, but not the folder
    task_id = completed(edge, author)
    until_sealed(edge, task_id)
    shutil.copytree(folder_of(edge, task_id), edge.settings.data_dir / "copy")
    let_it_be_old(edge.record, task_id)
    retention_of(edge).remove_old()
    shutil.move(edge.settings.data_dir / "copy", folder_of(edge, task_id))

    assert retention_of(edge, 0).sweep() == 1
    assert not folder_of(edge, task_id).exists()


def test_what_another_left_of_a_task_it_removed_is_swept_though_it_was_looked_through(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a folder that was looked through and has not changed
    task_id = completed(edge, author)
    until_sealed(edge, task_id)
    let_it_be_old(edge.record, task_id)
    sweeper = retention_of(edge, 0)
    assert sweeper.sweep() == 0
    # When another orchestrator forgets the task, and dies before it removes the files
    with edge.record.write() as connection:
        assert retention.forget(connection, task_id, utc_now())

    assert sweeper.sweep() == 1
    assert not folder_of(edge, task_id).exists()


@pytest.fixture
def strays(edge: RunningEdge) -> Callable[..., None]:
    """Put files that nothing rests on into a folder of the results."""

    def put(folder: str, **ages: float) -> None:
        (edge.settings.results_dir / folder).mkdir(parents=True, exist_ok=True)
        for name, age in ages.items():
            place = edge.settings.results_dir / folder / name
            place.write_bytes(b"stray")
            then = time.time() - age
            os.utime(place, (then, then))

    return put


def test_what_nothing_rests_on_is_swept_when_it_is_old_and_its_task_ended_long_ago(
    edge: RunningEdge, author: TaskAuthor, strays: Callable[..., None]
) -> None:
    # Given strays, old and new, beside the evidence of a task that ended a while ago
    task_id = completed(edge, author)
    until_sealed(edge, task_id)
    sealed = {place.name for place in folder_of(edge, task_id).iterdir()}
    let_it_be_old(edge.record, task_id, timedelta(hours=2))
    strays(task_id, old=TWO_HOURS, new=0)
    for name in sealed:
        then = time.time() - TWO_HOURS
        os.utime(folder_of(edge, task_id) / name, (then, then))
    # When it is swept, Then the old one is gone and nothing else
    sweeper = retention_of(edge, 0)
    assert sweeper.sweep() == 1
    assert {place.name for place in folder_of(edge, task_id).iterdir()} == {*sealed, "new"}
    # And the new one is, once it is old
    strays(task_id, new=TWO_HOURS)
    assert sweeper.sweep() == 1
    assert sweeper.sweep() == 0
    strays(task_id, another=TWO_HOURS)
    assert sweeper.sweep() == 1


def test_a_sweep_leaves_open_tasks_and_strangers_alone(
    edge: RunningEdge, author: TaskAuthor, strays: Callable[..., None]
) -> None:
    # Given old files in the folders of a running task, of one that just ended, and of somebody else
    running, just_ended = edge.assign("approve_batches", batch_ids=["B1"]), completed(edge, author)
    author.begin(running)
    names = (running, just_ended, "demo-20260101", "550e8400-e29b-41d4-a716-446655440000")
    for name in names:
        strays(name, old=TWO_HOURS)
    (edge.settings.results_dir / "a file").touch()

    assert retention_of(edge, 0).sweep() == 0
    assert all((edge.settings.results_dir / name / "old").exists() for name in names)
