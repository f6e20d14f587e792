"""The record: tables, migrations, and one repository a noun.

Repository functions take the connection of an open transaction, so that what belongs together is
written together; an event is written in the transaction it tells of.
"""

from shared.record.database import Record
from shared.record.migrate import migrate, why_no_record

__all__ = ["Record", "migrate", "why_no_record"]
