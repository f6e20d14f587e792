"""The tree of errors: each kind has a code of its own, a sentence, and its place in the drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from shared import errors
from shared.errors import AgentError, RequestError, TaskFailed, UnknownTask


def _kinds(root: type[AgentError] = AgentError) -> Iterator[type[AgentError]]:
    yield root
    for kind in root.__subclasses__():
        # A service's own kinds hang below ours once that service is imported.
        if kind.__module__ == root.__module__:
            yield from _kinds(kind)


KINDS = list(dict.fromkeys(_kinds()))


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_message_an_error_says_what_its_kind_means(kind: type[AgentError]) -> None:
    error = kind()

    assert error.message == (kind.__doc__ or "").strip()
    assert re.match(r"[A-Z].*\.$", error.message)
    assert str(kind("Something else.")) == kind("Something else.").message == "Something else."


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_is_a_stable_snake_case_name(kind: type[AgentError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert len(kind.code) <= 50


def test_no_two_kinds_share_a_code_but_a_task_s_own_failure() -> None:
    codes = [kind.code for kind in KINDS if kind is not TaskFailed]

    assert len(set(codes)) == len(codes)


def test_the_drawing_shows_every_kind_below_its_parent() -> None:
    drawn: dict[str, str] = {}
    line_of_descent: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+)", line):
            depth = len(found[1]) // 4
            line_of_descent[depth:] = [found[2]]
            drawn[found[2]] = line_of_descent[depth - 1] if depth else "Exception"

    drawn.pop("Every")
    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in KINDS if kind.__base__}


def test_a_request_s_error_carries_what_the_caller_needs() -> None:
    fault = {"pointer": "/params/remark", "detail": "too long"}

    error = UnknownTask("There is no task x.", errors=[fault], task_id="x")

    assert isinstance(error, RequestError)
    assert (error.status, error.code, error.title) == (404, "unknown_task", "Unknown task")
    assert (error.errors, error.task_id) == ([fault], "x")
    assert UnknownTask().errors == []
