"""What came of a task's items, in the words that clients see."""

from __future__ import annotations

from shared.record.conclusion import message_of, public_counts
from shared.record.task_types import TaskType
from shared.task_state import ItemStatus

APPROVE = TaskType(
    name="approve_batches",
    title="Approve Batches",
    description="",
    version="1",
    side_effect="write",
    params_schema={},
    words={"done": "approved", "already_done": "already_approved", "refused": "rejected"},
)


def test_counts_use_the_task_type_s_words_and_name_what_was_done_first() -> None:
    counts = {
        ItemStatus.UNVERIFIED: 1,
        ItemStatus.NEW: 2,
        ItemStatus.REFUSED: 3,
        ItemStatus.DONE: 4,
        ItemStatus.FAILED: 0,
    }

    assert list(public_counts(counts, APPROVE).items()) == [
        ("approved", 4),
        ("rejected", 3),
        ("new", 2),
        ("unverified", 1),
    ]


def test_without_a_task_type_counts_use_the_record_s_own_words() -> None:
    assert public_counts({ItemStatus.ALREADY_DONE: 1}, None) == {"already_done": 1}


def test_two_statuses_with_one_word_are_counted_together() -> None:
    counts = {ItemStatus.DONE: 1, ItemStatus.ALREADY_DONE: 2}
    words = {"done": "approved", "already_done": "approved"}

    assert public_counts(counts, _with_words(words)) == {"approved": 3}


def test_the_message_is_a_sentence_that_shouts_what_a_human_must_look_at() -> None:
    counts = {"approved": 3, "already_approved": 1, "unverified": 1}

    assert message_of(counts) == "3 approved, 1 already approved, 1 UNVERIFIED"
    assert message_of({}) == "Nothing to do"


def _with_words(words: dict[str, str]) -> TaskType:
    return TaskType("t", "T", "", "1", "read", {}, words=words)
