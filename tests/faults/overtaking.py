"""While a worker stands still with a batch in hand, the claim is taken from it and another does it.

So the fence is shown at exactly the moment that needs it, on however slow a machine. The system has
to be a patient one: neither lease nor click budget may be over meanwhile.
"""

from __future__ import annotations

from shared.record import claims, slots
from tests.faults.deeds import Deed, Heal, MissedError, nothing
from tests.faults.plan import Strike
from tests.faults.system_under_fault import SystemUnderFault, is_alive, wait_until
from tests.faults.traps import Hit, Trap

PATIENCE = 60.0
NEXT_CLAIM = "before_claim"


def keep_others_from_claiming(here: SystemUnderFault, hit: Hit) -> Heal:
    """Whoever is about to claim an item of this task stands still from now on."""
    here.traps.arm(Trap(NEXT_CLAIM, hit.about[-1], always=True))
    return nothing


def another_does_it(here: SystemUnderFault, hit: Hit) -> Heal:
    """Somebody else claims the batch and clicks, and only then may both write what came of it.

    Who stood here goes first, and comes as far as its next claim.
    """
    key, _ = hit.about
    other, *_ = here.traps.wait_for(lambda one: one.point == NEXT_CLAIM, PATIENCE)
    _release_claim(here, key)
    ready = here.traps.arm(Trap("before_outcome", key))
    here.traps.release(other)
    here.traps.wait_for(lambda one: one.trap == ready.id, PATIENCE)

    def go_on() -> None:
        wait_until("who stood still is through", lambda: _is_through(here, hit), PATIENCE)
        here.traps.disarm()

    return go_on


def _release_claim(here: SystemUnderFault, key: str) -> None:
    with here.record.write() as connection:
        held = [sign for sign in claims.held(connection) if sign.key == key]
        if not held:
            raise MissedError("the claim was lost already")
        slots.end_silent(connection, held[0])


def _is_through(here: SystemUnderFault, hit: Hit) -> bool:
    stands = (one.point == NEXT_CLAIM and one.pid == hit.pid for one in here.traps.hits())
    return any(stands) or not is_alive(hit.pid)


def overtaken(point: str) -> tuple[Strike, ...]:
    """Whoever comes to `point` with the first batch is overtaken there by another worker."""
    return (
        Strike("after_claim", Deed("others wait", keep_others_from_claiming)),
        Strike(point, Deed("claim lost, and another clicks", another_does_it)),
    )
