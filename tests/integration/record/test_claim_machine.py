"""Whatever slots and watchers do in whatever order, the record agrees with a model of the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, select, update

from shared.contracts import ItemOutcome, Verdict
from shared.errors import ClaimLost
from shared.record import Record, claims, intents, outcomes, tables
from shared.record.claims import ClaimSign, HeldClaim
from shared.task_state import ItemStatus
from shared.utils import new_id
from tests.integration.record.given import TERMS, planned

KEYS = (["a", "b", "c"], ["c", "b", "d"])
"""The items of two tasks that share batches."""
ENDED = ItemOutcome(ItemStatus.DONE, "")
RESOLVED = ItemOutcome(ItemStatus.DONE, "", verdict=Verdict.TAKEN)


class Claims(RuleBasedStateMachine):
    """Slots that take, renew, click, give back and finish, late or not; watchers that release."""

    believed = Bundle("believed")
    seen = Bundle("seen")
    tasks = st.sampled_from([0, 1])
    slots = st.sampled_from(["x", "y", "z"])

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record
        self.portal = f"https://{new_id()}.example.org"
        self.task_ids = [planned(record, keys, self.portal).id for keys in KEYS]
        self.fences: dict[str, int] = {}
        self.holders: dict[str, HeldClaim] = {}
        self.statuses = {(task, key): ItemStatus.NEW for task in (0, 1) for key in KEYS[task]}
        self.put_off: set[tuple[int, str]] = set()
        self.open_intents: dict[str, int] = {}

    @rule(target=believed, task=tasks, slot=slots)
    def take(self, task: int, slot: str) -> Any:
        """A slot takes the next item of a task."""
        with self.record.write() as connection:
            held = claims.take_next(connection, self.task_ids[task], self._slot_id(slot))
        expected = None
        for key in KEYS[task]:
            if self.statuses[task, key] is not ItemStatus.NEW or (task, key) in self.put_off:
                continue
            if key not in self.holders:
                expected = key
                break
            self.put_off.add((task, key))
        if held is None:
            assert expected is None
            return multiple()
        self.fences[held.item.key] = self.fences.get(held.item.key, 0) + 1
        assert (held.item.key, held.fence) == (expected, self.fences[held.item.key])
        self.holders[held.item.key] = held
        self.statuses[task, held.item.key] = ItemStatus.IN_PROGRESS
        return held

    @rule()
    def let_time_pass(self) -> None:
        """Whatever was put off may be taken again."""
        with self.record.write() as connection:
            own = tables.items.c.portal == self.portal
            connection.execute(update(tables.items).where(own).values(delay=None))
        self.put_off.clear()

    @rule(held=believed)
    def renew(self, held: HeldClaim) -> None:
        """A slot shows a sign of life."""
        with self.record.write() as connection:
            assert claims.renew(connection, held) == self._is_current(held)

    @rule(held=believed)
    def state_an_intent(self, held: HeldClaim) -> None:
        """A slot is about to click."""
        if self._try(held, lambda connection: intents.state(connection, held, TERMS)):
            self.open_intents[held.item.key] = self.open_intents.get(held.item.key, 0) + 1

    @rule(held=consumes(believed))
    def give_back(self, held: HeldClaim) -> None:
        """A slot lets an item be tried again."""
        if self._try(held, lambda connection: claims.give_back(connection, held, None, None)):
            self._let_go(held, ItemStatus.NEW)

    @rule(held=believed, outcome=st.sampled_from([ENDED, RESOLVED]))
    def finish(self, held: HeldClaim, outcome: ItemOutcome) -> None:
        """A slot writes an outcome, perhaps for the second time."""
        if self._try(held, lambda connection: outcomes.record(connection, held, outcome)):
            self._let_go(held, ItemStatus.DONE)
            if outcome is RESOLVED:
                self.open_intents.pop(held.item.key, None)
            with self.record.read() as connection:
                assert outcomes.is_recorded(connection, held)

    @rule(target=seen)
    def look(self) -> Any:
        """A watcher looks at what is held."""
        with self.record.read() as connection:
            held = claims.held(connection)
        return multiple(*(sign for sign in held if sign.portal == self.portal))

    @rule(sign=seen)
    def release_silent(self, sign: ClaimSign) -> None:
        """A watcher releases what it thinks silent; it may have seen it long ago."""
        with self.record.write() as connection:
            unchanged = sign in claims.held(connection)
            released = claims.release_silent(connection, sign)
        assert (released is not None) == unchanged
        if unchanged:
            self._let_go(self.holders[sign.key], ItemStatus.NEW)

    @rule(slot=slots)
    def bury(self, slot: str) -> None:
        """A slot is taken for dead."""
        lost = [held for held in self.holders.values() if held.slot_id == self._slot_id(slot)]
        with self.record.write() as connection:
            released = claims.release_slot(connection, self._slot_id(slot))
        assert sorted(released) == sorted(held.item.task_id for held in lost)
        for held in lost:
            self._let_go(held, ItemStatus.NEW)

    @invariant()
    def the_record_agrees(self) -> None:
        """Holders, fences, items and open intents are as the model has them."""
        with self.record.read() as connection:
            rows = connection.execute(
                select(tables.claims).where(tables.claims.c.portal == self.portal)
            ).all()
            items = connection.execute(
                select(tables.items).where(tables.items.c.portal == self.portal)
            ).all()
            intended = connection.execute(
                select(tables.intents.c.key).where(
                    tables.intents.c.portal == self.portal, tables.intents.c.verdict.is_(None)
                )
            ).all()
        assert {row.key: row.fence for row in rows} == self.fences
        assert {row.key: (row.holder, row.item_id) for row in rows if row.holder} == {
            key: (held.slot_id, held.item.id) for key, held in self.holders.items()
        }
        assert {
            (self.task_ids.index(row.task_id), row.key): ItemStatus(row.status) for row in items
        } == self.statuses
        keys = [row.key for row in intended]
        assert {key: keys.count(key) for key in keys} == self.open_intents

    def _slot_id(self, slot: str) -> str:
        return f"{self.portal[8:42]}-{slot}"

    def _is_current(self, held: HeldClaim) -> bool:
        current = self.holders.get(held.item.key)
        return current is not None and current.fence == held.fence

    def _let_go(self, held: HeldClaim, status: ItemStatus) -> None:
        del self.holders[held.item.key]
        task = self.task_ids.index(held.item.task_id)
        self.statuses[task, held.item.key] = status

    def _try(self, held: HeldClaim, write: Callable[[Connection], object]) -> bool:
        """Write as this holder; it must be refused exactly if the claim is not his any more."""
        try:
            with self.record.write() as connection:
                write(connection)
        except ClaimLost:
            assert not self._is_current(held)
            return False
        assert self._is_current(held)
        return True


def test_claims_keep_their_promises_in_any_order(record: Record) -> None:
    class ClaimsInThisRecord(Claims):
        def __init__(self) -> None:
            super().__init__(record)

    run_state_machine_as_test(
        ClaimsInThisRecord,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
