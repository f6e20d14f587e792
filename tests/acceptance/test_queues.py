"""Each queue is served by the workers that were told to, and holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from launcher.services import Worker
from tests.acceptance.conftest import Deployment, wait_for

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """A system whose worker serves the queue `default` alone."""
    return share(
        batches=1,
        worker_module="tests.acceptance.authored_worker",
        settings={"WORKER_QUEUES": "default"},
    )


@contextmanager
def serving_reports(here: Deployment) -> Iterator[Worker]:
    """A worker for `reports` alone is there meanwhile, and the edge has seen it."""
    worker = here.system.add_worker("--queues", "reports")
    try:
        wait_for(lambda: here.health()["workers"].startswith("2 "))
        yield worker
    finally:
        here.system.workers.remove(worker)
        worker.stop(timeout=30)
        wait_for(lambda: here.health()["workers"].startswith("1 "))


def note(here: Deployment, task_id: str) -> str | None:
    told: str | None = here.api.status(task_id)["note"]
    return told


def queue_of(here: Deployment, name: str) -> str:
    key = {"x-api-key": here.system.api_key}
    listed = httpx.get(f"{here.system.api_url}/tasks/", headers=key, trust_env=False).json()
    return next(str(one["queue"]) for one in listed if one["name"] == name)


def test_a_task_waits_for_a_worker_that_serves_its_queue_and_says_so(here: Deployment) -> None:
    # Given a type that only a worker offers which has left
    with serving_reports(here):
        assert (queue_of(here, "file_report"), queue_of(here, "test_task")) == (
            "reports",
            "default",
        )
    # When it is asked for
    task_id = here.api.assign("file_report", {})
    # Then it waits and says for whom, while the other queue is served
    waits = "waiting for a worker that offers 'file_report' (queue 'reports')"
    assert waits in (note(here, task_id) or "")
    assert here.finish(here.practise())["state"] == "completed"
    assert here.api.status(task_id)["state"] == "pending"
    # And such a worker takes it up
    with serving_reports(here) as worker:
        begun = here.until(task_id, lambda event: event["data"].get("message") == "begun")
        assert begun
        assert note(here, task_id) is None
        (slot,) = here.at_work(task_id)
        owner = next(w for w in here.workers_in_the_record() if w.pid == worker.pid)
        assert slot.worker_id == owner.id
        here.cancel(task_id)
        here.finish(task_id)


def test_a_worker_of_one_queue_leaves_the_others_alone_however_idle_it_is(
    here: Deployment,
) -> None:
    with serving_reports(here):
        # Given the only worker of the usual queue is gone
        usual, _ = here.system.workers
        usual.stop(timeout=30)
        wait_for(lambda: here.health()["workers"].startswith("1 "))
        # When a task of that queue is asked for, Then nobody begins it, and it says so
        task_id = here.practise()
        wait_for(lambda: "offers 'test_task'. None" in (note(here, task_id) or ""))
        assert here.api.status(task_id)["state"] == "pending"
        usual.start()
        assert here.finish(task_id)["state"] == "completed"
        wait_for(lambda: here.health()["workers"].startswith("2 "))


def test_a_long_line_in_one_queue_holds_up_no_other(here: Deployment) -> None:
    with serving_reports(here):
        # Given more tasks than fit into the line of a queue whose only slot is taken
        reports = [here.api.assign("file_report", {}) for _ in range(25)]
        here.until(reports[0], lambda event: event["data"].get("message") == "begun")
        # When a task of another queue is asked for
        result = here.finish(here.practise(), 20)
        # Then it is done, while they wait
        assert result["state"] == "completed"
        assert here.api.status(reports[-1])["state"] == "pending"
        for task_id in reports:
            here.cancel(task_id)
        here.finish(reports[0])
