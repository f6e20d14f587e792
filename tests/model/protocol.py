"""The approval protocol for one batch: all that may happen, and what must never.

What bounds the search, and why that is enough:

- Time has no end: timers count down, so a world is its own future whatever the hour. C, D and A
  are one tick each, and two in the case of a slow portal; what matters is only that each is more
  than nothing and that S is D + A or one less.
- Two workers, alike: a third would add another that may have clicked before, which is what the
  first is to the second. At most one may click after losing its claim, per intent.
- Two attempts, three in one case, one each for a task and the one that retries it: every click but
  the first follows a resolved one in the same way.
- The watcher may release a claim at any moment and a worker may stop before any step, for any time.
  This covers every lease, every watcher's clock, and dead, frozen and slow workers alike. Nothing
  but speed rests on the length of a lease, so the model has none.
- A request that is lost is one that never left its page; the portal takes every approval, also one
  too many: that is the worst portal.
- Somebody else approves, moves on, edits or removes the batch at most once each.
- A worker that lost its claim counts as idle where the record would refuse all it may still do;
  one case follows such workers all the same, and sees nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.contracts import Attribution
from shared.task_state import ItemStatus
from tests.model import portal, rules
from tests.model.case import Case
from tests.model.checker import Model
from tests.model.worker import steps as worker_steps
from tests.model.world import IDLE, Step, World, same, surroundings

ONCE = "approved by us at most once"
TRUE = "reported approved only if the portal approved"
OURS_IS_OURS = "reported as our work only if it is"
NOT_DENIED = "no negative outcome while our click took effect"
ACCOUNTED_FOR = "what we approved is reported done or unverified"
NOT_AFTER_THEIRS = "never after somebody else's that could be seen"

NEGATIVE = (
    ItemStatus.REFUSED,
    ItemStatus.NOT_FOUND,
    ItemStatus.FAILED,
    ItemStatus.ALREADY_DONE,
)


def model_of(case: Case) -> Model[World]:
    """Everything that may happen in this case."""

    def every(world: World) -> Iterator[Step]:
        yield from surroundings(world, case)
        yield from worker_steps(world, 0, case)
        yield from worker_steps(world, 1, case)

    def steps(world: World) -> Iterator[Step]:
        return ((told, _without_idlers(following)) for told, following in every(world))

    guards = case.safeguards
    fenced = guards.intent and guards.intent_before_click
    fenced = fenced and guards.fence_at_intent and guards.fence_at_outcome
    return Model(
        initial=World(rules.Book((rules.Line(),))),
        steps=steps if fenced and not case.follows_idlers else every,
        broken=broken,
        is_final=lambda world: world.line.status.is_outcome,
        same=same,
    )


def _without_idlers(world: World) -> World:
    """The same world, where a worker counts as idle if the record refuses all it may still do.

    So it is with one that lost its claim, unless it has stated an intent and is about to click:
    whatever it reads, its next word to the record is refused by the fence.
    """
    holder = world.line.holder
    for me, worker in enumerate(world.workers):
        if holder != me and worker.at not in ("idle", "click"):
            world = world.with_worker(me, IDLE)
    return world


def broken(world: World) -> Iterator[str]:
    """The promises that this world breaks."""
    acts = [act.what for act in world.acts]
    ours = sum(what in (portal.OURS, portal.OURS_TOO_LATE) for what in acts)
    status = world.line.status
    if ours > 1:
        yield ONCE
    if portal.OURS_TOO_LATE in acts:
        yield NOT_AFTER_THEIRS
    if not status.is_outcome:
        return
    if status is ItemStatus.DONE:
        if not any(what in portal.APPROVALS for what in acts):
            yield TRUE
        elif world.attribution is Attribution.OURS and not ours:
            yield OURS_IS_OURS
    elif ours:
        if status in NEGATIVE:
            yield NOT_DENIED
        if status is not ItemStatus.UNVERIFIED:
            yield ACCOUNTED_FOR
