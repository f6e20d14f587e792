"""The main job, end to end: pending batches approved in a real browser, each one proved."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from launcher import browser
from launcher.api_client import ApiClient
from launcher.demo_view import DemoView
from launcher.environment import ROOT
from launcher.interruption import interrupted_once
from launcher.system import PracticeSystem

INTERRUPTED = 130


def run_demo(batches: int, keep: bool, console: Console) -> int:
    """Run the demo and return its exit status: 0 only if the portal and we count the same.

    Whatever happens, nothing is left but the evidence. Raises LauncherError.
    """
    view = DemoView(console)
    with interrupted_once():
        system = None
        try:
            browser.ensure()
            results = ROOT / "results" / f"demo-{datetime.now():%Y%m%d-%H%M%S-%f}"
            system = PracticeSystem(batches=batches, settings={"RESULTS_DIR": str(results)})
            try:
                return _approve_all(system, batches, keep, view)
            finally:
                system.close()
        except KeyboardInterrupt:
            view.say("interrupted: ending everything")
            if system:
                system.close()
            return INTERRUPTED


def _approve_all(system: PracticeSystem, batches: int, keep: bool, view: DemoView) -> int:
    view.say("starting the practice portal, Redis, the orchestrator and a worker")
    system.start()
    view.say(f"the portal at {system.portal_url} has {batches} pending batches: approving them")
    with ApiClient(system.api_url, system.api_key) as client:
        task_id = client.assign("approve_batches", {"all_pending": True})
        with view.following(batches):
            for event in client.follow(task_id, system.check):
                if event["type"] == "item":
                    view.show_item(event["data"])
        result = client.result(task_id)
    agreed = _prove(result, system, batches, view)
    if keep:
        _stay(system, view)
    return 0 if agreed else 1


def _prove(result: dict[str, Any], system: PracticeSystem, batches: int, view: DemoView) -> bool:
    """Show both counts and tell whether they agree that every batch was approved once."""
    truth, ours = system.truth(), result["result"]["counts"]
    view.show_items(result["result"]["items"], system.results)
    view.show_counts(ours, truth)
    view.show_links(_what_stays(system.results))
    if result["error"]:
        view.say(f"the task failed: {result['error']}")
    once = truth["approved"] == truth["approvals"] == truth["approve_posts"] == batches
    if once and truth["double_approved"] == 0 and ours.get("approved", 0) == batches:
        view.say(f"both counts agree: {batches} batches, each approved exactly once")
        return True
    view.say("the counts DISAGREE, or not every batch was approved exactly once")
    return False


def _what_stays(results: Path) -> dict[str, str]:
    return {"evidence": f"{results.relative_to(ROOT)}/", "open": results.as_uri()}


def _stay(system: PracticeSystem, view: DemoView) -> None:
    """Leave everything running until Ctrl-C."""
    view.say("everything keeps running; Ctrl-C ends it")
    view.show_links(
        {
            "API": system.api_url,
            "API documentation": f"{system.api_url}/docs",
            "x-api-key": system.api_key,
            "practice portal": f"{system.portal_url}/login",
            "portal user": system.portal.username,
            "portal password": system.portal.password,
            "portal's truth": f"{system.truth_url}/truth/summary",
        }
    )
    while True:
        system.check()
        time.sleep(1)
