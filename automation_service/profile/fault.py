"""What is wrong in a profile, told with its place and what would be right there."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from automation_service.profile.part import Part, part_at
from automation_service.yaml_document import YamlDocument


def describe_faults(document: YamlDocument, error: ValidationError, kind: type[Part]) -> str:
    """All faults of a file that was to be of this kind, in the order of their places."""
    faults = sorted(error.errors(), key=lambda fault: _line_of(document, fault))
    return "; ".join(_describe(document, fault, kind) for fault in faults)


def did_you_mean(given: str, known: Sequence[str]) -> str:
    """The known ones, and first the one that was most likely meant."""
    near = get_close_matches(given, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}known here are: {', '.join(known)}"


def unknown_placeholder(
    place: tuple[int | str, ...], name: str, known: Sequence[str]
) -> InitErrorDetails:
    """The fault of a placeholder that stands for nothing."""
    message = "unknown placeholder '{name}'; {known}"
    about = {"name": name, "known": did_you_mean(name, known)}
    kind = PydanticCustomError("placeholder", message, about)
    return InitErrorDetails(type=kind, loc=place, input=name)


def _describe(document: YamlDocument, fault: ErrorDetails, kind: type[Part]) -> str:
    place = list(fault["loc"])
    told = fault["msg"]
    named = place
    if fault["type"] == "extra_forbidden":
        *named, field = place
        part = part_at(kind, named)
        known = list(part.known_fields()) if part else []
        told = f"unknown field '{field}'; {did_you_mean(str(field), known)}"
    elif fault["type"] == "missing":
        told = f"is missing. {_meaning(kind, place)}".rstrip()
    elif fault["type"] == "model_type" and (part := part_at(kind, place)):
        told = f"has no fields; known here are: {', '.join(part.known_fields())}"
    name = ".".join(str(step) for step in named) or "profile"
    return f"{document.where(place)}: {name}: {told}"


def _meaning(kind: type[Part], place: list[int | str]) -> str:
    """What the field at `place` is for, as the reference says it."""
    *named, name = place
    part = part_at(kind, named)
    fields = part.model_fields if part else {}
    return next((it.description or "" for n, it in fields.items() if name in (n, it.alias)), "")


def _line_of(document: YamlDocument, fault: ErrorDetails) -> tuple[int, int]:
    return document.line_and_column(fault["loc"])
