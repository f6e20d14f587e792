"""The portal's parts, as its pages and the truth ask for them."""

from itertools import count
from typing import Annotated

from fastapi import Depends, Request

from esc_simulator.accounts import Accounts
from esc_simulator.batch_register import BatchRegister
from esc_simulator.database import Database
from esc_simulator.faults.in_force import Faults
from esc_simulator.files.certificates import CertificateRegister
from esc_simulator.files.reports import ReportRegister
from esc_simulator.later import Later
from esc_simulator.sessions import Sessions

_FIRST_VISITOR = 1_284_311


class Portal:
    """Everything a page or the truth may ask for."""

    def __init__(self, database: Database, session_seconds: float, latency_seconds: float) -> None:
        """Build the portal on a filled database; `latency_seconds` are added to each page."""
        self.database = database
        self.register = BatchRegister(database)
        self.certificates = CertificateRegister(database)
        self.reports = ReportRegister(database)
        self.accounts = Accounts(database)
        self.sessions = Sessions(database, session_seconds)
        self.faults = Faults()
        self.later = Later()
        self.latency_seconds = latency_seconds
        self.visitors = count(_FIRST_VISITOR)

    def close(self) -> None:
        """Forget what it would still do by itself. Nothing may be asked of it any more."""
        self.later.close()


async def _portal_of(request: Request) -> Portal:
    portal: Portal = request.app.state.portal
    return portal


ThePortal = Annotated[Portal, Depends(_portal_of)]
