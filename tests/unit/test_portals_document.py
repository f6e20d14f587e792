"""The table of what is tested on which application is true of the tests there are."""

from __future__ import annotations

import re

from launcher.environment import ROOT
from tests.portals.application import RefusesClicks
from tests.portals.conftest import APPLICATIONS

STORIES = 6
REFUSED_STATE = "test_is_refused_what_cannot_be_approved"
REFUSED_CLICK = "test_is_refused_its_click_in_the_words_of_the_portal"


def rows() -> dict[str, list[str]]:
    """Its cells, by application."""
    lines = (ROOT / "docs" / "portals.md").read_text(encoding="utf-8").splitlines()
    begins = next(at for at, line in enumerate(lines) if line.startswith("| application | approve"))
    table = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines[begins + 2 :])
    return {name.strip("`"): cells for name, *cells in table}


def test_every_application_has_a_row_and_no_cell_is_empty() -> None:
    assert set(rows()) == {"practice portal", *(kind.name for kind in APPLICATIONS)}
    assert all(len(cells) == STORIES and all(cells) for cells in rows().values())


def test_every_test_that_is_named_is_there() -> None:
    files = (ROOT / "tests").rglob("test_*.py")
    there = set(re.findall(r"^def (test_\w+)", "\n".join(it.read_text() for it in files), re.M))
    cells = " ".join(cell for row in rows().values() for cell in row)
    named = set(re.findall(r"`(test_\w+)`", cells))

    assert named
    assert named <= there


def test_what_is_said_of_refusals_is_what_the_applications_offer() -> None:
    for kind in APPLICATIONS:
        refused = rows()[kind.name][-1]
        assert (REFUSED_STATE in refused) is (kind.closed is not None)
        assert (REFUSED_CLICK in refused) is issubclass(kind, RefusesClicks)
