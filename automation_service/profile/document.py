"""Profiles as files: how one is read, and how its faults are told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from automation_service.profile.fault import describe_faults
from automation_service.profile.profile import Profile
from automation_service.yaml_document import YamlDocument, read_yaml
from shared.errors import ConfigurationError

PROFILES = Path(__file__).resolve().parent.parent / "profiles"


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises ConfigurationError with the file, line and column of what is wrong.
    """
    document = read_yaml(path)
    try:
        profile = Profile.model_validate(document.content)
        profile.check_placeholders(document.content)
    except ValidationError as error:
        raise ConfigurationError(describe_faults(document, error, Profile)) from None
    return _with_companions(profile, document, path.parent)


def digest_of(sha256: str, companions: Iterable[bytes]) -> str:
    """The SHA-256 of a profile, of its file's and of what lies beside it, in hex digits."""
    for content in companions:
        sha256 = hashlib.sha256(sha256.encode() + content).hexdigest()
    return sha256


def _with_companions(profile: Profile, document: YamlDocument, folder: Path) -> Profile:
    """The profile with what it is made of: its file, and those beside it that it names."""
    contents = {}
    for name in profile.companions:
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            part = "ways" if name == profile.ways else "actions"
            place = document.where([part])
            raise ConfigurationError(f"{place}: {part}: {name}: {error.strerror}") from None
    sha256 = digest_of(document.sha256, contents.values())
    return profile.made_of(sha256, folder, contents)


def builtin_profile(name: str) -> Profile:
    """The profile called `name` among those that come with the project.

    Raises ConfigurationError naming the known ones if there is none of that name.
    """
    known = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if name not in known:
        raise ConfigurationError(f"There is no profile {name!r}; known are: {', '.join(known)}.")
    return load_profile(PROFILES / f"{name}.yaml")
