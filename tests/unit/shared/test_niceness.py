"""A program that steps back does so beside other sessions too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from launcher.environment import ROOT

AUTOGROUP = Path("/proc/self/autogroup")
STEPS_BACK = """
import os, subprocess, sys
from pathlib import Path
from shared.niceness import set_session_back, step_back
step_back(7)
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
set_session_back(child.pid)
for pid in (os.getpid(), child.pid):
    group = Path(f"/proc/{pid}/autogroup").read_text().split()[-1]
    print(os.getpriority(os.PRIO_PROCESS, pid), group)
child.kill()
child.wait()
"""


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not group by session")
def test_its_session_and_one_it_begins_step_back_as_far_as_it_does() -> None:
    told = subprocess.run(
        [sys.executable, "-c", STEPS_BACK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.split() == ["7", "7", "7", "7"]


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not group by session")
def test_a_program_in_somebody_elses_session_leaves_that_session_alone() -> None:
    script = "from shared.niceness import step_back; step_back(7); print(open('%s').read())"
    before = AUTOGROUP.read_text()
    told = subprocess.run(
        [sys.executable, "-c", script % AUTOGROUP],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.strip() == before.strip()
