"""The files that the portal makes: certificates and reports, over HTTP as its scripts ask."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    token_on_page,
)

PATIENCE_SECONDS = 60.0


def _issue(officer: httpx.Client, batch_id: str, template: str = "Standard") -> httpx.Response:
    headers = _script(officer)
    form = {"template": template, "remark": "For the convocation"}
    return officer.post(f"/esc/batches/{batch_id}/certificates", data=form, headers=headers)


def _script(officer: httpx.Client) -> dict[str, str]:
    token = token_on_page(officer, "BATCH001")
    return {"X-Requested-With": "XMLHttpRequest", "X-CSRF-Token": token}


def _wait_until_issued(officer: httpx.Client, batch_id: str) -> list[str]:
    """The addresses of the files, once all are there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        table = officer.get(f"/esc/batches/{batch_id}/certificates/table").text
        if '"certificates-state">Issued<' in table:
            return re.findall(r'href="([^"]+/file)"', table)
        assert time.monotonic() < deadline, "they were never issued"
        time.sleep(0.02)


def _ask_for_report(officer: httpx.Client, file_format: str, dates: tuple[str, str]) -> str:
    """The address of the report's file, once it is ready."""
    form = {"report_type": "Batches", "from_date": dates[0], "to_date": dates[1]}
    answer = officer.post(
        "/esc/reports", data={**form, "file_format": file_format}, headers=_script(officer)
    )
    report = answer.json()["report"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = re.search(f'href="([^"]*{report}/file)"', officer.get("/esc/reports/table").text)
        if found:
            return found.group(1)
        assert time.monotonic() < deadline, "it was never made"
        time.sleep(0.02)


def test_every_trainee_of_an_approved_batch_gets_a_certificate_of_their_own(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    approve(officer, batch_id)

    assert _issue(officer, batch_id).status_code == 200
    addresses = _wait_until_issued(officer, batch_id)

    trainees = portal.ask_truth("GET", f"/truth/batches/{batch_id}/certificates").json()
    assert len(addresses) == len(trainees) == portal.batch(batch_id)["enrolled"]
    assert {trainee["issues"] for trainee in trainees} == {1}
    file = officer.get(addresses[2])
    assert file.headers["content-type"] == "application/pdf"
    assert f"certificate-{batch_id}-T03.pdf" in file.headers["content-disposition"]
    assert file.content.startswith(b"%PDF-")
    assert file.content.rstrip().endswith(b"%%EOF")
    assert trainees[2]["name"].encode() in file.content
    assert "For the convocation" in officer.get(f"/esc/batches/{batch_id}").text


def test_issuing_twice_is_a_second_issue_and_seen_in_the_truth(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    before = portal.summary()["double_certificates"]
    approve(officer, batch_id)
    for _ in range(2):
        _issue(officer, batch_id, "Merit")

    trainees = portal.ask_truth("GET", f"/truth/batches/{batch_id}/certificates").json()
    assert {trainee["issues"] for trainee in trainees} == {2}
    assert portal.summary()["double_certificates"] == before + len(trainees)


def test_a_batch_that_is_not_approved_and_no_template_are_refused(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    assert _issue(officer, batch_id).status_code == 409
    approve(officer, batch_id)
    assert _issue(officer, batch_id, "Golden").status_code == 422

    trainees = portal.ask_truth("GET", f"/truth/batches/{batch_id}/certificates").json()
    assert {trainee["issues"] for trainee in trainees} == {0}


def test_slow_generation_keeps_the_list_in_preparation(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    approve(officer, batch_id)
    portal.set_faults({"kind": "slow_generation", "ms": 3_600_000, "batch_id": batch_id})
    _issue(officer, batch_id)

    table = officer.get(f"/esc/batches/{batch_id}/certificates/table").text
    assert '"certificates-state">In preparation<' in table
    assert "/file" not in table


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_report_holds_the_batches_of_its_dates(
    portal: PracticePortal, officer: httpx.Client, file_format: str
) -> None:
    dates = ("2026-08-01", "2026-08-31")
    within = [b["id"] for b in portal.batches() if dates[0] <= b["submitted_on"] <= dates[1]]

    file = officer.get(_ask_for_report(officer, file_format, dates))

    assert f"batches-2026-08-01-2026-08-31.{file_format}" in file.headers["content-disposition"]
    if file_format == "csv":
        rows = list(csv.reader(io.StringIO(file.text)))
        found = [row[0] for row in rows[1:]]
        assert rows[0][0] == "Batch ID"
    else:
        sheet = zipfile.ZipFile(io.BytesIO(file.content)).read("xl/worksheets/sheet1.xml").decode()
        found = re.findall(r"<t [^>]*>(BATCH\d+)<", sheet)
    assert sorted(found) == sorted(within)
    assert within


def test_a_report_of_dates_without_batches_has_its_header_only(officer: httpx.Client) -> None:
    file = officer.get(_ask_for_report(officer, "csv", ("2026-01-01", "2026-01-31")))

    assert file.text.splitlines() == [
        "Batch ID,District,Course,College,Enrolled,Submitted On,Status"
    ]


def test_dates_in_the_wrong_order_are_refused(officer: httpx.Client) -> None:
    form = {"report_type": "Batches", "from_date": "2026-08-02", "to_date": "2026-08-01"}

    answer = officer.post(
        "/esc/reports", data={**form, "file_format": "csv"}, headers=_script(officer)
    )

    assert answer.status_code == 422
    assert "must not be after" in answer.json()["message"]


def test_a_download_that_breaks_off_a_stalled_one_and_a_failed_one(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    address = _ask_for_report(officer, "csv", ("2026-07-01", "2026-10-31"))

    portal.set_faults({"kind": "half_file", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        officer.get(address)

    portal.set_faults({"kind": "stalled_download", "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        officer.get(address, timeout=0.5)

    portal.set_faults({"kind": "server_error", "step": "download", "http": 503, "times": 1})
    assert officer.get(address).status_code == 503
    assert officer.get(address).status_code == 200


def test_a_certificate_may_be_mixed_up_with_anothers(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    approve(officer, batch_id)
    _issue(officer, batch_id)
    first, second, *_ = _wait_until_issued(officer, batch_id)

    portal.set_faults({"kind": "mixed_up_file", "batch_id": batch_id})

    assert f"{batch_id}-T02".encode() not in officer.get(second).content
    assert f"{batch_id}-T01".encode() not in officer.get(first).content
