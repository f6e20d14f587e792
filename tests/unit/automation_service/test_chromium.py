"""What Chromium is told when it is started."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from automation_service.chromium import BrowserOptions, chromium_options
from automation_service.proxies import proxy_script

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


@pytest.mark.parametrize(
    ("proxy", "way"),
    [
        ("proxy.example:3128", "PROXY proxy.example:3128"),
        ("http://user:secret@proxy.example", "PROXY proxy.example:80"),
        ("https://proxy.example", "HTTPS proxy.example:443"),
        ("socks5://[fd00::1]:9050", "SOCKS5 [fd00::1]:9050"),
    ],
)
def test_the_way_to_the_portal_is_by_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, proxy: str, way: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    monkeypatch.setenv("no_proxy", ".files.example, 10.0.0.1:8080")

    script = b64decode(proxy_script(["Portal.example"]).partition(",")[2]).decode()

    assert f'"https": "{way}"' in script
    assert '["portal.example"].some(among)' in script
    assert '["files.example", "*.files.example", "10.0.0.1", "*.10.0.0.1"].some(among)' in script


@pytest.mark.parametrize(
    ("past", "patterns"),
    [
        ("Portal.Example", '["portal.example", "*.portal.example"]'),
        ("10.0.0.0/8,192.168.0.0/16", '["10.1.2.3"]'),
        ("[fd00::5],fd00::6", '["[fd00::5]"]'),
        ("localhost,[::1],", '["localhost", "*.localhost"]'),
        ("*", '["*"]'),
    ],
)
def test_what_goes_past_the_proxy(
    monkeypatch: pytest.MonkeyPatch, past: str, patterns: str
) -> None:
    monkeypatch.setenv("all_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", past)
    hosts = ["portal.example", "10.1.2.3", "[fd00::5]"]

    script = b64decode(proxy_script(hosts).partition(",")[2]).decode()

    assert f"{patterns}.some(among)) return" in script


def test_a_proxy_whose_port_is_none_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://proxy.example:none")

    assert proxy_script(["portal.example"])


def test_without_a_proxy_there_is_no_script() -> None:
    assert proxy_script(["portal.example"]) == ""


def test_without_a_list_every_host_can_be_reached() -> None:
    assert told() == []
