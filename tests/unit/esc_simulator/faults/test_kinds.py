"""What a test may ask for, and that it is written down."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from esc_simulator.faults.answers import ServerError
from esc_simulator.faults.batch_page import SCRIPTED, BatchPageFault
from esc_simulator.faults.fault import Fault
from esc_simulator.faults.kinds import AnyFault

_ROOT = Path(__file__).parents[4]
_ANY_FAULT: TypeAdapter[Fault] = TypeAdapter(AnyFault)
_KINDS: tuple[type[Fault], ...] = get_args(get_args(AnyFault)[0])


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "flood"},
        {},
        {"kind": "latency"},
        {"kind": "latency", "ms": -1},
        {"kind": "response_lost", "ms": 5},
        {"kind": "response_lost", "times": 0},
        {"kind": "response_lost", "batch": "BATCH001"},
        {"kind": "server_error"},
        {"kind": "server_error", "step": "lunch"},
        {"kind": "server_error", "step": "look", "http": 404},
        {"kind": "session_dropped", "step": "login"},
        {"kind": "moves_on", "ms": 5, "status": "Approved"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _ANY_FAULT.validate_python(asked)


def test_a_fault_is_told_by_its_kind() -> None:
    asked = {"kind": "server_error", "step": "look", "batch_id": "BATCH001"}

    fault = _ANY_FAULT.validate_python(asked)

    assert fault == ServerError(step="look", batch_id="BATCH001", http=500)


def test_every_kind_has_its_line_in_the_documentation_with_its_parameters() -> None:
    page = (_ROOT / "docs" / "practice-portal.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", page, re.MULTILINE))

    for kind in _KINDS:
        row = rows[kind.model_fields["kind"].default]
        shared = BatchPageFault if issubclass(kind, BatchPageFault) else Fault
        for parameter in kind.model_fields.keys() - shared.model_fields.keys():
            assert f"`{parameter}`" in row, (kind, parameter)


def test_every_scripted_kind_has_its_script() -> None:
    folder = _ROOT / "esc_simulator" / "static" / "faults"

    names = {kind.model_fields["kind"].default for kind in SCRIPTED}

    assert {path.stem for path in folder.glob("*.js")} == names
