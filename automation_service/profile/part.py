"""What every piece of a profile has in common."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of a profile: unknown fields are faults, and nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def known_fields(cls) -> dict[str, Any]:
        """What may be said here, as YAML spells it, and what kind of thing each is."""
        return {field.alias or name: field.annotation for name, field in cls.model_fields.items()}


def part_at(kind: Any, place: list[int | str]) -> type[Part] | None:
    """The kind of part at `place` inside something of this kind; None if no part is there."""
    kind = _unwrapped(kind)
    for step in place:
        if _is_part(kind):
            kind = kind.known_fields().get(str(step))
        else:
            *_, kind = [it for it in get_args(kind) if it is not ...] or [None]
        kind = _unwrapped(kind)
    return kind if _is_part(kind) else None


def _unwrapped(kind: Any) -> Any:
    """What an optional kind is when it is there."""
    if get_origin(kind) in (Union, UnionType):
        return next(it for it in get_args(kind) if it is not type(None))
    return kind


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part)
