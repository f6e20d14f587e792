"""Does one action with one batch: look, evidence, intent, click once, read back.

The promise is at most one click that may have an effect, and an outcome that is true. Positive
facts count at once, negative ones only from a read that began at least the settle time after the
last moment a request could leave; docs/architecture.md tells why.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from shutil import copyfile

import structlog

from automation_service.batch_page import BatchPage, Word
from automation_service.conclusion import Conclusion
from automation_service.downloads import Download
from automation_service.evidence import EvidenceFolder
from automation_service.file_kinds import FileKind
from automation_service.inspection import Sight
from automation_service.judgement import Finding, is_certain, judge
from automation_service.portal import Portal
from automation_service.profile import Reclick
from automation_service.walk import NOT_READY
from automation_service.witness import Place, Witness
from shared.contracts import (
    Claim,
    Condition,
    EvidenceKind,
    Intent,
    IntentTerms,
    ItemOutcome,
    LateFinding,
    MissingPicture,
    Reading,
    Verdict,
)
from shared.errors import (
    AgentError,
    ApplicationError,
    BrowserDied,
    ClaimLost,
    FatalError,
    NothingClicked,
    PageChanged,
    PortalClosed,
    PortalTimeout,
    ProfileMismatch,
)
from shared.utils import utc_now

log = structlog.get_logger()

_NOTHING_FAILED = (ClaimLost, NothingClicked, PortalClosed)
"""What ends the work on a batch without anything on a page being wrong."""


@dataclass(frozen=True)
class _Clicked:
    """A click that was made: its intent, and what the portal said first."""

    intent: Intent
    word: Word


class BatchApprovalService:
    """Does one action with batches on one portal, with the evidence in one folder."""

    def __init__(self, portal: Portal, evidence: EvidenceFolder, action: str = "approve") -> None:
        """`portal` is logged in; `action` is one that its profile names.

        Raises ProfileMismatch if it does not.
        """
        self._portal = portal
        self._evidence = evidence
        self._name = action
        self._action = portal.profile.action(action)
        self._conclusion = Conclusion(portal.profile, self._action, portal.username)
        self._witness = Witness(portal, evidence)
        self._told: AgentError | None = None

    def act(self, claim: Claim, remark: str) -> ItemOutcome:
        """Bring the claimed batch to an outcome; `claim.key` is spelled as the portal prints it.

        Intents of earlier attempts are resolved before anything is clicked. Raises
        ApplicationError where trying again later makes sense, FatalError where the whole task
        cannot go on, ClaimLost, and NothingClicked where nothing may be. An intent left open by
        any of them has to be resolved.
        """
        return self._worked_on(claim, lambda: self._resolve(claim) or self._act(claim, remark))

    def review(self, claim: Claim) -> ItemOutcome:
        """Look at the claimed batch and tell what the action would do; nothing is clicked.

        `reviewed` means it would be done; any other status is the batch's outcome already.
        Raises what `act` raises.
        """
        return self._worked_on(claim, lambda: self._resolve(claim) or self._review(claim))

    def look_again(self, claim: Claim) -> LateFinding:
        """Read once more a batch that ended in doubt; `claim` holds all its intents as open.

        Raises what `act` raises where nothing was seen.
        """
        try:
            reading = self._look(claim).reading
        finally:
            self._portal.served_item()
        markers = tuple(intent.marker for intent in claim.open_intents)
        return self._conclusion.late(self._judge(reading, markers), reading)

    def _worked_on(self, claim: Claim, work: Callable[[], ItemOutcome]) -> ItemOutcome:
        began = time.monotonic()
        try:
            outcome = work()
        except _NOTHING_FAILED:
            raise
        except AgentError as error:
            log.warning("approval_failed", key=claim.key, code=error.code, why=error.message)
            if error is not self._told:
                place = Place.of_error(error, self._portal.profile, claim.key)
                self._tell(claim, error, place, self._witness.look(place))
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

    def _act(self, claim: Claim, remark: str) -> ItemOutcome:
        if not claim.may_act:
            raise NothingClicked(f"{claim.key} was not clicked.")
        page = self._look(claim)
        nothing = self._nothing_to_click(claim, page.reading)
        if nothing is not None:
            self._show_if_possible(claim, EvidenceKind.BEFORE)
            return nothing
        self._show(claim, EvidenceKind.BEFORE)
        self._evidence.reserve()
        try:
            clicked = self._click(claim, page, remark)
            logins = self._portal.logins
            reading = self._look(claim).reading
            if self._portal.logins > logins:
                # Whoever is logged out is refused, whatever the batch: that says nothing of it.
                clicked = replace(clicked, word=Word("lost"))
        except AgentError:
            self._portal.leave_page()
            raise
        return self._read_back(claim, clicked, reading)

    def _nothing_to_click(self, claim: Claim, reading: Reading) -> ItemOutcome | None:
        stands = reading.condition in (Condition.MAY_BE_DONE, Condition.MAY_NOT_BE_DONE)
        if stands and claim.review is not None and not claim.review.still_holds(reading):
            return self._conclusion.changed(claim.review, reading)
        if reading.condition is Condition.MAY_BE_DONE:
            return None
        return self._conclusion.nothing_to_click(claim.key, reading)

    def _look(self, claim: Claim) -> BatchPage:
        page: BatchPage = self._portal.logged_in_again(
            lambda: self._portal.open_batch(claim.key, self._action.name)
        )
        claim.note_reading(page.reading)
        return page

    def _show(self, claim: Claim, kind: EvidenceKind) -> None:
        claim.note_evidence(self._evidence.take(self._portal, kind, claim.key, claim.attempt))

    def _show_if_possible(self, claim: Claim, kind: EvidenceKind) -> None:
        """For what is known already: without its picture it is no less true."""
        try:
            self._show(claim, kind)
        except AgentError as error:
            log.warning("picture_missing", key=claim.key, kind=kind.value, why=error.message)
            claim.note_missing(MissingPicture(kind, error.message, utc_now()))

    def _tell(self, claim: Claim, error: AgentError, place: Place, sight: Sight) -> None:
        """Keep what was seen when something failed."""
        self._told = error
        for piece in self._witness.keep(error, place, sight, claim.key, claim.attempt):
            claim.note_evidence(piece)

    def _review(self, claim: Claim) -> ItemOutcome:
        if not claim.may_act:
            raise NothingClicked(f"{claim.key} was not clicked.")
        page = self._look(claim)
        reading = page.reading
        self._show(claim, EvidenceKind.BEFORE)
        if reading.condition is not Condition.MAY_BE_DONE:
            return self._conclusion.nothing_to_click(claim.key, reading)
        if not page.offers_action:
            return self._conclusion.not_offered(page.first_step, reading)
        return self._conclusion.to_review(reading)

    def _click(self, claim: Claim, page: BatchPage, remark: str) -> _Clicked:
        timings = self._portal.profile.timings
        budget = timings.click_budget
        # The page's clock was read with the batch, before the intent: the permit ends no later.
        intent = claim.state_intent(
            IntentTerms(
                click_budget=budget,
                settle=timings.settle,
                session=self._portal.session_name,
                browser=self._portal.browser_name,
                permit_ends=page.permit_ends(budget),
            )
        )
        page.keep = lambda file, kind: self._keep(claim, file, kind)
        clicking = False
        try:
            with page.aim(remark, f"[{intent.marker}]", budget) as aim:
                if aim.is_late:
                    raise PortalTimeout(NOT_READY)
                claim.check()
                clicking = True
                aim.fire()
        except AgentError as error:
            reason = error if clicking else self._not_clicked(claim, intent, page, error)
            if reason is not error:
                raise reason from error
            raise
        return _Clicked(intent, self._hear(page, budget))

    def _keep(self, claim: Claim, file: Download, kind: FileKind) -> None:
        kept = self._evidence.keep(
            lambda into: copyfile(file.path, into), file.name or "file", kind.content_type
        )
        claim.note_evidence(kept)

    def _not_clicked(
        self, claim: Claim, intent: Intent, page: BatchPage, error: AgentError
    ) -> AgentError:
        """The click with the effect was not made, and nothing of this intent ever will be.

        What an earlier step set off nobody knows: then the intent stays open until it is read,
        here if the whole task ends with this. Returns what the attempt ends with: `error`, or
        PageChanged if a step found nothing because somebody else was first.
        """
        place = Place.of_step(page, self._name, self._action)
        sight = self._leave(page, error, place)
        if not page.touched:
            claim.close_intents(Verdict.NOT_TAKEN)
        moved = isinstance(error, ProfileMismatch) and page.leads_away and self._moved(claim, page)
        reason = PageChanged(f"{moved} {error.message}") if moved else error
        if isinstance(reason, FatalError) and page.touched and self._may_click_again:
            self._close_if_pending(claim, intent)
        if sight is not None:
            self._tell(claim, reason, place, sight)
        return reason

    def _moved(self, claim: Claim, page: BatchPage) -> str:
        """What has become of the batch since it was read; nothing if it is as it was.

        Whoever was first takes away what a step uses, also on a page that does not show the batch.
        """
        before = page.reading
        with suppress(AgentError):
            now = self._look(claim).reading
            if (now.words, now.condition) != (before.words, before.condition):
                return f"The batch changed before the click. The portal shows {now.words!r} by now."
        return ""

    def _close_if_pending(self, claim: Claim, intent: Intent) -> None:
        with suppress(AgentError):
            claim.wait_until(time.monotonic() + intent.settle)
            reading = self._look(claim).reading
            if self._judge(reading, (intent.marker,)) is Finding.PENDING:
                claim.close_intents(Verdict.NOT_TAKEN)

    def _leave(self, page: BatchPage, error: AgentError, place: Place) -> Sight | None:
        """Leave the page, after a look at it unless it has a permit: that one is left at once."""
        try:
            if page.has_permit or isinstance(error, _NOTHING_FAILED):
                return None
            return self._witness.look(place)
        finally:
            with suppress(BrowserDied):
                self._portal.leave_page()

    @property
    def _may_click_again(self) -> bool:
        return self._portal.profile.reclick is Reclick.AFTER_SETTLE

    def _hear(self, page: BatchPage, budget: float) -> Word:
        try:
            return page.hear(budget)
        except (ApplicationError, ProfileMismatch):
            # No word means nothing; reading back decides, or fails with a better reason.
            return Word("silence")

    # -- reading back -------------------------------------------------------------------------

    def _read_back(self, claim: Claim, clicked: _Clicked, reading: Reading) -> ItemOutcome:
        """What became of our click, told by fresh loads alone; the portal's word is a hint.

        `reading` is the first one, whose load left the page we clicked on.
        """
        profile = self._portal.profile
        markers = (clicked.intent.marker,)
        finding = self._judge(reading, markers)
        if not is_certain(finding, profile, self._action):
            # The page we clicked on was left: since then no request of ours can leave.
            claim.wait_until(time.monotonic() + profile.timings.settle)
            reading = self._look(claim).reading
            finding = self._judge(reading, markers)
        self._show_if_possible(claim, EvidenceKind.AFTER)
        if finding is Finding.PENDING:
            return self._still_pending(claim, clicked.word, reading)
        return self._conclusion.settled(finding, reading, [clicked.intent], clicks=1)

    def _still_pending(self, claim: Claim, word: Word, reading: Reading) -> ItemOutcome:
        passing = any(text in word.text for text in self._action.outcomes.passing)
        if word.signal == "refused" and not passing:
            return self._conclusion.refused(word.text, reading)
        if not self._may_click_again:
            # Without a verdict: whoever works on this batch next reads it, and never clicks.
            told = f"The portal still shows {reading.words!r} after our click. {word.told}".strip()
            return self._conclusion.unverified(told, reading, clicks=1)
        claim.close_intents(Verdict.NOT_TAKEN)
        said = f" It says: {word.text}" if word.text else ""
        raise ApplicationError(f"The portal did not take it.{said}")

    def _judge(self, reading: Reading, markers: tuple[str, ...]) -> Finding:
        return judge(reading, markers, self._portal.profile, self._action)

    # -- resolving ----------------------------------------------------------------------------

    def _resolve(self, claim: Claim) -> ItemOutcome | None:
        """Settle intents of earlier attempts by reading alone; None if the way is free."""
        intents = claim.open_intents
        if not intents:
            return None
        markers = tuple(intent.marker for intent in intents)
        reading = self._look(claim).reading
        finding = self._judge(reading, markers)
        if finding is not Finding.OURS or len(intents) > 1:
            claim.wait_until(max(i.seen_at + i.click_budget + i.settle for i in intents))
            reading = self._look(claim).reading
            finding = self._judge(reading, markers)
        log.info("intents_resolved", key=claim.key, count=len(intents), finding=finding.name)
        if finding is Finding.PENDING and self._may_click_again:
            claim.close_intents(Verdict.NOT_TAKEN)
            return None
        self._show_if_possible(claim, EvidenceKind.AFTER)
        if finding is Finding.PENDING:
            told = f"The portal shows {reading.words!r} after an earlier click."
            return self._conclusion.unverified(told, reading)
        return self._conclusion.settled(finding, reading, intents, clicks=0)
