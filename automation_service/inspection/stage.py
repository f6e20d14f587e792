"""What a trial saw: one stage after another, each with the marks that were looked for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mark:
    """One thing that a profile names, and what was found there.

    `count` is how many elements fit, `shown` how many of them show. `value` is what was read, and
    None where nothing is.
    """

    name: str
    locator: str
    count: int
    shown: int
    value: str | None
    warnings: tuple[str, ...] = ()


@dataclass
class Stage:
    """A part of the way to the effect.

    `seconds` is how long it took. `fault` tells why it went no further, and `alike` what on the
    page looks like what was not found. `picture` is a JPEG with everything outlined.
    """

    title: str
    marks: list[Mark] = field(default_factory=list)
    seconds: float = 0.0
    told: str = ""
    fault: str = ""
    warnings: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    picture: bytes | None = None

    @property
    def all_warnings(self) -> list[str]:
        """Those of the stage and those of its marks, with their names."""
        return [
            *self.warnings,
            *(f"{mark.name}: {warning}" for mark in self.marks for warning in mark.warnings),
        ]
