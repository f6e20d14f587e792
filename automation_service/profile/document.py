"""Profiles as files: how one is read, and how its faults are told."""

from __future__ import annotations

import hashlib
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
    return _with_ways(profile, document, path)


def _with_ways(profile: Profile, document: YamlDocument, path: Path) -> Profile:
    """The profile with what it is made of: its file, and the one beside it if it names one."""
    if profile.ways is None:
        return profile.made_of(document.sha256)
    file = path.parent / profile.ways
    try:
        code = file.read_bytes()
    except OSError as error:
        place = document.where(["ways"])
        raise ConfigurationError(f"{place}: ways: {file.name}: {error.strerror}") from None
    both = hashlib.sha256(document.sha256.encode() + code)
    return profile.made_of(both.hexdigest(), file)


def builtin_profile(name: str) -> Profile:
    """The profile called `name` among those that come with the project.

    Raises ConfigurationError naming the known ones if there is none of that name.
    """
    known = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if name not in known:
        raise ConfigurationError(f"There is no profile {name!r}; known are: {', '.join(known)}.")
    return load_profile(PROFILES / f"{name}.yaml")
