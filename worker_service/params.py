"""The base of every params model: unknown fields refused, a schema to draw forms from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from automation_service.portal_credentials import ACCOUNT, PORTAL

LONGEST_NAME = 64
PortalName = Annotated[str, StringConstraints(pattern=PORTAL, max_length=LONGEST_NAME)]
AccountName = Annotated[
    str,
    StringConstraints(pattern=ACCOUNT, max_length=LONGEST_NAME),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": LONGEST_NAME,
            "pattern": ACCOUNT,
            "x-fault": f"'account' has 1 to {LONGEST_NAME} letters, digits, hyphens and "
            "underscores, a letter or digit first.",
        }
    ),
]


def without_null_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        if "default" in field and field["default"] is None:
            del field["default"]


class TaskParams(BaseModel):
    """What a caller may say when asking for a task; an optional param is absent, never null."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=without_null_defaults)


class PortalParams(TaskParams):
    """What every task says that works in a portal: which one, and as whom."""

    portal: PortalName = Field("esc", title="Portal", description="The portal profile.")
    account: AccountName = Field(
        "default", title="Account", description="Whose user name and password are used there."
    )


def with_portals(schema: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The schema of portal params that takes these portals and no others, asked for last."""
    own = dict(schema["properties"])
    portal, account = own.pop("portal"), own.pop("account")
    told = f"There is no such portal; known are: {', '.join(names)}."
    known = {**portal, "enum": list(names), "x-fault": told}
    return {**schema, "properties": {**own, "portal": known, "account": account}}
