"""A tab's debugging channel, spoken to by a browser of the test's own making."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from automation_service.devtools import NoAnswer, Tab

Answer = Callable[[dict[str, Any]], list[dict[str, Any]]]


@contextmanager
def tab_of(answer: Answer) -> Iterator[Tab]:
    """A tab of a browser that says to each call what `answer` has it say."""

    def talk(socket: ServerConnection) -> None:
        for message in socket:
            call = json.loads(message)
            for word in answer(call):
                socket.send(json.dumps(word))

    with serve(talk, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host, port = server.socket.getsockname()
        tab = Tab(f"{host}:{port}", "a")
        try:
            yield tab
        finally:
            tab.close()
            server.shutdown()


def came(loader: str, **frame: str) -> dict[str, Any]:
    return {"method": "Page.frameNavigated", "params": {"frame": {"loaderId": loader, **frame}}}


def test_a_page_that_came_in_between_is_not_the_one_that_was_asked_for() -> None:
    looks: list[str] = []

    def answer(call: dict[str, Any]) -> list[dict[str, Any]]:
        looks.append(call["method"])
        done: dict[str, Any] = {"id": call["id"], "result": {}}
        if call["method"] == "Page.navigate":
            return [{**done, "result": {"loaderId": "ours"}}]
        if len(looks) < 4:
            return [came("the answer to a form"), came("ours", parentId="a frame"), done]
        return [came("ours"), done]

    with tab_of(answer) as tab:
        tab.navigate("http://portal.example", 10)

    assert looks == ["Page.navigate", *["Page.getFrameTree"] * 3]


def test_a_page_that_never_comes_is_no_answer() -> None:
    def answer(call: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"id": call["id"], "result": {"loaderId": "ours"}}]

    with tab_of(answer) as tab, pytest.raises(NoAnswer):
        tab.navigate("http://portal.example", 0.1)


def test_what_could_not_be_loaded_is_told_at_once() -> None:
    refused = {"loaderId": "ours", "errorText": "net::ERR_CONNECTION_REFUSED"}

    with tab_of(lambda call: [{"id": call["id"], "result": refused}]) as tab:
        assert tab.navigate("http://portal.example", 10) == refused
