"""`python -m tests.model`: search every model, remove each safeguard, and print what was found."""

from __future__ import annotations

import sys

from tests.model.catalogue import SAFEGUARDS, WHOLE
from tests.model.checker import check


def main() -> int:
    """Print the whole models, then each safeguard with a counterexample; 0 if all is as it must."""
    sound = True
    print("With every safeguard in place")
    for name, model in WHOLE.items():
        report = check(model())
        sound = sound and report.broken is None
        print(f"  {name}: {report}")
    for safeguard in SAFEGUARDS:
        report = safeguard.removed()
        sound = sound and report.broken is not None
        print(f"\n{safeguard.without} ({safeguard.shown_by})\n  {report}")
    print(f"\n{'safeguard':<30}{'removed':<46}{'breaks':<50}shown by")
    for safeguard in SAFEGUARDS:
        print(
            f"{safeguard.name:<30}{safeguard.without:<46}{safeguard.breaks:<50}{safeguard.shown_by}"
        )
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
