"""An office of letters for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.worker_service.office import Office


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    found = Office(tmp_path, database_url)
    yield found
    found.record.close()
