"""A system whose services may be held, struck and sabotaged, for the short form of the suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.system_under_fault import SystemUnderFault


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemUnderFault]:
    """One system for the tests of a module; each takes batches of its own."""
    folder = tmp_path_factory.mktemp("under-fault")
    with SystemUnderFault(folder, batches=60) as system:
        yield system
