"""Seals: who signed what, told by this program and by others."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.seal import PublicKey, SigningKey

# The first test vector of RFC 8032, section 7.1.
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
SIGNATURE = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)


def a_key() -> SigningKey:
    return SigningKey(secrets.token_urlsafe(32))


def test_a_signature_is_what_the_standard_says() -> None:
    key = SigningKey(base64.urlsafe_b64encode(SECRET).decode().rstrip("="))

    assert key.public.raw == PUBLIC
    assert base64.b64decode(key.sign(b"")) == SIGNATURE


def test_only_the_very_content_and_key_fit_a_signature() -> None:
    key = a_key()
    signature = key.sign(b"content")

    assert key.public.has_signed(b"content", signature)
    assert not key.public.has_signed(b"content.", signature)
    assert not a_key().public.has_signed(b"content", signature)


@pytest.mark.parametrize(
    "signature", ["", "not base64 \u00e9", "AAAA", base64.b64encode(b"x" * 64).decode()]
)
def test_what_is_no_signature_fits_nothing(signature: str) -> None:
    assert not a_key().public.has_signed(b"content", signature)


def test_a_public_key_is_read_however_it_is_written() -> None:
    key = a_key().public
    answer = json.dumps({"algorithm": "Ed25519", "public_key": key.base64, "pem": key.pem})

    for text in (key.base64, f" {key.base64}\n", key.pem, answer):
        assert PublicKey.read(text).id == key.id


def _another_kind_of_key() -> str:
    key = generate_private_key(SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "text",
    ["", "AAAA", "no key", "{}", "{", '{"public_key": 7}', "-----BEGIN X-----"],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PublicKey.read(text)


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="not an Ed25519 key"):
        PublicKey.read(_another_kind_of_key())


@pytest.mark.parametrize("text", ["", "short", "x" * 42, "x" * 44])
def test_what_is_no_signing_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SigningKey(text)
