"""Who may ask: the API key on calls, a signature or the key on sockets."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum

from starlette.datastructures import Headers

from orchestrator_service.links import Purpose, Signer
from orchestrator_service.refusals import KeyRefused
from shared.errors import ConfigurationError

KEY_HEADER = "x-api-key"
CALLER = "default"
"""The one caller there is while there is one API key."""


class SocketEntry(Enum):
    """How a socket came in, or why it may not."""

    WITH_TOKEN = "with_token"
    BY_TASK_ID = "by_task_id"
    REFUSED = "refused"
    BAD_TOKEN = "bad_token"


class Doorkeeper:
    """Checks keys and tokens, taking the same time whatever is wrong with them."""

    def __init__(self, api_key: str, signer: Signer, *, task_id_is_enough: bool) -> None:
        """`task_id_is_enough` lets sockets in on the unguessable task id alone.

        Raises ConfigurationError for a blank key: whoever sends none would come in.
        """
        if not api_key.strip():
            raise ConfigurationError("The API key is blank: nobody could be kept out.")
        self._digest = _digest(api_key)
        self._signer = signer
        self._task_id_is_enough = task_id_is_enough

    def caller(self, headers: Headers) -> str:
        """Who is calling. Raises KeyRefused, with the same words for no key and a wrong one."""
        if not self._has_key(headers):
            raise KeyRefused
        return CALLER

    def socket_entry(self, task_id: str, token: str | None, headers: Headers) -> SocketEntry:
        """Whether a socket may follow this task."""
        if token is not None and self._signer.check(token, Purpose.SOCKET, task_id):
            return SocketEntry.WITH_TOKEN
        if self._has_key(headers):
            return SocketEntry.WITH_TOKEN
        if self._task_id_is_enough:
            return SocketEntry.BY_TASK_ID
        return SocketEntry.REFUSED if token is None else SocketEntry.BAD_TOKEN

    def _has_key(self, headers: Headers) -> bool:
        return hmac.compare_digest(_digest(headers.get(KEY_HEADER, "")), self._digest)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
