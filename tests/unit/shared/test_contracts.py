"""What two services agree on: words that travel are short enough to be stored, and distinct."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from enum import Enum

import pytest

from shared.contracts import (
    DOORBELL,
    NEWS_CHANNEL,
    TASK_QUEUE,
    Attribution,
    Condition,
    EventType,
    EvidenceKind,
    ItemOutcome,
    Verdict,
)
from shared.record.tables import metadata
from shared.task_state import ItemStatus, TaskState

STORED_IN = {
    Attribution: "outcomes.attribution",
    Condition: "reads.condition",
    EventType: "events.type",
    EvidenceKind: "artifacts.kind",
    ItemStatus: "items.status",
    TaskState: "tasks.state",
    Verdict: "intents.verdict",
}


@pytest.mark.parametrize(("words", "column"), STORED_IN.items())
def test_every_word_fits_the_column_it_is_stored_in(words: type[Enum], column: str) -> None:
    table, name = column.split(".")
    length = getattr(metadata.tables[table].c[name].type, "length", 0)

    assert max(len(word.value) for word in words) <= length


def test_clients_know_these_kinds_of_events() -> None:
    assert [kind.value for kind in EventType] == [
        "status",
        "progress",
        "log",
        "item",
        "screenshot",
        "completed",
        "failed",
    ]


def test_doorbells_queue_and_news_have_names_of_their_own() -> None:
    assert len({DOORBELL, TASK_QUEUE, NEWS_CHANNEL}) == 3


def test_an_outcome_rests_on_nothing_and_claims_no_click_unless_it_says_so() -> None:
    outcome = ItemOutcome(ItemStatus.SKIPPED, "not chosen")

    assert (outcome.clicks, outcome.reading, outcome.attribution) == (0, None, None)
    assert (outcome.verdict, outcome.details, outcome.error) == (None, {}, None)


def test_what_travels_cannot_be_changed_on_the_way() -> None:
    outcome = ItemOutcome(ItemStatus.DONE, "")

    for name in fields(ItemOutcome):
        with pytest.raises(FrozenInstanceError):
            setattr(outcome, name.name, None)


def test_two_outcomes_do_not_share_their_details() -> None:
    one, other = ItemOutcome(ItemStatus.DONE, ""), ItemOutcome(ItemStatus.DONE, "")

    assert one.details is not other.details
