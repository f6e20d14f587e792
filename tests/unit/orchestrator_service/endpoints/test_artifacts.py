"""Which Range headers make sense (RFC 9110)."""

from __future__ import annotations

import pytest

from orchestrator_service.endpoints.artifacts import makes_sense


@pytest.mark.parametrize("asked", ["bytes=0-9", "bytes=5-", "bytes=-5", "bytes= 0-1 , 4-5,-1"])
def test_ranges_of_bytes_make_sense(asked: str) -> None:
    assert makes_sense(asked)


@pytest.mark.parametrize("asked", ["", "bytes", "bytes=", "bytes=-", "bytes=9-1", "lines=1-2"])
def test_other_ranges_do_not(asked: str) -> None:
    assert not makes_sense(asked)
