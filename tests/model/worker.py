"""The worker of the model: one item from claim to outcome, a step for each look, word or write.

A worker may stop for ever before any step, or wake up long after. A step of a worker that lost
its claim is refused by the record where the product compares the fence, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from automation_service.judgement import Finding, is_certain
from automation_service.profile import Reclick
from shared.contracts import Condition, Verdict
from shared.errors import PortalUnavailable, ProfileMismatch
from shared.task_state import TaskState
from tests.model import portal, rules
from tests.model.case import Case
from tests.model.deciding import GIVEN_UP, after_error, ending_when_given_up
from tests.model.portal import PROFILES, Ending
from tests.model.world import FOREVER, IDLE, LEFT, Page, Step, Worker, World

NAMES = ("A", "B")


def steps(world: World, me: int, case: Case) -> Iterator[Step]:
    """What this worker may do next."""
    worker = world.workers[me]
    for told, following in _STEPS[worker.at](world, me, worker, case):
        yield f"{NAMES[me]} {told}", following
    if worker is not IDLE and worker != IDLE:
        held = world.line.holder == me
        book = rules.release(world.book, 0) if held else world.book
        assert book is not None
        yield f"{NAMES[me]} crashes", world._replace(book=book).with_worker(me, IDLE)


# -- claim ------------------------------------------------------------------------------------


def _claim(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    book = rules.claim(world.book, 0, me)
    if book is None:
        return
    line = book.lines[0]
    attempt = min(line.attempts, case.attempts + 1)
    claimed = world._replace(book=book.having(0, line._replace(attempts=attempt)))
    ending = None
    if book.state is TaskState.CANCELLING:
        ending = portal.SKIPPED
    elif attempt > case.attempts:
        ending = GIVEN_UP
    seen = portal.condition(world.shown) is not Condition.MAY_BE_DONE
    fresh = Worker("look", attempt=attempt, ending=ending, too_late=seen)
    told = f"claims the batch, attempt {attempt}"
    asks = line.open_intents
    if asks:
        waits = _resolving_takes(case)
        resolving = fresh._replace(at="resolve", timer=waits, asks=asks, too_late=False)
        yield f"{told}, sees an open intent", claimed.with_worker(me, resolving)
    elif ending is None:
        yield told, claimed.with_worker(me, fresh)
    if ending is not None:
        left = ending_when_given_up(ending, bool(asks), case)
        yield (
            f"{told}, and gives up without reading: {left.status.value}",
            claimed.with_worker(me, Worker("write", ending=left)),
        )


def _resolving_takes(case: Case) -> int:
    if not case.safeguards.wait_at_takeover:
        return 0
    return case.click_budget + (case.settle if case.safeguards.settle else 0)


# -- look, intent, click ----------------------------------------------------------------------


def _look(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    if worker.ending is not None:
        yield (
            "finds the way free but may not click",
            world.with_worker(me, Worker("write", ending=worker.ending)),
        )
        return
    seen = portal.condition(world.shown)
    about_to = worker._replace(at="intend", timer=case.click_budget)
    if not case.safeguards.look:
        yield "does not look", world.with_worker(me, about_to)
    elif seen is not Condition.MAY_BE_DONE:
        ending = portal.NOTHING_TO_CLICK[seen]
        yield (
            f"looks: {seen.value}, so {ending.status.value}",
            world.with_worker(me, Worker("write", ending=ending)),
        )
    elif case.reviewed and not portal.reads_as_reviewed(world.shown):
        yield "looks: changed since review", _refused_as_changed(world, me)
    else:
        yield "looks: pending", world.with_worker(me, about_to)
    yield from _errors(world, me, worker, case)


def _refused_as_changed(world: World, me: int) -> World:
    return world.with_worker(me, Worker("write", ending=portal.REFUSED_AFTER_ALL))


def _intend(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    mark = len(world.line.intents) + 1
    if not case.safeguards.intent:
        yield from _click(world, me, worker._replace(asks=(worker.attempt,)), case)
        return
    if not case.safeguards.intent_before_click and worker.at == "intend":
        yield from _click(world, me, worker._replace(asks=(mark,)), case)
        return
    holder = me if case.safeguards.fence_at_intent else world.line.holder
    if holder == world.line.holder and not rules.goes_on(world.book):
        cancelled = Worker("write", ending=portal.SKIPPED)
        yield "may not announce a click any more", world.with_worker(me, cancelled)
        return
    book = rules.state_intent(world.book, 0, holder, mark)
    if book is None:
        yield _lost(world, me)
        return
    stated = worker._replace(at="click", asks=(mark,))
    if worker.at == "intend late":
        stated = worker._replace(at="back", asks=(mark,))
    yield f"states intent {mark}", world._replace(book=book).with_worker(me, stated)


def _click(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    guards = case.safeguards
    (mark,) = worker.asks
    permit = worker.timer if guards.permit_before_commit else case.click_budget
    settle = case.settle if guards.settle else 0
    waits = worker.timer + settle if guards.settle_from_deadline else settle
    page = Page(mark, permit, 1 if guards.permit_once else 2, worker.too_late)
    if not guards.guard:
        page = page._replace(permit=FOREVER, shots=2)
    pages = tuple(sorted((*world.pages, page))) if page.permit else world.pages
    clicked = Worker("back", waits, worker.asks, attempt=worker.attempt)
    if not guards.intent_before_click:
        clicked = clicked._replace(at="intend late")
    told = f"clicks ({mark})" if page.permit else f"clicks ({mark}), too late for the page"
    yield told, world._replace(pages=pages).with_worker(me, clicked)
    if worker.at == "click":
        closing = worker._replace(at="close, try again", timer=0)
        yield "cannot click: the page is not ready", world.with_worker(me, closing)
        after = after_error(PortalUnavailable(), worker, intent_open=True, case=case)
        yield "cannot click, but an earlier step was taken", world.with_worker(me, after)


# -- reading back, and resolving ---------------------------------------------------------------


def _read_back(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    """After our own click: the word of the portal is a hint, fresh loads decide."""
    guards = case.safeguards
    if not guards.toast_is_a_hint:
        yield "trusts a toast", _to_write(world, me, portal.SURELY_OURS)
    if not guards.error_is_a_hint:
        yield "believes an error", _to_write(world, me, portal.REFUSED_AFTER_ALL)
    yield from _read(world, me, worker, case)


def _resolve(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    """Of intents found open: settled by reading alone."""
    changed = case.reviewed and not portal.reads_as_reviewed(world.shown)
    if not case.safeguards.resolve_before_review and changed:
        yield "compares with the review first: changed", _refused_as_changed(world, me)
    yield from _read(world, me, worker, case)


def _read(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    found = portal.finding(world.shown, worker.asks, case.history)
    if worker.timer:
        if _counts_at_once(found, worker, case):
            ending = _concluded(found, world, worker, case)
            yield f"reads early: {found.value}", _to_write(world, me, ending)
    elif found is Finding.PENDING:
        yield from _still_pending(_page_left(world, worker, case), me, worker, case)
    else:
        ending = _concluded(found, world, worker, case)
        left = _page_left(world, worker, case)
        yield f"reads: {found.value}", _to_write(left, me, ending)
    yield from _errors(world, me, worker, case)


def _counts_at_once(found: Finding, worker: Worker, case: Case) -> bool:
    if worker.at == "resolve" and len(worker.asks) > 1:
        return False
    if found is Finding.SOMEBODY_ELSE and not case.safeguards.somebody_else_after_settle:
        return True
    return is_certain(found, PROFILES[case.history], portal.APPROVE)


def _concluded(found: Finding, world: World, worker: Worker, case: Case) -> Ending:
    guards = case.safeguards
    approved = portal.condition(world.shown) is Condition.DONE
    if worker.at == "resolve" and approved and not guards.done_needs_our_marker:
        return portal.SURELY_OURS
    if found is Finding.MOVED_ON and not guards.moved_on_is_unverified:
        return portal.REFUSED_AFTER_ALL
    ending = portal.concluded(found, case.history)
    if ending == portal.UNVERIFIED and not guards.unverified_stays_open:
        return portal.STILL_PENDING
    return ending


def _still_pending(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    if worker.at == "back":
        yield (
            "reads: still pending, and the portal had said no",
            _to_write(world, me, portal.REFUSED_AFTER_ALL),
        )
    if case.reclick is Reclick.NEVER:
        ending = portal.UNVERIFIED
        if not case.safeguards.unverified_stays_open:
            ending = portal.STILL_PENDING
        yield "reads: still pending, unverified", _to_write(world, me, ending)
        return
    then = "close, try again" if worker.at == "back" else "close, look"
    closing = worker._replace(at=then, timer=0)
    yield "reads: still pending, so the click did not take", world.with_worker(me, closing)


def _page_left(world: World, worker: Worker, case: Case) -> World:
    """Reading back after a click loads the batch afresh, in the browser that clicked."""
    if worker.at != "back" or not world.pages:
        return world
    guards = case.safeguards
    (mark,) = worker.asks
    pages = []
    for page in world.pages:
        if page.mark != mark or not guards.guard:
            pages.append(page)
        elif page.permit == LEFT and not guards.deny_by_default:
            pages.append(page._replace(permit=FOREVER))
    return world._replace(pages=tuple(sorted(pages)))


# -- what is written ---------------------------------------------------------------------------


def _close(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    holder = me if case.safeguards.fence_at_outcome else world.line.holder
    book = rules.close_intents(world.book, 0, holder, Verdict.NOT_TAKEN)
    if book is None:
        yield _lost(world, me)
        return
    closed = world._replace(book=book)
    if worker.at == "close, look":
        free = worker._replace(at="look", asks=())
        yield "notes: not taken", closed.with_worker(me, free)
    else:
        after = after_error(PortalUnavailable(), worker, intent_open=False, case=case)
        yield "notes: not taken", closed.with_worker(me, after)


def _give_back(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    book = rules.give_back(world.book, 0, me)
    if book is None:
        yield _lost(world, me)
    else:
        yield "gives the batch back", world._replace(book=book).with_worker(me, IDLE)


def _write(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    ending = worker.ending
    assert ending is not None
    line = world.line
    if line.holder == me or (not case.safeguards.fence_at_outcome and not line.status.is_outcome):
        book = rules.end(world.book, 0, ending.status, ending.verdict, fails_task=ending.fails_task)
    else:
        yield _lost(world, me)
        return
    whose = f", {ending.attribution.value}" if ending.attribution else ""
    written = world._replace(book=book, attribution=ending.attribution)
    yield f"records {ending.status.value}{whose}", written.with_worker(me, IDLE)


def _lost(world: World, me: int) -> Step:
    return "finds its claim lost and lets go", world.with_worker(me, IDLE)


def _to_write(world: World, me: int, ending: Ending) -> World:
    return world.with_worker(me, Worker("write", ending=ending))


# -- errors ------------------------------------------------------------------------------------


def _errors(world: World, me: int, worker: Worker, case: Case) -> Iterator[Step]:
    """The portal cannot be read, or the task cannot go on; decided by the product itself."""
    intent_open = bool(worker.asks)
    for error in (PortalUnavailable(), ProfileMismatch()):
        after = after_error(error, worker, intent_open=intent_open, case=case)
        yield f"fails: {error.code}", world.with_worker(me, after)


_STEPS: dict[str, Callable[[World, int, Worker, Case], Iterator[Step]]] = {
    "idle": _claim,
    "resolve": _resolve,
    "look": _look,
    "intend": _intend,
    "click": _click,
    "intend late": _intend,
    "back": _read_back,
    "close, look": _close,
    "close, try again": _close,
    "give back": _give_back,
    "write": _write,
}
