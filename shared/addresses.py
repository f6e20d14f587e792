"""The settings that are addresses, read as strictly as those who will use them read them.

Each function returns the address it was given or raises ValueError saying what is allowed. The
message never repeats an address, which may hold a password.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

REDIS = ("redis://", "rediss://")
BROKERS = (*REDIS, "redis+socket://", "sentinel://", "amqp://", "amqps://", "pyamqp://")
RESULTS = (*REDIS, "redis+socket://", "sentinel://", "rpc://")
DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")
"""Those that the packages of requirements.txt can reach."""

_HOST = re.compile(r"[\w.:-]+")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:]+\]|[\w.*-]+)(:(\d{1,5}|\*))?")
_CREDENTIALS = re.compile(r"(?<=://)[^:/@]*(:[^@]*)?@")


def redis_address(value: str) -> str:
    """A Redis and the number of its database."""
    if value:
        _with_number(_split(value, REDIS))
    return value


def broker_address(value: str) -> str:
    """What Celery takes for a broker, several of them separated by semicolons."""
    for address in filter(None, value.split(";")):
        _with_number(_split(address, BROKERS))
    return value


def results_address(value: str) -> str:
    """What Celery takes for a result backend; db+ comes before a SQLAlchemy URL."""
    if value and not re.match(r"(db|database)\+[a-z0-9+]+://", value):
        _with_number(_split(value, RESULTS))
    return value


def database_address(value: str) -> str:
    """A SQLAlchemy URL of SQLite or PostgreSQL."""
    if value:
        # SQLAlchemy lets a password hold what would end the host elsewhere.
        _split(_CREDENTIALS.sub("", value, count=1), DATABASES)
    return value


def web_address(value: str) -> str:
    """A web site, or a folder of one."""
    if not value:
        return value
    address = _split(value, ("https://", "http://"))
    if not _HOST.fullmatch(address.hostname or "") or re.search(r"\s", value):
        raise ValueError("it should name a host and hold no space, such as https://esc.example.org")
    if address.query or address.fragment:
        raise ValueError("it should have neither ? nor #")
    return value


def origin(value: str) -> str:
    """A page's origin as browsers send it: in lower case and without a slash at the end."""
    sent = value.lower().removesuffix("/")
    if sent not in ("*", "null") and not _ORIGIN.fullmatch(sent):
        raise ValueError(
            "each should be scheme://host or scheme://host:port without a path, such as "
            "https://app.example.org or https://*.example.org; or *"
        )
    return sent


def _split(value: str, beginnings: tuple[str, ...]) -> SplitResult:
    begins = next((begins for begins in beginnings if value.startswith(begins)), None)
    if begins is None or value == begins:
        allowed = f"{', '.join(beginnings[:-1])} or {beginnings[-1]}"
        raise ValueError(f"it should begin with {allowed}, and go on")
    try:
        address = urlsplit(value)
        address.port  # noqa: B018 - it is read, and checked, only when asked for
    except ValueError:
        raise ValueError(f"it should be {begins}host:port, the port from 0 to 65535") from None
    if re.search(r"\s", address.hostname or ""):
        raise ValueError("its host should hold no space")
    return address


def _with_number(address: SplitResult) -> None:
    number = address.path.strip("/")
    if f"{address.scheme}://" in REDIS and number and not number.isdecimal():
        raise ValueError("it should end in the number of a database, such as redis://host:6379/0")
