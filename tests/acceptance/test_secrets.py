"""Canaries: secrets planted in a whole system and then searched for in everything it wrote.

Searched are results, logs, data, the record, Redis's files, what the processes printed, their
command lines, and the answers of the API and its stream. Not searched: the portal's own files,
which are not ours, and, while a browser runs, its own folder in data/browsers. The keys are given
here; those that are made at first start lie in DATA_DIR, each in a file of its own.
"""

from __future__ import annotations

import base64
import html
import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import psutil
import pytest
from redis import Redis

from launcher.system import PracticeSystem
from tests.acceptance.conftest import Deployment, wait_for
from tests.acceptance.telltale_portal import TelltalePortal

PASSWORD = 'Canary&<"%+7é/word'
COOKIE = "canary-cookie-5b1f7c9e"
API_KEY = "canary-api-key-0d9a41c2"
SECRET_KEY = "canary-secret-key-77e2b3"
EVIDENCE_KEY = base64.urlsafe_b64encode(b"canary evidence key, 32 bytes!!!").decode().rstrip("=")
CANARIES = (PASSWORD, COOKIE, API_KEY, SECRET_KEY, EVIDENCE_KEY)

PLACES = ("record.sqlite3", "logs/automation.log", "redis/", "results/", "output/")
"""Where something of every task must stand: a search that does not find it finds nothing."""

Start = Callable[..., Deployment]


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Start]:
    """Start a system that logs everything and holds the canaries: `planted(batches=1, ...)`."""
    with ExitStack() as started:

        def start(**settings: str) -> Deployment:
            given = {
                "SECRET_KEY": SECRET_KEY,
                "EVIDENCE_KEY": EVIDENCE_KEY,
                "LOG_LEVEL": "DEBUG",
                "ESC_PASSWORD": PASSWORD,
            }
            system = PracticeSystem(tmp_path / "system", batches=2, settings=given | settings)
            system.api_key = API_KEY
            system.portal.password = PASSWORD
            started.callback(system.abandon)
            system.start()
            deployment = Deployment(system)
            started.callback(deployment.end)
            return deployment

        yield start


def spellings(secret: str) -> set[bytes]:
    """A secret as it may stand in a file."""
    texts = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }
    return {text.encode() for text in texts}


def written(system: PracticeSystem) -> dict[str, bytes]:
    """Every file that the system wrote, by name; the portal's are the portal's."""
    return {
        str(path.relative_to(system.folder)): path.read_bytes()
        for path in system.folder.rglob("*")
        if path.is_file() and not path.name.startswith("portal")
    }


def said(here: Deployment, task_id: str) -> dict[str, bytes]:
    """What the API answers, headers too, and the whole stream of a task."""
    paths = ["/", "/health", "/tasks/", "/openapi.json", "/evidence/key", "/tasks/history"]
    paths += [f"/status/{task_id}", f"/result/{task_id}", f"/result/{task_id}/evidence.zip"]
    answers = {}
    with httpx.Client(base_url=here.system.api_url, trust_env=False, timeout=30) as client:
        for key in (API_KEY, "wrong"):
            for path in (*paths, "/no-such-page"):
                answer = client.get(path, headers={"x-api-key": key})
                answers[f"{key == API_KEY} {path}"] = str(answer.headers).encode() + answer.content
        refused = client.post("/assign-task/", json={}, headers={"x-api-key": API_KEY})
        answers["refused"] = refused.content
    events = list(here.api.follow(task_id, here.system.check))
    answers["stream"] = json.dumps(events, ensure_ascii=False).encode()
    return answers


def command_lines(system: PracticeSystem) -> dict[str, bytes]:
    """How our processes were started, browsers too."""
    parts = [psutil.Process(part.pid) for part in (*system.orchestrators, *system.workers)]
    everybody = [*parts, *(child for part in parts for child in part.children(recursive=True))]
    found = {}
    for each in everybody:
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            found[f"process {each.pid}"] = " ".join(each.cmdline()).encode()
    return found


