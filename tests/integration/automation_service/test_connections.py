"""Chromium sends a request again when a used connection dies unanswered; ours must not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from automation_service.browser import Browser, BrowserOptions, reap
from shared.errors import BrowserDied
from tests.integration.automation_service.conftest import Desk
from tests.integration.automation_service.worker_double import InMemoryClaim


def test_ten_lost_answers_are_ten_requests_and_ten_approvals(desk: Desk) -> None:
    # Given connections that served pages before, and answers that never come
    claims = []
    for _ in range(10):
        claim = InMemoryClaim(desk.a_batch())
        desk.set_faults({"kind": "response_lost", "batch_id": claim.key})
        desk.approve(claim)
        claims.append(claim)

    batches = [desk.batch(claim.key) for claim in claims]
    assert [(batch["posts"], len(batch["approvals"])) for batch in batches] == [(1, 1)] * 10


def test_a_browser_whose_connections_cannot_be_dropped_is_not_used_again(
    make_options: Callable[..., BrowserOptions], tmp_path: Path
) -> None:
    browser = Browser(make_options(tmp_path), lambda process: None)
    try:
        reap(browser.process)

        with pytest.raises(BrowserDied), browser.requests_held():
            pass
        assert not browser.alive()
    finally:
        browser.quit()
