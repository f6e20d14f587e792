"""Structured logs: one JSON line an event in logs/automation.log, from every process at once.

Call `configure_logging` once a process, and again in a forked child: the file handler must be
made after the fork.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from concurrent_log_handler import ConcurrentRotatingFileHandler
from structlog.typing import EventDict, Processor

from shared.config import Settings
from shared.secrecy import KnownSecrets

LOG_FILE = "automation.log"
MAX_BYTES = 20_000_000
KEPT_FILES = 5
_SECRET_WORDS = ("password", "secret", "api_key", "authorization", "cookie", "token")
_URL_PASSWORD = re.compile(r"[^/]*//[^/@]*:([^/@]+)@")
_NOISY = ("alembic", "amqp", "asyncio", "celery.utils", "httpx", "kombu", "selenium", "urllib3")
_known = KnownSecrets()
"""Logging is one for a whole process, and so is what it hides."""


def configure_logging(
    settings: Settings,
    service: str,
    max_bytes: int = MAX_BYTES,
    kept_files: int = KEPT_FILES,
    secrets: Sequence[str] = (),
) -> None:
    """Send this process's logs to the shared file (JSON) and to stderr (for people).

    Neither shows a secret of the settings, nor one of `secrets`. A file of `max_bytes` is set
    aside, and `kept_files` of those are kept.
    """
    settings.logs_dir.mkdir(parents=True, exist_ok=True)
    before = _processors(service)
    _known.replace([*_secrets(settings), *secrets])
    scrub = _known.mask
    file_handler = ConcurrentRotatingFileHandler(
        str(settings.logs_dir / LOG_FILE),
        maxBytes=max_bytes,
        backupCount=kept_files,
        encoding="utf-8",
    )
    file_handler.setFormatter(_formatter(before, structlog.processors.JSONRenderer(), scrub))
    console = logging.StreamHandler(sys.stderr)
    colors = sys.stderr.isatty()
    console.setFormatter(_formatter(before, structlog.dev.ConsoleRenderer(colors=colors), scrub))
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.addHandler(file_handler)
    root.addHandler(console)
    root.setLevel(settings.log_level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def hide_from_logs(secret: str) -> None:
    """Mask one more secret in every further line of this process."""
    _known.add(secret)


def hide_secrets(_: Any, __: str, event: EventDict) -> EventDict:
    """Blank whatever is named like a secret, however deep."""
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: object, value: Any) -> Any:
    if any(word in str(name).lower() for word in _SECRET_WORDS):
        return "***"
    if isinstance(value, Mapping):
        return {inner: _without_secrets(inner, part) for inner, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets("", part) for part in value]
    return value


def _secrets(settings: Settings) -> list[str]:
    """Every secret among the settings, and the passwords in URLs."""
    keys = (settings.api_key, settings.secret_key, settings.evidence_key, settings.esc_password)
    urls = (settings.database, settings.redis, settings.broker, settings.result_backend)
    passwords = [found[1] for url in urls if (found := _URL_PASSWORD.match(url))]
    return [key.get_secret_value() for key in keys] + passwords


def _processors(service: str) -> list[Processor]:
    def name_service(_: Any, __: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_service,
        hide_secrets,
        structlog.processors.format_exc_info,
    ]


def _formatter(
    before: list[Processor], renderer: Processor, scrub: Callable[[str], str]
) -> logging.Formatter:
    def without_known_secrets(_: Any, __: str, line: Any) -> str:
        return scrub(str(line))

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
            without_known_secrets,
        ],
    )
