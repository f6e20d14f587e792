"""What docs/profile-tutorial.md leads to, checked in every run; the whole of it needs --portals."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation_service.profile.__main__ import main
from tests.portals.tutorial import blocks, is_as_told, with_parts

Printed = pytest.CaptureFixture[str]


def test_the_tutorials_profile_reads_as_it_is_printed_and_ends_sound(
    tmp_path: Path, capsys: Printed
) -> None:
    file = tmp_path / "tickets.yaml"
    profile, compared = "", 0
    for block in blocks():
        if block.kind == "yaml":
            profile = with_parts(profile, block.text)
            file.write_text(profile)
        elif "THIS HAS THE EFFECT" in block.text:
            assert main(["steps", str(file)]) == 0
            assert is_as_told(block.text, capsys.readouterr().out)
            compared += 1

    assert compared == 1
    assert main(["check", str(file)]) == 0
