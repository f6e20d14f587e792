"""How to start the practice portal."""

from dataclasses import dataclass
from pathlib import Path

from esc_simulator.world import World


@dataclass(frozen=True)
class Options:
    """What the command line may choose. Port 0 means any free port."""

    world: World
    host: str
    port: int
    truth_port: int
    database: Path | None
    username: str
    password: str
    latency_seconds: float
    session_seconds: float
    ready_file: Path | None
