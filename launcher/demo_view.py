"""What the demo shows: a live bar on a terminal, plain lines elsewhere, then the proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

OUTCOME_STYLES = {"approved": "green", "already_approved": "cyan", "unverified": "bold red"}


class DemoView:
    """Tells a person how the demo goes."""

    def __init__(self, console: Console) -> None:
        """Write to `console`."""
        self._console = console
        self._progress: Progress | None = None
        self._total = 0
        self._done = 0

    def say(self, line: str) -> None:
        """One line of news."""
        self._console.print(escape(line), highlight=False, soft_wrap=True)

    @contextmanager
    def following(self, total: int) -> Iterator[None]:
        """Draw a bar over `total` batches while the block runs."""
        self._total, self._done = total, 0
        if not self._console.is_terminal:
            yield
            return
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        last = TextColumn("{task.fields[last]}")
        with Progress(*columns, last, console=self._console) as self._progress:
            self._progress.add_task("batches", total=total, last="")
            yield
        self._progress = None

    def show_item(self, item: dict[str, Any]) -> None:
        """One batch has its outcome."""
        self._done += 1
        told = f"{item['batch_id']} {item['status']} in {seconds_of(item):.1f} s"
        if self._progress:
            task = self._progress.task_ids[0]
            self._progress.update(task, completed=self._done, last=_styled(item["status"], told))
        else:
            self.say(f"{self._done:>5}/{self._total}  {told}")

    def show_items(self, items: list[dict[str, Any]], results: Path) -> None:
        """The table of all batches, each with its outcome and the way to its evidence."""
        table = Table("Batch", "Outcome", title="What happened", title_justify="left")
        table.add_column("Seconds", justify="right")
        table.add_column("Evidence", overflow="fold")
        for item in items:
            status, files = item["status"], evidence_files(item, results)
            links = ", ".join(f"[link={path.as_uri()}]{path.name}[/link]" for path in files)
            seconds = f"{seconds_of(item):.1f}"
            table.add_row(escape(item["batch_id"]), _styled(status, status), seconds, links)
        self._console.print(table)

    def show_counts(self, ours: dict[str, int], truth: dict[str, Any]) -> None:
        """Our count beside the portal's own."""
        table = Table("", title="Who counts what", title_justify="left")
        table.add_column("the portal", justify="right")
        table.add_column("we", justify="right")
        table.add_row("approved", str(truth["approved"]), str(ours.get("approved", 0)))
        table.add_row("approved twice", str(truth["double_approved"]), "")
        table.add_row("still pending", str(truth["pending"]), "")
        table.add_row("requests to approve received", str(truth["approve_posts"]), "")
        self._console.print(table)

    def show_links(self, links: dict[str, str]) -> None:
        """Addresses, keys and folders a person may want to open."""
        width = max(len(name) for name in links)
        for name, address in links.items():
            self.say(f"  {name:<{width}}  {address}")


def seconds_of(item: dict[str, Any]) -> float:
    """How long an item took."""
    if not (item["started_at"] and item["finished_at"]):
        return 0.0
    began, ended = (
        # Python 3.10 does not read the Z.
        datetime.fromisoformat(item[when].replace("Z", "+00:00"))
        for when in ("started_at", "finished_at")
    )
    return (ended - began).total_seconds()


def evidence_files(item: dict[str, Any], results: Path) -> list[Path]:
    """Where an item's evidence lies on disk: a piece's URL is .../static/SIGNATURE/PATH."""
    paths = (str(piece["url"]).split("/static/", 1)[1] for piece in item["evidence"])
    return [results / path.split("/", 1)[1] for path in paths]


def is_whole(item: dict[str, Any], results: Path) -> bool:
    """Tell whether an item has evidence and every file is what the record says it is."""
    pairs = zip(evidence_files(item, results), item["evidence"], strict=True)
    return bool(item["evidence"]) and all(
        path.is_file() and sha256(path.read_bytes()).hexdigest() == piece["sha256"]
        for path, piece in pairs
    )


def _styled(status: str, text: str) -> str:
    style = OUTCOME_STYLES.get(status, "yellow")
    return f"[{style}]{escape(text)}[/{style}]"
