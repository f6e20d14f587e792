"""Links that work without a header: signed, bound to one task and one purpose, with an expiry.

A signature is 32 characters of base64url: 4 bytes of expiry (seconds since 1970) and 20 bytes of
HMAC-SHA256. Nothing else in the project knows the secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import time
from enum import Enum

SIGNATURE_LENGTH = 32
EVIDENCE_ARCHIVE = "evidence.zip"
_MAC_BYTES = 20
_CLAIM = struct.Struct(">I")


class Purpose(str, Enum):
    """What a signature opens: the same task's files and socket need different ones."""

    FILES = "files"
    SOCKET = "socket"


class Signer:
    """Signs and checks; a signature says what for, which task, and until when."""

    def __init__(self, secret: str, ttl: int) -> None:
        """Signatures are good for at most `ttl` seconds."""
        self._key = hashlib.sha256(b"links:" + secret.encode()).digest()
        self._ttl = ttl
        # Expiries in steps keep a file's URL the same for a while, so that browsers can cache it.
        self._step = max(1, min(3600, ttl // 24))

    def sign(self, purpose: Purpose, task_id: str) -> str:
        """A signature that opens this task for this purpose until it expires."""
        expiry = _CLAIM.pack((int(time.time()) + self._ttl) // self._step * self._step)
        return base64.urlsafe_b64encode(expiry + self._mac(purpose, task_id, expiry)).decode()

    def check(self, signature: str, purpose: Purpose, task_id: str) -> bool:
        """True if we signed exactly this and it has not expired."""
        try:
            raw = base64.b64decode(signature.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return False
        if len(raw) != _CLAIM.size + _MAC_BYTES:
            return False
        expiry, mac = raw[: _CLAIM.size], raw[_CLAIM.size :]
        genuine = hmac.compare_digest(mac, self._mac(purpose, task_id, expiry))
        return genuine and time.time() < _CLAIM.unpack(expiry)[0]

    def _mac(self, purpose: Purpose, task_id: str, expiry: bytes) -> bytes:
        signed = b"\0".join((purpose.value.encode(), task_id.encode(), expiry))
        return hmac.digest(self._key, signed, "sha256")[:_MAC_BYTES]


class Links:
    """The URLs of this service as one caller must write them to reach it."""

    def __init__(self, signer: Signer, base_url: str) -> None:
        """`base_url` is scheme and host, and a path before ours if there is one."""
        self._signer = signer
        self._base = base_url.rstrip("/")

    def page(self, path: str) -> str:
        """The URL of a path of this service."""
        return f"{self._base}{path}"

    def status(self, task_id: str) -> str:
        """Where the task's status is."""
        return f"{self._base}/status/{task_id}"

    def result(self, task_id: str, query: str = "") -> str:
        """Where the task's result is."""
        return f"{self._base}/result/{task_id}{query}"

    def history(self, query: str) -> str:
        """A page of the list of tasks."""
        return f"{self._base}/tasks/history?{query}"

    def socket(self, task_id: str) -> str:
        """The task's live stream, signature included."""
        token = self._signer.sign(Purpose.SOCKET, task_id)
        scheme = self._base.replace("http", "ws", 1)
        return f"{scheme}/ws/task/{task_id}?token={token}"

    def file_path(self, path: str) -> str:
        """What to append to /static/ for a stored path, whose first segment is a task's id."""
        return f"{self._signer.sign(Purpose.FILES, path.partition('/')[0])}/{path}"

    def evidence(self, task_id: str) -> str:
        """The task's sealed evidence."""
        return self.file(f"{task_id}/{EVIDENCE_ARCHIVE}")

    def file(self, path: str) -> str:
        """The whole URL of a stored path."""
        return f"{self._base}/static/{self.file_path(path)}"
