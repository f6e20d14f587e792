"""Every kind of fault."""

from typing import Annotated

from pydantic import Field

from esc_simulator.faults import answers, approvals, batch_page, files

AnyFault = Annotated[
    answers.Latency
    | answers.AccountSlow
    | answers.ServerError
    | answers.Hang
    | answers.ResponseLost
    | answers.SuccessWithoutEffect
    | answers.SessionDropped
    | approvals.LandsLate
    | approvals.ShownLate
    | approvals.MovesOn
    | approvals.SomebodyApproves
    | approvals.SomebodyRejects
    | approvals.SilentLostRace
    | batch_page.Alert
    | batch_page.LingeringMessage
    | batch_page.ButtonReplaced
    | batch_page.LateEffect
    | batch_page.KeydownSubmits
    | batch_page.FormDialog
    | batch_page.InIframe
    | batch_page.Polling
    | batch_page.PageClock
    | files.SlowGeneration
    | files.HalfFile
    | files.StalledDownload
    | files.MixedUpFile
    | files.EmptyReport,
    Field(discriminator="kind"),
]
"""A fault as the truth's port takes it, told by its `kind`."""
