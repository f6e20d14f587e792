"""`python -m tests.faults.orchestrator`: the orchestrator with fail points around it."""

from __future__ import annotations

from orchestrator_service.main import leave, main
from tests.faults import fail_points, sabotage

if __name__ == "__main__":
    sabotage.install_in_orchestrator()
    fail_points.install_in_orchestrator()
    leave(main())
