"""The faults that come with a batch's page."""

from dataclasses import dataclass

from esc_simulator.batch import Batch
from esc_simulator.faults.batch_page import SCRIPTED, FormDialog
from esc_simulator.faults.fault import Step
from esc_simulator.portal import Portal


@dataclass(frozen=True)
class FaultScript:
    """A script of `static/faults/`, and the `data-` attributes that tell it what to do."""

    name: str
    data: dict[str, str]


@dataclass(frozen=True)
class BatchPageFaults:
    """What is wrong with one load of a batch's page."""

    scripts: tuple[FaultScript, ...] = ()
    has_form_dialog: bool = False


NONE = BatchPageFaults()


def strike(portal: Portal, batch: Batch, step: Step) -> BatchPageFaults:
    """Let every kind strike that is in force for this batch's page at this step."""
    if not portal.faults:
        return NONE
    struck = [portal.faults.fire(kind, batch.batch_id, step) for kind in SCRIPTED]
    neighbour = portal.register.neighbour(batch.batch_id)
    about = {
        "batch-id": batch.batch_id,
        "other-batch-id": neighbour.batch_id if neighbour else batch.batch_id,
    }
    scripts = [
        FaultScript(
            fault.kind,
            {
                **about,
                **{
                    name.replace("_", "-"): str(value)
                    for name, value in fault.model_dump(
                        exclude={"kind", "batch_id", "times", "step"}, exclude_none=True
                    ).items()
                },
            },
        )
        for fault in struck
        if fault
    ]
    form = portal.faults.fire(FormDialog, batch.batch_id, step)
    return BatchPageFaults(tuple(scripts), form is not None)
