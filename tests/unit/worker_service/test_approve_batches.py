"""What may be asked of approve_batches, and how it is announced."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from orchestrator_service.catalogue import KnownType
from shared.config import load_settings
from shared.errors import InvalidParams
from worker_service.approve_batches import ApproveBatchesParams, approve_batches
from worker_service.origin import origin_of


def test_batches_may_be_named_by_text_and_by_number() -> None:
    params = ApproveBatchesParams.model_validate({"batch_ids": [1, " BATCH002 "]})

    assert params.batch_ids == [1, "BATCH002"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"remark": "all of them"},
        {"all_pending": False},
        {"batch_ids": []},
        {"batch_ids": [""]},
        {"batch_ids": [["nested"]]},
        {"batch_ids": [True]},
        {"batch_ids": ["x" * 101]},
        {"batch_ids": [" "]},
        {"batch_ids": ["\u00a0"]},
        {"batch_ids": ["a\u0000b"]},
        {"batch_ids": [10**400]},
        {"batch_count": 0},
        {"batch_count": -1},
        {"batch_ids": ["1"], "surprise": 1},
        {"batch_ids": ["1"], "portal": "../other"},
        {"batch_ids": ["1"], "account": "../other"},
    ],
)
def test_an_empty_or_wrong_form_approves_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ApproveBatchesParams.model_validate(wrong)


@pytest.mark.parametrize(
    "batch_id",
    ["", " ", "\u00a0", "\u2028", "\x1c", "a\u0000b", "x" * 101, -1, 2**53, 10**400, 1.5],
)
def test_what_the_worker_would_not_plan_is_refused_when_it_is_asked_for(batch_id: object) -> None:
    with pytest.raises(InvalidParams) as refusal:
        announced().check({"batch_ids": ["BATCH001", batch_id]})

    assert [fault["pointer"] for fault in refusal.value.errors] == ["#/params/batch_ids/1"]


@pytest.mark.parametrize(
    "given",
    [
        {"batch_ids": [" BATCH001\n", "\x85B2\u00a0", "\ufeff", "x" * 100]},
        {"batch_ids": [1.0, 0, 2**53 - 1]},
        {"batch_ids": "1,\u00a0, B2"},
        {"batch_count": 5.0},
    ],
)
def test_what_is_accepted_can_be_planned(given: dict[str, object]) -> None:
    assert ApproveBatchesParams.model_validate(announced().check(given))


def test_more_than_may_be_chosen_is_refused_naming_the_limit() -> None:
    with pytest.raises(
        InvalidParams, match=r"'batch_count' must be 7 or less \(MAX_BATCHES_PER_TASK"
    ):
        announced(max_batches_per_task=7).check({"batch_count": 8})

    assert announced(max_batches_per_task=7).check({"batch_count": 7})
    assert announced(max_batches_per_task=7).check({"batch_ids": ["1"], "batch_count": 8})


def test_an_old_name_beside_the_new_one_is_refused_naming_both() -> None:
    with pytest.raises(InvalidParams, match="'max_batches' is the old name of 'batch_count'"):
        announced().check({"max_batches": 1, "batch_count": 2})


def announced(**settings: Any) -> KnownType:
    """The task type as the edge knows it."""
    offered = approve_batches.announced(load_settings(**settings), ["esc", "second"])
    return KnownType(offered, Draft202012Validator(offered.params_schema))


def test_the_schema_says_that_something_must_be_named() -> None:
    schema = approve_batches.announcement.params_schema

    assert "empty form approves nothing" in schema["x-fault"]
    assert {"required": ["batch_ids"]} in schema["anyOf"]
    assert schema["additionalProperties"] is False


def test_optional_params_are_absent_never_null() -> None:
    properties = approve_batches.announcement.params_schema["properties"]

    assert "default" not in properties["batch_ids"]
    assert properties["batch_ids"]["type"] == "array"
    assert properties["batch_count"]["type"] == "integer"
    assert properties["batch_count"]["minimum"] == 1


def test_who_does_not_approve_at_once_wants_a_review() -> None:
    wants = approve_batches.wants_review

    assert wants(ApproveBatchesParams(batch_ids=["1"], auto_approve=False))
    assert not wants(ApproveBatchesParams(batch_ids=["1"]))


def test_clients_see_the_words_of_the_portal_business() -> None:
    words = approve_batches.announcement.words

    assert words == {
        "done": "approved",
        "already_done": "already_approved",
        "refused": "rejected",
        "reviewed": "to_approve",
    }
    assert approve_batches.announcement.aliases == {"max_batches": "batch_count"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Portal.example", "http://portal.example"),
        ("http://portal.example:80/esc", "http://portal.example"),
        ("HTTPS://portal.example:443", "https://portal.example"),
        ("http://portal.example:443", "http://portal.example:443"),
        ("http://user:pass@portal.example:8080", "http://portal.example:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_two_spellings_of_one_portal_share_their_claims(url: str, origin: str) -> None:
    assert origin_of(url) == origin
