"""Task types: what workers offer, as they announced it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, select, update

from shared.contracts import DEFAULT_QUEUE
from shared.record.database import insert_if_absent
from shared.record.tables import task_types
from shared.task_state import ItemStatus
from shared.utils import utc_now


@dataclass(frozen=True)
class TaskType:
    """A kind of work a worker offers.

    `params_schema` is JSON Schema 2020-12 with the params' public names; a schema that carries
    `x-fault` brings the sentence to say when it is not met. `aliases` maps deprecated names of
    params to public ones. `words` are the type's public words for item statuses. `keys_param` is
    the param that names a task's items, None if none does. `queue` is where its doorbells are rung.
    """

    name: str
    title: str
    description: str
    version: str
    side_effect: str
    params_schema: dict[str, Any]
    aliases: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    keys_param: str | None = None
    queue: str = DEFAULT_QUEUE

    def word(self, status: ItemStatus) -> str:
        """The public word for an item status."""
        return self.words.get(status.value, status.value)


def word(task_type: TaskType | None, status: ItemStatus) -> str:
    """The public word for an item's status, whether or not its task type is known."""
    return task_type.word(status) if task_type else status.value


def announce(connection: Connection, offered: TaskType) -> None:
    """Store what a worker offers; the newest announcement stands."""
    values = {
        "name": offered.name,
        "version": offered.version,
        "definition": asdict(offered),
        "announced_at": utc_now(),
    }
    if not insert_if_absent(connection, task_types, values):
        connection.execute(
            update(task_types).where(task_types.c.name == offered.name).values(values)
        )


def get(connection: Connection, name: str) -> TaskType | None:
    """The task type, or None if none of this name was ever announced."""
    definition = connection.execute(
        select(task_types.c.definition).where(task_types.c.name == name)
    ).scalar_one_or_none()
    return None if definition is None else TaskType(**definition)


def every(connection: Connection) -> list[TaskType]:
    """All task types ever announced, by name."""
    rows = connection.execute(select(task_types.c.definition).order_by(task_types.c.name))
    return [TaskType(**row.definition) for row in rows]


def queues(connection: Connection) -> dict[str, str]:
    """The queue of every task type ever announced, by its name."""
    return {offered.name: offered.queue for offered in every(connection)}
