"""The list of what can be removed leaves out nothing, and names nothing that is not there."""

from __future__ import annotations

from tests.faults.promised import REMOVALS
from tests.faults.sabotage import SABOTAGES
from tests.faults.safeguard_cases import SAFEGUARDS
from tests.integration.automation_service.test_weakened_guard import WEAKENINGS
from tests.model.catalogue import SAFEGUARDS as MODEL_SAFEGUARDS


def test_every_sabotage_of_the_product_has_its_case_and_its_line() -> None:
    named = sorted(removal.product for removal in REMOVALS if removal.product)

    assert sorted(each.sabotage for each in SAFEGUARDS) == sorted(SABOTAGES) == named


def test_every_safeguard_of_the_model_has_its_line() -> None:
    named = sorted(removal.model for removal in REMOVALS if removal.model)

    assert sorted(each.without for each in MODEL_SAFEGUARDS) == named


def test_what_is_named_as_a_part_of_the_guard_is_weakened_in_a_browser() -> None:
    named = {removal.guard for removal in REMOVALS if removal.guard}

    assert named <= {weakening.name for weakening in WEAKENINGS}


def test_everything_is_shown_somewhere() -> None:
    unshown = [each.without for each in REMOVALS if not (each.product or each.guard or each.model)]

    assert unshown == []
