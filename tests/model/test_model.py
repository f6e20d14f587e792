"""The protocol keeps its promises whatever happens when; without a safeguard it breaks one."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tests.model import protocol
from tests.model.catalogue import RETRIED_NEVER_CLICKED_AGAIN, SAFEGUARDS, WHOLE, Safeguard
from tests.model.checker import CAN_END, Model, check
from tests.model.safeguards import ALL_IN_PLACE, Safeguards


@pytest.mark.parametrize("name", WHOLE)
def test_with_every_safeguard_all_promises_are_kept(name: str) -> None:
    report = check(WHOLE[name]())

    assert report.broken is None, str(report)


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard.without)
def test_without_a_safeguard_its_promise_is_broken(safeguard: Safeguard) -> None:
    report = safeguard.removed()

    assert report.broken == safeguard.breaks
    print(f"{safeguard.without}: {report}")


def test_where_nothing_is_clicked_again_no_settle_time_is_too_short_for_once() -> None:
    hasty = replace(ALL_IN_PLACE, settle_long_enough=False)
    case = replace(RETRIED_NEVER_CLICKED_AGAIN, safeguards=hasty)

    report = check(protocol.model_of(case), only=protocol.ONCE)

    assert report.broken is None, str(report)


def test_every_switch_has_its_row() -> None:
    assert len(SAFEGUARDS) == len(fields(Safeguards)) + 2
    assert len({safeguard.without for safeguard in SAFEGUARDS}) == len(SAFEGUARDS)


def test_a_search_shows_the_shortest_way_to_a_broken_promise() -> None:
    counting = Model(
        initial=0,
        steps=lambda n: [(f"adds {more}", n + more) for more in (1, 3) if n + more < 10],
        broken=lambda n: ["never seven"] if n == 7 else [],
        is_final=lambda n: n == 9,
    )

    report = check(counting)

    assert (report.broken, report.trace) == ("never seven", ("adds 1", "adds 3", "adds 3"))
    assert "t=0  adds 3" in str(report)


def test_a_search_finds_what_can_never_end() -> None:
    trapped = Model(
        initial=0,
        steps=lambda n: [("goes on", n + 1)] if n < 3 else [("turns", 3)],
        broken=lambda n: [],
        is_final=lambda n: n == 1,
    )

    report = check(trapped)

    assert (report.broken, report.trace) == (CAN_END, ("goes on", "goes on"))
