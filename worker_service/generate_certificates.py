"""The task type `generate_certificates`: one PDF a trainee, issued once, checked and zipped."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.certificate_desk import TraineeFile
from automation_service.downloads import task_folder
from automation_service.evidence import safe_name
from automation_service.file_kinds import FileKind
from automation_service.portal import Portal
from automation_service.witness import Place
from shared.contracts import Claim, Evidence, ItemOutcome, LateFinding, Verdict
from shared.errors import ApplicationError
from shared.task_state import ItemStatus
from worker_service.approve_batches import LARGEST_NUMBER, LONGEST_ID, PRINTABLE
from worker_service.context import TaskContext
from worker_service.origin import origin_of
from worker_service.params import PortalParams
from worker_service.portal_site import base_url, portal_for, witnessed
from worker_service.registry import Plan, task

ACTION = "issue_certificates"
"""Whatever the template: a trainee gets one certificate."""


def _as_text(given: Any) -> Any:
    is_number = isinstance(given, int) and not isinstance(given, bool) and given >= 0
    return str(given) if is_number else given


# One kind of text for forms, which draw a single field; a whole number is taken as well.
OneBatch = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE
    ),
    BeforeValidator(_as_text),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "minLength": 1,
            "maxLength": LONGEST_ID,
            "pattern": PRINTABLE,
            "minimum": 0,
            "maximum": LARGEST_NUMBER,
            "x-fault": f"'batch_id' is one batch: 1 to {LONGEST_ID} characters, or its number.",
        }
    ),
]


class GenerateCertificatesParams(PortalParams):
    """Whose certificates, and what they look like."""

    batch_id: OneBatch = Field(
        title="Batch ID", description="An approved batch, as the portal names it."
    )
    template: Literal["standard", "merit", "bilingual"] = Field(
        "standard", title="Template", description="standard, merit or bilingual."
    )


def plan_certificates(params: GenerateCertificatesParams, context: TaskContext) -> Plan:
    """One item, the batch: the portal issues to all its trainees at once, so it is one effect."""
    profile = context.profile(params.portal)
    key = profile.canonical_key(str(params.batch_id))

    def params_for(_: Sequence[str]) -> dict[str, Any]:
        return {**params.model_dump(), "batch_id": key}

    return Plan(origin_of(base_url(profile, context)), ACTION, [key], params_for)


def look_again(
    claim: Claim, params: GenerateCertificatesParams, context: TaskContext
) -> LateFinding:
    """Read a batch of which it is in doubt whether its certificates were issued."""
    portal = portal_for(claim, params, context)
    return _issuing(portal, params, context).look_again(claim)


@task(
    name="generate_certificates",
    title="Generate Certificates",
    description="Has a portal issue a batch's certificates, once, and fetches each as PDF.",
    side_effect="write",
    params=GenerateCertificatesParams,
    plan=plan_certificates,
    words={ItemStatus.DONE: "issued", ItemStatus.ALREADY_DONE: "already_issued"},
    look_again=look_again,
)
def generate_certificates(
    claim: Claim, params: GenerateCertificatesParams, context: TaskContext
) -> ItemOutcome:
    """Issue, by the protocol of approving, what was not issued; then fetch what there is."""
    portal = portal_for(claim, params, context)
    issued = _issuing(portal, params, context).act(claim, "")
    if issued.status not in (ItemStatus.DONE, ItemStatus.ALREADY_DONE):
        return issued
    if not claim.may_act:
        return replace(issued, detail=f"{issued.detail} The files were not fetched.".strip())
    try:
        file, count = _fetch(claim, portal, context)
    except ApplicationError:
        is_last = claim.attempt >= context.settings.max_attempts
        if is_last and issued.status is ItemStatus.DONE and len(claim.open_intents) == 1:
            # What was issued is certain, though its files are not to be had: no doubt is left.
            claim.close_intents(Verdict.TAKEN)
        raise
    claim.note_evidence(file)
    told = f"{count} certificates. {issued.detail}".strip()
    return replace(issued, detail=told, details={**issued.details, "certificates": count})


def _issuing(
    portal: Portal, params: GenerateCertificatesParams, context: TaskContext
) -> BatchApprovalService:
    action = portal.files.certificates().action_for(params.template)
    return BatchApprovalService(portal, context.evidence(), action)


def _fetch(claim: Claim, portal: Portal, context: TaskContext) -> tuple[Evidence, int]:
    """The ZIP file of all certificates, and how many are in it."""
    folder = task_folder(context.settings.download_path, claim.task_id, context.slot_id)
    with (
        portal.files.downloads(folder) as downloads,
        witnessed(claim, Place.of_certificates(portal.profile, claim.key), context),
    ):
        found = portal.fetch_certificates(claim.key, downloads, claim.check)
        name = f"certificates-{safe_name(claim.key)}.zip"
        kind = FileKind.ZIP.content_type
        return context.evidence().keep(lambda into: _zip(found, into), name, kind), len(found)


def _zip(certificates: Sequence[TraineeFile], into: Path) -> None:
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as package:
        for certificate in certificates:
            package.write(certificate.file.path, f"{safe_name(certificate.trainee)}.pdf")