def assert_nowhere(things: dict[str, bytes], looked_for: tuple[str, ...]) -> None:
    found = [
        (name, secret)
        for secret in looked_for
        for spelled in spellings(secret)
        for name, content in things.items()
        if spelled in content
    ]
    assert found == []


def tokens(here: Deployment, task_id: str) -> tuple[str, ...]:
    """Signatures of links, which are for whoever asked and for nobody who reads our files."""
    answers = json.dumps([here.api.status(task_id), here.api.result(task_id)])
    return tuple(set(re.findall(r"(?:token=|/static/)([A-Za-z0-9_-]{32})", answers)))


def everything(here: Deployment, *task_ids: str) -> dict[str, bytes]:
    """All that it says while it runs, and all that it wrote when it has ended."""
    things = command_lines(here.system)
    for task_id in task_ids:
        things |= {f"{task_id} {name}": answer for name, answer in said(here, task_id).items()}
    with closing(Redis.from_url(here.system.redis_url)) as redis:
        redis.config_set("rdbcompression", "no")
        redis.save()
    here.system.close()
    return things | written(here.system)


def places(things: dict[str, bytes], secret: str) -> set[str]:
    """Where it stands, of all the places where something of a task must stand."""
    return {
        place
        for place in PLACES
        for name, content in things.items()
        if place in name and secret.encode() in content
    }


def assert_signatures_stay(
    here: Deployment, things: dict[str, bytes], signatures: tuple[str, ...]
) -> None:
    """They are in answers and in no file."""
    assert signatures
    files = written(here.system)
    assert_nowhere({name: things[name] for name in files}, signatures)


@pytest.mark.timeout(300)
def test_a_good_day_leaves_no_secret_anywhere_and_the_search_would_find_one(
    planted: Start,
) -> None:
    # Given a system that approves a batch, and the session the portal gave it
    here = planted()
    task_id = here.approve(batch_ids=["BATCH001"])
    assert here.assert_true(here.finish(task_id)) == {"approved": 1}
    with closing(sqlite3.connect(here.system.folder / "portal.sqlite3")) as portal:
        sessions = portal.execute("SELECT session_id, csrf_token FROM sessions").fetchall()
    assert sessions
    # And a secret written into a task's remark by the one who asked
    remark = secrets.token_hex(16)
    told = here.api.assign("test_task", {"steps": 1, "duration": 0, "remark": remark})
    here.finish(told)
    wait_for(lambda: any(f"{told}/manifest.json" in name for name in written(here.system)))
    # When everything is searched
    signatures = tokens(here, task_id)
    things = everything(here, task_id, told)
    # Then neither the session nor any key or password is in anything that was written or said
    assert_nowhere(things, (*CANARIES, *(each for pair in sessions for each in pair)))
    assert_signatures_stay(here, things, signatures)
    # And the search finds what is there
    assert places(things, task_id) == set(PLACES)
    with pytest.raises(AssertionError) as found:
        assert_nowhere(things, (remark,))
    assert remark in str(found.value)


@pytest.mark.timeout(300)
def test_a_portal_that_repeats_the_password_gets_it_nowhere(planted: Start) -> None:
    # Given a portal that lets us in, fails while we log in again, and then refuses the password,
    # repeating it each time
    portal = TelltalePortal(COOKIE)
    with portal.serve() as url:
        here = planted(ESC_BASE_URL=url)
        # When a batch is to be approved
        task_id = here.approve(batch_ids=["BATCH001"])
        result = here.finish(task_id, 180)
        # Then everything happened that gives a password away
        assert portal.logins == [PASSWORD] * 3
        assert result["state"] == "failed"
        assert "No such password: ***" in result["error"]
        errors = [piece for piece in evidence(result) if piece["kind"] == "error"]
        assert len(errors) >= 2
        # And it is in nothing that was written or said
        signatures = tokens(here, task_id)
        things = everything(here, task_id)
        assert_nowhere(things, CANARIES)
        assert_signatures_stay(here, things, signatures)
        assert places(things, task_id) == set(PLACES)


def evidence(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [piece for item in result["result"]["items"] for piece in item["evidence"]]
