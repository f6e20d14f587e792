"""The tables of the record. Every safety property is a constraint here or a compare-and-set.

task_types      what workers offer
tasks ─┬─ items ─┬─ outcomes        one at most per item
       │         ├─ intents         append-only, verdict set once
       │         └─ reads           append-only
       ├─ events                    1..n per task, without gaps
       ├─ artifacts                 files on disk that something rests on
       ├─ missing_pictures          and why one is missing that belongs there
       ├─ seals                     one per final task: is its manifest made, are its files kept
       └─ slots                     doorbells rung and what became of them
claims          permanent, one row per (portal, action, key)
logins          one row per (portal, account, credential)
seats           the sessions that an account may have at a portal at a time
paces           one row per portal: whose turn it was last
workers ── browsers                 for whoever cleans up after a death
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC."""
        return None if value is None else value.astimezone(timezone.utc)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        if value is None:
            return None
        moment: datetime = value
        if moment.tzinfo is None:
            return moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)


def _task_id(**options: Any) -> Column[Any]:
    return Column("task_id", String(36), ForeignKey("tasks.id"), nullable=False, **options)


def _item_id(**options: Any) -> Column[Any]:
    return Column("item_id", Integer, ForeignKey("items.id"), nullable=False, **options)


def _index_where(condition: str, *columns: str) -> Index:
    """An index of few rows of a table that grows for ever."""
    return Index(None, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


LOG_EVENTS = "type = 'log'"
"""Written out, since SQLite uses an index of some rows only where the query says so literally."""

SEAL_DUE = "made < wanted"
"""Written out for the same reason."""

task_types = Table(
    "task_types",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("announced_at", UtcDateTime, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("task_type", String(100), nullable=False),
    Column("params", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("caller", String(100), nullable=False),
    Column("request_id", String(200)),
    Column("retry_of", String(36), ForeignKey("tasks.id"), unique=True),
    Column("idempotency_key", String(255)),
    Column("idempotency_hash", String(64)),
    Column("total", Integer),
    Column("task_version", String(64)),
    Column("decision", JSON),
    Column("awaiting_since", UtcDateTime),
    Column("plan_attempts", Integer, nullable=False, default=0),
    Column("finished", Integer, nullable=False, default=0),
    Column("progress", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("error_code", String(50)),
    Column("result", JSON),
    Column("last_event", Integer, nullable=False, default=0),
    Column("next_ring_at", UtcDateTime),
    Column("delay", Float),
    Column("waits_for", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("caller", "idempotency_key"),
    Index(None, "state", "next_ring_at"),
    Index(None, "created_at", "id"),
)
"""`total` is null until the task is planned; `next_ring_at` is null once it is final;
`waits_for` is why the portal cannot be used now, null while somebody works on it;
`task_version` is the SHA-256 of the source that planned it.

`delay`, here and for items: seconds to leave it alone from when a dispatcher first sees it so,
since the clocks of two machines cannot be compared; null: none.
"""

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    _task_id(),
    Column("position", Integer, nullable=False),
    Column("key", String(200), nullable=False),
    Column("portal", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("status", String(20), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("details", JSON),
    Column("error", Text),
    Column("attempts", Integer, nullable=False, default=0),
    Column("review", JSON),
    Column("review_attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("delay", Float),
    Column("over", Text),
    Column("slot_id", String(36)),
    Column("fence", Integer),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("task_id", "key"),
    UniqueConstraint("task_id", "position"),
    Index(None, "task_id", "status", "position"),
    _index_where("delay IS NOT NULL", "delay"),
)

claims = Table(
    "claims",
    metadata,
    Column("portal", String(200), primary_key=True),
    Column("action", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fence", Integer, nullable=False, default=0),
    Column("renewal", Integer, nullable=False, default=0),
    Column("holder", String(36)),
    Column("item_id", Integer, ForeignKey("items.id")),
    _index_where("holder IS NOT NULL", "holder"),
)
"""`holder` is the slot that works on it, null when free; `fence` only grows."""

intents = Table(
    "intents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("key", String(200), nullable=False),
    _item_id(),
    Column("fence", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("marker", String(40), nullable=False, unique=True),
    Column("click_budget", Float, nullable=False),
    Column("settle", Float, nullable=False),
    Column("session", String(100), nullable=False),
    Column("browser", String(100), nullable=False),
    Column("permit_ends", Float, nullable=False),
    Column("stated_at", UtcDateTime, nullable=False),
    Column("verdict", String(20)),
    Column("verdict_at", UtcDateTime),
    Index(None, "portal", "action", "key"),
)

reads = Table(
    "reads",
    metadata,
    Column("id", Integer, primary_key=True),
    _item_id(index=True),
    Column("fence", Integer, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("logged_in", Boolean, nullable=False),
    Column("printed_key", String(200)),
    Column("words", Text, nullable=False),
    Column("condition", String(20), nullable=False),
    Column("history", JSON),
)

outcomes = Table(
    "outcomes",
    metadata,
    _item_id(primary_key=True),
    Column("status", String(20), nullable=False),
    Column("detail", Text, nullable=False),
    Column("read_id", Integer, ForeignKey("reads.id")),
    Column("attribution", String(20)),
    Column("clicks", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

late_findings = Table(
    "late_findings",
    metadata,
    Column("id", Integer, primary_key=True),
    _item_id(index=True),
    Column("read_id", Integer, ForeignKey("reads.id"), nullable=False),
    Column("finding", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)
"""What a later look at an unverified item showed; beside the outcome, never over it."""

late_looks = Table(
    "late_looks",
    metadata,
    _item_id(primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("looks", Integer, nullable=False),
)
"""Items that are still to be looked at later; `looks` counts those that showed nothing."""

events = Table(
    "events",
    metadata,
    _task_id(primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("type", String(20), nullable=False),
    Column("timestamp", UtcDateTime, nullable=False),
    Column("data", JSON, nullable=False),
    _index_where(LOG_EVENTS, "task_id", "id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Integer, primary_key=True),
    _task_id(index=True),
    Column("item_id", Integer, ForeignKey("items.id"), index=True),
    Column("kind", String(20), nullable=False),
    Column("path", String(500), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
)

missing_pictures = Table(
    "missing_pictures",
    metadata,
    Column("id", Integer, primary_key=True),
    _item_id(index=True),
    Column("kind", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
)
"""Why an item lacks a picture that it ought to have; its outcome is no less known."""

seals = Table(
    "seals",
    metadata,
    _task_id(primary_key=True),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("made", Integer, nullable=False),
    Column("removed_at", UtcDateTime),
    _index_where(SEAL_DUE, "task_id"),
    _index_where("removed_at IS NULL", "finished_at", "task_id"),
)
"""`wanted` grows when there is something new to seal, `made` is what the manifest on disk tells of;
`removed_at` is when retention took the files and events away."""

workers = Table(
    "workers",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("task_types", JSON, nullable=False),
    Column("versions", JSON),
    Column("finishing", JSON),
    Column("refused", JSON),
    Column("code_version", String(100)),
    Column("heartbeat", Integer, nullable=False, default=0),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime),
)
"""`versions` holds the SHA-256 of each offered type's source. `finishing` tells of others, by type,
whether what was begun with them can be ended. `refused` are files that cannot be offered."""

slots = Table(
    "slots",
    metadata,
    Column("id", String(36), primary_key=True),
    _task_id(),
    Column("worker_id", String(100)),
    Column("pid", Integer),
    Column("profile", String(100)),
    Column("profile_hash", String(64)),
    Column("task_version", String(64)),
    Column("rung_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index(None, "ended_at", "task_id"),
    Index(None, "worker_id"),
)
"""A row is made when the doorbell is rung; its id is the doorbell's Celery id. `profile_hash` is
the SHA-256 of the portal profile that the slot worked by, `task_version` that of the task type's
source."""

browsers = Table(
    "browsers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("worker_id", String(100), nullable=False, index=True),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_group", Integer, nullable=False),
    Column("started", Float, nullable=False),
    Column("user_data_dir", String(500), nullable=False),
)
"""Browsers that may still run; `pid` is the worker child's, the rest identifies the browser."""

logins = Table(
    "logins",
    metadata,
    Column("portal", String(200), primary_key=True),
    Column("account", String(200), primary_key=True),
    Column("credential", String(64), primary_key=True),
    Column("fence", Integer, nullable=False, default=0),
    Column("holder", String(36)),
    Column("refused", String(50)),
    Column("refused_detail", Text),
)
"""`refused` is the error code of a refusal; it stands until the credential changes."""

seats = Table(
    "seats",
    metadata,
    Column("portal", String(200), primary_key=True),
    Column("account", String(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("holder", String(36)),
    Column("task_id", String(36)),
    Column("browser", String(100)),
    Column("kept_for", String(36)),
    Column("passed_over", Integer, nullable=False, default=0),
)
"""`holder` is the slot that has it, `task_id` what that works on, `browser` the one that is logged
in, also after its slot has left. `kept_for` is a task that waits for it, `passed_over` how often it
was free since and not taken by that one."""

paces = Table(
    "paces",
    metadata,
    Column("portal", String(200), primary_key=True),
    Column("turns", Integer, nullable=False, default=0),
)
"""`turns` grows with every page that a worker asks the portal for."""
