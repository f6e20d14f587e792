"""`python -m tests.faults.worker`: the worker, unchanged, with fail points around it."""

from __future__ import annotations

import sys

from tests.faults import driver_line, fail_points, sabotage
from worker_service.main import main

if __name__ == "__main__":
    driver_line.install_in_worker()
    sabotage.install_in_worker()
    fail_points.install_in_worker()
    sys.exit(main())
