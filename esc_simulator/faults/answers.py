"""Faults of the portal's answers: late, wrong, lost or none."""

from typing import Literal

from esc_simulator.faults.fault import Fault, FaultAtStep, Milliseconds, Step


class Latency(Fault):
    """`ms` are added before each portal page is answered."""

    kind: Literal["latency"] = "latency"
    ms: Milliseconds


class AccountSlow(Fault):
    """`ms` are added to signing in and to every page of who is signed in, and to no other."""

    kind: Literal["account_slow"] = "account_slow"
    ms: Milliseconds


class ServerError(FaultAtStep):
    """The step is answered with `http` instead: 500 by the portal, the others by its gateway."""

    kind: Literal["server_error"] = "server_error"
    step: Step
    http: Literal[500, 502, 503, 504] = 500


class Hang(FaultAtStep):
    """The step is never answered."""

    kind: Literal["hang"] = "hang"
    step: Step


class ResponseLost(Fault):
    """The decision is stored, then the connection closes without a word."""

    kind: Literal["response_lost"] = "response_lost"


class SuccessWithoutEffect(Fault):
    """Deciding answers success and stores nothing."""

    kind: Literal["success_without_effect"] = "success_without_effect"


class SessionDropped(FaultAtStep):
    """The officer's session ends at the step, which is answered in this `form`."""

    kind: Literal["session_dropped"] = "session_dropped"
    step: Literal["look", "approve", "reject", "stored", "read_back", "generate", "download"]
    form: Literal["login", "forbidden", "public"] = "login"
