"""Signatures: bound to one task, one purpose and a time."""

from __future__ import annotations

import re
import string

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_service.links import SIGNATURE_LENGTH, Links, Purpose, Signer

TASK = "550e8400-e29b-41d4-a716-446655440000"
DAY = 24 * 3600


def test_a_signature_is_short_and_safe_in_a_path() -> None:
    signature = Signer("secret", DAY).sign(Purpose.FILES, TASK)
    assert len(signature) == SIGNATURE_LENGTH <= 43
    assert re.fullmatch("[A-Za-z0-9_-]+", signature)


def test_a_signature_opens_what_it_was_made_for_and_nothing_else() -> None:
    signer = Signer("secret", DAY)
    signature = signer.sign(Purpose.FILES, TASK)
    assert signer.check(signature, Purpose.FILES, TASK)
    assert not signer.check(signature, Purpose.SOCKET, TASK)
    assert not signer.check(signature, Purpose.FILES, TASK.replace("5", "6"))
    assert not Signer("another", DAY).check(signature, Purpose.FILES, TASK)


@pytest.mark.parametrize("ttl", [60, 3600, 7 * DAY])
def test_a_signature_ends_with_its_time_and_not_much_before(ttl: int) -> None:
    signer = Signer("secret", ttl)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        signature = signer.sign(Purpose.SOCKET, TASK)
        clock.shift(ttl * 0.9)
        assert signer.check(signature, Purpose.SOCKET, TASK)
        clock.shift(ttl * 0.1)
        assert not signer.check(signature, Purpose.SOCKET, TASK)


def test_a_files_link_stays_the_same_for_a_while_so_that_browsers_cache_it() -> None:
    links = Links(Signer("secret", 7 * DAY), "http://host")
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        first = links.file(f"{TASK}/a.png")
        clock.shift(600)
        assert links.file(f"{TASK}/a.png") == first


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60))
def test_nothing_made_up_is_a_signature(text: str) -> None:
    assert not Signer("secret", DAY).check(text, Purpose.FILES, TASK)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, SIGNATURE_LENGTH - 1), st.sampled_from(string.ascii_letters))
def test_a_signature_with_one_character_changed_is_none(place: int, other: str) -> None:
    signer = Signer("secret", DAY)
    signature = signer.sign(Purpose.FILES, TASK)
    changed = signature[:place] + other + signature[place + 1 :]
    assert signer.check(changed, Purpose.FILES, TASK) == (changed == signature)


@pytest.mark.parametrize(
    ("base", "socket"), [("http://host:1", "ws://host:1"), ("https://x/api/", "wss://x/api")]
)
def test_a_socket_has_the_scheme_that_goes_with_the_base(base: str, socket: str) -> None:
    links = Links(Signer("secret", DAY), base)
    assert links.socket(TASK).startswith(f"{socket}/ws/task/{TASK}?token=")
