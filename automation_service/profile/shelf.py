"""Every profile there is by name: an operator's files first, then those that come with us."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from automation_service.profile.document import PROFILES, digest_of, load_profile
from automation_service.profile.profile import Profile
from automation_service.yaml_document import read_yaml
from shared.errors import ConfigurationError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class ShelfUnreadable(ConfigurationError):
    """The folder of profiles is there and cannot be read just now."""


class ProfileShelf:
    """Profiles by name. A file that is new or changed counts from the next time it is asked for.

    A folder that is taken away takes its profiles along. One that cannot be read takes nothing:
    nobody knows what is in it now, so what may be in it waits, and what was not goes on.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is the operator's; it may be missing."""
        self._folder = folder
        self._read: dict[Path, Profile] = {}
        self._listed: set[str] | None = None

    def names(self) -> tuple[str, ...]:
        """Every name there is a file for, sorted; whether the file can be used shows later.

        Raises ShelfUnreadable if the folder cannot be read.
        """
        return tuple(sorted({*self._own_names(), *_names_in(PROFILES)}))

    def profile(self, name: str) -> Profile:
        """The profile of this name, as its file is now.

        Raises ConfigurationError naming the known ones if there is none, and one with file, line
        and column if the file cannot be used; ShelfUnreadable if nobody knows what is there now.
        """
        file = self._file(name)
        kept = self._read.get(file)
        if kept is None or kept.sha256 != _digest_now(file, kept.companions):
            try:
                kept = load_profile(file)
            except ConfigurationError:
                self._own_names()
                raise
            self._read[file] = kept
        if kept.name != name:
            where = read_yaml(file).where(["name"])
            raise ConfigurationError(
                f"{where}: name: it is {kept.name!r}, but the file is called {file.name}; "
                "both must say the same"
            )
        return kept

    def _file(self, name: str) -> Path:
        # The name becomes a path only if it can lead nowhere else.
        if _NAME.fullmatch(name):
            built_in = name in _names_in(PROFILES)
            try:
                own = self._own_names()
            except ShelfUnreadable:
                if not built_in or self._listed is None or name in self._listed:
                    raise
                own = self._listed
            if name in own:
                return self._folder / f"{name}.yaml"
            if built_in:
                return PROFILES / f"{name}.yaml"
        known = ", ".join(self.names())
        raise ConfigurationError(f"There is no portal {name!r}; known are: {known}.")

    def _own_names(self) -> set[str]:
        self._listed = _names_in(self._folder)
        return self._listed


def _names_in(folder: Path) -> set[str]:
    try:
        stems = {Path(file).stem for file in os.listdir(folder) if file.endswith(".yaml")}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise ShelfUnreadable(f"{folder} cannot be read: {error.strerror}") from None
    return {stem for stem in stems if _NAME.fullmatch(stem)}


def _digest_now(file: Path, companions: tuple[str, ...]) -> str | None:
    """What `Profile.sha256` would be now; None if a file is gone, which reading then tells."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return digest_of(digest, [(file.parent / name).read_bytes() for name in companions])
    except OSError:
        return None
