"""How far this program steps back for others on a busy machine.

Linux weighs sessions against each other before it weighs the processes in them (sched(7), "The
autogroup feature"). So whoever leads a session has to set that back too: beside other sessions the
niceness of a process alone counts for nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def step_back(niceness: int) -> None:
    """Let others go first: from 0, not at all, to 19. Never steps forward; children inherit it."""
    stepped = max(os.getpriority(os.PRIO_PROCESS, 0), niceness)
    os.setpriority(os.PRIO_PROCESS, 0, stepped)
    if os.getsid(0) == os.getpid():
        set_session_back(os.getpid())


def set_session_back(leader: int) -> None:
    """Let the session that process `leader` began step back as far as this process does."""
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    if niceness > 0:
        # Not every kernel has it, and not every container may write it: then nobody steps back.
        with suppress(OSError):
            Path(f"/proc/{leader}/autogroup").write_text(str(niceness), encoding="ascii")
