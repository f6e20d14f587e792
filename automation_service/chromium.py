"""How Chromium is started: quiet, alone with its folder, and doing nothing ahead of need."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import ChromeOptions
from selenium.webdriver.chrome.service import Service

from automation_service.proxies import proxy_hosts, proxy_script
from shared.niceness import set_session_back

# What Chromium would do on its own account: fetch, measure, guess, remember, ask.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    "--use-mock-keychain",
)
FEATURES_OFF = (
    "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,"
    "AutofillServerCommunication,InterestFeedContentSuggestions,"
    "CertificateTransparencyComponentUpdater,NetworkTimeServiceQuerying,"
    # Another server than the profile names: https where it says http.
    "HttpsUpgrades,"
    # Pages of Chromium's own that it would load for an address bar nobody sees: half of a start.
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    # A page that was left is gone, not kept for a way back; and no renderer is warmed up for a
    # page that nobody asked for. Loading a page costs a quarter less work so.
    "BackForwardCache,RenderDocument,SpareRendererForSitePerProcess"
)
# A mouse that can hover and points well: without a screen Chromium believes it has none, and pages
# show menus by it only where there is one. The numbers are Blink's own for these two.
_MOUSE = "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
_JOINED = ("--disable-web-security", "--disable-site-isolation-trials")
# One process for the frames of all sites, and no wall between them: ours and the guard's one clock.
_JOINED_FEATURES = "IsolateOrigins,site-per-process,OriginKeyedProcessesByDefault"
# Requests that share a connection are sent again when it ends unanswered, and only in HTTP/1.1 a
# request can ask for one of its own (RFC 9112, 9.6): see traffic.py.
_ONE_BY_ONE = ("--disable-http2", "--disable-quic")
_PREFERENCES = {
    "credentials_enable_service": False,
    "profile.password_manager_enabled": False,
    "profile.password_manager_leak_detection": False,
    # 2: never connect or fetch ahead of need, so that no request leaves that nobody made.
    "net.network_prediction_options": 2,
    "download.prompt_for_download": False,
    "safebrowsing.enabled": False,
    # 4: begin with these pages, and not with the one for a new tab.
    "session.restore_on_startup": 4,
    "session.startup_urls": ["about:blank"],
    "search.suggest_enabled": False,
}


@dataclass(frozen=True)
class BrowserOptions:
    """How browsers are started.

    `binary` and `driver` are paths, empty for what Selenium finds. `timeout` is in seconds: how
    long a page may take to load or to show something. `downloads` is the folder for what pages
    send as files. `max_items` is after how many items a browser is replaced. Only `hosts` can be
    reached, or any if it is empty; `*.example.com` means all below example.com. With `joined`
    frames of all these hosts are acted in like the page's own; pages can reach each other too.
    """

    headless: bool
    binary: str
    driver: str
    timeout: float
    temp_dir: Path
    downloads: Path
    max_items: int
    hosts: tuple[str, ...] = ()
    joined: bool = False


class AnnouncingService(Service):
    """A driver that is announced before it is told to start a browser."""

    def __init__(self, driver: str, temporary: Path, announce: Callable[[int], None]) -> None:
        """`temporary` is for its files; `announce` hears of its process id."""
        super().__init__(
            # Selenium's own search asks the network first, even for one that is on PATH.
            executable_path=driver or shutil.which("chromedriver"),
            popen_kw={"start_new_session": True},
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        self._announce = announce

    def start(self) -> None:
        """Start it. Raises WebDriverException if it does not."""
        super().start()
        set_session_back(self.process.pid)
        self._announce(self.process.pid)


def chromium_options(options: BrowserOptions, user_data_dir: str) -> ChromeOptions:
    """What to tell the driver about the browser it starts in `user_data_dir`."""
    chosen = ChromeOptions()
    if options.binary:
        chosen.binary_location = options.binary
    # The page's own ready marks tell when it can be read, not its last picture.
    chosen.page_load_strategy = "none"
    with warnings.catch_warnings():
        # Deprecated, but the only way to reach a driver on this machine past its proxy.
        warnings.simplefilter("ignore", DeprecationWarning)
        chosen.ignore_local_proxy_environment_variables()
    folder = {"download.default_directory": str(options.downloads)}
    chosen.add_experimental_option("prefs", {**_PREFERENCES, **folder})
    chosen.add_experimental_option("excludeSwitches", ["enable-logging"])
    for argument in (
        *_quiet(options.joined),
        *_ONE_BY_ONE,
        f"--user-data-dir={user_data_dir}",
        "--window-size=1440,960",
        f"--blink-settings={_MOUSE}",
    ):
        chosen.add_argument(argument)
    for argument in _only(options.hosts):
        chosen.add_argument(argument)
    if options.headless:
        chosen.add_argument("--headless=new")
    if os.geteuid() == 0:
        chosen.add_argument("--no-sandbox")
    return chosen


def _quiet(joined: bool) -> tuple[str, ...]:
    off = f"{FEATURES_OFF},{_JOINED_FEATURES}" if joined else FEATURES_OFF
    return (*_QUIET, f"--disable-features={off}", *(_JOINED if joined else ()))


def _only(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Let every other host be unknown: to pages, frames, workers and sockets, by proxy or not."""
    if not hosts:
        return ()
    script = proxy_script(hosts)
    return (
        f"--host-rules={_rules(hosts)}",
        # A proxy is no place that a page can ask for, but Chromium has to find it.
        f"--host-resolver-rules={_rules((*hosts, *proxy_hosts()))}",
        *([f"--proxy-pac-url={script}"] if script else ()),
    )


def _rules(hosts: tuple[str, ...]) -> str:
    allowed = (f"EXCLUDE {host}" for host in dict.fromkeys(hosts))
    return " , ".join(("MAP * ~NOTFOUND", *allowed))
