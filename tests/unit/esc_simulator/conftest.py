"""A filled database for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from esc_simulator.database import Database, open_database
from esc_simulator.world import World


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database of 60 batches, each kind of batch among them."""
    with closing(open_database(tmp_path / "portal.sqlite3", World(60, 7))) as database:
        yield database
