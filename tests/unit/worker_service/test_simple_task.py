"""What a simple task type is refused for, before any worker offers it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ConfigurationError
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


def offered(work: Any, side_effect: str = "none") -> Any:
    """The task type that this function makes."""
    make: Any = simple_task(name="try", title="Try", description="Tries.", side_effect=side_effect)
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
