"""Sends the same request many times over a few connections; a process of its own.

`python -m tests.benchmarks.load` reads a Load as JSON and writes an Answered as JSON. It speaks
just enough HTTP to cost little beside what it measures, and to this machine only.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from launcher.environment import ROOT
from tests.benchmarks.comparison import BenchmarkBrokenError

MOST_REQUESTS = 10_000
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Load:
    """`requests` POSTs of `body` to `url`, over `connections` that each wait for their answer."""

    url: str
    headers: dict[str, str]
    body: str
    requests: int
    connections: int


@dataclass(frozen=True)
class Answered:
    """How long all of it took and how long each answer did, in seconds."""

    seconds: float
    latencies: list[float]


def send(load: Load) -> Answered:
    """Send the load from another process. Raises BenchmarkBrokenError if a request fails."""
    sent = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        cwd=ROOT,
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    if sent.returncode != 0:
        raise BenchmarkBrokenError(f"{load.url}: {sent.stderr.strip().splitlines()[-1]}")
    return Answered(**json.loads(sent.stdout))


async def _send_all(load: Load) -> Answered:
    where = urlsplit(load.url)
    if where.hostname != "127.0.0.1" or not 0 < load.requests <= MOST_REQUESTS:
        raise ValueError("only this machine, and not without end")
    head = [f"POST {where.path} HTTP/1.1", f"Host: {where.netloc}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(load.body.encode())}"]
    head += [f"{name}: {value}" for name, value in load.headers.items()]
    request = "\r\n".join([*head, "", load.body]).encode()
    links = [
        await asyncio.open_connection(where.hostname, where.port) for _ in range(load.connections)
    ]
    left = iter(range(load.requests))
    began = time.perf_counter()
    timed = await asyncio.gather(*(_send_some(*link, request, left) for link in links))
    seconds = time.perf_counter() - began
    for _, writer in links:
        writer.close()
    return Answered(seconds, [latency for some in timed for latency in some])


async def _send_some(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: bytes,
    left: Iterator[int],
) -> list[float]:
    latencies = []
    for _ in left:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
        body = await reader.readexactly(length)
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise RuntimeError(f"answered {head.splitlines()[0]}: {body[:200]!r}")
        latencies.append(time.perf_counter() - began)
    return latencies


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_send_all(Load(**json.load(sys.stdin)))))))
