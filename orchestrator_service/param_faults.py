"""What is wrong with params, said so that a person knows which field to change and how."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import ValidationError

Fault = dict[str, str]
MOST_FAULTS = 50

_TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def faults(errors: Iterator[ValidationError]) -> list[Fault]:
    """One entry per fault, with a pointer into the request's body; at most MOST_FAULTS."""
    found: list[Fault] = []
    for error in errors:
        found.extend(_faults_of(error))
        if len(found) >= MOST_FAULTS:
            break
    return found[:MOST_FAULTS]


def given_twice(names: Mapping[str, str]) -> list[Fault]:
    """One entry per deprecated name that was given beside the name that replaces it."""
    return [
        _fault(["params", old], f"'{old}' is the old name of '{new}'; give '{new}' alone.")
        for old, new in names.items()
    ]


def in_one_sentence(errors: Sequence[Fault]) -> str:
    """The first fault, and how many more there are."""
    first = errors[0]["detail"] if errors else "The request does not have the form it must have."
    more = len(errors) - 1
    return f"{first} ({more} more in errors.)" if more > 0 else first


def pointer(path: Sequence[str | int]) -> str:
    """A JSON Pointer (RFC 6901), as a URI fragment, to a place in the request's body."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)


def _faults_of(error: ValidationError) -> Iterator[Fault]:
    path = ["params", *error.absolute_path]
    demanded: Any = error.validator_value
    schema: Any = error.schema
    given: Any = error.instance
    if error.validator == "additionalProperties":
        yield from _unknown_fields(list(schema.get("properties", {})), given, path)
    elif error.validator == "required":
        missing = [name for name in demanded if name not in given]
        for name in missing:
            yield _fault([*path, name], f"'{name}' is missing; it must be given.")
    elif "x-fault" in schema:
        yield _fault(path, schema["x-fault"])
    elif error.validator in ("anyOf", "oneOf"):
        yield _no_alternative(error, path)
    else:
        yield _fault(path, f"{_name(path)} {_demand(error)}.")


def _unknown_fields(
    known: list[str], given: Iterable[str], path: list[str | int]
) -> Iterator[Fault]:
    for name in given:
        if name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {_listed(known)}."
        yield _fault([*path, name], f"Unknown field '{_short(name)}'; {hint}")


def _no_alternative(error: ValidationError, path: list[str | int]) -> Fault:
    """Say what the alternatives want; details, where the value has the type of just one."""
    wrong_type: list[str] = []
    closer: list[ValidationError] = []
    for inner in error.context or ():
        if inner.validator == "type" and not inner.relative_path:
            wrong_type.append(str(inner.validator_value))
        else:
            closer.append(inner)
    if closer:
        return next(_faults_of(closer[0]))
    wanted = " or ".join(_TYPE_WORDS.get(t, str(t)) for t in wrong_type if t != "null")
    return _fault(path, f"{_name(path)} must be {wanted or 'something else'}.")


def _demand(error: ValidationError) -> str:
    value: Any = error.validator_value
    demands: dict[str, Callable[[], str]] = {
        "type": lambda: f"must be {_types(value)}, not {_short(error.instance)}",
        "enum": lambda: f"must be one of {_listed(value)}",
        "const": lambda: f"must be {_shown(value)}",
        "minimum": lambda: f"must be {value} or more",
        "exclusiveMinimum": lambda: f"must be more than {value}",
        "maximum": lambda: f"must be {value} or less",
        "exclusiveMaximum": lambda: f"must be less than {value}",
        "multipleOf": lambda: f"must be a multiple of {value}",
        "minLength": lambda: f"must have {value} characters or more",
        "maxLength": lambda: f"must have {value} characters or fewer",
        "minItems": lambda: f"must name {value} or more",
        "maxItems": lambda: f"must name {value} or fewer",
        "pattern": lambda: f"must match the pattern {value}",
        "format": lambda: f"must be a {value}",
        "uniqueItems": lambda: "must not name anything twice",
    }
    say = demands.get(str(error.validator))
    return say() if say else "does not fit the task type's schema"


def _name(path: Sequence[str | int]) -> str:
    inside = path[1:] if len(path) > 1 else path
    text = str(inside[0])
    for step in inside[1:]:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return f"'{_short(text)}'"


def _types(value: Any) -> str:
    named = [value] if isinstance(value, str) else value
    return " or ".join(_TYPE_WORDS.get(t, str(t)) for t in named)


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(_shown(value) for value in values) or "none"


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else _shown(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _fault(path: Sequence[str | int], detail: str) -> Fault:
    return {"pointer": pointer(path), "detail": detail}
