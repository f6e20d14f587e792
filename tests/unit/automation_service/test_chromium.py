"""What Chromium is told when it is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation_service.chromium import BrowserOptions, chromium_options

PORTAL = "EXCLUDE portal.example , EXCLUDE *.files.example"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)


def told(*hosts: str) -> list[str]:
    here = Path("/nowhere")
    options = BrowserOptions(True, "", "", 20, here, here, 10, hosts)
    arguments: list[str] = chromium_options(options, "/nowhere").arguments
    return [argument for argument in arguments if argument.startswith("--host-")]


def test_every_host_but_the_allowed_ones_is_unknown() -> None:
    assert told("portal.example", "*.files.example") == [
        f"--host-rules=MAP * ~NOTFOUND , {PORTAL}",
        f"--host-resolver-rules=MAP * ~NOTFOUND , {PORTAL}",
    ]


@pytest.mark.parametrize("proxy", ["http://user@proxy.example:3128", "proxy.example:3128"])
def test_a_proxy_is_found_and_no_page_can_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")

    assert told("portal.example", "*.files.example") == [
        f"--host-rules=MAP * ~NOTFOUND , {PORTAL}",
        f"--host-resolver-rules=MAP * ~NOTFOUND , {PORTAL} , EXCLUDE proxy.example",
    ]


def test_without_a_list_every_host_can_be_reached() -> None:
    assert told() == []
