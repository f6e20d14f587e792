"""The whole system around a practice portal."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from automation_service.browser_process import make_folders
from launcher.errors import LauncherError
from launcher.leftovers import processes_of
from launcher.system import PracticeSystem


def test_a_part_that_cannot_start_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    """The reason is in the error, and what had started is ended."""
    # Given a system with a wrong setting
    system = PracticeSystem(tmp_path / "system", workers=0, settings={"LOG_LEVEL": "LOUD"})

    # When it is started
    with pytest.raises(LauncherError, match=r"(?s)ended with status \d+ .*LOG_LEVEL"), system:
        pass

    # Then no process is left
    assert processes_of(system.folder) == []


def test_parts_come_back_where_they_were_and_an_abandoned_system_leaves_nothing(
    tmp_path: Path,
) -> None:
    """Tests of survival kill parts and start them again under the same address."""
    # Given a running system
    system = PracticeSystem(tmp_path / "system", batches=1)
    try:
        system.start()
        api, redis = system.api_url, system.redis_url

        # When its orchestrator and its Redis are killed and started again
        for part in (system.orchestrators[0], system.redis):
            part.kill()
            part.start()

        # Then they are where they were
        assert (system.api_url, system.redis_url) == (api, redis)
        assert httpx.get(f"{api}/health/live", trust_env=False).is_success
        system.check()
    finally:
        # And when all of it is killed, its worker's children too
        system.abandon()

    # Then no process is left, nor what is temporary
    assert processes_of(system.folder) == []
    assert not Path(system.redis.environment["TMPDIR"]).exists()


def test_a_part_that_died_is_noticed(tmp_path: Path) -> None:
    """Whoever waits for a task learns that nobody works on it any more."""
    # Given a running system whose portal has crashed
    with PracticeSystem(tmp_path / "system", orchestrators=0, workers=0) as system:
        system.portal.kill()

        # When it is checked
        # Then the error names the part
        with pytest.raises(LauncherError, match="the practice portal ended with status -9"):
            system.check()


def test_a_closed_system_leaves_only_what_it_was_given(tmp_path: Path) -> None:
    """The folder of the caller stays with its logs; the temporary one is gone."""
    # Given a system in a folder of ours
    system = PracticeSystem(tmp_path / "system", orchestrators=0, workers=0)

    # When it has run
    with system:
        temporary = Path(system.redis.environment["TMPDIR"])
        assert temporary.is_dir()

    # Then its logs are there, and neither processes nor temporary files
    assert (system.folder / "output" / "portal.log").exists()
    assert processes_of(system.folder) == []
    assert not temporary.exists()


def test_a_browser_that_nobody_was_left_to_end_leaves_no_temporary_files(tmp_path: Path) -> None:
    """Where the usual folder's path is long they are not below it."""
    # Given a system of which a browser's folders are left
    system = PracticeSystem(tmp_path / "system", orchestrators=0, workers=0)
    _, temporary = make_folders(system.folder / "data" / "browsers")

    # When it is closed
    system.close()

    # Then those files are gone
    assert not temporary.exists()
