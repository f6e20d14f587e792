"""The API as a client uses it, where there is none."""

from __future__ import annotations

import pytest

from launcher.api_client import ApiClient
from launcher.errors import LauncherError
from launcher.redis_server import free_port


def test_an_api_that_cannot_be_reached_is_told_in_one_line() -> None:
    """As everything that a command of ./run can say."""
    # Given a port on which nobody listens
    client = ApiClient(f"http://127.0.0.1:{free_port()}", "a key")

    # When a task is asked for
    # Then the error says what was asked for
    told = r"^POST /assign-task/: no answer from the API: .+"
    with client, pytest.raises(LauncherError, match=told):
        client.assign("test_task", {})
