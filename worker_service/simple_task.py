"""The simple form of a task type: one function with typed params, and no plan to write."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from shared.contracts import DEFAULT_QUEUE, Claim, ItemOutcome
from shared.errors import BusinessError, ConfigurationError, TaskFailed
from shared.record import tasks
from shared.task_state import ItemStatus
from worker_service.context import TaskContext
from worker_service.item_field import check_item_field, keys_in
from worker_service.params import PortalParams
from worker_service.registry import Plan, TaskDefinition, task
from worker_service.task_browser import browser_for
from worker_service.work import Work, storable_text

P = TypeVar("P", bound=BaseModel)

Told = dict[str, Any] | str | None
"""What a function may return: the item's details, its detail in one sentence, or nothing."""

SIDE_EFFECTS = ("none", "read", "write")


def simple_task(
    *,
    name: str,
    title: str,
    description: str,
    side_effect: str,
    queue: str = DEFAULT_QUEUE,
    items: str | None = None,
    browser: bool = False,
) -> Callable[[Callable[[Work, P], Told]], TaskDefinition[P]]:
    """Make a task type of a function that does all of a task, or one item of it.

    The function takes a Work and the params; the type of its second argument is the params model.
    `items` is the field of the params that lists what is to be done: then the function is run once
    for each, and `Work.item` says for which. Without it the task has one item, whose key is the
    task's id. With `browser` it gets one, at the portal of its params, which are PortalParams.

    It may be run again after an application error, an exception that is not ours, or the death of
    its worker: what must not happen twice needs intents, and so `registry.task`. Only workers that
    serve `queue` run it. Raises ConfigurationError if the function has no typed params, or they
    lack what `items` and `browser` need, and for a `side_effect` or `queue` that cannot be one.
    """
    if side_effect not in SIDE_EFFECTS:
        raise ConfigurationError(
            f"{name}: side_effect is {side_effect!r}; it must be one of {', '.join(SIDE_EFFECTS)}."
        )

    def define(work: Callable[[Work, P], Told]) -> TaskDefinition[P]:
        params = _params_of(name, work)
        if items is not None:
            check_item_field(name, params, items)
        if browser and not issubclass(params, PortalParams):
            raise ConfigurationError(f"{name}: with a browser its params must be PortalParams.")

        @functools.wraps(work)
        def run_item(claim: Claim, params: P, context: TaskContext) -> ItemOutcome:
            with browser_for(claim, params, context) if browser else nullcontext() as its_own:
                return _run(work, params, claim, Work(claim, context, its_own))

        offered = task(
            name=name,
            title=title,
            description=description,
            side_effect=side_effect,
            params=params,
            plan=functools.partial(_plan, name, items),
            keys_param=items,
            queue=queue,
        )
        return offered(run_item)

    return define


def _params_of(name: str, work: Callable[[Work, P], Told]) -> type[P]:
    arguments = list(inspect.signature(work).parameters)
    model = get_type_hints(work).get(arguments[1]) if len(arguments) == 2 else None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ConfigurationError(
            f"{name}: the function must take two arguments, the second typed with a pydantic"
            " model of its params: def work(context: Work, params: Params)."
        )
    return model  # type: ignore[return-value]


def _plan(name: str, items: str | None, params: BaseModel, context: TaskContext) -> Plan:
    """What the params list, or one item: the task itself. Its params stay as they came."""
    with context.record.read() as connection:
        asked = tasks.get(connection, context.task_id)
    given = {} if asked is None else asked.params
    return Plan(
        portal=f"task:{context.task_id}",
        action=name,
        keys=[context.task_id] if items is None else keys_in(params, items),
        params_for=lambda _: given,
    )


def _run(work: Callable[[Work, P], Told], params: P, claim: Claim, run: Work) -> ItemOutcome:
    try:
        outcome = _outcome(work(run, params))
    except BusinessError:
        _note_files(claim, run)
        raise
    # What came of an attempt that is made again is a leftover, not a second link of that name.
    _note_files(claim, run)
    return outcome


def _note_files(claim: Claim, run: Work) -> None:
    for file in run.kept:
        claim.note_evidence(file)


def _outcome(told: object) -> ItemOutcome:
    if told is None or isinstance(told, str):
        return ItemOutcome(ItemStatus.DONE, storable_text(told or ""))
    if isinstance(told, dict):
        return ItemOutcome(ItemStatus.DONE, "", details=_storable(told, "the returned dict"))
    raise TaskFailed(
        f"The task returned {type(told).__name__}; it may return a dict, a str or nothing."
    )


def _storable(value: Any, place: str) -> Any:
    """`value` as JSON can hold it. Raises TaskFailed that names the place of what it cannot."""
    if isinstance(value, str):
        return storable_text(value)
    if (
        value is None
        or isinstance(value, int)
        or (isinstance(value, float) and math.isfinite(value))
    ):
        return value
    if isinstance(value, list | tuple):
        return [_storable(one, f"{place}[{n}]") for n, one in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {storable_text(k): _storable(v, f"{place}[{k!r}]") for k, v in value.items()}
    raise TaskFailed(
        f"{place} holds {type(value).__name__} {value!r:.60}, which JSON cannot:"
        " use str, int, finite float, bool, None, lists, and dicts with str keys."
    )
