"""The public HTTP and WebSocket API, as any client would use it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from launcher.errors import LauncherError

FINAL_EVENTS = ("completed", "failed")
HTTP_SECONDS = 30.0
RECONNECT_SECONDS = 60.0
LISTEN_SECONDS = 1.0
PAUSE_SECONDS = 0.2

Json = dict[str, Any]


class NoAnswer(LauncherError):
    """The API could not be reached, or did not answer in time."""


class ApiClient:
    """Assigns tasks, follows them live and reads their results. Use it as a context manager.

    Everything raises LauncherError when the API answers with an error, NoAnswer when with nothing.
    """

    def __init__(self, url: str, api_key: str) -> None:
        """`url` is where the orchestrator listens."""
        self._http = httpx.Client(
            base_url=url,
            headers={"x-api-key": api_key},
            timeout=HTTP_SECONDS,
            trust_env=False,  # a proxy for the internet has no business between us
        )

    def __enter__(self) -> ApiClient:
        """Use the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    def assign(self, task_type: str, params: Json) -> str:
        """Ask for a task and return its id."""
        answer = self._ask("POST", "/assign-task/", {"task_type": task_type, "params": params})
        return str(answer["task_id"])

    def status(self, task_id: str) -> Json:
        """The task without items and logs."""
        return self._ask("GET", f"/status/{task_id}")

    def result(self, task_id: str) -> Json:
        """The task whole, with all its items however many pages they fill."""
        whole = page = self._ask("GET", f"/result/{task_id}")
        while following := page.get("next"):
            page = self._ask("GET", following)
            whole["result"]["items"] += page["result"]["items"]
        return whole

    def follow(self, task_id: str, while_waiting: Callable[[], None]) -> Iterator[Json]:
        """Yield the task's events, each once and in order, until the final one.

        Connects again where it left off whenever the socket breaks. `while_waiting` is called
        every now and then and may raise to give up.
        """
        seen = 0
        deadline = time.monotonic() + RECONNECT_SECONDS
        while time.monotonic() < deadline:
            while_waiting()
            # A broken socket says nothing about the task: ask for a fresh address and go on.
            with suppress(OSError, WebSocketException, NoAnswer):
                for event in self._listen(task_id, seen, while_waiting):
                    seen = event["id"]
                    deadline = time.monotonic() + RECONNECT_SECONDS
                    yield event
                    if event["type"] in FINAL_EVENTS:
                        return
            time.sleep(PAUSE_SECONDS)
        raise LauncherError(f"the live stream of task {task_id} was silent for too long")

    def _listen(
        self, task_id: str, after: int, while_waiting: Callable[[], None]
    ) -> Iterator[Json]:
        address = httpx.URL(self.status(task_id)["ws_url"]).copy_merge_params({"after": after})
        with connect(str(address), proxy=None, max_size=None, close_timeout=1) as socket:
            while True:
                try:
                    yield json.loads(socket.recv(timeout=LISTEN_SECONDS))
                except TimeoutError:
                    while_waiting()

    def _ask(self, method: str, url: str, body: Json | None = None) -> Json:
        try:
            response = self._http.request(method, url, json=body)
        except httpx.HTTPError as error:
            raise NoAnswer(f"{method} {url}: no answer from the API: {error}") from error
        try:
            answer: Json = response.json()
        except ValueError:
            answer = {}
        if response.is_error or not answer:
            told = answer.get("detail", response.reason_phrase)
            raise LauncherError(f"{method} {response.url.path}: {response.status_code} {told}")
        return answer
