"""Faults of a batch's page: what its scripts and its markup do to whoever uses it."""

from typing import Literal

from esc_simulator.faults.fault import Fault, Milliseconds, Step


class BatchPageFault(Fault):
    """A fault that comes with the batch's page: at both steps, or at one."""

    step: Literal["look", "read_back"] | None = None

    def is_meant_for(self, batch_id: str | None, step: Step | None) -> bool:
        """Tell whether this fault may come with this batch's page at this step."""
        return self.step in (None, step) and super().is_meant_for(batch_id, step)


class Alert(BatchPageFault):
    """`alert()` on loading the page, on a click on Approve, or on a click on Confirm."""

    kind: Literal["alert"] = "alert"
    on: Literal["load", "approve", "confirm"] = "load"


class LingeringMessage(BatchPageFault):
    """A success message about another batch stands there, on load or from the click on Confirm."""

    kind: Literal["lingering_message"] = "lingering_message"
    on: Literal["load", "confirm"] = "load"


class ButtonReplaced(BatchPageFault):
    """Confirm is rendered anew: as the pointer comes over it, or `ms` after the dialog opened.

    `by` is what comes to its place: a fresh Confirm, or a button that approves another batch at
    once, or one that rejects this one at once; Confirm is then further down.
    """

    kind: Literal["button_replaced"] = "button_replaced"
    by: Literal["fresh", "other_batch", "reject"] = "fresh"
    ms: Milliseconds | None = None


class LateEffect(BatchPageFault):
    """The page's script sends the request `ms` after the click on Confirm."""

    kind: Literal["late_effect"] = "late_effect"
    ms: Milliseconds
    sent_by: Literal["fetch", "form"] = "fetch"


class KeydownSubmits(BatchPageFault):
    """A script sends the request as soon as Enter goes down in the remark."""

    kind: Literal["keydown_submits"] = "keydown_submits"


class FormDialog(BatchPageFault):
    """The dialog is an HTML form: Confirm submits it, and so does Enter in the remark."""

    kind: Literal["form_dialog"] = "form_dialog"


class InIframe(BatchPageFault):
    """The batch and its dialog are inside a frame of the same origin."""

    kind: Literal["in_iframe"] = "in_iframe"


class Polling(BatchPageFault):
    """The page asks the server for the batch's status every `ms`."""

    kind: Literal["polling"] = "polling"
    ms: Milliseconds = 200


class PageClock(BatchPageFault):
    """What tells the page the time is `seconds` wrong: behind, if they are negative."""

    kind: Literal["page_clock"] = "page_clock"
    seconds: float


SCRIPTED = (Alert, LingeringMessage, ButtonReplaced, LateEffect, KeydownSubmits, Polling, PageClock)
"""The faults that are a script of their own, `static/faults/<kind>.js`."""
