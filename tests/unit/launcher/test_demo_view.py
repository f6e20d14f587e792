"""What the demo shows."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console

from launcher.demo_view import DemoView, evidence_files, is_whole, seconds_of


def an_item(**changes: Any) -> dict[str, Any]:
    """An item as /result shows it."""
    return {
        "key": "BATCH001",
        "batch_id": "BATCH001",
        "status": "approved",
        "started_at": "2026-01-01T12:00:00Z",
        "finished_at": "2026-01-01T12:00:01.250000Z",
        "evidence": [{"kind": "after", "url": "http://host/static/sig/task/BATCH001-after.webp"}],
        **changes,
    }


def test_an_items_seconds_are_those_between_its_times() -> None:
    """Also under Python 3.10, which does not read a Z."""
    # Given an item that took a second and a quarter
    item = an_item()

    # When its seconds are asked for
    # Then they are that many
    assert seconds_of(item) == 1.25


def test_an_item_that_never_began_took_no_time() -> None:
    """A skipped batch has no times."""
    # Given an item without times
    item = an_item(started_at=None, finished_at=None)

    # When its seconds are asked for
    # Then there are none
    assert seconds_of(item) == 0


def test_evidence_is_found_on_disk_by_its_link() -> None:
    """The signature in the link is no part of the path."""
    # Given an item with a signed link
    item = an_item(evidence=[{"url": "http://127.0.0.1:8000/static/a.b/task-1/after.jpg"}])

    # When its files are asked for
    files = evidence_files(item, Path("/results"))

    # Then they lie in the results folder
    assert files == [Path("/results/task-1/after.jpg")]


def test_evidence_is_whole_only_as_the_record_states_it(tmp_path: Path) -> None:
    """A file that is missing or was changed proves nothing."""
    # Given an item with a picture on disk
    picture = tmp_path / "task" / "after.jpg"
    picture.parent.mkdir()
    picture.write_bytes(b"a picture")
    digest = sha256(b"a picture").hexdigest()
    item = an_item(evidence=[{"url": "http://host/static/sig/task/after.jpg", "sha256": digest}])

    # When it is checked as it is, changed, and gone
    as_it_is = is_whole(item, tmp_path)
    picture.write_bytes(b"another picture")
    changed = is_whole(item, tmp_path)
    picture.unlink()
    gone = is_whole(item, tmp_path)

    # Then only the first is whole
    assert (as_it_is, changed, gone) == (True, False, False)


def test_an_item_without_evidence_is_not_proved(tmp_path: Path) -> None:
    """No picture, no proof."""
    # Given an item without evidence
    item = an_item(evidence=[])

    # When it is checked
    # Then it is not whole
    assert not is_whole(item, tmp_path)


def test_without_a_terminal_each_batch_is_a_plain_line() -> None:
    """A log file shows no bars and no colours."""
    # Given output that is no terminal
    output = io.StringIO()
    view = DemoView(Console(file=output))

    # When a batch is done
    with view.following(total=25):
        view.show_item(an_item())

    # Then it is one readable line
    assert output.getvalue() == "    1/25  BATCH001 approved in 1.2 s\n"


def test_on_a_terminal_the_bar_shows_the_last_outcome() -> None:
    """The bar lives in place."""
    # Given a terminal
    output = io.StringIO()
    view = DemoView(Console(file=output, force_terminal=True, width=120))

    # When a batch is done
    with view.following(total=25):
        view.show_item(an_item(status="rejected"))

    # Then count and outcome are drawn
    assert "1/25" in output.getvalue()
    assert "BATCH001 rejected" in output.getvalue()


def test_the_table_names_batch_outcome_seconds_and_evidence() -> None:
    """One row a batch."""
    # Given a batch that was approved
    output = io.StringIO()
    view = DemoView(Console(file=output, width=100))

    # When the table is shown
    view.show_items([an_item()], Path("/results"))

    # Then its row says it all
    (row,) = [line for line in output.getvalue().splitlines() if "BATCH001" in line][:1]
    assert all(word in row for word in ("approved", "1.2", "BATCH001-after.webp"))
