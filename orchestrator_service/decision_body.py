"""Reading the body of a decision: strictly, with a sentence for every fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator_service.param_faults import MOST_FAULTS, Fault, in_one_sentence, pointer
from orchestrator_service.refusals import InvalidRequest

MOST_KEYS = 10_000
LONGEST_KEY = 200
_FIELDS = ("approve", "reject")
_LIST = "a list of batch ids (text or whole numbers)"
_WANTED = {"approve": f'"all" or {_LIST}', "reject": _LIST}


def read_decision(body: Any) -> dict[str, Any]:
    """The body's fields, ids stripped and whole numbers as such.

    Raises InvalidRequest with one entry per fault.
    """
    faults: list[Fault] = []
    for fault in _faults(body):
        faults.append(fault)
        if len(faults) == MOST_FAULTS:
            break
    if faults:
        raise InvalidRequest(in_one_sentence(faults), errors=list(faults))
    read: dict[str, Any] = {**body}
    for field in _FIELDS:
        if isinstance(read.get(field), list):
            read[field] = [_plain(key) for key in read[field]]
    return read


def _faults(body: Any) -> Iterator[Fault]:
    if not isinstance(body, dict):
        yield _fault([], 'The body must be a JSON object, such as {"approve": ["BATCH001"]}.')
        return
    for name in body:
        if name not in _FIELDS:
            yield _fault([name], f"Unknown field '{name[:60]}'; known are approve, reject.")
    if "approve" not in body:
        yield _fault(["approve"], f"'approve' is missing; give {_WANTED['approve']}.")
    for field in _FIELDS:
        if field in body:
            yield from _faults_of_list(field, body[field])


def _faults_of_list(field: str, given: Any) -> Iterator[Fault]:
    if field == "approve" and given == "all":
        return
    if not isinstance(given, list):
        yield _fault([field], f"'{field}' must be {_WANTED[field]}.")
        return
    if len(given) > MOST_KEYS:
        yield _fault([field], f"'{field}' must name {MOST_KEYS} or fewer.")
        return
    for place, key in enumerate(given):
        why = _why_not(key)
        if why is not None:
            yield _fault([field, place], f"'{field}[{place}]' {why}.")


def _why_not(key: Any) -> str | None:
    if isinstance(key, str):
        if not key.strip():
            return "is blank; give the id of a batch"
        return f"must have {LONGEST_KEY} characters or fewer" if len(key) > LONGEST_KEY else None
    is_whole = isinstance(key, int) or (isinstance(key, float) and key.is_integer())
    if isinstance(key, bool) or not is_whole:
        return "must be the id of a batch: text or a whole number"
    return None if 0 <= key < 10**LONGEST_KEY else "must not be negative, nor endless"


def _plain(key: Any) -> Any:
    return key.strip() if isinstance(key, str) else int(key)


def _fault(path: list[str | int], detail: str) -> Fault:
    return {"pointer": pointer(path), "detail": detail}
