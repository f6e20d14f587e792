"""The world of the model: the record, two workers, the browser's pages, requests, the portal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.contracts import Attribution, Condition
from shared.task_state import ItemStatus
from tests.model import portal, rules
from tests.model.case import Case
from tests.model.checker import A_TICK
from tests.model.portal import Act, Acts, Ending

LEFT = 0
FOREVER = 99
"""Permits of a page that was left, and of one that nobody ever leaves."""

Step = tuple[str, "World"]


class Worker(NamedTuple):
    """What one worker process is about to do, and all it knows.

    `timer` counts down on its own monotonic clock. `asks` are the intents it wants settled,
    `ending` how the item ends unless it may be clicked, `too_late` whether somebody else's work
    could be seen when it claimed.
    """

    at: str = "idle"
    timer: int = 0
    asks: tuple[int, ...] = ()
    ending: Ending | None = None
    attempt: int = 0
    too_late: bool = False


IDLE = Worker()


class Page(NamedTuple):
    """A page on which a click is under way: until `permit` is over the click may take effect.

    `shots` is how many times it may; `left`: it did, and a script of the portal's is about to
    send the request.
    """

    mark: int
    permit: int
    shots: int = 1
    too_late: bool = False
    sends: bool = False


class Post(NamedTuple):
    """A request of ours on its way; `left` ticks until it must have taken effect."""

    mark: int
    left: int
    too_late: bool = False


class World(NamedTuple):
    """Everything there is; equal worlds have the same future."""

    book: rules.Book
    workers: tuple[Worker, Worker] = (IDLE, IDLE)
    pages: tuple[Page, ...] = ()
    posts: tuple[Post, ...] = ()
    shown: Acts = ()
    hidden: tuple[tuple[Act, int], ...] = ()
    attribution: Attribution | None = None
    retried: bool = False
    resent: bool = False
    jumped: bool = False

    @property
    def acts(self) -> Acts:
        """All that was done to the batch, shown already or not."""
        return self.shown + tuple(act for act, _ in self.hidden)

    @property
    def line(self) -> rules.Line:
        """The item."""
        return self.book.lines[0]

    def with_worker(self, me: int, worker: Worker) -> World:
        """The world with one worker changed."""
        workers = (worker, self.workers[1]) if me == 0 else (self.workers[0], worker)
        return self._replace(workers=workers)


def same(world: World) -> World:
    """Workers are alike: one of the two worlds that differ in their names."""
    one, other = world.workers
    line = world.line
    if hash(one) < hash(other) or (one == other and line.holder != 1):
        return world
    if line.holder is not None:
        line = line._replace(holder=1 - line.holder)
    return world._replace(workers=(other, one), book=world.book.having(0, line))


def surroundings(world: World, case: Case) -> Iterator[Step]:
    """What happens without any worker: time, browser, portal, other people."""
    yield from _time(world, case)
    yield from _browser(world, case)
    yield from _portal(world, case)
    yield from _people(world, case)
    yield from _watch(world)
    if not (case.safeguards.wait_on_monotonic_clock and case.safeguards.permit_on_monotonic_clock):
        yield from _wall_clock(world, case)


def _time(world: World, case: Case) -> Iterator[Step]:
    """A tick, unless something has to happen before it."""
    if any(post.left == 0 for post in world.posts) or any(left == 0 for _, left in world.hidden):
        return
    passed = world._replace(
        workers=(_waited(world.workers[0]), _waited(world.workers[1])),
        pages=_older(world.pages, case),
        posts=tuple(post._replace(left=post.left - 1) for post in world.posts),
        hidden=tuple((act, left - 1) for act, left in world.hidden),
    )
    if passed != world:
        yield A_TICK, passed


def _waited(worker: Worker) -> Worker:
    return worker._replace(timer=worker.timer - 1) if worker.timer else worker


def _older(pages: tuple[Page, ...], case: Case) -> tuple[Page, ...]:
    """At its deadline a page is left, and a click that is still under way finds nothing."""
    if not pages:
        return pages
    older = [
        page if page.permit in (LEFT, FOREVER) else page._replace(permit=page.permit - 1)
        for page in pages
    ]
    if case.safeguards.deny_by_default:
        older = [page for page in older if page.permit != LEFT]
    return tuple(sorted(older))


def _browser(world: World, case: Case) -> Iterator[Step]:
    for place, page in enumerate(world.pages):
        others = world.pages[:place] + world.pages[place + 1 :]
        if page.permit == LEFT:
            continue
        if page.sends:
            yield (
                f"the page of click {page.mark} sends its request, long after the click",
                _sent(world._replace(pages=others), page, case),
            )
        elif not case.safeguards.page_left_at_deadline:
            sending = page._replace(permit=FOREVER, sends=True)
            yield (
                f"click {page.mark} passes the guard; a script will send the request",
                world._replace(pages=tuple(sorted((*others, sending)))),
            )
        else:
            kept = () if page.shots == 1 else (page._replace(shots=page.shots - 1),)
            yield (
                f"click {page.mark} arrives and its request leaves",
                _sent(world._replace(pages=tuple(sorted(others + kept))), page, case),
            )
    if not case.safeguards.no_resend and not world.resent:
        for post in world.posts:
            yield (
                f"the browser sends the request of click {post.mark} again by itself",
                world._replace(posts=tuple(sorted((*world.posts, post))), resent=True),
            )


def _sent(world: World, page: Page, case: Case) -> World:
    mark = page.mark if case.safeguards.marker else 0
    post = Post(mark, case.takes_effect, page.too_late)
    return world._replace(posts=tuple(sorted((*world.posts, post))))


def _portal(world: World, case: Case) -> Iterator[Step]:
    for place, post in enumerate(world.posts):
        if place and world.posts[place - 1] == post:
            continue
        rest = world._replace(posts=world.posts[:place] + world.posts[place + 1 :])
        if portal.condition(world.acts) is Condition.MISSING:
            yield f"the request of click {post.mark} finds no batch", rest
        else:
            what = portal.OURS_TOO_LATE if post.too_late else portal.OURS
            yield (
                f"the request of click {post.mark} takes effect: approved",
                _done_to_batch(rest, Act(what, post.mark), case),
            )
    if world.hidden:
        (act, _), *later = world.hidden
        shown = world._replace(shown=(*world.shown, act), hidden=tuple(later))
        yield f"the portal shows it: {act.what}", shown


def _done_to_batch(world: World, act: Act, case: Case) -> World:
    return world._replace(hidden=(*world.hidden, (act, case.is_shown)))


def _people(world: World, case: Case) -> Iterator[Step]:
    state = portal.condition(world.acts)
    done = {act.what for act in world.acts}
    for what in case.others:
        if what in done or state is Condition.MISSING:
            continue
        if what == portal.THEIRS and state is not Condition.MAY_BE_DONE:
            continue
        yield f"somebody else: {what}", _done_to_batch(world, Act(what), case)
    if case.cancelled:
        skip_open = not case.safeguards.cancel_leaves_open_intent
        cancelled = rules.cancel(world.book, skip_open=skip_open)
        if cancelled is not None and cancelled != world.book:
            yield "the caller cancels", world._replace(book=cancelled)
    if case.retried and not world.retried:
        line = world.line
        if line.status in (ItemStatus.FAILED, ItemStatus.UNVERIFIED):
            book = rules.Book((rules.Line(intents=line.intents),))
            yield "the caller retries", world._replace(book=book, attribution=None, retried=True)


def _watch(world: World) -> Iterator[Step]:
    """The watcher may release whenever it likes: safety rests on no lease."""
    released = rules.release(world.book, 0)
    if released is not None:
        yield "the watcher releases the claim", world._replace(book=released)


def _wall_clock(world: World, case: Case) -> Iterator[Step]:
    if world.jumped:
        return
    if not case.safeguards.wait_on_monotonic_clock:
        jumped = world._replace(jumped=True)
        for me, worker in enumerate(world.workers):
            if worker.at == "resolve":
                jumped = jumped.with_worker(me, worker._replace(timer=0))
        yield "the wall clock jumps ahead", jumped
    if not case.safeguards.permit_on_monotonic_clock:
        longer = case.click_budget + case.settle + 1
        pages = tuple(page._replace(permit=page.permit + longer) for page in world.pages)
        yield "the wall clock jumps back", world._replace(pages=pages, jumped=True)
