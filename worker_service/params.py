"""The base of every params model: unknown fields refused, a schema to draw forms from."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def without_null_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        if "default" in field and field["default"] is None:
            del field["default"]


class TaskParams(BaseModel):
    """What a caller may say when asking for a task; an optional param is absent, never null."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=without_null_defaults)
