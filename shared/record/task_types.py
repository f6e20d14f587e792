"""Task types: what workers offer, as they announced it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sqlalchemy import Connection, select, update

from shared.contracts import DEFAULT_QUEUE
from shared.record.database import insert_if_absent
from shared.record.tables import task_types, workers
from shared.task_state import ItemStatus
from shared.utils import utc_now

VERSION_DIGITS = 12
"""So many digits of the SHA-256 of its source are shown as a task type's version."""


@dataclass(frozen=True)
class TaskType:
    """A kind of work a worker offers.

    `params_schema` is JSON Schema 2020-12 with the params' public names; a schema that carries
    `x-fault` brings the sentence to say when it is not met. `aliases` maps deprecated names of
    params to public ones. `words` are the type's public words for item statuses. `keys_param` is
    the param that names a task's items, None if none does. `queue` is where its doorbells are rung.

    `sha256` is that of the source, `file` the name of the file in TASKS_DIR that it comes from,
    None for one that comes with us or a package. `withdrawn` says why it is offered no more, where
    that was done on purpose; None while it is, and for a worker that merely left.
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
    sha256: str = ""
    file: str | None = None
    withdrawn: str | None = None

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


def withdraw(connection: Connection, name: str, reason: str) -> None:
    """Note why nobody offers a type any more, until it is announced again.

    Whoever withdraws it has stopped to offer it in the same transaction. If another worker still
    does, nothing is noted.
    """
    # Locked first: of two workers that withdraw it together, the second one sees the first.
    query = select(task_types.c.definition).where(task_types.c.name == name)
    definition = connection.execute(query.with_for_update()).scalar_one_or_none()
    serving = select(workers.c.task_types).where(workers.c.stopped_at.is_(None))
    if definition is None or any(name in row.task_types for row in connection.execute(serving)):
        return
    definition = {**definition, "withdrawn": reason}
    connection.execute(
        update(task_types).where(task_types.c.name == name).values(definition=definition)
    )


def get(connection: Connection, name: str) -> TaskType | None:
    """The task type, or None if none of this name was ever announced."""
    definition = connection.execute(
        select(task_types.c.definition).where(task_types.c.name == name)
    ).scalar_one_or_none()
    return None if definition is None else _made(definition)


def every(connection: Connection) -> list[TaskType]:
    """All task types ever announced, by name."""
    rows = connection.execute(select(task_types.c.definition).order_by(task_types.c.name))
    return [_made(row.definition) for row in rows]


def queues(connection: Connection) -> dict[str, str]:
    """The queue of every task type ever announced, by its name."""
    return {offered.name: offered.queue for offered in every(connection)}


def _made(definition: dict[str, Any]) -> TaskType:
    """What a newer program announced may tell more than this one knows of."""
    known = {one.name for one in fields(TaskType)}
    return TaskType(**{name: value for name, value in definition.items() if name in known})
