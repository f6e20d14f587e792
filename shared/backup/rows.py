"""Tables as lines of JSON, a row each, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Integer,
    MetaData,
    Table,
    bindparam,
    func,
    select,
    text,
    update,
)

_AT_ONCE = 1000


def dump(connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row of a table as a line, in the order of its key."""
    query = select(table).order_by(*table.primary_key.columns)
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    for row in rows.mappings():
        yield json.dumps(dict(row), default=_plain, ensure_ascii=False).encode() + b"\n"


def known_tables(connection: Connection) -> dict[str, Table]:
    """The tables that are there, each after those it refers to, whatever their version."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                # What is absent stays absent, for conditions ask for it so.
                column.type.none_as_null = True
    return {table.name: table for table in metadata.sorted_tables}


def load(connection: Connection, table: Table, lines: Iterable[bytes]) -> None:
    """Insert rows that `dump` wrote into an empty table.

    A row that refers to another of its own table is told so once all are there.
    """
    own = [
        column.name
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]
    moments = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    later: list[dict[str, Any]] = []
    rows = (_read(line, moments) for line in lines)
    while chunk := list(islice(rows, _AT_ONCE)):
        for row in chunk:
            refers = {name: row[name] for name in own if row[name] is not None}
            if refers:
                later.append({**row, **refers})
                row.update(dict.fromkeys(refers))
        connection.execute(table.insert(), chunk)
    for row in later:
        key = [column == bindparam(f"key_{column.name}") for column in table.primary_key.columns]
        known = {f"key_{column.name}": row[column.name] for column in table.primary_key.columns}
        connection.execute(
            update(table).where(*key).values({name: row[name] for name in own}), known
        )


def count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number the next row after those that were loaded; SQLite does so itself."""
    column = table.columns.get("id")
    if connection.dialect.name != "postgresql" or column is None:
        return
    if not isinstance(column.type, Integer) or column.name not in table.primary_key.columns:
        return
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name}
    ).scalar_one()
    highest = connection.execute(select(func.max(column))).scalar_one()
    if sequence is not None and highest is not None:
        connection.execute(select(func.setval(sequence, highest)))


def _read(line: bytes, moments: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(line)
    for name in moments:
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name]).astimezone(timezone.utc)
    return row


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be kept in a backup")
