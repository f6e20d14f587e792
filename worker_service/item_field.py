"""The field of a simple task type's params that names its items."""

from __future__ import annotations

import re
from typing import Any, get_origin

from pydantic import BaseModel

from shared.errors import ConfigurationError, TaskFailed

LONGEST_KEY = 200
MOST_ITEMS = 10_000
_KEY = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


def check_item_field(name: str, model: type[BaseModel], field: str) -> None:
    """Raises ConfigurationError, which names the task type, if the field cannot name items."""
    about = model.model_fields.get(field)
    if about is None:
        raise ConfigurationError(f"{name}: items is {field!r}, but {model.__name__} has no such.")
    if get_origin(about.annotation) is not list:
        raise ConfigurationError(f"{name}: items is {field!r}; it must be a list of str or int.")


def keys_in(params: BaseModel, field: str) -> list[str]:
    """The items that the params name, each once. Raises TaskFailed for what cannot name one."""
    keys = list(dict.fromkeys(_key(value, field) for value in getattr(params, field)))
    if len(keys) > MOST_ITEMS:
        raise TaskFailed(f"{field} names {len(keys)} items; at most {MOST_ITEMS} are possible.")
    return keys


def _key(value: Any, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TaskFailed(f"{field} holds {type(value).__name__}: an item is named by str or int.")
    key = str(value).strip()
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise TaskFailed(
            f"{field} holds {key!r:.60}: what names an item has 1 to {LONGEST_KEY} characters,"
            " none of them a control character."
        )
    return key
