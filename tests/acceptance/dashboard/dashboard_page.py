"""The dashboard in a real browser, as the person in front of it sees and uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

T = TypeVar("T")
Shown = dict[str, Any]

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02

SNAPSHOT = """
const at = (id) => document.getElementById(id);
return {
    state: at("state").textContent,
    progress: at("progress").value,
    note: at("connection-note").textContent,
    message: at("message").textContent,
    outcomes: [...at("items").rows].map((row) => [row.dataset.key, row.cells[1].textContent]),
    events: [...at("events").children].map((line) => line.value),
    problem: at("problem").hidden ? null : at("detail").textContent,
    requestId: at("request-id").textContent,
    faulty: [...document.querySelectorAll("[aria-invalid]")].map((control) => control.name),
    picture: at("screenshot").complete && at("screenshot").naturalWidth > 0,
    listed: at("history").rows.length,
    total: Number(at("total").textContent),
};
"""

RECORD_PROGRESS = """
window.recorded = [];
const bar = document.getElementById("progress");
new MutationObserver(() => recorded.push(bar.value)).observe(bar, {attributeFilter: ["value"]});
"""


def wait_for(look: Callable[[], T | None], explain: Callable[[], str]) -> T:
    """Look often until there is something; fail with an explanation after a deadline."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, explain()
        time.sleep(LOOK_SECONDS)
    return found


class DashboardPage:
    """The open page. The browser behind it stays in here."""

    def __init__(self, browser: Chrome, origin: str) -> None:
        """Open the page of `origin`."""
        self._browser = browser
        browser.get(f"{origin}/index.html")
        self._see("#connection")

    def connect(self, url: str, key: str) -> None:
        """Fill in where the backend is and press Connect."""
        self._fill("#connection", {"url": url, "key": key})
        self._see("#connection button").click()

    def task_types(self) -> list[str]:
        """What can be chosen, by the names shown."""
        return [option.text for option in Select(self._see("#task-type")).options]

    def choose(self, task_type: str) -> None:
        """Choose a task type by its own name."""
        Select(self._see("#task-type")).select_by_value(task_type)

    def controls(self) -> dict[str, tuple[str, str, str | None]]:
        """The controls of the form by name: kind, label and the smallest number allowed."""
        found = self._browser.find_elements(By.CSS_SELECTOR, "#fields [name]")
        return {
            str(control.get_dom_attribute("name")): (
                control.get_dom_attribute("type") or control.tag_name,
                control.find_element(By.XPATH, "..").text,
                control.get_dom_attribute("min"),
            )
            for control in found
        }

    def start(self, **fields: str) -> None:
        """Fill in the form and press Start."""
        self._fill("#fields", fields)
        self._see("#task-form button").click()

    def record_progress(self) -> None:
        """Note every move of the progress bar from now on."""
        self._browser.execute_script(RECORD_PROGRESS)

    def recorded_progress(self) -> list[int]:
        """Where the progress bar was, in percent, at each move since it is noted."""
        moves: list[int] = self._browser.execute_script("return recorded")
        return moves

    def shown(self) -> Shown:
        """What the page shows at this moment."""
        snapshot: Shown = self._browser.execute_script(SNAPSHOT)
        return snapshot

    def wait_until(self, reached: Callable[[Shown], bool]) -> Shown:
        """Wait until the page shows something; the page as it was then."""

        def look() -> Shown | None:
            shown = self.shown()
            return shown if reached(shown) else None

        return wait_for(look, lambda: f"the page shows {self.shown()}")

    def wait_for_result(self) -> Shown:
        """Wait until the page shows how the task ended."""
        return self.wait_until(lambda shown: shown["message"] != "")

    def wait_for_problem(self) -> Shown:
        """Wait until the page shows a problem."""
        return self.wait_until(lambda shown: shown["problem"] is not None)

    def task_id(self) -> str:
        """The id of the task shown."""
        return self._see("#task-id").text

    def download(self, item: str, kind: str, downloads: Path) -> Path:
        """Press the button of a piece of evidence; the file, once it has arrived whole."""
        before = set(downloads.iterdir())
        button = f"#items tr[data-key='{item}'] button[title*='{kind}']"
        self._see(button).click()

        def arrived() -> Path | None:
            new = set(downloads.iterdir()) - before
            unfinished = [file for file in new if file.suffix == ".crdownload" or _hidden(file)]
            return new.pop() if len(new) == 1 and not unfinished else None

        return wait_for(arrived, lambda: f"{list(downloads.iterdir())}; {self.shown()['problem']}")

    def show_newest(self) -> None:
        """Press Show beside the newest task of the list."""
        self._see("#history button").click()

    def show_older(self) -> Shown:
        """Press Older and wait for more tasks in the list."""
        listed = self.shown()["listed"]
        self._see("#older").click()
        return self.wait_until(lambda shown: shown["listed"] > listed)

    def console(self) -> str:
        """What the browser itself complained about since it was asked last."""
        entries = self._browser.get_log("browser")  # type: ignore[no-untyped-call]
        return "\n".join(entry["message"] for entry in entries)

    def _fill(self, form: str, fields: dict[str, str]) -> None:
        for name, value in fields.items():
            box = self._see(f"{form} [name={name}]")
            box.clear()
            box.send_keys(value)

    def _see(self, css: str) -> WebElement:
        def find() -> WebElement | None:
            found = self._browser.find_elements(By.CSS_SELECTOR, css)
            return found[0] if found and found[0].is_displayed() else None

        return wait_for(find, lambda: f"there is no {css}; the page shows {self.shown()}")


def _hidden(file: Path) -> bool:
    return file.name.startswith(".")
