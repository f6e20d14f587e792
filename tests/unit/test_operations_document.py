"""docs/operations.md names a test for each sentence about Celery, and each of them is there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from launcher.environment import ROOT
from shared.celery_client import create_celery
from shared.config import Settings

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
SECTION = DOCUMENT.split("## Celery on Redis", 1)[1].split("\n## ", 1)[0]
NAMED_TESTS = sorted(set(re.findall(r"`(test_\w+)(?:\[\w+\])?`", SECTION)))
NAMED_FILES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", SECTION)))
SOURCES = "\n".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))
SAID_OTHERWISE = {
    "broker_url": "which Redis it is",
    "broker_transport_options": "each of them is named",
    "deprecated_settings": "Celery's own",
}


@pytest.mark.parametrize("name", NAMED_TESTS)
def test_a_test_that_is_named_exists(name: str) -> None:
    assert f"def {name}(" in SOURCES


def test_a_file_that_is_named_exists() -> None:
    assert NAMED_FILES
    assert [name for name in NAMED_FILES if not (ROOT / name).exists()] == []


def test_every_setting_is_explained() -> None:
    made: Any = create_celery(Settings(_env_file=None)).conf
    options = set(made.broker_transport_options)
    settings = (set(made.changes) | options) - set(SAID_OTHERWISE)

    explained = set(re.findall(r"`(\w+)", SECTION))
    prefixes = tuple(re.findall(r"`(\w+_)\*`", SECTION))
    assert len(settings) > 20
    assert {s for s in settings - explained if not s.startswith(prefixes)} == set()
