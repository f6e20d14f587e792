"""A backup made of one record, brought back into another: the same rows, the same files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from shared.backup.format import UnusableBackup
from shared.backup.making import Source, make_backup
from shared.backup.restoring import RESTORED_KEY_FILE, restore
from shared.config import ROOT
from shared.contracts import EvidenceKind
from shared.errors import NothingClicked
from shared.record import Record, artifacts, claims, intents, logins, migrate, slots
from shared.record.__main__ import main
from shared.record.logins import Account
from shared.record.tables import metadata
from shared.record.tables import tasks as tasks_table
from shared.record.upgrade import upgrade
from shared.seal import PUBLIC_KEY_FILE
from shared.utils import new_id
from tests.conftest import DATABASES
from tests.integration.record.given import (
    TERMS,
    a_piece,
    accepted,
    claimed,
    done_after_reading,
    finished,
    planned,
    stored,
)
from tests.postgresql_server import PostgresqlServer

NOT_TAKEN_ALONG = {"workers", "browsers", "logins", "seats", "paces"}
THE_OTHER = dict(zip(DATABASES, reversed(DATABASES), strict=True))


def wanted() -> None:
    """The backup is wanted still."""


class Place:
    """A deployment: its record and its folders."""

    def __init__(self, url: str, folder: Path) -> None:
        self.record = Record(url)
        self.results = folder / "results"
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)

    def back_up(self, check: Callable[[], None] = wanted) -> Path:
        """The file of a new backup."""
        source = Source(self.record, self.results, self.data, self.data)
        file = self.data / "backup.zip"
        make_backup(source, file, check)
        return file

    def keep_file(self, task_id: str, name: str, content: bytes, kind: EvidenceKind) -> Path:
        """A file of a task, on disk and in the record."""
        path = self.results / task_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        piece = a_piece(f"{task_id}/{name}", kind)
        sha256 = hashlib.sha256(content).hexdigest()
        known = type(piece)(**{**vars(piece), "sha256": sha256, "size": len(content)})
        with self.record.write() as connection:
            artifacts.insert(connection, task_id, None, [known])
        return path

    def rows(self) -> dict[str, list[Any]]:
        """All that the record holds and a backup takes along."""
        with self.record.read() as connection:
            found = {
                table.name: connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).all()
                for table in metadata.sorted_tables
                if table.name not in NOT_TAKEN_ALONG
            }
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}


MakePlace = Callable[[str, str], Place]


@pytest.fixture
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakePlace]:
    """Make a deployment of this name that keeps its record in this kind of database."""
    made: list[Place] = []
    databases: list[str] = []

    def make(database: str, name: str) -> Place:
        url = f"sqlite:///{tmp_path / name / 'record.sqlite3'}"
        if database == "postgresql":
            server: PostgresqlServer = request.getfixturevalue("postgresql")
            databases.append(f"backup_{name}_{new_id()[:8]}")
            server.create_database(databases[-1])
            url = server.url(databases[-1])
        made.append(Place(url, tmp_path / name))
        return made[-1]

    yield make
    for place in made:
        place.record.close()
    for database in databases:
        request.getfixturevalue("postgresql").drop_database(database)


@pytest.fixture
def old(make_place: MakePlace, tmp_path: Path, sqlite_template: Path) -> Place:
    """A deployment in SQLite in which something was done, and something is to be done still."""
    place = make_place("sqlite", "old")
    shutil.copy(sqlite_template, tmp_path / "old" / "record.sqlite3")
    return in_use(place)


def in_use(place: Place) -> Place:
    migrate(place.record)
    done = planned(place.record, ["BATCH001"])
    finished(place.record, claimed(place.record, done.id), done_after_reading())
    place.keep_file(done.id, "BATCH001-1-after.jpg", b"a picture", EvidenceKind.AFTER)
    # A retry whose key sorts before that of the task it refers to
    first = accepted(place.record, id="ffffffff-0000")
    accepted(place.record, id="00000000-0000", retry_of=first.id)
    return place


@pytest.mark.parametrize("database", DATABASES)
def test_what_is_brought_back_is_what_was_there_on_the_other_kind_of_database_too(
    make_place: MakePlace, database: str
) -> None:
    old, new = in_use(make_place(database, "old")), make_place(THE_OTHER[database], "new")

    restored = restore(old.back_up(), new.record, new.results, new.data)

    assert new.rows() == old.rows()
    assert restored.unfinished == 2
    assert restored.contents.left_out == []
    kept = [path.relative_to(old.results) for path in old.results.rglob("*.jpg")]
    assert [(new.results / path).read_bytes() for path in kept] == [b"a picture"]

    # And the new record goes on where the old one stopped
    going_on = planned(new.record, ["BATCH002"])
    finished(new.record, claimed(new.record, going_on.id))


def test_the_backup_is_that_of_one_moment_whatever_is_written_meanwhile(
    old: Place, make_place: MakePlace
) -> None:
    before = old.rows()
    news = iter(range(1000))

    def meanwhile() -> None:
        accepted(old.record, id=f"meanwhile-{next(news)}")

    new = make_place("sqlite", "new")
    restore(old.back_up(meanwhile), new.record, new.results, new.data)

    assert next(news) > 0, "nothing was written meanwhile"
    assert new.rows() == before


def test_what_ran_when_it_was_made_is_free_in_the_new_place(
    old: Place, make_place: MakePlace
) -> None:
    # Given a slot in the middle of a click
    task = planned(old.record, ["BATCH007"])
    slot = new_id()
    with old.record.write() as connection:
        slots.ring(connection, task.id, [slot])
        slots.start(connection, slot, "worker-1", 4711)
    held = claimed(old.record, task.id, slot)
    with old.record.write() as connection:
        intents.state(connection, held, TERMS, intents.new_marker())

    new = make_place("sqlite", "new")
    restore(old.back_up(), new.record, new.results, new.data)

    # Then nobody holds it, and whoever takes it next has to read what became of the click
    with new.record.write() as connection:
        assert slots.live(connection) == []
        again = claims.take_next(connection, task.id, "slot-2")
        assert again is not None
        assert again.fence > held.fence
        assert len(intents.without_verdict(connection, again)) == 1


def test_no_password_and_nothing_of_where_it_ran_is_in_a_backup(old: Place) -> None:
    account = Account("https://esc.example.org", "officer", "a fingerprint of the password")
    with old.record.write() as connection:
        logins.get(connection, account)
        logins.refuse(connection, account, "login_refused", "Invalid password")

    with zipfile.ZipFile(old.back_up()) as package:
        names = package.namelist()
        content = b"".join(package.read(name) for name in names)

    assert not {f"record/{table}.jsonl" for table in NOT_TAKEN_ALONG} & set(names)
    assert b"fingerprint" not in content


def test_manifests_come_along_with_the_key_that_checks_them(
    old: Place, make_place: MakePlace
) -> None:
    (folder,) = old.results.iterdir()
    (folder / "manifest.json").write_text("{}")
    (folder / "manifest.json.sig").write_text("signed")
    (old.data / PUBLIC_KEY_FILE).write_text("the old key")
    with old.record.write() as connection:
        connection.execute(metadata.tables["seals"].update().values(made=1))

    new = make_place("sqlite", "new")
    (new.data / PUBLIC_KEY_FILE).write_text("the new key")
    restore(old.back_up(), new.record, new.results, new.data)

    assert (new.results / folder.name / "manifest.json.sig").read_text() == "signed"
    assert (new.data / RESTORED_KEY_FILE).read_text() == "the old key"
    assert (new.data / PUBLIC_KEY_FILE).read_text() == "the new key"


def test_what_is_not_on_disk_as_the_record_has_it_is_named_as_left_out(
    old: Place, make_place: MakePlace
) -> None:
    task = stored(old.record, "ffffffff-0000")
    old.keep_file(task.id, "changed.jpg", b"before", EvidenceKind.AFTER).write_bytes(b"after")
    old.keep_file(task.id, "gone.jpg", b"before", EvidenceKind.AFTER).unlink()
    backup = accepted(old.record, task_type="backup_data")
    old.keep_file(backup.id, "backup.zip", b"an older backup", EvidenceKind.FILE)

    new = make_place("sqlite", "new")
    restored = restore(old.back_up(), new.record, new.results, new.data)

    left_out = [f"{backup.id}/backup.zip", f"{task.id}/changed.jpg", f"{task.id}/gone.jpg"]
    assert restored.contents.left_out == sorted(left_out)
    assert not (new.results / task.id).exists()


def test_a_backup_that_nobody_wants_any_more_stops(old: Place) -> None:
    def unwanted() -> None:
        raise NothingClicked("The task was cancelled.")

    with pytest.raises(NothingClicked):
        old.back_up(unwanted)


def test_nothing_is_restored_into_a_record_that_has_tasks(old: Place) -> None:
    before = old.rows()

    with pytest.raises(UnusableBackup, match="has tasks already"):
        restore(old.back_up(), old.record, old.results, old.data)

    assert old.rows() == before


def test_a_restore_that_was_interrupted_goes_on(old: Place, make_place: MakePlace) -> None:
    backup = old.back_up()
    new = make_place("sqlite", "new")
    # Given that its files were there when it stopped
    shutil.copytree(old.results, new.results)
    migrate(new.record)

    restore(backup, new.record, new.results, new.data)

    assert new.rows() == old.rows()


def test_a_file_that_is_there_already_is_never_replaced(old: Place, make_place: MakePlace) -> None:
    backup = old.back_up()
    new = make_place("sqlite", "new")
    shutil.copytree(old.results, new.results)
    (there,) = new.results.rglob("*.jpg")
    there.write_bytes(b"somebody's")

    with pytest.raises(UnusableBackup, match="is another file"):
        restore(backup, new.record, new.results, new.data)

    assert there.read_bytes() == b"somebody's"


def _changed(backup: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The same backup with one part changed."""
    changed = backup.with_name("changed.zip")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content) if part == name else content)
    return changed


