"""Every log line inside a block says which task, and which request, it is about."""

from __future__ import annotations

from structlog.contextvars import get_contextvars

from shared.correlation import about_task


def test_the_ids_are_bound_inside_the_block_and_gone_after_it() -> None:
    with about_task("task-1", "request-1"):
        assert get_contextvars() == {"task_id": "task-1", "request_id": "request-1"}

    assert get_contextvars() == {}


def test_a_block_inside_another_gives_the_outer_one_s_ids_back() -> None:
    with about_task("outer", "request-1"):
        with about_task("inner"):
            assert get_contextvars() == {"task_id": "inner", "request_id": "request-1"}

        assert get_contextvars() == {"task_id": "outer", "request_id": "request-1"}
