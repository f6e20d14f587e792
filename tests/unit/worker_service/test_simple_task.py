"""What a simple task type is refused for, before any worker offers it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from shared.errors import ConfigurationError, TaskFailed
from worker_service.item_field import keys_in
from worker_service.params import TaskParams
from worker_service.simple_task import simple_task
from worker_service.work import Work


class NoParams(TaskParams):
    """Nothing to say."""


def typed(context: Work, params: NoParams) -> None:
    """As it should be."""


def untyped(context, params):  # type: ignore[no-untyped-def]
    """Say nothing of the params."""


def wrongly_typed(context: Work, params: dict[str, Any]) -> None:
    """Take params that have no schema."""


def lonely(context: Work) -> None:
    """Take no params at all."""


class ListParams(TaskParams):
    """What to do, one after the other, and how often."""

    things: list[str | int]
    mixed: list[Any] = Field([])
    times: int = 1


def one_by_one(context: Work, params: ListParams) -> None:
    """Do one of the things."""


def offered(work: Any, side_effect: str = "none", **more: Any) -> Any:
    """The task type that this function makes."""
    make: Any = simple_task(
        name="try", title="Try", description="Tries.", side_effect=side_effect, **more
    )
    return make(work)


@pytest.mark.parametrize("work", [untyped, wrongly_typed, lonely])
def test_a_function_without_typed_params_is_refused(work: Any) -> None:
    with pytest.raises(ConfigurationError, match="try: the function must take two arguments"):
        offered(work)


def test_an_unknown_side_effect_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="side_effect is 'some'"):
        offered(typed, "some")


def test_its_version_is_that_of_the_file_it_is_written_in() -> None:
    this_file = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()

    assert offered(typed).announcement.version == this_file[:12]


@pytest.mark.parametrize(
    ("field", "told"), [("thing", "has no such"), ("times", "must be a list of str or int")]
)
def test_items_that_no_field_of_the_params_lists_are_refused(field: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        offered(one_by_one, items=field)


def test_a_browser_without_params_that_name_a_portal_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="must be PortalParams"):
        offered(typed, browser=True)


def test_an_item_is_named_once_and_as_text_and_a_retry_knows_by_which_param() -> None:
    keys = keys_in(ListParams(things=["b", " a ", 7, "7", "b"]), "things")

    assert keys == ["b", "a", "7"]
    assert offered(one_by_one, items="things").announcement.keys_param == "things"


@pytest.mark.parametrize("value", ["", " ", "a\x00b", "x" * 201, 1.5, True, None])
def test_what_cannot_name_an_item_fails_the_task(value: Any) -> None:
    with pytest.raises(TaskFailed, match="mixed holds"):
        keys_in(ListParams(things=[], mixed=[value]), "mixed")


def test_more_items_than_the_core_takes_fail_the_task() -> None:
    with pytest.raises(TaskFailed, match="10001 items"):
        keys_in(ListParams(things=list(range(10_001))), "things")


def test_a_browser_that_was_not_asked_for_is_not_there() -> None:
    unused: Any = None

    with pytest.raises(TaskFailed, match="browser=True"):
        _ = Work(unused, unused).browser
