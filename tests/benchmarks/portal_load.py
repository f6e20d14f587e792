"""How many requests a second the practice portal serves on one core.

Run it by hand: `python tests/benchmarks/portal_load.py [seconds]`. The portal is held to one core,
the visitors to the others.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode, urlsplit

VISITORS = 8


def visit(port: int, visitor: int, ends_at: float, served: Counter[str]) -> None:
    """Sign in, then approve batches until `ends_at`, each with list, table and its own page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(kind: str, method: str, path: str, body: str = "", **headers: str) -> tuple[str, str]:
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status not in (200, 303):
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        served[kind] += 1
        return text, (answer.getheader("Set-Cookie") or "").split(";")[0]

    page, cookie = ask("login", "GET", "/login")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    form = urlencode({"username": "officer", "password": "practice", "csrf_token": token})
    _, cookie = ask("login", "POST", "/login", form, Cookie=cookie)
    number = visitor
    while time.monotonic() < ends_at:
        path = f"/esc/batches/BATCH{number % 500 + 1:03d}"
        ask("list", "GET", "/esc/pending-batches", Cookie=cookie)
        ask("table", "GET", "/esc/pending-batches/table?status=All", Cookie=cookie)
        page, _ = ask("batch", "GET", path, Cookie=cookie)
        token = re.findall(r'name="csrf-token" content="([^"]+)"', page)[0]
        remark = urlencode({"remark": f"visitor {visitor}"})
        script = {"X-Requested-With": "XMLHttpRequest", "X-CSRF-Token": token}
        ask("approve", "POST", f"{path}/approve", remark, Cookie=cookie, **script)
        number += VISITORS


def main() -> None:
    """Start the portal, send the visitors and print what was served."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        options = ["--pending-only", "--port", "0", "--truth-port", "0", "--ready-file", str(ready)]
        portal = subprocess.Popen(
            [sys.executable, "-m", "esc_simulator", *options],
            preexec_fn=lambda: os.sched_setaffinity(0, cores[:1]),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert portal.stdout is not None
            portal.stdout.readline()
            os.sched_setaffinity(0, cores[1:] or cores)
            port = urlsplit(json.loads(ready.read_text())["url"]).port or 0
            measure(port, seconds)
        finally:
            portal.terminate()
            portal.wait(10)


def measure(port: int, seconds: float) -> None:
    """Let all visitors work at once and print requests a second, by kind and together."""
    served: Counter[str] = Counter()
    started = time.monotonic()
    visitors = [
        threading.Thread(target=visit, args=(port, visitor, started + seconds, served))
        for visitor in range(VISITORS)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    elapsed = time.monotonic() - started
    for kind, count in served.items():
        print(f"{kind:8} {count / elapsed:7.0f} /s")
    print(f"{'all':8} {served.total() / elapsed:7.0f} /s")


if __name__ == "__main__":
    main()
