"""Approves one batch: look, evidence, intent, click once, read back.

The promise is at most one click that may have an effect, and an outcome that is true. Positive
facts count at once, negative ones only from a read that began at least the settle time after the
last moment a request could leave; docs/architecture.md tells why.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from automation_service.batch_page import BatchPage, Word
from automation_service.evidence import EvidenceFolder
from automation_service.judgement import Finding, approvals, is_certain, judge
from automation_service.portal import Portal
from automation_service.profile import Reclick
from shared.contracts import (
    Attribution,
    Claim,
    Condition,
    EvidenceKind,
    Intent,
    IntentTerms,
    ItemOutcome,
    Reading,
    Review,
    Verdict,
)
from shared.errors import (
    AgentError,
    ApplicationError,
    ClaimLost,
    NothingClicked,
    PortalTimeout,
)
from shared.task_state import ItemStatus

log = structlog.get_logger()


@dataclass(frozen=True)
class _Clicked:
    """A click that was made: its intent, and what the portal said first."""

    intent: Intent
    word: Word


class BatchApprovalService:
    """Approves batches on one portal, with the evidence in one folder."""

    def __init__(self, portal: Portal, evidence: EvidenceFolder) -> None:
        """`portal` is logged in."""
        self._portal = portal
        self._evidence = evidence

    def approve(self, claim: Claim, remark: str) -> ItemOutcome:
        """Bring the claimed batch to an outcome; `claim.key` is spelled as the portal prints it.

        Intents of earlier attempts are resolved before anything is clicked. Raises
        ApplicationError where trying again later makes sense, FatalError where the whole task
        cannot go on, ClaimLost, and NothingClicked where nothing may be. An intent left open by
        any of them has to be resolved.
        """
        return self._worked_on(claim, lambda: self._resolve(claim) or self._approve(claim, remark))

    def review(self, claim: Claim) -> ItemOutcome:
        """Look at the claimed batch and tell what approving it would do; nothing is clicked.

        `reviewed` means it would be approved; any other status is the batch's outcome already.
        Raises what `approve` raises.
        """
        return self._worked_on(claim, lambda: self._resolve(claim) or self._review(claim))

    def _worked_on(self, claim: Claim, work: Callable[[], ItemOutcome]) -> ItemOutcome:
        began = time.monotonic()
        try:
            outcome = work()
        except (ClaimLost, NothingClicked):
            raise
        except AgentError as error:
            log.warning("approval_failed", key=claim.key, code=error.code, why=error.message)
            self._show_error(claim)
            raise
        finally:
            self._evidence.release()
            self._portal.served_item()
        log.info(
            "approval_ended",
            key=claim.key,
            status=outcome.status.value,
            clicks=outcome.clicks,
            seconds=round(time.monotonic() - began, 3),
        )
        return outcome

    # -- the good path ------------------------------------------------------------------------

    def _approve(self, claim: Claim, remark: str) -> ItemOutcome:
        if not claim.may_act:
            raise NothingClicked(f"{claim.key} was not clicked.")
        page = self._look(claim)
        self._show(claim, EvidenceKind.BEFORE)
        if page.reading.condition is not Condition.APPROVABLE:
            return self._nothing_to_click(claim, page.reading)
        if claim.review is not None and not claim.review.still_holds(page.reading):
            return self._changed(claim.review, page.reading)
        self._evidence.reserve()
        clicked = self._click(claim, page, remark)
        return self._read_back(claim, clicked)

    def _look(self, claim: Claim) -> BatchPage:
        page: BatchPage = self._portal.logged_in_again(lambda: self._portal.open_batch(claim.key))
        claim.note_reading(page.reading)
        return page

    def _show(self, claim: Claim, kind: EvidenceKind) -> None:
        claim.note_evidence(self._evidence.take(self._portal, kind, claim.key, claim.attempt))

    def _show_error(self, claim: Claim) -> None:
        with suppress(AgentError):
            self._show(claim, EvidenceKind.ERROR)

    def _nothing_to_click(self, claim: Claim, reading: Reading) -> ItemOutcome:
        if reading.condition is Condition.APPROVED:
            return ItemOutcome(
                ItemStatus.ALREADY_DONE,
                self._approved_by_others(reading),
                reading,
                Attribution.SOMEBODY_ELSE,
                details=dict(reading.columns),
            )
        if reading.condition is Condition.MISSING:
            shown = f" It shows {reading.printed_key}." if reading.printed_key else ""
            return ItemOutcome(
                ItemStatus.NOT_FOUND, f"The portal has no batch {claim.key}.{shown}", reading
            )
        return ItemOutcome(
            ItemStatus.REFUSED,
            f"The portal shows the batch as {reading.words!r}.",
            reading,
            details=dict(reading.columns),
        )

    def _review(self, claim: Claim) -> ItemOutcome:
        if not claim.may_act:
            raise NothingClicked(f"{claim.key} was not clicked.")
        reading = self._look(claim).reading
        self._show(claim, EvidenceKind.BEFORE)
        if reading.condition is not Condition.APPROVABLE:
            return self._nothing_to_click(claim, reading)
        return ItemOutcome(
            ItemStatus.REVIEWED,
            f"The portal shows {reading.words!r}; it would be approved.",
            reading,
            details=dict(reading.columns),
        )

    def _changed(self, review: Review, reading: Reading) -> ItemOutcome:
        then = {"status": review.words, **review.columns}
        now = {"status": reading.words, **reading.columns}
        differing = sorted(name for name in then | now if then.get(name) != now.get(name))
        return ItemOutcome(
            ItemStatus.REFUSED,
            f"Changed since review: {', '.join(differing)}.",
            reading,
            details={**reading.columns, "shown_for_review": then, "shown_now": now},
        )

    def _click(self, claim: Claim, page: BatchPage, remark: str) -> _Clicked:
        timings = self._portal.profile.timings
        began = time.monotonic()
        # The page's clock was read with the batch, before the intent: the permit ends no later.
        permit_ends = page.now + timings.click_budget * 1000
        intent = claim.state_intent(
            IntentTerms(
                click_budget=timings.click_budget,
                settle=timings.settle,
                session=self._portal.session_name,
                browser=self._portal.browser_name,
                permit_ends=permit_ends,
            )
        )

        left = timings.click_budget - (time.monotonic() - began)
        try:
            aim = page.prepare(remark, f"[{intent.marker}]", permit_ends, max(0.0, left))
            if aim.is_late:
                raise PortalTimeout("The click was not ready in time, so it was not made.")
        except AgentError:
            # Nothing was clicked that has an effect, and nothing of this intent ever will be.
            claim.close_intents(Verdict.NOT_TAKEN)
            raise
        claim.check()
        aim.click()
        return _Clicked(intent, self._hear(page))

    def _hear(self, page: BatchPage) -> Word:
        try:
            return page.hear()
        except ApplicationError:
            # No word means nothing; reading back decides, or fails with a better reason.
            return Word("silence")

    # -- reading back -------------------------------------------------------------------------

    def _read_back(self, claim: Claim, clicked: _Clicked) -> ItemOutcome:
        """What became of our click, told by fresh loads alone; the portal's word is a hint."""
        profile = self._portal.profile
        markers = (clicked.intent.marker,)
        reading = self._look(claim).reading
        finding = judge(reading, markers, profile)
        if not is_certain(finding, profile):
            # That load left the page we clicked on: since then no request of ours can leave.
            claim.wait(profile.timings.settle)
            reading = self._look(claim).reading
            finding = judge(reading, markers, profile)
        self._show(claim, EvidenceKind.AFTER)
        if finding is Finding.PENDING:
            return self._still_pending(claim, clicked.word, reading)
        return self._concluded(finding, reading, clicks=1)

    def _still_pending(self, claim: Claim, word: Word, reading: Reading) -> ItemOutcome:
        approve = self._portal.profile.approve
        passing = any(text in word.text for text in approve.passing)
        if word.signal == "refused" and not passing:
            return ItemOutcome(
                ItemStatus.REFUSED,
                word.text,
                reading,
                verdict=Verdict.NOT_TAKEN,
                clicks=1,
                details=dict(reading.columns),
            )
        if self._portal.profile.reclick is Reclick.NEVER:
            return self._unverified(
                f"The portal still shows {reading.words!r} after our click.", reading, clicks=1
            )
        claim.close_intents(Verdict.NOT_TAKEN)
        said = f" It says: {word.text}" if word.text else ""
        raise ApplicationError(f"The portal did not take the approval.{said}")

    def _concluded(self, finding: Finding, reading: Reading, clicks: int) -> ItemOutcome:
        """The outcome of a batch on which an intent of ours is settled, other than pending."""
        details = dict(reading.columns)
        if finding is Finding.OURS:
            return ItemOutcome(
                ItemStatus.DONE,
                self._approved_by_us(reading),
                reading,
                Attribution.OURS,
                Verdict.TAKEN,
                clicks,
                details,
            )
        if finding is Finding.APPROVED:
            return ItemOutcome(
                ItemStatus.DONE,
                "The portal shows approved after our click.",
                reading,
                Attribution.UNKNOWN,
                Verdict.UNKNOWN,
                clicks,
                details,
            )
        if finding is Finding.SOMEBODY_ELSE:
            return ItemOutcome(
                ItemStatus.ALREADY_DONE,
                self._approved_by_others(reading),
                reading,
                Attribution.SOMEBODY_ELSE,
                Verdict.NOT_TAKEN,
                clicks,
                details,
            )
        known = reading.words in self._portal.profile.batch.words
        if finding is Finding.MOVED_ON and known and self._portal.profile.marks_remarks:
            return ItemOutcome(
                ItemStatus.REFUSED,
                f"The portal shows the batch as {reading.words!r}.",
                reading,
                verdict=Verdict.NOT_TAKEN,
                clicks=clicks,
                details=details,
            )
        shown = f"The batch is {finding.value}"
        words = f": the portal shows {reading.words!r}." if reading.words else "."
        return self._unverified(shown + words, reading, clicks)

    def _unverified(self, why: str, reading: Reading, clicks: int) -> ItemOutcome:
        return ItemOutcome(
            ItemStatus.UNVERIFIED,
            f"{why} Please look at the portal.",
            reading,
            Attribution.UNKNOWN,
            Verdict.UNKNOWN,
            clicks,
            dict(reading.columns),
        )

    def _approved_by_us(self, reading: Reading) -> str:
        lines = approvals(reading, self._portal.profile)
        others = f" Its history shows {len(lines)} approvals." if len(lines) > 1 else ""
        return f"Approved as {self._portal.username}.{others}"

    def _approved_by_others(self, reading: Reading) -> str:
        lines = approvals(reading, self._portal.profile)
        if not lines:
            return "The portal showed it as approved already."
        return f"Approved already by {lines[-1].who}, {lines[-1].when}."

    # -- resolving ----------------------------------------------------------------------------

    def _resolve(self, claim: Claim) -> ItemOutcome | None:
        """Settle intents of earlier attempts by reading alone; None if the way is free."""
        intents = claim.open_intents
        if not intents:
            return None
        profile = self._portal.profile
        markers = tuple(intent.marker for intent in intents)
        reading = self._look(claim).reading
        finding = judge(reading, markers, profile)
        if finding is not Finding.OURS or len(intents) > 1:
            claim.wait(max(intent.click_budget + intent.settle for intent in intents))
            reading = self._look(claim).reading
            finding = judge(reading, markers, profile)
        log.info("intents_resolved", key=claim.key, count=len(intents), finding=finding.name)
        if finding is Finding.PENDING:
            if profile.reclick is Reclick.AFTER_SETTLE:
                claim.close_intents(Verdict.NOT_TAKEN)
                return None
            self._show(claim, EvidenceKind.AFTER)
            return self._unverified(
                f"The portal shows {reading.words!r} after an earlier click.", reading, clicks=0
            )
        self._show(claim, EvidenceKind.AFTER)
        return self._concluded(finding, reading, clicks=0)
