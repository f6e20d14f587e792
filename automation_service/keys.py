"""Keys by the names that profiles use, as a browser is told of them."""

from __future__ import annotations

import re
from typing import Any

_CODES = {
    "Enter": 13, "Space": 32, "Escape": 27, "Tab": 9, "Backspace": 8, "Delete": 46,
    "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip
_HELD = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
_TEXTS = {"Enter": "\r", "Space": " "}

KEY_PATTERN = rf"^(({'|'.join(_HELD)})\+)?({'|'.join(_CODES)}|[a-z0-9])$"
"""What a profile may name."""


def key_event(name: str) -> dict[str, Any]:
    """What a page is told of a key: `key` and `code` (UI Events), its number, and what is held."""
    match = re.match(KEY_PATTERN, name)
    assert match is not None, f"no key: {name}"
    held, plain = match[2], match[3]
    if plain in _CODES:
        code, number = plain, _CODES[plain]
    else:
        code = f"Digit{plain}" if plain.isdigit() else f"Key{plain.upper()}"
        number = ord(plain.upper())
    about = {"key": " " if plain == "Space" else plain, "code": code}
    return {**about, "number": number, "modifiers": _HELD.get(held or "", 0)}


def strokes(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A key going down and up again, as DevTools takes them for `Input.dispatchKeyEvent`."""
    told, text = key_event(name), text_of(name)
    key = {"key": told["key"], "code": told["code"], "modifiers": told["modifiers"]}
    key["windowsVirtualKeyCode"] = told["number"]
    down = {"type": "keyDown", "text": text, "unmodifiedText": text}
    return {**(down if text else {"type": "rawKeyDown"}), **key}, {"type": "keyUp", **key}


def text_of(name: str) -> str:
    """What the key types; nothing while another one is held that makes it a command."""
    *held, plain = name.split("+")
    if held and held != ["Shift"]:
        return "\r" if plain == "Enter" else ""
    return _TEXTS.get(plain, plain if len(plain) == 1 else "")
