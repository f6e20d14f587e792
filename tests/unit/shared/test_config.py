"""Settings: from the environment, then from a file; a wrong one is explained, not guessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import config
from shared.config import LOCAL_DEV_ORIGINS, LOCAL_REDIS, ROOT, Settings, load_settings
from shared.errors import ConfigurationError


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty file of settings that ENV_FILE names."""
    file = tmp_path / "settings.env"
    file.touch()
    monkeypatch.setenv("ENV_FILE", str(file))
    return file


def test_with_nothing_set_everything_runs_on_this_machine() -> None:
    settings = load_settings()

    assert settings.redis == settings.broker == settings.result_backend == LOCAL_REDIS
    assert settings.database == f"sqlite:///{ROOT}/data/record.sqlite3"
    assert settings.fastapi_host == "127.0.0.1"
    assert settings.cors_origins == LOCAL_DEV_ORIGINS
    assert settings.slots == os.cpu_count()


def test_the_environment_comes_before_the_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a setting in the file, one in the environment, and one in both
    env_file.write_text('ESC_USERNAME="an officer"\nLINK_TTL=100\n')
    monkeypatch.setenv("LINK_TTL", "200")
    monkeypatch.setenv("HEADLESS", "false")

    settings = load_settings()

    assert settings.esc_username == "an officer"
    assert settings.link_ttl == 200
    assert settings.headless is False


