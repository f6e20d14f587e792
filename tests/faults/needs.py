"""What a round needs of the system it runs on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from automation_service.profile.document import PROFILES

PATIENT_SECONDS = 40
PATIENT_SETTINGS = {
    "LEASE_SECONDS": "120",
    "SELENIUM_TIMEOUT": "120",
    "ITEM_TIME_LIMIT": str(PATIENT_SECONDS),
}
"""With which nobody loses a claim or a page because somebody else takes his time."""
_CLICK_BUDGET = re.compile(r"click_budget: [0-9.]+")


@dataclass(frozen=True)
class Needs:
    """One system serves rounds with equal needs.

    `wire`: what connects portal, browser and worker can be broken. `disk`: results lie on a disk of
    their own. `patience`: whoever holds a claim may take its time, with the claim and in the page.
    """

    wire: bool = False
    disk: bool = False
    patience: bool = False

    @property
    def settings(self) -> dict[str, str]:
        """Settings of the system that differ from the suite's usual ones."""
        return PATIENT_SETTINGS if self.patience else {}

    def write_profiles(self, folder: Path) -> None:
        """Put profiles that differ from the product's own where the system looks for them."""
        if not self.patience:
            return
        profile = (PROFILES / "esc.yaml").read_text(encoding="utf-8")
        patient = _CLICK_BUDGET.sub(f"click_budget: {PATIENT_SECONDS}", profile)
        assert patient != profile
        folder.mkdir(parents=True)
        (folder / "esc.yaml").write_text(patient, encoding="utf-8")


NOTHING_ELSE = Needs()
