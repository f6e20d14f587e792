"""The blocks of docs/tasks.md, which tests run as they are written."""

from __future__ import annotations

import re

from launcher.environment import ROOT

TUTORIAL = (ROOT / "docs" / "tasks.md").read_text()


def block(language: str, heading: str = "") -> str:
    """The first block in this language, below this heading if one is given."""
    below = TUTORIAL.partition(f"## {heading}\n")[2] if heading else TUTORIAL
    found = re.search(rf"```{language}\n(.*?)```", below, re.DOTALL)
    assert found is not None, (language, heading)
    return found[1]
