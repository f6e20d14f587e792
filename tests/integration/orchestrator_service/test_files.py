"""GET /static/...: only what the record knows, by signed link or with the key."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestrator_service.links import Links, Purpose, Signer
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import TaskAuthor

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def task_id(edge: RunningEdge, author: TaskAuthor) -> str:
    """A task with a picture and a report."""
    task_id = edge.assign()
    author.keep_file(task_id, "shot.png", CONTENT, "image/png")
    author.keep_file(task_id, "report-1_a.csv", b"a,b\n1,2\n", "text/csv")
    return task_id


@pytest.fixture
def links(edge: RunningEdge) -> Links:
    """Signs as this edge does."""
    secret = (edge.settings.data_dir / "secret_key").read_text().strip()
    return Links(Signer(secret, 3600), edge.url)


def test_a_picture_is_shown_in_the_page_and_a_file_is_saved_under_its_name(
    edge: RunningEdge, task_id: str, links: Links
) -> None:
    shot = edge.stranger.get(links.file(f"{task_id}/shot.png"))
    report = edge.stranger.get(links.file(f"{task_id}/report-1_a.csv"))
    assert (shot.content, shot.headers["content-type"]) == (CONTENT, "image/png")
    assert shot.headers["content-disposition"].startswith("inline")
    assert report.headers["content-type"].startswith("text/csv")
    assert report.headers["content-disposition"] == 'attachment; filename="report-1_a.csv"'
    for answer in (shot, report):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"].startswith("private")
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


def test_what_has_not_changed_is_not_sent_again(
    edge: RunningEdge, task_id: str, links: Links
) -> None:
    url = links.file(f"{task_id}/shot.png")
    etag = edge.stranger.get(url).headers["etag"]
    again = edge.stranger.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-9", 206, CONTENT[:10]),
        ("bytes=-5", 206, CONTENT[-5:]),
        ("bytes=10230-", 206, CONTENT[10230:]),
        ("bytes=99999-", 416, b""),
        ("bytes=9-0", 200, CONTENT),
        ("bytes=x", 200, CONTENT),
        ("lines=1-2", 200, CONTENT),
        ("bytes=" + ",".join("1-2" for _ in range(500)), 200, CONTENT),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(
    edge: RunningEdge, task_id: str, links: Links, asked: str, status: int, content: bytes
) -> None:
    answer = edge.stranger.get(links.file(f"{task_id}/shot.png"), headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, content)


def test_a_head_request_has_the_headers_without_the_file(
    edge: RunningEdge, task_id: str, links: Links
) -> None:
    answer = edge.stranger.head(links.file(f"{task_id}/shot.png"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))


def test_a_link_opens_its_own_task_and_purpose_only(
    edge: RunningEdge, author: TaskAuthor, task_id: str, links: Links
) -> None:
    # Given links made up, for another task, for a socket, and expired
    other = edge.assign()
    secret = (edge.settings.data_dir / "secret_key").read_text().strip()
    signatures = [
        "A" * 32,
        links.file_path(f"{other}/x").partition("/")[0],
        links.socket(task_id).partition("token=")[2],
        Signer(secret, -60).sign(Purpose.FILES, task_id),
        Signer("another secret", 3600).sign(Purpose.FILES, task_id),
    ]
    # Then none of them opens this task's file, and what is not there looks the same
    for signature in signatures:
        for name in ("shot.png", "no-such-file.png"):
            answer = edge.stranger.get(f"/static/{signature}/{task_id}/{name}")
            assert (answer.status_code, answer.json()["code"]) == (403, "link_refused")


def test_with_the_key_no_signature_is_needed(edge: RunningEdge, task_id: str) -> None:
    path = f"/static/{task_id}/shot.png"
    assert edge.client.get(path).content == CONTENT
    assert edge.stranger.get(path).status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        "missing.png",
        "../../data/api_key",
        "..%2f..%2fdata%2fapi_key",
        "%2e%2e/%2e%2e/data/api_key",
        "..%5c..%5cdata%5capi_key",
        "shot.png%00.txt",
        "shot.png/..",
        "",
    ],
)
def test_nothing_but_the_records_files_is_served(
    edge: RunningEdge, task_id: str, links: Links, name: str
) -> None:
    for prefix in (links.file_path(f"{task_id}/x").removesuffix("/x"), task_id):
        answer = edge.client.get(f"/static/{prefix}/{name}")
        assert answer.status_code in (403, 404)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_row_that_points_outside_of_the_results_opens_nothing(
    edge: RunningEdge, author: TaskAuthor, task_id: str, links: Links
) -> None:
    # Given a row whose path leads out of the results folder, to a file that is there
    path = f"{task_id}/../../data/api_key"
    author.keep_file(task_id, "../../data/api_key_copy", b"secret", "text/plain")
    assert Path(edge.settings.data_dir / "api_key_copy").exists()
    # Then it is not served
    request = edge.client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=f"/static/{path}_copy".encode())
    assert edge.client.send(request).status_code == 404


def test_a_file_that_is_gone_is_said_to_be_gone(
    edge: RunningEdge, task_id: str, links: Links
) -> None:
    (edge.settings.results_dir / task_id / "shot.png").unlink()
    answer = edge.stranger.get(links.file(f"{task_id}/shot.png"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_file")
