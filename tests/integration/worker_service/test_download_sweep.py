"""What a dead worker left of its downloads is removed, and nothing else."""

from __future__ import annotations

from pathlib import Path

from shared.record import Record, migrate, slots
from shared.utils import new_id
from tests.integration.record.given import accepted
from worker_service.download_sweep import sweep_downloads


def a_folder(downloads: Path, task: str, slot: str) -> Path:
    folder = downloads / task / slot
    folder.mkdir(parents=True)
    (folder / "half.crdownload").write_bytes(b"half")
    return folder


def test_folders_of_slots_that_are_over_go_and_all_others_stay(tmp_path: Path) -> None:
    record = Record(f"sqlite:///{tmp_path / 'record.sqlite3'}")
    migrate(record)
    task = accepted(record)
    working, over = new_id(), new_id()
    with record.write() as connection:
        slots.ring(connection, task.id, [working, over])
        for slot in (working, over):
            slots.start(connection, slot, "worker-1", 4711 if slot == working else 4712)
        slots.end(connection, over)
    downloads = tmp_path / "downloads"
    left = a_folder(downloads, task.id, over)
    used = a_folder(downloads, task.id, working)
    foreign = a_folder(downloads, new_id(), new_id())
    private = a_folder(downloads, "holiday", "pictures")

    sweep_downloads(record, downloads)
    sweep_downloads(record, tmp_path / "not made yet")
    record.close()

    assert not left.exists()
    assert [place.exists() for place in (used, foreign, private)] == [True, True, True]