def _with(**values: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps({**json.loads(content), **values}).encode()


def _escaping(content: bytes) -> bytes:
    told = json.loads(content)
    told["files"][0]["name"] = "results/../evil.jpg"
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("backup.json", _with(format="another 1"), "not a backup of the kind"),
        ("backup.json", _with(schema="9999"), "newer version"),
        ("backup.json", lambda _: b"{", "cannot be read"),
        ("backup.json", _escaping, "may not be there"),
        ("record/tasks.jsonl", lambda rows: rows.replace(b"BATCH001", b"BATCH002"), "not what it"),
        ("record/items.jsonl", lambda rows: b"", "not what it"),
    ],
)
def test_a_backup_that_is_not_whole_or_not_ours_is_refused_and_no_task_restored(
    old: Place, make_place: MakePlace, name: str, change: Callable[[bytes], bytes], told: str
) -> None:
    backup = _changed(old.back_up(), name, change)
    new = make_place("sqlite", "new")

    with pytest.raises(UnusableBackup, match=told):
        restore(backup, new.record, new.results, new.data)

    migrate(new.record)
    with new.record.read() as connection:
        assert connection.execute(select(tasks_table.c.id)).all() == []


def test_half_a_backup_is_refused(old: Place, make_place: MakePlace) -> None:
    backup = old.back_up()
    backup.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    new = make_place("sqlite", "new")

    with pytest.raises(UnusableBackup, match="damaged"):
        restore(backup, new.record, new.results, new.data)


