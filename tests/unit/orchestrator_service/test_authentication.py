"""Who is let in, and by what."""

from __future__ import annotations

import pytest

from orchestrator_service.authentication import Doorkeeper
from orchestrator_service.links import Signer
from shared.errors import ConfigurationError


@pytest.mark.parametrize("key", ["", " \n"])
def test_nobody_keeps_the_door_with_a_blank_key(key: str) -> None:
    # Who sends no key would come in.
    with pytest.raises(ConfigurationError, match="API key is blank"):
        Doorkeeper(key, Signer("secret", 60), task_id_is_enough=False)
