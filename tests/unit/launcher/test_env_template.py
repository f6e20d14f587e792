"""The template a person copies to .env."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotenv import dotenv_values

from launcher.environment import ROOT
from shared.config import Settings

TEMPLATE = ROOT / ".env.template"


def test_the_template_holds_every_setting_and_no_other() -> None:
    """A setting that cannot be found in the template might as well not exist."""
    # Given the template and the settings
    # When their names are compared
    written = {name.lower() for name in dotenv_values(TEMPLATE)}

    # Then they are the same
    assert written == set(Settings.model_fields)


def test_every_setting_in_the_template_has_a_comment() -> None:
    """Each line is told by the line above it."""
    # Given the lines of the template
    lines = TEMPLATE.read_text().splitlines()

    # When those without a comment above are looked for
    bare = [
        line
        for above, line in zip(["", *lines], lines, strict=False)
        if "=" in line and not line.startswith("#") and not above.startswith("# ")
    ]

    # Then there is none
    assert bare == []


def test_an_unchanged_template_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`cp .env.template .env` is harmless: the template's values are the defaults."""
    # Given neither a file nor settings in the environment
    monkeypatch.delenv("CHROME_BINARY", raising=False)
    monkeypatch.delenv("CHROMEDRIVER", raising=False)

    # When settings are read with the template and without
    with_template = Settings(_env_file=TEMPLATE)
    without = Settings(_env_file=None)

    # Then they are equal
    assert with_template == without