OLDER = "0006"
"""A version of the tables before the newest."""


def _as_of(version: str, backup: Path, scratch: Path) -> Path:
    """What a program of that version would have backed up: its tables, and their columns."""
    then = Record(f"sqlite:///{scratch}")
    upgrade(then, to=version)
    with then.read() as connection:
        columns = {
            table: [column["name"] for column in inspect(connection).get_columns(table)]
            for table in inspect(connection).get_table_names()
        }
    then.close()
    older = backup.with_name("older.zip")
    with zipfile.ZipFile(backup) as new, zipfile.ZipFile(older, "w") as old:
        contents = json.loads(new.read("backup.json"))
        tables = []
        for part in contents["tables"]:
            name = Path(part["name"]).stem
            if name in columns:
                rows = [json.loads(line) for line in new.read(part["name"]).splitlines()]
                lines = [json.dumps({c: row[c] for c in columns[name]}) + "\n" for row in rows]
                content = "".join(lines).encode()
                old.writestr(part["name"], content)
                tables.append({**part, "sha256": hashlib.sha256(content).hexdigest()})
        for part in contents["files"]:
            old.writestr(part["name"], new.read(part["name"]))
        told = {**contents, "schema": version, "tables": tables}
        old.writestr("backup.json", json.dumps(told))
    return older


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    old: Place, make_place: MakePlace, tmp_path: Path
) -> None:
    backup = _as_of(OLDER, old.back_up(), tmp_path / "then.sqlite3")
    new = make_place("sqlite", "new")

    restore(backup, new.record, new.results, new.data)

    assert new.rows() == old.rows()

    # But not into tables that are newer than it
    newer = make_place("sqlite", "newer")
    migrate(newer.record)
    with pytest.raises(UnusableBackup, match="name a database without tables"):
        restore(backup, newer.record, newer.results, newer.data)


@pytest.mark.parametrize(
    ("name", "settings", "status", "told"),
    [
        ("no.zip", {}, 1, "no.zip: It is damaged"),
        ("backup.zip", {"DATABASE_URL": "mysql://x"}, 2, "DATABASE_URL"),
        ("backup.zip", {"DATABASE_URL": "postgresql://a@127.0.0.1:1/b"}, 1, "does not answer"),
        ("backup.zip", {}, 0, "restored the backup of"),
    ],
)
def test_an_operator_is_told_in_a_line_what_came_of_it(
    old: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    settings: dict[str, str],
    status: int,
    told: str,
) -> None:
    old.back_up().rename(tmp_path / "backup.zip")
    (tmp_path / "no.zip").write_bytes(b"not a backup")
    place = {"DATA_DIR": str(tmp_path / "new"), "RESULTS_DIR": str(tmp_path / "new" / "results")}

    for setting, value in {**place, **settings}.items():
        monkeypatch.setenv(setting, value)

    assert main(["restore", str(tmp_path / name)]) == status

    said = capsys.readouterr()
    assert told in (said.err if status else said.out)
    assert "Traceback" not in said.err


def test_a_script_learns_from_the_exit_status_that_nothing_was_restored(tmp_path: Path) -> None:
    place = {"DATA_DIR": str(tmp_path / "new"), "RESULTS_DIR": str(tmp_path / "new" / "results")}

    run = subprocess.run(
        [sys.executable, "-m", "shared.record", "restore", str(tmp_path / "nowhere.zip")],
        cwd=ROOT,
        env={"ENV_FILE": "", "PATH": os.environ["PATH"], **place},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 1
    assert run.stderr == f"restore: {tmp_path}/nowhere.zip: No such file or directory\n"
