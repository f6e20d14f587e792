"""A profile tried on the live portal: all the way to the step with the effect, and not that one."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.inspection.marks import Named, batch_marks, listing_marks, login_marks
from automation_service.inspection.stage import Stage
from automation_service.pace import OwnPace
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from automation_service.step_trial import StepTrial
from automation_service.trial_notes import TrialNotes
from shared.contracts import Condition
from shared.errors import LoginRefused, SessionLost

SCROLLING_SECONDS = 0.5
"""How long a list that was scrolled is watched for other rows."""
LATE_STATUS_SECONDS = 1.0
"""How long a batch's page is watched for another status that comes after all."""
LATE_SECONDS = 3.0
"""How long a list that seems empty is watched for rows that come after all."""


class _FreeGate:
    """Nobody else logs in: a trial is one person's."""

    def turn(self) -> nullcontext[None]:
        """It is always our turn."""
        return nullcontext()

    def refused(self, error: LoginRefused) -> None:
        """The trial ends with it anyway."""


class Trial:
    """One trial of one profile, in a browser of its own."""

    def __init__(
        self,
        browser: Browser,
        profile: Profile,
        base_url: str,
        credentials: Credentials,
        action: str = "approve",
    ) -> None:
        """Nothing is asked of the portal yet.

        Raises ProfileMismatch if the profile does not know the action.
        """
        self._action = profile.action(action)
        self._browser = browser
        self._profile = profile
        self._base_url = base_url.rstrip("/")
        browser.mask.cover(credentials.password)
        self._portal = Portal(browser, profile, base_url, credentials, _FreeGate())
        self._portal.pace(OwnPace(profile.site.pace.requests_per_second))
        patience = profile.timings.step or browser.options.timeout
        self._notes = TrialNotes(browser, patience)
        self._first = ""

    @property
    def stages(self) -> list[Stage]:
        """What was seen so far, in order."""
        return self._notes.stages

    def run(self, key: str | None) -> bool:
        """Log in, find the batch, open it and go up to its last step; True if nothing failed.

        Without `key` it is the first of the batches that wait.
        """
        return (
            self._done(self._see_form)
            and self._done(self._log_in)
            and self._done(lambda: self._list(key))
            and self._done(lambda: self._open(key))
        )

    def _done(self, work: Any) -> bool:
        work()
        return not self.stages[-1].fault

    # -- the stages ---------------------------------------------------------------------------

    def _hear_question(self) -> None:
        path = self._profile.login.path
        with self._notes.stage("The question who we are, by HTTP") as stage:
            try:
                self._browser.navigate(self._base_url + path)
            except SessionLost:
                stage.told = f"{path} asks for it."
            else:
                stage.fault = f"{path} does not ask: it let us in without."

    def _see_form(self) -> None:
        login, session = self._profile.login, self._profile.session
        if login.http:
            self._hear_question()
            return
        with self._notes.stage("The login form") as stage:
            self._browser.navigate(self._base_url + login.path)
            # Where the password is asked for later it cannot be there yet.
            first = login.username if login.next and login.username else login.password
            assert first is not None
            seen = self._notes.elements.ask("awaited", {"at": first.model_dump()})
            if not seen["shown"]:
                stage.fault = f"There is no field at {first}."
            marks = login_marks(self._profile)
            never: Named = {"session.logged_in": (session.logged_in, None)}
            if login.success is not None:
                never["login.success"] = (login.success, None)
            answers = self._notes.ask("examine", {**marks, **never})
            for name in never:
                if answers[name]["shown"]:
                    stage.warnings.append(f"{name} is there although nobody is logged in")
            self._notes.look(stage, marks)

    def _log_in(self) -> None:
        inside: Named = {"session.logged_in": (self._profile.session.logged_in, None)}
        success = self._profile.login.success
        awaited: Named = {} if success is None else {"login.success": (success, None)}
        with self._notes.stage("Logging in", {**inside, **awaited}) as stage:
            self._portal.log_in()
            stage.told = f"Logged in as {self._portal.username}."
            self._notes.look(stage, inside)

    def _list(self, key: str | None) -> None:
        marks = listing_marks("pending", self._profile.pending)
        with self._notes.stage("The list of batches that wait", marks) as stage:
            keys = self._portal.pending(1)
            stage.told = f"It begins with {keys[0]}." if keys else "Nothing waits."
            if not keys and key is None:
                stage.fault = "Nothing waits; name a batch with --key."
            self._first = keys[0] if keys else ""
            if not keys:
                self._warn_of_late_rows(stage)
            self._notes.look(stage, marks, expected=bool(keys))
            if keys and not self._profile.pending.scrolls:
                self._warn_of_rows_out_of_sight(stage)
            if keys and self._profile.pending.goes_on:
                rows = next(mark.count for mark in stage.marks if mark.name == "pending.row")
                stage.told += self._next_page(rows)

    def _next_page(self, rows: int) -> str:
        """Go on where the list does; a sentence about it. `rows` are those of the first page."""
        keys = self._portal.pending(rows + 1)
        return f" Its next page begins with {keys[rows]}." if len(keys) > rows else ""

    def _warn_of_rows_out_of_sight(self, stage: Stage) -> None:
        about = {"listing": self._profile.pending.model_dump()}
        if self._notes.elements.ask("scroll", about, SCROLLING_SECONDS)["more"]:
            stage.warnings.append(
                "pending: other rows came as the list was scrolled; without 'scrolls: true' "
                "they are passed over"
            )

    def _warn_of_late_rows(self, stage: Stage) -> None:
        about = {"listing": self._profile.pending.model_dump()}
        count = self._notes.elements.ask("late", about, LATE_SECONDS)["count"]
        if count:
            stage.warnings.append(
                f"pending: {count} came after the list had seemed whole: what 'ready' or 'empty' "
                "names shows before the rows do"
            )

    def _open(self, key: str | None) -> None:
        key = self._profile.canonical_key(key or self._first)
        page = None
        marks = batch_marks(self._profile)
        began = time.monotonic()
        with self._notes.stage(f"The page of batch {key}", marks, {"key": key}) as stage:
            page = self._portal.open_batch(key, self._action.name)
            stage.seconds = time.monotonic() - began
            reading = page.reading
            if reading.condition is Condition.MISSING:
                shown = f" A page shows {reading.printed_key!r}." if reading.printed_key else ""
                stage.fault = f"The portal has no batch {key}.{shown}"
            stage.told = f"The portal shows it as {reading.words!r}: {reading.condition.value}."
            if self._profile.batch.listed(reading.words) is None:
                stage.warnings.append(f"batch.words does not list {reading.words!r}")
            self._warn_of_late_status(stage, page)
            self._notes.look(stage, batch_marks(self._profile, page.batch), values=page.values)
        if page is not None and not stage.fault:
            self._walk(page)

    def _warn_of_late_status(self, stage: Stage, page: BatchPage) -> None:
        words = page.reading.words
        if page.reading.condition is Condition.MISSING or not words:
            return
        about = {"at": page.batch.status.model_dump(), "was": words, "values": page.values}
        became = self._notes.elements.ask("becomes", about, LATE_STATUS_SECONDS)["now"]
        if became is not None:
            stage.warnings.append(
                f"batch.status: {words!r} was read, and then it became {became!r}: 'ready' is to "
                "name what shows no sooner than that"
            )

    def _walk(self, page: BatchPage) -> None:
        if page.reading.condition is Condition.MAY_BE_DONE:
            steps = StepTrial(self._browser, self._notes, page, len(self._action.steps))
            looked = time.monotonic() - page.read_by
            steps.run(self._profile.timings.click_budget + looked)
            return
        with self._notes.stage("The steps, up to the one with the effect") as stage:
            stage.fault = "No step was tried: this batch is not in a state for it."
