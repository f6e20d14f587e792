"""What a task does that names its batches one by one: one item each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker_service.context import TaskContext
from worker_service.origin import origin_of
from worker_service.params import PortalParams
from worker_service.portal_site import base_url
from worker_service.registry import Plan


def plan_named(
    params: PortalParams, batch_ids: Sequence[str | int], action: str, context: TaskContext
) -> Plan:
    """Do `action` with these batches; `batch_ids` is the field of `params` that names them."""
    profile = context.profile(params.portal)
    named = dict.fromkeys(profile.canonical_key(str(key)) for key in batch_ids)

    def params_for(keys: Sequence[str]) -> dict[str, Any]:
        return {**params.model_dump(exclude={"batch_ids"}), "batch_ids": list(keys)}

    return Plan(origin_of(base_url(profile, context)), action, list(named), params_for)
