"""Artifacts: rows for files that something in the record rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from shared.contracts import EvidenceKind
from shared.record import Record, artifacts
from shared.record.artifacts import Artifact
from tests.integration.record.given import a_piece, claimed, planned


def test_evidence_is_found_by_item_in_the_order_in_which_it_was_taken(record: Record) -> None:
    task = planned(record, ["a", "b", "c"])
    first, second, bare = (claimed(record, task.id).item.id for _ in range(3))
    before, after = a_piece("z/before.webp", EvidenceKind.BEFORE), a_piece("a/after.webp")
    other = a_piece("b/after.webp")
    with record.write() as connection:
        artifacts.insert(connection, task.id, first, [before, after])
        artifacts.insert(connection, task.id, second, [other])
        artifacts.insert(connection, task.id, bare, [])

    with record.read() as connection:
        found = artifacts.of_items(connection, [first, second, bare])

    assert found == {first: [before, after], second: [other]}


def test_evidence_of_a_task_is_found_by_kind_newest_first(record: Record) -> None:
    task, other = planned(record, ["a"]), planned(record, ["b"])
    item_id = claimed(record, task.id).item.id
    files = [a_piece(f"{number}.csv", EvidenceKind.FILE) for number in range(3)]
    with record.write() as connection:
        artifacts.insert(connection, task.id, None, files)
        artifacts.insert(connection, task.id, item_id, [a_piece("after.webp")])
        artifacts.insert(connection, other.id, None, [a_piece("x.csv", EvidenceKind.FILE)])

    with record.read() as connection:
        assert artifacts.of_task(connection, task.id, EvidenceKind.FILE) == files[::-1]
        assert artifacts.of_task(connection, task.id, EvidenceKind.FILE, limit=1) == files[2:]
        assert artifacts.of_task(connection, task.id, EvidenceKind.ERROR) == []


def test_a_file_is_found_by_its_path_with_whose_it_is(record: Record) -> None:
    task = planned(record, ["a"])
    item_id = claimed(record, task.id).item.id
    piece, file = a_piece("a/after.webp"), a_piece("list.csv", EvidenceKind.FILE)
    with record.write() as connection:
        artifacts.insert(connection, task.id, item_id, [piece])
        artifacts.insert(connection, task.id, None, [file])

    with record.read() as connection:
        assert artifacts.by_path(connection, "a/after.webp") == Artifact(task.id, item_id, piece)
        assert artifacts.by_path(connection, "list.csv") == Artifact(task.id, None, file)
        assert artifacts.by_path(connection, "a/AFTER.webp") is None


def test_no_two_rows_speak_of_one_file(record: Record) -> None:
    task = planned(record, ["a"])
    piece = a_piece("a/after.webp")
    with record.write() as connection:
        artifacts.insert(connection, task.id, None, [piece])

    with pytest.raises(IntegrityError), record.write() as connection:
        artifacts.insert(connection, task.id, None, [replace(piece, sha256="cd" * 32)])
