"""What makes a folder of evidence a sealed one: a manifest, and an Ed25519 signature over it.

`manifest.json` names every file with its SHA-256; `manifest.json.sig` holds one line, the base64 of
the signature over the manifest's bytes (RFC 8032), so that other programs can check it as well.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

FORMAT = "ai-agent-backend evidence 1"
"""Stands in every manifest; the number grows when a reader of the old ones would be misled."""

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
PUBLIC_KEY_FILE = "evidence_key.pub"
"""In the data folder of an orchestrator: the key that checks what it signs, as PEM."""

_ID_DIGITS = 16


class PublicKey:
    """Checks signatures; anybody may have it."""

    def __init__(self, raw: bytes) -> None:
        """`raw` is the 32 bytes of the key. Raises ValueError for others."""
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self.raw = raw

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """A key as base64, as PEM, or as the JSON that GET /evidence/key answers.

        Raises ValueError if it is none of these.
        """
        text = text.strip()
        if text.startswith("{"):
            content: dict[str, Any] = json.loads(text)
            return cls(_decoded(str(content.get("public_key", ""))))
        if text.startswith("-----"):
            return cls(_raw_of_pem(text))
        return cls(_decoded(text))

    @property
    def id(self) -> str:
        """The first 16 hex digits of the SHA-256 of the key."""
        return hashlib.sha256(self.raw).hexdigest()[:_ID_DIGITS]

    @property
    def base64(self) -> str:
        """The key as text."""
        return base64.b64encode(self.raw).decode()

    @property
    def pem(self) -> str:
        """The key as other programs want it."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def has_signed(self, content: bytes, signature: str) -> bool:
        """True if `signature`, the text of a signature file, is ours over exactly `content`."""
        try:
            self._key.verify(_decoded(signature.strip()), content)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """Signs manifests; the orchestrators of a deployment keep it, and nobody else."""

    def __init__(self, text: str) -> None:
        """`text` is 32 secret bytes as base64url. Raises ValueError for anything else."""
        self._key = Ed25519PrivateKey.from_private_bytes(_decoded(text))

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, content: bytes) -> str:
        """The text of the signature file for `content`; always the same for the same content."""
        return base64.b64encode(self._key.sign(content)).decode() + "\n"


def _decoded(text: str) -> bytes:
    """The bytes of base64 or base64url, with or without padding."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error


def _raw_of_pem(text: str) -> bytes:
    try:
        key = load_pem_public_key(text.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
