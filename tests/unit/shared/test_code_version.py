"""Which program this is."""

from __future__ import annotations

import re

import orchestrator_service
from shared.code_version import VERSION, code_version


def test_it_names_the_version_and_the_sources() -> None:
    assert re.fullmatch(re.escape(VERSION) + r"\+[0-9a-f]{12}", code_version())
    assert orchestrator_service.__version__ == VERSION
