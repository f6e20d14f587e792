"""The disk that can be filled and held still, where disks may be mounted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.small_disk import SmallDisk, is_possible


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if not is_possible():
        pytest.skip("disks may not be mounted here")
    disk = SmallDisk(tmp_path, longest_hold=0.5)
    disk.mount()
    yield disk
    disk.unmount()


def test_a_full_disk_takes_nothing_until_there_is_room(disk: SmallDisk) -> None:
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        (disk.results / "picture").write_bytes(bytes(1 << 16))

    disk.make_room()

    assert (disk.results / "picture").write_bytes(bytes(1 << 16)) == 1 << 16


@pytest.mark.timeout(60)
def test_who_mends_a_full_disk_that_is_held_still_waits_and_is_not_stuck(disk: SmallDisk) -> None:
    # Given two faults at once: the disk is full, and then nobody can write to it
    disk.fill()
    disk.hold_still()

    # When the first is mended by the one who would have to mend the second
    disk.make_room()

    # Then there is room, and the disk had gone on by itself
    (disk.results / "picture").write_bytes(bytes(1 << 16))
