"""Sealed evidence: every final task has its manifest, and the zip is what was sealed."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orchestrator_service.evidence_archive import EvidenceArchive
from orchestrator_service.keys import load_keys
from orchestrator_service.links import Links, Signer
from orchestrator_service.manifest import account_of
from orchestrator_service.sealing import Sealer
from shared.record import Record, late_findings, outcomes, seals
from shared.record.claims import HeldClaim
from shared.record.items import page
from shared.seal import MANIFEST, SIGNATURE
from shared.task_state import ItemStatus
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.sealed_folder import (
    faults_in,
    folder_of,
    manifest_in,
    unpacked,
    until_sealed,
)
from tests.integration.orchestrator_service.task_author import TEST_TASK, TaskAuthor
from tests.integration.orchestrator_service.waiting import until
from tests.integration.record.given import a_reading

PICTURES = {"B1-1-before.jpg": b"before", "B1-1-after.jpg": b"after"}


@pytest.fixture
def task_id(edge: RunningEdge, author: TaskAuthor) -> str:
    """A completed task of one approved batch with two pictures and a report."""
    task_id = edge.assign("approve_batches", batch_ids=["B1"], remark="Fine \u0939")
    author.begin(task_id, ["B1"])
    for name, content in PICTURES.items():
        author.keep_file(task_id, name, content, "image/jpeg", item=0)
    author.keep_file(task_id, "report.csv", b"a,b", "text/csv")
    author.finish_items(task_id, ItemStatus.DONE, "Approved by us")
    author.complete(task_id)
    return task_id


@pytest.fixture
def links(edge: RunningEdge) -> Links:
    """Signs as this edge does."""
    secret = (edge.settings.data_dir / "secret_key").read_text().strip()
    return Links(Signer(secret, 3600), edge.url)


def fetched(edge: RunningEdge, task_id: str) -> Any:
    return edge.client.get(f"/result/{task_id}/evidence.zip")


def test_a_task_that_ended_is_sealed_and_the_seal_is_sound(edge: RunningEdge, task_id: str) -> None:
    manifest = until_sealed(edge, task_id)

    assert faults_in(edge, folder_of(edge, task_id)) == []
    task, (item,) = manifest["task"], manifest["items"]
    assert (task["id"], task["caller"], task["state"]) == (task_id, "default", "completed")
    assert task["params"] == {"batch_ids": ["B1"], "remark": "Fine \u0939"}
    assert (item["key"], item["status"], item["word"]) == ("B1", "done", "approved")
    assert item["outcome"]["detail"] == "Approved by us"
    assert item["files"] == list(PICTURES)
    assert {file["name"] for file in manifest["files"]} == {*PICTURES, "report.csv"}
    assert not any(file["missing"] for file in manifest["files"])


def test_every_way_to_end_is_sealed(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given a task cancelled before it began, and one that failed
    cancelled, failed = edge.assign(), edge.assign()
    edge.client.post(f"/cancel/{cancelled}").raise_for_status()
    author.begin(failed)
    author.fail(failed, "The account is locked.", "account_locked")
    # Then each has its manifest
    assert until_sealed(edge, cancelled)["task"]["error"] == "Cancelled by default"
    assert until_sealed(edge, failed)["task"]["error_code"] == "account_locked"
    assert faults_in(edge, folder_of(edge, failed)) == []


def test_whoever_comes_next_seals_what_a_crash_left_unsealed(
    start_edge: Callable[..., RunningEdge],
) -> None:
    # Given a task that ended while no orchestrator lived, and halves that one left behind
    first = start_edge()
    writer = TaskAuthor(first.record, first.settings.results_dir, first.settings.redis)
    writer.announce(TEST_TASK)
    task_id = first.assign()
    first.stop()
    writer.begin(task_id)
    writer.keep_file(task_id, "a.jpg", b"a", "image/jpeg")
    writer.complete(task_id)
    writer.close()
    for left in (MANIFEST, f"{MANIFEST}.new", f"{SIGNATURE}.new"):
        (folder_of(first, task_id) / left).write_text("half")
    # When another starts
    second = start_edge()
    # Then the task is sealed, and nothing of the halves is left
    until_sealed(second, task_id)
    assert faults_in(second, folder_of(second, task_id)) == []


def test_a_late_finding_is_in_the_manifest_that_replaces_the_first(
    edge: RunningEdge, task_id: str
) -> None:
    # Given a sealed task
    first = until_sealed(edge, task_id)
    # When a later look finds something
    with edge.record.write() as connection:
        (item,) = page(connection, task_id, -1, 1)
        held = HeldClaim(item, "slot", 1)
        read_id = outcomes.insert_read(connection, held, a_reading("Withdrawn"))
        late_findings.append(connection, item.id, read_id, "Withdrawn since.")
    # Then it is sealed anew, with the finding beside the outcome
    second = until_sealed(edge, task_id)
    (late,) = second["items"][0]["late_findings"]
    assert (late["finding"], late["reading"]["words"]) == ("Withdrawn since.", "Withdrawn")
    assert second["items"][0]["outcome"] == first["items"][0]["outcome"]
    assert faults_in(edge, folder_of(edge, task_id)) == []


def test_the_zip_is_a_folder_that_can_be_checked(
    edge: RunningEdge, task_id: str, tmp_path: Path
) -> None:
    answer = fetched(edge, task_id)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    disposition = f'attachment; filename="evidence-{task_id}.zip"'
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"
    folder = unpacked(answer.content, tmp_path / "unpacked")
    assert folder.name == task_id
    assert faults_in(edge, folder_of(edge, task_id)) == []
    for name, content in PICTURES.items():
        assert (folder / name).read_bytes() == content


def test_a_result_links_to_its_zip_once_there_is_one(
    edge: RunningEdge, author: TaskAuthor, task_id: str, tmp_path: Path
) -> None:
    running = edge.assign()
    author.begin(running)
    assert edge.client.get(f"/result/{running}").json()["evidence_url"] is None

    url = edge.client.get(f"/result/{task_id}").json()["evidence_url"]

    assert faults_in(edge, unpacked(edge.stranger.get(url).content, tmp_path / "unpacked")) == []


def test_the_zip_needs_the_key_or_a_link_of_its_own_task(
    edge: RunningEdge, task_id: str, links: Links
) -> None:
    assert edge.stranger.get(f"/result/{task_id}/evidence.zip").status_code == 401
    foreign = links.evidence(edge.assign()).rsplit("/", 2)[0]
    answer = edge.stranger.get(f"{foreign}/{task_id}/evidence.zip")
    assert (answer.status_code, answer.json()["code"]) == (403, "link_refused")


@pytest.mark.parametrize("unknown", ["00000000-0000-4000-8000-000000000000", "nonsense"])
def test_an_unknown_task_has_no_zip(edge: RunningEdge, unknown: str) -> None:
    answer = fetched(edge, unknown)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_task")


@pytest.mark.usefixtures("author")
def test_before_it_ended_a_task_has_no_zip(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign()
    author.begin(task_id)

    answer = fetched(edge, task_id)

    told = answer.json()
    assert (answer.status_code, told["code"], told["state"]) == (409, "state_conflict", "running")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_file_that_is_gone_is_named_and_the_rest_is_there(
    edge: RunningEdge, author: TaskAuthor, tmp_path: Path
) -> None:
    # Given a task of which one picture vanished before it was sealed, and one row leads outside
    task_id = edge.assign()
    author.begin(task_id, ["B1"])
    for name in PICTURES:
        author.keep_file(task_id, name, b"x", "image/jpeg", item=0)
    author.keep_file(task_id, "../../data/outside", b"secret", "text/plain")
    (folder_of(edge, task_id) / "B1-1-after.jpg").unlink()
    author.finish_items(task_id, ItemStatus.DONE)
    author.complete(task_id)
    # When its zip is fetched
    answer = fetched(edge, task_id)
    # Then it holds what is there, and says what is not
    assert answer.status_code == 200
    folder = unpacked(answer.content, tmp_path / "unpacked")
    assert sorted(place.name for place in folder.iterdir()) == [
        "B1-1-before.jpg",
        MANIFEST,
        SIGNATURE,
    ]
    missing = [file["name"] for file in manifest_in(folder)["files"] if file["missing"]]
    assert missing == ["B1-1-after.jpg", "../../data/outside"]
    assert len(faults_in(edge, folder)) == 2


def test_a_file_that_no_row_speaks_of_is_told_and_breaks_no_seal(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given what a crash leaves between writing a picture and recording it
    task_id = edge.assign()
    author.begin(task_id)
    folder_of(edge, task_id).mkdir(parents=True)
    (folder_of(edge, task_id) / "stray.jpg").write_bytes(b"stray")
    author.complete(task_id)
    # Then the manifest tells of it
    manifest = until_sealed(edge, task_id)
    assert [file["name"] for file in manifest["unrecorded_files"]] == ["stray.jpg"]
    assert faults_in(edge, folder_of(edge, task_id)) == []


@pytest.mark.parametrize("taken", [(MANIFEST,), (SIGNATURE,), (MANIFEST, SIGNATURE)])
def test_a_seal_that_was_taken_away_is_made_again_when_it_is_asked_for(
    edge: RunningEdge, task_id: str, taken: tuple[str, ...], tmp_path: Path
) -> None:
    first = until_sealed(edge, task_id)
    for name in taken:
        (folder_of(edge, task_id) / name).unlink()

    folder = unpacked(fetched(edge, task_id).content, tmp_path / "unpacked")

    assert faults_in(edge, folder_of(edge, task_id)) == []
    assert manifest_in(folder) == {**first, "seal": first["seal"] + 1}


def test_a_folder_that_cannot_be_written_is_sealed_as_soon_as_it_can(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given something in the way of the task's folder
    task_id = edge.assign()
    author.begin(task_id)
    edge.settings.results_dir.mkdir(exist_ok=True)
    folder_of(edge, task_id).write_text("in the way")
    author.complete(task_id)
    # Then the zip is not there yet, and other tasks are sealed all the same
    answer = fetched(edge, task_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "evidence_not_ready")
    assert answer.headers["retry-after"]
    # And it is once the way is free
    folder_of(edge, task_id).unlink()
    assert fetched(edge, task_id).status_code == 200


def test_sealing_the_same_task_many_times_at_once_leaves_one_sound_seal(
    edge: RunningEdge, task_id: str
) -> None:
    # Given orchestrators that share a record and a key
    until_sealed(edge, task_id)
    key = load_keys(edge.settings).evidence_key
    results = edge.settings.results_dir
    sealers = [Sealer(Record(edge.settings.database), results, key) for _ in range(3)]

    def seal_again(sealer: Sealer) -> None:
        with edge.record.write() as connection:
            seals.want(connection, task_id)
        sealer.seal(task_id)

    # When all seal one task again and again, Then nothing is wrong with it afterwards
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(seal_again, sealers * 6))
    until((folder_of(edge, task_id) / SIGNATURE).exists)
    assert faults_in(edge, folder_of(edge, task_id)) == []
    with edge.record.read() as connection:
        seal = seals.get(connection, task_id)
    assert seal is not None
    assert seal.made == seal.wanted


def test_a_manifest_made_again_is_the_same_but_for_its_number(
    edge: RunningEdge, task_id: str
) -> None:
    until_sealed(edge, task_id)
    first = manifest_in(folder_of(edge, task_id))
    told_first = edge.client.get(f"/result/{task_id}").json()["seal"]
    shutil.copy(folder_of(edge, task_id) / SIGNATURE, edge.settings.data_dir / "first.sig")
    (folder_of(edge, task_id) / SIGNATURE).unlink()

    fetched(edge, task_id)

    again = manifest_in(folder_of(edge, task_id))
    assert again == {**first, "seal": again["seal"]}
    told_again = edge.client.get(f"/result/{task_id}").json()["seal"]
    assert (told_first, told_again) == (first["seal"], again["seal"])
    assert again["seal"] > first["seal"]
    with edge.record.read() as connection:
        assert account_of(connection, task_id) == account_of(connection, task_id)


def test_the_memory_of_a_zip_does_not_grow_with_its_files(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given evidence of 80 MB
    task_id = edge.assign()
    author.begin(task_id)
    piece = author.keep_file(task_id, "large.csv", b"", "text/csv")
    size = 80_000_000
    with (edge.settings.results_dir / piece.path).open("r+b") as file:
        file.truncate(size)
    author.complete(task_id)
    key = load_keys(edge.settings).evidence_key
    sealer = Sealer(edge.record, edge.settings.results_dir, key)
    archive = EvidenceArchive(edge.record, edge.settings.results_dir, sealer)
    # When it is sent, Then no more than a small part of it is ever held
    tracemalloc.start()
    try:
        sent = sum(len(part) for part in archive.of_task(task_id))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > size
    assert peak < size / 8


def test_the_public_key_needs_no_key_and_says_what_it_is(edge: RunningEdge) -> None:
    answer = edge.stranger.get("/evidence/key")

    told = answer.json()
    assert (answer.status_code, told["algorithm"]) == (200, "Ed25519")
    kept = load_keys(edge.settings).evidence_key.public
    assert (told["key_id"], told["public_key"], told["pem"]) == (kept.id, kept.base64, kept.pem)
