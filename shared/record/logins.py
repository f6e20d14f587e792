"""Logins: one row per (portal, account, credential), so that workers log in one at a time.

After one refusal nobody tries these credentials again; a changed password is another row.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, select, update

from shared.record.database import insert_if_absent
from shared.record.tables import logins


@dataclass(frozen=True)
class Account:
    """An account at a portal; `credential` is a fingerprint of the password, never the password."""

    portal: str
    account: str
    credential: str


@dataclass(frozen=True)
class LoginRow:
    """Who logs in right now, and whether the portal refused these credentials."""

    fence: int
    holder: str | None
    refused: str | None
    refused_detail: str | None


def get(connection: Connection, account: Account) -> LoginRow:
    """The account's row, made if it is new."""
    insert_if_absent(
        connection,
        logins,
        {
            "portal": account.portal,
            "account": account.account,
            "credential": account.credential,
            "fence": 0,
        },
    )
    row = connection.execute(select(logins).where(_is(account))).one()
    return LoginRow(row.fence, row.holder, row.refused, row.refused_detail)


def take(connection: Connection, account: Account, holder: str, seen: LoginRow) -> bool:
    """Take the turn to log in, if the row is still as `seen`; `seen` may be a dead holder's."""
    result = connection.execute(
        update(logins)
        .where(
            _is(account),
            logins.c.fence == seen.fence,
            logins.c.refused.is_(None),
        )
        .values(holder=holder, fence=logins.c.fence + 1)
    )
    return result.rowcount == 1


def free(connection: Connection, holder: str) -> None:
    """Give back whatever turn this holder has."""
    connection.execute(update(logins).where(logins.c.holder == holder).values(holder=None))


def refuse(connection: Connection, account: Account, code: str, detail: str) -> None:
    """The portal refused these credentials: nobody tries them again."""
    connection.execute(
        update(logins)
        .where(_is(account), logins.c.refused.is_(None))
        .values(refused=code, refused_detail=detail)
    )


def _is(account: Account) -> ColumnElement[bool]:
    return and_(
        logins.c.portal == account.portal,
        logins.c.account == account.account,
        logins.c.credential == account.credential,
    )
