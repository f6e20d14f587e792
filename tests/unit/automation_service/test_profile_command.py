"""The command that checks profiles, and the reference that is made of the model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automation_service.profile import PROFILES
from automation_service.profile.__main__ import main
from automation_service.profile.reference import parts, reference
from shared.config import ROOT

REFERENCE = ROOT / "docs" / "profile-reference.md"


def test_the_committed_reference_is_what_the_model_says() -> None:
    again = "make it anew: python -m automation_service.profile reference > docs/..."

    assert REFERENCE.read_text(encoding="utf-8") == reference(), again


def test_every_field_says_what_it_means() -> None:
    silent = [
        f"{part.__name__}.{name}"
        for part in parts()
        for name, field in part.model_fields.items()
        if not field.description
    ]

    assert silent == []


def test_every_part_that_the_reference_points_to_is_in_it() -> None:
    text = reference()

    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= {
        heading.lower() for heading in re.findall(r"^## (\w+)$", text, re.MULTILINE)
    }


def test_a_sound_profile_is_told_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(PROFILES / "esc.yaml")]) == 0

    assert re.fullmatch(r"sound: profile esc, version [0-9a-f]{12}\n", capsys.readouterr().out)


def test_a_profile_is_told_in_sentences_with_its_one_effect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["steps", str(PROFILES / "esc.yaml")]) == 0

    told = capsys.readouterr().out
    assert "Go to /login; type the user name into #username, the password into #password;" in told
    assert "'On Hold' means on hold." in told
    approving = told[told.index("To approve\n") :].splitlines()
    assert approving[1:5] == [
        "  Only a batch that is pending; afterwards it is approved.",
        "  1. Click .action-bar .approve-btn.",
        "  2. Fill #confirm-dialog #remark, with the remark and our marker.",
        "  3. Click #confirm-dialog .confirm-btn with the text 'Confirm'. THIS HAS THE EFFECT, "
        "and is done once.",
    ]
    assert told.count("THIS HAS THE EFFECT") == told.count("\nTo ")


def test_every_fault_of_a_profile_has_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (PROFILES / "esc.yaml").read_text(encoding="utf-8")
    file = tmp_path / "faulty.yaml"
    file.write_text(text.replace("printed_key", "printed_id").replace("settle: 3", "settle: 0"))

    assert main(["check", str(file)]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(re.match(r"faulty\.yaml:[0-9]+:[0-9]+: [a-z._]+: ", line) for line in lines)


def test_a_file_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path / "none.yaml")]) == 1

    assert "none.yaml cannot be read" in capsys.readouterr().out


def test_whoever_reviews_a_profile_is_told_how_gently_the_portal_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (PROFILES / "esc.yaml").read_text(encoding="utf-8")
    hours = "{begins: '23:30', ends: '01:00', days: [sat], zone: UTC}"
    pace = f"{{requests_per_second: 2, sessions_per_account: 3, maintenance: [{hours}]}}"
    file = tmp_path / "esc.yaml"
    file.write_text(f"{text}\nsite: {{pace: {pace}}}\n", encoding="utf-8")

    assert main(["steps", str(file)]) == 0

    told = capsys.readouterr().out
    assert "At most 2 pages a second are loaded by all workers.\n" in told
    assert "At most 3 browsers are logged in as one account.\n" in told
    assert "It is left alone from 23:30 to 01:00 UTC, beginning on sat.\n" in told
