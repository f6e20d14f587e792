"""Task types as this worker offers them: what they are called, take, plan and do."""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from shared.config import Settings
from shared.contracts import DEFAULT_QUEUE, QUEUE_NAME, Claim, ItemOutcome, LateFinding
from shared.errors import ConfigurationError
from shared.record.task_types import VERSION_DIGITS, TaskType
from shared.task_state import ItemStatus
from worker_service.context import TaskContext
from worker_service.params import PortalParams, with_portals

P = TypeVar("P", bound=BaseModel)


ItemFunction = Callable[[Claim, P, TaskContext], ItemOutcome]
LookFunction = Callable[[Claim, P, TaskContext], LateFinding]
LimitFunction = Callable[[dict[str, Any], Settings], dict[str, Any]]

QUEUE_NAMES = "has 1 to 40 lower-case letters, digits, '-' and '_', a letter or digit first."


@dataclass(frozen=True)
class Plan:
    """What a task is to do: one item a key, and where those keys mean something.

    `portal` is the portal's origin and `action` what is done there; together with a key they name
    the permanent claim. With `leave_out_open`, keys that another open task is still to work on
    are left out; at most `at_most` of the rest are taken. `params_for` gives the params that the
    task has from then on, so that they name what was chosen.
    """

    portal: str
    action: str
    keys: Sequence[str]
    params_for: Callable[[Sequence[str]], dict[str, Any]]
    leave_out_open: bool = False
    at_most: int | None = None


PlanFunction = Callable[[P, TaskContext], Plan]


def _never(_: Any) -> bool:
    return False


@dataclass(frozen=True)
class TaskDefinition(Generic[P]):
    """One kind of work: a function that does one item, and a plan that names the items.

    `file` is the name of its file in TASKS_DIR and `file_sha256` that of the content, None and
    empty for what comes with us or a package.
    """

    name: str
    title: str
    description: str
    side_effect: str
    params: type[P]
    plan: PlanFunction[P]
    run_item: ItemFunction[P]
    words: dict[ItemStatus, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    keys_param: str | None = None
    review_item: ItemFunction[P] | None = None
    wants_review: Callable[[P], bool] = _never
    look_again: LookFunction[P] | None = None
    with_limits: LimitFunction | None = None
    queue: str = DEFAULT_QUEUE
    file: str | None = None
    file_sha256: str = ""

    def __post_init__(self) -> None:
        """Raises ConfigurationError if the queue's name cannot be one."""
        if not re.fullmatch(QUEUE_NAME, self.queue):
            raise ConfigurationError(f"{self.name}: the queue {self.queue!r} {QUEUE_NAMES}")

    @cached_property
    def announcement(self) -> TaskType:
        """What the edge needs to know to list the task type and check params."""
        return TaskType(
            name=self.name,
            title=self.title,
            description=self.description,
            version=self.sha256[:VERSION_DIGITS],
            side_effect=self.side_effect,
            params_schema=self.params.model_json_schema(),
            aliases=self.aliases,
            words={status.value: word for status, word in self.words.items()},
            keys_param=self.keys_param,
            queue=self.queue,
            sha256=self.sha256,
            file=self.file,
        )

    def announced(self, settings: Settings, portals: Sequence[str]) -> TaskType:
        """The announcement of a worker with these settings and portals: its schema takes both."""
        schema = self.announcement.params_schema
        if self.with_limits is not None:
            schema = self.with_limits(schema, settings)
        if issubclass(self.params, PortalParams):
            schema = with_portals(schema, portals)
        return replace(self.announcement, params_schema=schema)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the source that the function is in."""
        if self.file_sha256:
            return self.file_sha256
        source = inspect.getsource(sys.modules[self.run_item.__module__])
        return hashlib.sha256(source.encode()).hexdigest()


def task(
    *,
    name: str,
    title: str,
    description: str,
    side_effect: str,
    params: type[P],
    plan: PlanFunction[P],
    words: dict[ItemStatus, str] | None = None,
    aliases: dict[str, str] | None = None,
    keys_param: str | None = None,
    review_item: ItemFunction[P] | None = None,
    wants_review: Callable[[P], bool] = _never,
    look_again: LookFunction[P] | None = None,
    with_limits: LimitFunction | None = None,
    queue: str = DEFAULT_QUEUE,
) -> Callable[[ItemFunction[P]], TaskDefinition[P]]:
    """Make a task type of a function that does one item.

    `keys_param` is the param that names items, for a retry of some of them. Where `wants_review`
    says so of the params, `review_item` looks at each item first and the task then waits for a
    decision. `look_again` reads an item once more that ended in doubt, long after.

    `side_effect` is "none", "read" or "write"; `words` are public words for item statuses and
    `aliases` deprecated names of params, each with the name that replaces it. `with_limits` adds
    to the params' schema what the worker's settings allow. `queue` is what a worker must serve to
    be given tasks of this type. Raises ConfigurationError if that cannot be a queue's name.
    """

    def define(run_item: ItemFunction[P]) -> TaskDefinition[P]:
        return TaskDefinition(
            name=name,
            title=title,
            description=description,
            side_effect=side_effect,
            params=params,
            plan=plan,
            run_item=run_item,
            words=words or {},
            aliases=aliases or {},
            keys_param=keys_param,
            review_item=review_item,
            wants_review=wants_review,
            look_again=look_again,
            with_limits=with_limits,
            queue=queue,
        )

    return define