def test_a_blank_value_means_the_usual_one(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("LINK_TTL=\nHEADLESS=\nREDIS_URL=\nCORS_ORIGINS=\n")
    monkeypatch.setenv("FASTAPI_PORT", "")

    assert load_settings() == Settings(_env_file=None)


def test_a_blank_value_in_the_environment_lets_the_file_speak(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("LINK_TTL=100\n")
    monkeypatch.setenv("LINK_TTL", "")

    assert load_settings().link_ttl == 100


def test_without_env_file_the_root_s_own_is_read_and_an_empty_name_reads_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("ESC_USERNAME=officer\n")
    monkeypatch.setattr(config, "ROOT", tmp_path)

    monkeypatch.delenv("ENV_FILE")
    assert load_settings().esc_username == "officer"

    monkeypatch.setenv("ENV_FILE", "")
    assert load_settings().esc_username == ""


def test_a_file_named_relative_to_the_root_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.env").write_text("ESC_USERNAME=officer\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("ENV_FILE", "mine.env")
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert load_settings().esc_username == "officer"


def test_a_file_that_is_named_but_missing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENV_FILE", "misspelt.env")

    with pytest.raises(ConfigurationError, match=r"ENV_FILE is 'misspelt.env': .* no such file"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "found", "allowed"),
    [
        ("FASTAPI_PORT", "eighty", "valid integer"),
        ("FASTAPI_PORT", "65536", "less than or equal to 65535"),
        ("FLOWER_PORT", "0", "greater than or equal to 1"),
        ("HEADLESS", "perhaps", "valid boolean"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"),
        ("WEBSOCKET_AUTH", "none", "'token' or 'task-id'"),
        ("SELENIUM_TIMEOUT", "0", "greater than 0"),
        ("SELENIUM_TIMEOUT", "nan", "finite number"),
        ("LEASE_SECONDS", "inf", "finite number"),
        ("MAX_ATTEMPTS", "21", "less than or equal to 20"),
        ("WORKER_QUEUES", "default,Big Reports", "cannot be a queue"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("REDIS_URL", "redis://", "redis://"),
        ("REDIS_URL", "unix:///run/redis.sock", "redis:// or rediss://"),
        ("REDIS_URL", "redis://localhost:abc/0", "the port from 0 to 65535"),
        ("REDIS_URL", "redis://localhost:99999", "the port from 0 to 65535"),
        ("REDIS_URL", "redis://localhost/first", "the number of a database"),
        ("CELERY_BROKER_URL", "rabbit", "redis://"),
        ("CELERY_BROKER_URL", "foo://bar", "amqp://"),
        ("CELERY_BROKER_URL", "amqp://one;amqp://other:abc", "the port from 0 to 65535"),
        ("CELERY_RESULT_BACKEND", "somewhere", "redis://"),
        ("CELERY_RESULT_BACKEND", "amqp://queue", "rpc://"),
        ("DATABASE_URL", "mysql://localhost/record", "sqlite:///"),
        ("DATABASE_URL", "sqlite://", "postgresql://"),
        ("DATABASE_URL", "postgresql://host:abc/record", "the port from 0 to 65535"),
        ("DATABASE_URL", "postgresql://the host/record", "no space"),
        ("ESC_BASE_URL", "esc.example.org", "https://"),
        ("ESC_BASE_URL", "https://esc example", "no space"),
        ("ESC_BASE_URL", "https://esc.example.org/?lang=en", "neither ? nor #"),
        ("PUBLIC_BASE_URL", "ftp://example.org", "https://"),
        ("PUBLIC_BASE_URL", "http:///x", "name a host"),
        ("CORS_ORIGINS", "localhost:3000", "scheme://host:port"),
        ("CORS_ORIGINS", "https://app.example.org/page", "without a path"),
        ("CORS_ORIGINS", "https://app.example.org,app", "without a path"),
        ("DATA_DIR", "~nobody-is-called-so/data", "home directory"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_what_was_found_and_what_is_allowed(
    name: str, found: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, found)

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert refused.value.message.startswith(f"{name} is '{found}': ")
    assert allowed in refused.value.message


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINK_TTL", "a week")
    monkeypatch.setenv("MAX_ATTEMPTS", "0")

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert "LINK_TTL is 'a week'" in refused.value.message
    assert "; MAX_ATTEMPTS is '0'" in refused.value.message


def test_an_explanation_never_shows_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres+wrong://agent:s3/cr@t@host/record")

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert "'postgres+wrong://***@host/record'" in refused.value.message
    assert "s3" not in refused.value.message


def test_a_printed_settings_object_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ESC_PASSWORD", "API_KEY", "SECRET_KEY"):
        monkeypatch.setenv(name, "s3cret")

    settings = load_settings()

    assert settings.esc_password.get_secret_value() == "s3cret"
    assert "s3cret" not in f"{settings!r} {settings}"


@pytest.mark.parametrize("name", ["data_dir", "results_dir", "logs_dir", "download_path"])
def test_relative_paths_mean_the_root_wherever_a_service_is_started(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/officer")

    for given_path, meant in (
        ("some/folder", ROOT / "some/folder"),
        ("/some/folder", Path("/some/folder")),
        ("~/folder", Path("/home/officer/folder")),
        ("../folder", ROOT.parent / "folder"),
    ):
        monkeypatch.setenv(name.upper(), given_path)
        assert getattr(load_settings(), name) == meant


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("", f"sqlite:///{ROOT}/data/record.sqlite3"),
        ("sqlite:///data/mine.db", f"sqlite:///{ROOT}/data/mine.db"),
        ("sqlite:////var/lib/mine.db", "sqlite:////var/lib/mine.db"),
        ("postgres://u:p@host/name", "postgresql+psycopg://u:p@host/name"),
        ("postgresql://u:p@host:5/name?x=y", "postgresql+psycopg://u:p@host:5/name?x=y"),
        ("postgresql+psycopg://u@host/name", "postgresql+psycopg://u@host/name"),
    ],
)
def test_the_record_is_where_its_url_says(
    url: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)

    assert load_settings().database == meant


def test_broker_and_result_backend_are_redis_unless_they_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://elsewhere:6380/1")
    assert load_settings().broker == load_settings().result_backend == "rediss://elsewhere:6380/1"

    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://queue")
    monkeypatch.setenv("CELERY_RESULT_BACKEND", "db+postgresql://results")
    settings = load_settings()
    assert (settings.broker, settings.result_backend) == ("amqp://queue", "db+postgresql://results")
    assert settings.redis == "rediss://elsewhere:6380/1"


@pytest.mark.parametrize("level", ["debug", "Debug", "DEBUG"])
def test_a_log_level_may_be_typed_in_any_case(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)

    assert load_settings().log_level == "DEBUG"


@given(
    st.lists(
        st.sampled_from(["*", "http://localhost:3000", "https://*.b.org", "null"]), min_size=1
    ),
    st.sampled_from([",", " , ", ",,"]),
)
def test_origins_are_split_on_commas(origins: list[str], comma: str) -> None:
    assert load_settings(cors_origins=comma.join(origins)).cors_origins == origins


def test_origins_are_what_a_browser_sends() -> None:
    settings = load_settings(cors_origins="HTTP://Localhost:3000/, app+x://[::1]:80")

    assert settings.cors_origins == ["http://localhost:3000", "app+x://[::1]:80"]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("REDIS_URL", "redis://:p%2Fw@[::1]:6379/1?ssl_cert_reqs=none"),
        ("CELERY_BROKER_URL", "sentinel://one:26379;sentinel://other:26379"),
        ("DATABASE_URL", "postgresql://agent:a#b/c?[d e@host:5432/record"),
        ("DATABASE_URL", "sqlite:///data/my record.sqlite3"),
        ("ESC_BASE_URL", "http://[::1]:8100/portal/"),
    ],
)
def test_an_address_that_its_user_can_read_is_taken_as_it_is(
    name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, address)

    assert getattr(load_settings(), name.lower()) == address


def test_a_file_that_is_not_utf_8_stops_the_start_with_its_name(env_file: Path) -> None:
    env_file.write_bytes("ESC_USERNAME=J\u00e9r\u00f4me\n".encode("latin-1"))

    with pytest.raises(ConfigurationError, match=f"{env_file} .* byte 15 is not UTF-8"):
        load_settings()


def test_a_file_that_cannot_be_read_stops_the_start_with_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its first page is never mapped, so that even root cannot read it
    monkeypatch.setenv("ENV_FILE", "/proc/self/mem")

    with pytest.raises(ConfigurationError, match="/proc/self/mem cannot be read: Input/output"):
        load_settings()


def test_settings_stay_as_they_were_read() -> None:
    settings = load_settings()

    with pytest.raises(ValueError, match="frozen"):
        settings.headless = False  # type: ignore[misc]
