"""What an auditor reads: how often what was done to the system, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tests.faults.oracle import Finding, Violation
from tests.faults.promised import REMOVALS
from tests.faults.report import Report, Struck
from tests.faults.safeguards import Shown
from tests.model.catalogue import Safeguard

COUNTED = {
    "double approvals": Violation.DOUBLE,
    "untrue outcomes": Violation.UNTRUE,
    "lost": Violation.LOST,
    "leaks": Violation.LEAK,
}


@dataclass(frozen=True)
class InModel:
    """A safeguard removed in the model of the protocol, and whether that broke its promise."""

    safeguard: Safeguard
    noticed: bool


@dataclass
class Results:
    """Everything that a run of the suite found out."""

    reports: list[Report] = field(default_factory=list)
    leaks: list[Finding] = field(default_factory=list)
    """What was left after a system was closed."""
    shown: list[Shown] = field(default_factory=list)
    models: list[InModel] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """Every broken promise of the honest product."""
        return [*(each for report in self.reports for each in report.findings), *self.leaks]

    @property
    def good(self) -> bool:
        """True if no promise was broken, every goal met, and every sabotage noticed."""
        noticed = [each.noticed for each in self.shown] + [each.noticed for each in self.models]
        sound = all(report.is_good for report in self.reports)
        return sound and not self.leaks and all(noticed)


def show(results: Results, console: Console) -> None:
    """Print the tables."""
    _show_totals(results, console)
    _show_kinds(results.reports, console)
    if results.shown or results.models:
        _show_removals(results, console)
    if results.shown:
        _show_safeguards(results.shown, console)
    if results.models:
        _show_model(results.models, console)
    for report in results.reports:
        for told in _complaints(report):
            console.print(f"{told} [{report.plan.name}]", markup=False)
    for finding in results.leaks:
        console.print(f"BROKEN: {finding}", markup=False)


def _complaints(report: Report) -> Iterator[str]:
    yield from (f"BROKEN: {finding}" for finding in report.findings)
    yield from (f"NOT STRUCK: {each.kind}" for each in report.missed)
    if report.needless_unverified:
        yield f"NEEDLESS: {report.needless_unverified} unverified"
    for each in report.struck:
        if each.too_slow:
            yield f"TOO SLOW: {each.kind}: next item after {each.next_item:.1f} s"


def _show_totals(results: Results, console: Console) -> None:
    reports = results.reports
    table = Table(title="Against the portal's own truth", title_justify="left")
    for name in ("rounds", "batches", "approvals", "POSTs", *COUNTED, "unverified", "needless"):
        table.add_column(name, justify="right")
    numbers = [
        len(reports),
        sum(report.batches for report in reports),
        sum(report.approvals for report in reports),
        sum(report.posts for report in reports),
        *(sum(each.violation is kind for each in results.findings) for kind in COUNTED.values()),
        sum(report.unverified for report in reports),
        sum(report.needless_unverified for report in reports),
    ]
    table.add_row(*(str(number) for number in numbers))
    console.print(table)


def _show_kinds(reports: Sequence[Report], console: Console) -> None:
    kinds: dict[str, list[Struck]] = defaultdict(list)
    for report in reports:
        for struck in report.struck:
            kinds[struck.kind].append(struck)
    table = Table(title="Faults, and the slowest recovery from each", title_justify="left")
    table.add_column("fault")
    for name in ("planned", "struck", "next item", "goal", "same item"):
        table.add_column(name, justify="right")
    for kind, all_struck in sorted(kinds.items()):
        table.add_row(
            kind,
            str(len(all_struck)),
            str(sum(each.happened for each in all_struck)),
            _slowest([each.next_item for each in all_struck]),
            _slowest([each.goal for each in all_struck]),
            _slowest([each.same_item for each in all_struck]),
        )
    console.print(table)


def _show_removals(results: Results, console: Console) -> None:
    """Which safeguard is shown where; what this run did not try says so."""
    cases = {each.safeguard.sabotage: _verdict(noticed=each.noticed) for each in results.shown}
    models = {each.safeguard.without: _verdict(noticed=each.noticed) for each in results.models}
    table = Table(title="What can be removed, and where it is missed", title_justify="left")
    for name in ("removed", "on the product", "in a browser, by", "in the model"):
        table.add_column(name)
    for each in REMOVALS:
        table.add_row(
            each.without,
            each.product and f"{cases.get(each.product, 'not tried')}: {each.product}",
            each.guard and f"test_weakened_guard.py [{each.guard}]",
            each.model and models.get(each.model, "not tried"),
        )
    console.print(table)


def _verdict(*, noticed: bool) -> str:
    return "missed" if noticed else "NOT NOTICED"


def _show_safeguards(shown: Sequence[Shown], console: Console) -> None:
    table = Table(title="Safeguards, and the case that misses each", title_justify="left")
    for name in ("removed", "case", "with it", "without it"):
        table.add_column(name)
    for each in shown:
        without = ", ".join(sorted({finding.violation.value for finding in each.without}))
        table.add_row(
            each.safeguard.meaning,
            each.safeguard.case,
            "kept" if each.whole.is_good else "BROKEN",
            without if each.noticed else f"NOT NOTICED {without}".strip(),
        )
    console.print(table)


def _show_model(models: Sequence[InModel], console: Console) -> None:
    table = Table(title="Safeguards removed in the model of the protocol", title_justify="left")
    for name in ("removed", "breaks", "shown by"):
        table.add_column(name)
    for each in models:
        breaks = each.safeguard.breaks if each.noticed else "NOT NOTICED"
        table.add_row(each.safeguard.without, breaks, each.safeguard.shown_by)
    console.print(table)


def _slowest(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    return f"{max(known):.1f} s" if known else ""
