"""A site's name in the record."""

from __future__ import annotations

from urllib.parse import urlsplit

USUAL_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """The site as claims name it: two spellings of one portal share their claims."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    scheme = parts.scheme.lower()
    is_usual = parts.port is None or parts.port == USUAL_PORTS.get(scheme)
    return f"{scheme}://{host}" if is_usual else f"{scheme}://{host}:{parts.port}"
