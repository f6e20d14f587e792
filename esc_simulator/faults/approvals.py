"""Faults of what becomes of a decision: late, shown late, moved on, or somebody else's."""

from typing import Literal

from esc_simulator.faults.fault import Fault, FaultAtStep, Milliseconds

OTHER_OFFICER = "s.kulkarni"


class LandsLate(Fault):
    """The request is answered "being processed", and its decision stored `ms` later."""

    kind: Literal["lands_late"] = "lands_late"
    ms: Milliseconds


class ShownLate(Fault):
    """The decision is stored, and the pages show it only `ms` later."""

    kind: Literal["shown_late"] = "shown_late"
    ms: Milliseconds


class MovesOn(Fault):
    """`ms` after the decision the batch moves on to `status`; its history stays."""

    kind: Literal["moves_on"] = "moves_on"
    ms: Milliseconds
    status: Literal["Forwarded", "On Hold"] = "Forwarded"


class SomebodyApproves(FaultAtStep):
    """Another officer approves the batch at the step."""

    kind: Literal["somebody_approves"] = "somebody_approves"
    step: Literal["look", "approve", "reject", "stored", "read_back"]
    by: str = OTHER_OFFICER


class SomebodyRejects(FaultAtStep):
    """Another officer rejects the batch at the step."""

    kind: Literal["somebody_rejects"] = "somebody_rejects"
    step: Literal["look", "approve", "reject", "stored", "read_back"]
    by: str = OTHER_OFFICER


class SilentLostRace(Fault):
    """Another officer decides otherwise just before; ours answers success and stores nothing."""

    kind: Literal["silent_lost_race"] = "silent_lost_race"
    by: str = OTHER_OFFICER
