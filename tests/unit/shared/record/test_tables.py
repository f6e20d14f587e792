"""Moments keep their instant, whatever zone they come in and whatever the database keeps."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Constraint, Index
from sqlalchemy.dialects import sqlite

from shared.record.tables import UtcDateTime, metadata

ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-12), timedelta(hours=14)))
MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(2200, 1, 1), timezones=ZONES)
DIALECT = sqlite.dialect()


@given(MOMENTS)
def test_a_moment_is_read_as_it_was_written_though_its_zone_is_not_kept(moment: datetime) -> None:
    column = UtcDateTime()

    bound = column.process_bind_param(moment, DIALECT)
    assert bound is not None
    read = column.process_result_value(bound.replace(tzinfo=None), DIALECT)

    assert read == moment
    assert read.utcoffset() == timedelta(0)


@given(MOMENTS)
def test_a_database_may_answer_in_its_own_zone(moment: datetime) -> None:
    read = UtcDateTime().process_result_value(moment, DIALECT)

    assert read == moment
    assert read.utcoffset() == timedelta(0)


def test_no_moment_is_no_moment() -> None:
    assert UtcDateTime().process_bind_param(None, DIALECT) is None
    assert UtcDateTime().process_result_value(None, DIALECT) is None


def test_every_constraint_has_a_name_that_a_later_migration_can_use() -> None:
    for table in metadata.tables.values():
        named: list[Constraint | Index] = [*table.constraints, *table.indexes]
        for constraint in named:
            assert constraint.name, f"{table}: {constraint}"
