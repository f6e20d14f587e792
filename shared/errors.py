"""Every exception this project raises on purpose.

AgentError
├── ConfigurationError          a setting is wrong: the process does not start
├── RequestError                what a caller asked for cannot be done (the edge answers 4xx/5xx)
│   ├── UnknownTask
│   ├── UnknownTaskType
│   ├── InvalidParams
│   ├── IdempotencyMismatch
│   ├── StateConflict
│   └── TooManyTasks
├── BusinessError               the portal says no: never retried, the item is `refused`
│   └── BatchRefused
├── BatchNotFound               the portal has no such batch: the item is `not_found`
├── ApplicationError            passing trouble: retried with backoff, by way of resolving
│   ├── PortalTimeout
│   │   └── ProfileInDoubt
│   ├── PortalUnavailable
│   ├── PageChanged
│   ├── SessionLost
│   ├── BrowserDied
│   ├── EvidenceFailed
│   ├── DownloadFailed
│   ├── TimeIsUp
│   └── WorkerKilled
├── UnverifiedError             it may or may not have happened: stop and tell a human
├── FatalError                  ends the whole task at once
│   ├── LoginRefused
│   │   └── AccountLocked
│   ├── CredentialsMissing
│   ├── ProfileMismatch
│   ├── ParamsOutdated
│   └── TaskFailed
├── PortalClosed                it may not be used just now: the task waits, nothing was tried
├── NothingClicked              what was only to be resolved turned out not taken
├── ClaimLost                   somebody else holds the item now: stop, touch nothing
└── TransitionRefused           a task cannot go from this state to that one
"""

from __future__ import annotations

from typing import Any, ClassVar


class AgentError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    """Stable, snake_case name of the kind of fault, shown to callers and written to the record."""

    def __init__(self, message: str | None = None) -> None:
        """Say what happened; without a message the class's docstring is used."""
        super().__init__(message or (self.__doc__ or "").strip())

    @property
    def message(self) -> str:
        """The sentence a person can act on."""
        return str(self.args[0])


class ConfigurationError(AgentError):
    """A setting is wrong."""

    code = "configuration"


class RequestError(AgentError):
    """The request cannot be carried out."""

    code = "bad_request"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: list[dict[str, Any]] | None = None,
        task_id: str | None = None,
        state: str | None = None,
    ) -> None:
        """`errors` holds one {"pointer", "detail"} per fault; all three are RFC 9457 extensions."""
        super().__init__(message)
        self.errors = errors or []
        self.task_id = task_id
        self.state = state


class UnknownTask(RequestError):
    """There is no task with this id."""

    code = "unknown_task"
    status = 404
    title = "Unknown task"


class UnknownTaskType(RequestError):
    """No worker ever offered this task type."""

    code = "unknown_task_type"
    status = 404
    title = "Unknown task type"


class InvalidParams(RequestError):
    """The params do not fit the task type."""

    code = "invalid_params"
    status = 422
    title = "Invalid params"


class IdempotencyMismatch(RequestError):
    """This Idempotency-Key was used before with a different request."""

    code = "idempotency_mismatch"
    status = 422
    title = "Idempotency-Key reused"


class StateConflict(RequestError):
    """The task's state does not allow this."""

    code = "state_conflict"
    status = 409
    title = "State conflict"


class TooManyTasks(RequestError):
    """Too many tasks wait already."""

    code = "too_many_tasks"
    status = 503
    title = "Too many tasks"


class BusinessError(AgentError):
    """The portal says no."""

    code = "refused"


class BatchRefused(BusinessError):
    """The portal does not let this batch be approved."""

    code = "batch_refused"


class BatchNotFound(AgentError):
    """The portal has no such batch."""

    code = "not_found"


class ApplicationError(AgentError):
    """Passing trouble with the portal or the browser."""

    code = "application_error"


class PortalTimeout(ApplicationError):
    """The portal did not show what was awaited in time."""

    code = "portal_timeout"


class ProfileInDoubt(PortalTimeout):
    """The portal did not show what no work goes without: it is slow, or looks otherwise by now."""

    # Whoever has no attempt left takes it for a ProfileMismatch.
    code = "profile_in_doubt"


class PortalUnavailable(ApplicationError):
    """The portal answered with an error of its own or not at all."""

    code = "portal_unavailable"


class PageChanged(ApplicationError):
    """The page changed under our hands."""

    code = "page_changed"


class SessionLost(ApplicationError):
    """The portal no longer knows our login."""

    code = "session_lost"


class BrowserDied(ApplicationError):
    """The browser stopped answering."""

    code = "browser_died"


class EvidenceFailed(ApplicationError):
    """Evidence could not be stored, so nothing may be clicked."""

    code = "evidence_failed"


class DownloadFailed(ApplicationError):
    """A file did not come whole, or is not what it should be."""

    code = "download_failed"


class TimeIsUp(ApplicationError):
    """It took longer than it may."""

    code = "time_limit"


class WorkerKilled(ApplicationError):
    """The worker died while it worked on this."""

    code = "worker_killed"


class UnverifiedError(AgentError):
    """It may or may not have happened; a human must look at the portal."""

    code = "unverified"


class FatalError(AgentError):
    """The task cannot do its work at all."""

    code = "task_failed"


class LoginRefused(FatalError):
    """The portal refused our user name or password."""

    code = "login_refused"


class AccountLocked(LoginRefused):
    """The portal has locked our account."""

    code = "account_locked"


class CredentialsMissing(FatalError):
    """Nobody says whom the portal knows us as."""

    code = "credentials_missing"


class ProfileMismatch(FatalError):
    """The portal's pages do not look as the profile says."""

    code = "profile_mismatch"


class ParamsOutdated(FatalError):
    """The params do not fit the version of the task type that came after they were accepted."""

    code = "params_outdated"


class TaskFailed(FatalError):
    """The task's own work failed."""

    code = "task_failed"


class PortalClosed(AgentError):
    """The portal may not be used just now, by its hours or since others use it."""

    code = "portal_closed"

    def __init__(self, message: str | None = None, seconds: float = 0.0) -> None:
        """`seconds` is when to try again."""
        super().__init__(message)
        self.seconds = seconds


class NothingClicked(AgentError):
    """Nothing was clicked, and nothing may be."""

    code = "nothing_clicked"


class ClaimLost(AgentError):
    """Somebody else holds this item now."""

    code = "claim_lost"


class TransitionRefused(AgentError):
    """A task cannot make this transition."""

    code = "transition_refused"
