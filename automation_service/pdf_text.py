"""What a PDF says, as far as that can be told without drawing it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MOST_BYTES = 20_000_000
"""No stream is inflated beyond that: a small file can ask for any amount."""


def says(path: Path, words: str) -> bool:
    """True if a text of the PDF contains these words, white space aside.

    It finds texts whose characters stand in the file as such or deflated, as most portals write
    them; not those of fonts with an encoding of their own, nor pictures of text.
    """
    wanted = _squeezed(words.encode("latin-1", "replace"))
    content = path.read_bytes()
    return any(wanted in _squeezed(text) for text in _texts(content))


def _texts(content: bytes) -> Iterator[bytes]:
    for stream in _STREAM.finditer(content):
        body = _inflated(stream.group(1))
        # A line may be written in pieces, each placed by itself.
        yield b"".join(_ESCAPED.sub(rb"\1", text) for text in _STRING.findall(body))


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream, _MOST_BYTES)
    except zlib.error:
        return stream


def _squeezed(text: bytes) -> bytes:
    return b"".join(text.split())
