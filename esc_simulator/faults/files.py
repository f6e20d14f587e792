"""Faults of the files that the portal makes and sends."""

from typing import Literal

from esc_simulator.faults.fault import Fault, Milliseconds


class SlowGeneration(Fault):
    """Making each certificate, or a report, takes `ms` longer."""

    kind: Literal["slow_generation"] = "slow_generation"
    ms: Milliseconds


class HalfFile(Fault):
    """A download closes after half of the file."""

    kind: Literal["half_file"] = "half_file"


class StalledDownload(Fault):
    """A download sends half of the file and then nothing any more."""

    kind: Literal["stalled_download"] = "stalled_download"


class MixedUpFile(Fault):
    """A certificate's download sends that of another trainee of the batch."""

    kind: Literal["mixed_up_file"] = "mixed_up_file"


class EmptyReport(Fault):
    """A report is made without a row, whatever there is."""

    kind: Literal["empty_report"] = "empty_report"
