"""Every operation does what its schema says, whatever the schema allows and does not allow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.orchestrator_service.running_edge import RunningEdge

EXAMPLES = 5
SECONDS = 100


@pytest.mark.usefixtures("author")
def test_every_operation_answers_as_its_schema_says(edge: RunningEdge, tmp_path: Path) -> None:
    # Given a task to ask about
    edge.assign()
    # When everything is asked that the schema allows, or just does not, with and without a key
    program = Path(sys.executable).with_name("schemathesis")
    options = [
        *("--header", f"x-api-key: {edge.key}"),
        *("--max-examples", str(EXAMPLES)),
        *("--seed", "1"),
        # Which params and cursors are good is more than a schema of all task types can say.
        *("--exclude-checks", "positive_data_acceptance"),
        "--no-color",
    ]
    run = subprocess.run(
        [str(program), "run", f"{edge.url}/openapi.json", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    # Then every answer is of a status, type and shape that the schema names, and none is a 5xx
    assert run.returncode == 0, run.stdout
