"""Whom a portal knows us as: from files in SECRETS_DIR, else from the settings.

A file is read whenever it is asked for, so that a password can be changed while workers run.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from automation_service.portal import Credentials
from shared.config import Settings
from shared.errors import CredentialsMissing
from shared.logging_config import hide_from_logs

PORTAL = r"^[a-z0-9][a-z0-9-]*$"
ACCOUNT = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
"""No dot and no slash: an account is a folder's name, and can lead to no other folder."""
ESC, DEFAULT = "esc", "default"
"""The portal and the account whose user name and password may be settings."""

LARGEST = 4096
"""Bytes; a larger file is no user name or password."""


def credentials_of(settings: Settings, portal: str, account: str) -> Credentials:
    """The user name and password of an account, and the password kept out of the logs from now on.

    Those of every account but esc's default one are files `username` and `password` in
    SECRETS_DIR/<portal>/<account>. Raises CredentialsMissing, which names the setting or file, if
    one is missing or unusable.
    """
    if (portal, account) == (ESC, DEFAULT):
        return portal_credentials(settings)
    for what, name, allowed in (("a portal", portal, PORTAL), ("an account", account, ACCOUNT)):
        # A name becomes a folder's name only if it can lead out of no folder.
        if not re.fullmatch(allowed.removesuffix("$"), name):
            raise CredentialsMissing(f"{name!r} cannot be the name of {what}.")
    if settings.secrets_dir is None:
        raise CredentialsMissing(
            f"SECRETS_DIR is not set: in it {portal}/{account}/username and "
            f"{portal}/{account}/password say whom the portal knows us as."
        )
    folder = settings.secrets_dir / portal / account
    found = [(folder / name, _content(folder / name)) for name in ("username", "password")]
    missing = [str(file) for file, content in found if content is None]
    if missing:
        raise CredentialsMissing(
            f"The account {account!r} of the portal {portal!r} is not known: "
            f"create {' and '.join(missing)}."
        )
    username, password = (content or "" for _, content in found)
    hide_from_logs(password)
    return Credentials(username, password)


def portal_credentials(settings: Settings) -> Credentials:
    """The officer's user name and password, and the password kept out of this process's logs.

    Raises CredentialsMissing, which names the setting or file, if one is missing or unusable.
    """
    folder, password = settings.secrets_dir, settings.esc_password.get_secret_value()
    username = _value("ESC_USERNAME", settings.esc_username, folder)
    password = _value("ESC_PASSWORD", password, folder)
    hide_from_logs(password)
    return Credentials(username, password)


def _value(name: str, setting: str, folder: Path | None) -> str:
    file = None if folder is None else folder / name.lower()
    found = None if file is None else _content(file)
    if found is None:
        found = setting
    if found:
        return found
    where = f"{name} is not set" if file is None else f"{name} is not set and {file} is not there"
    raise CredentialsMissing(f"{where}: nobody knows whom the portal knows us as.")


def _content(file: Path) -> str | None:
    """What the file holds without its last line end; None if there is no such file."""
    try:
        # Never waits: what is opened may be a pipe that nobody writes into.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsMissing(f"{file} cannot be read: {error.strerror}.") from error
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise CredentialsMissing(f"{file} is not a file.")
        if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise CredentialsMissing(f"{file} can be written by others: chmod 0400 {file}.")
        content = os.read(descriptor, LARGEST + 1)
    finally:
        os.close(descriptor)
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    # The text itself is told to nobody, wrong as it is.
    if not text or len(content) > LARGEST or "\n" in text or "\0" in text:
        raise CredentialsMissing(f"{file} should hold one line of text, and nothing else.")
    return text
