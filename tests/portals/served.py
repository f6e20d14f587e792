"""Serves one application until Ctrl-C, for whoever writes its profile."""

from __future__ import annotations

import signal
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.portals.application import Application

ENDS = {signal.SIGINT, signal.SIGTERM}


def serve(application: type[Application]) -> None:
    """Install, seed and start it, print where it is, and keep it running."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    with TemporaryDirectory(prefix=f"{application.name}-") as folder:
        served = application(Path(folder))
        served.install()
        served.start()
        who = served.credentials
        print(f"{served.url}  {who.username}  {who.password}", flush=True)
        try:
            signal.sigwait(ENDS)
        finally:
            served.stop()
