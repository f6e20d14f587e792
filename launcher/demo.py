"""The main job, end to end: pending batches approved in a real browser, each one proved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from rich.console import Console

from launcher import browser
from launcher.api_client import ApiClient
from launcher.demo_view import DemoView, is_whole
from launcher.environment import ROOT
from launcher.interruption import Interruption
from launcher.system import PracticeSystem

INTERRUPTED = 130


def run_demo(batches: int, keep: bool, console: Console) -> int:
    """Run the demo and return its exit status: 0 only if the portal and we count the same.

    Whatever happens, nothing is left but the evidence. Raises LauncherError.
    """
    view = DemoView(console)
    with Interruption() as interruption:
        system = None
        try:
            browser.ensure()
            results = ROOT / "results" / f"demo-{datetime.now():%Y%m%d-%H%M%S-%f}"
            system = PracticeSystem(batches=batches, settings={"RESULTS_DIR": str(results)})
            try:
                agreed = _approve_all(system, batches, view)
                if keep:
                    _stay(system, view)
                return 0 if agreed else 1
            finally:
                interruption.ending = True
                system.close()
        except KeyboardInterrupt:
            interruption.ending = True
            # First of all, since telling a terminal that is gone fails.
            if system:
                system.close()
            view.say("interrupted: everything is ended")
            if system and system.results.exists():
                view.show_links({"evidence": f"{system.results.relative_to(ROOT)}/"})
            return INTERRUPTED


def _approve_all(system: PracticeSystem, batches: int, view: DemoView) -> bool:
    """Approve every batch and tell whether both counts agree."""
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
    return _prove(result, system, batches, view)


def _prove(result: dict[str, Any], system: PracticeSystem, batches: int, view: DemoView) -> bool:
    """Show what happened, and tell whether every batch was approved once and is proved."""
    items, ours, truth = result["result"]["items"], result["result"]["counts"], system.truth()
    view.show_items(items, system.results)
    view.show_counts(ours, truth)
    folder = system.results / result["task_id"]
    view.show_links({"evidence": f"{folder.relative_to(ROOT)}/", "open": folder.as_uri()})
    found = list(doubts(result, truth, batches))
    if not all(is_whole(item, system.results) for item in items):
        found.append("evidence is missing or is not what the record says")
    for doubt in found:
        view.say(f"NOT PROVED: {doubt}")
    if not found:
        view.say(f"both counts agree: {batches} batches, each approved exactly once and proved")
    return not found


def doubts(result: dict[str, Any], truth: dict[str, Any], batches: int) -> Iterator[str]:
    """What speaks against every batch having been approved exactly once."""
    ours = result["result"]["counts"].get("approved", 0)
    if result["error"]:
        yield f"the task failed: {result['error']}"
    if truth["approved"] != ours:
        yield f"the portal counts {truth['approved']} approved batches and we count {ours}"
    if truth["approved"] != batches:
        yield f"{truth['approved']} of {batches} batches are approved"
    if truth["double_approved"] or truth["approvals"] > batches:
        yield f"{truth['double_approved']} batches were approved more than once"
    if truth["approve_posts"] > batches:
        yield f"the portal received {truth['approve_posts']} requests to approve"


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
    with suppress(KeyboardInterrupt):
        while True:
            system.check()
            time.sleep(1)
