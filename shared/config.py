"""The settings of every service: one object, made in `main.py` and passed down.

Values come from the environment, then from the file that `ENV_FILE` names (default `.env` in the
project's root; empty: no file). Relative paths mean the root, wherever a service is started from.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared import addresses
from shared.contracts import QUEUE_NAME
from shared.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
KEY_BYTES = 32
LOCAL_REDIS = "redis://127.0.0.1:6379/0"
LOCAL_DEV_ORIGINS = [
    f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 5173, 8080)
]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class Settings(BaseSettings):
    """Everything an operator can set; each field is the environment variable in capitals."""

    model_config = SettingsConfigDict(
        extra="ignore", env_ignore_empty=True, frozen=True, allow_inf_nan=False
    )

    redis_url: str = ""
    celery_broker_url: str = ""
    celery_result_backend: str = ""
    database_url: str = ""
    api_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    evidence_key: SecretStr = SecretStr("")

    esc_base_url: str = ""
    esc_username: str = ""
    esc_password: SecretStr = SecretStr("")
    secrets_dir: Path | None = None
    profiles_dir: Path = Path("data/profiles")
    tasks_dir: Path = Path("data/tasks")

    headless: bool = True
    selenium_timeout: float = Field(20, gt=0, le=600)
    browser_max_items: int = Field(200, ge=1)
    chrome_binary: str = ""
    chromedriver: str = ""

    fastapi_host: str = "127.0.0.1"
    fastapi_port: int = Field(8000, ge=0, le=65535)
    flower_port: int = Field(5555, ge=1, le=65535)
    public_base_url: str = ""
    cors_origins: Annotated[list[str], NoDecode] = LOCAL_DEV_ORIGINS
    websocket_auth: Literal["token", "task-id"] = "token"
    link_ttl: int = Field(7 * 24 * 3600, ge=60)
    max_body_bytes: int = Field(2_000_000, ge=1_000)

    worker_concurrency: int = Field(0, ge=0, le=64)
    worker_queues: Annotated[list[str], NoDecode] = []
    worker_niceness: int = Field(5, ge=0, le=19)
    max_batches_per_task: int = Field(500, ge=1, le=10_000)
    max_pending_tasks: int = Field(10_000, ge=1)
    max_attempts: int = Field(3, ge=1, le=20)
    lease_seconds: float = Field(30, ge=3)
    decision_ttl: int = Field(7 * 24 * 3600, ge=60)
    item_time_limit: float = Field(600, ge=1)
    task_time_limit: float = Field(24 * 3600, ge=1)
    late_look_seconds: float = Field(900, ge=1)
    turn_seconds: float = Field(15, ge=1)
    drain_seconds: float = Field(60, ge=1)

    download_path: Path = Path("data/downloads")
    data_dir: Path = Path("data")
    results_dir: Path = Path("results")
    logs_dir: Path = Path("logs")
    retention_days: float = Field(0, ge=0)
    log_level: LogLevel = "INFO"

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [addresses.origin(one.strip()) for one in value.split(",") if one.strip()]
        return value

    @field_validator("worker_queues", mode="before")
    @classmethod
    def _split_queues(cls, value: Any) -> Any:
        named = value.split(",") if isinstance(value, str) else value
        queues = list(dict.fromkeys(name.strip() for name in named if name.strip()))
        for name in queues:
            if not re.fullmatch(QUEUE_NAME, name):
                raise ValueError(f"{name!r} cannot be a queue: lower-case letters, digits, - and _")
        return queues

    @field_validator(
        "secrets_dir",
        "profiles_dir",
        "tasks_dir",
        "download_path",
        "data_dir",
        "results_dir",
        "logs_dir",
    )
    @classmethod
    def _below_root(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        try:
            return (ROOT / value.expanduser()).resolve()
        except RuntimeError as error:  # nobody is called so, or links that lead in a circle
            raise ValueError(str(error)) from None

    _redis = field_validator("redis_url")(addresses.redis_address)
    _broker = field_validator("celery_broker_url")(addresses.broker_address)
    _results = field_validator("celery_result_backend")(addresses.results_address)
    _database = field_validator("database_url")(addresses.database_address)
    _web = field_validator("esc_base_url", "public_base_url")(addresses.web_address)

    @field_validator("evidence_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        try:
            fits = not text or len(base64.urlsafe_b64decode(text + "=")) == KEY_BYTES
        except (binascii.Error, ValueError):
            fits = False
        if not fits:
            raise ValueError("it should be 32 random bytes as base64url, 43 characters")
        return value

    @property
    def redis(self) -> str:
        """The Redis everything runs on; blank means the one on this machine."""
        return self.redis_url or LOCAL_REDIS

    @property
    def broker(self) -> str:
        """Where doorbells travel."""
        return self.celery_broker_url or self.redis

    @property
    def result_backend(self) -> str:
        """Where Celery keeps the short summaries that Flower shows."""
        return self.celery_result_backend or self.redis

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the record; blank means SQLite in the data folder."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'record.sqlite3'}"
        if self.database_url.startswith("sqlite:///"):
            return f"sqlite:///{ROOT / self.database_url.removeprefix('sqlite:///')}"
        plain = self.database_url.replace("postgres://", "postgresql://", 1)
        return plain.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def slots(self) -> int:
        """How many slots one worker serves at a time."""
        return self.worker_concurrency or os.cpu_count() or 1


def load_settings(**overrides: Any) -> Settings:
    """Read the settings once.

    Raises ConfigurationError naming each wrong setting, what was found and what is allowed.
    """
    file = _env_file()
    try:
        return Settings(_env_file=file, **overrides)
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from None
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1} is not UTF-8"
        raise ConfigurationError(f"{file} is not a file of settings: {where}") from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None


def _env_file() -> Path | None:
    named = os.environ.get("ENV_FILE")
    if named is None:
        return ROOT / ".env"
    if not named:
        return None
    file = ROOT / named
    if not file.is_file():
        raise ConfigurationError(f"ENV_FILE is {named!r}: there is no such file")
    return file


def _explain(error: ValidationError) -> str:
    lines = []
    for fault in error.errors():
        name = str(fault["loc"][0]).upper()
        secret = Settings.model_fields[name.lower()].annotation is SecretStr
        found = "a secret" if secret else repr(_without_password(fault["input"]))
        lines.append(f"{name} is {found}: {fault['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)


def _without_password(found: Any) -> Any:
    return re.sub(r"//.*@", "//***@", found) if isinstance(found, str) else found
