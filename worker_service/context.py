"""What a task type may use while it works: the settings, a warm browser, a place for evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from automation_service.evidence import EvidenceFolder
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from automation_service.warm_browser import WarmBrowser
from automation_service.witness import Place, Witness
from shared.config import Settings
from shared.contracts import Evidence
from shared.errors import AgentError
from shared.record import Record, items
from worker_service.admission import Admission
from worker_service.login_gate import RecordLoginGate
from worker_service.origin import origin_of
from worker_service.pace import RecordPacer, Turns
from worker_service.time_limits import TimeLimits


@dataclass(frozen=True)
class TaskContext:
    """The surroundings of one task on one slot."""

    task_id: str
    slot_id: str
    settings: Settings
    record: Record
    browser: WarmBrowser
    profile: Callable[[str], Profile]
    """The portal profile of a name. Raises ProfileMismatch if there is none that can be used."""
    limits: TimeLimits
    turns: Turns = field(default_factory=dict)
    """What the slot's process knows of the pace of portals."""
    kept: list[Evidence] = field(default_factory=list)
    """What is to be kept with a task whose planning failed."""
    planning: int = 1
    """Which attempt at planning it is, from 1."""

    def portal(
        self,
        profile: Profile,
        base_url: str,
        credentials: Credentials,
        still_wanted: Callable[[], None] = lambda: None,
    ) -> Portal:
        """The portal in the warm browser, checked before use.

        Logging in, and every page, waits for its turn until `still_wanted` raises. Raises
        PortalClosed, before there is a browser, if the portal may not be used now.
        """
        origin = origin_of(base_url)
        admission = Admission(self.record, self.browser, self.task_id, self.slot_id)
        admission.enter(profile, origin, credentials.username)
        gate = RecordLoginGate(self.record, base_url, credentials, self.slot_id, still_wanted)
        per_second = profile.site.pace.requests_per_second
        pacer = RecordPacer(self.record, origin, per_second, self.turns, still_wanted)
        try:
            return self.browser.portal(profile, base_url, credentials, gate, pacer)
        finally:
            admission.note_browser(profile)

    def evidence(self) -> EvidenceFolder:
        """Where this task's pictures and files go."""
        return EvidenceFolder(self.settings.results_dir, self.task_id)

    def seen(self, error: AgentError, place: Place, key: str, attempt: int) -> list[Evidence]:
        """What the browser shows of what failed at this place of the portal it is at, kept."""
        portal = self.browser.current
        if portal is None:
            return []
        witness = Witness(portal, self.evidence())
        is_last = attempt >= self.settings.max_attempts
        return witness.keep(error, place, witness.look(place), key, attempt, is_last=is_last)

    def open_elsewhere(self, portal: str, action: str) -> set[str]:
        """Keys that another open task is still to work on."""
        with self.record.read() as connection:
            return items.open_elsewhere(connection, self.task_id, portal, action)
