"""Known secrets are kept out of text, however they are spelled there."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest

from shared.secrecy import MASK, KnownSecrets, scrubber

ODD = 'p&"<% é/+7'


@pytest.mark.parametrize(
    "spelled",
    [ODD, quote(ODD), quote(ODD, safe=""), quote_plus(ODD), html.escape(ODD), json.dumps(ODD)],
    ids=["plain", "path", "url", "form", "html", "json"],
)
def test_a_secret_is_masked_however_it_is_spelled(spelled: str) -> None:
    masked = scrubber([ODD])(f"before {spelled} after")

    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert spelled.strip('"') not in masked


def test_a_form_with_a_secret_is_masked_where_it_stands() -> None:
    body = urlencode({"username": "officer", "password": ODD})

    assert scrubber([ODD])(body) == f"username=officer&password={MASK}"


def test_of_two_secrets_that_begin_alike_the_longer_leaves_nothing() -> None:
    assert scrubber(["secret", "secret-two"])("secret-two secret") == f"{MASK} {MASK}"


def test_a_secret_too_short_to_be_one_makes_no_text_unreadable() -> None:
    assert scrubber(["1", ""])("BATCH001") == "BATCH001"


def test_without_secrets_a_text_stays_as_it_is() -> None:
    assert scrubber([])("anything") == "anything"


def test_known_secrets_may_become_more_and_are_forgotten_together() -> None:
    known = KnownSecrets()
    known.replace(["first secret"])
    known.add("second&secret")
    known.add("short")

    text = "first secret, second&secret, second%26secret, short"
    assert known.mask(text) == "***, ***, ***, short"

    known.replace([])
    assert known.mask(text) == text
