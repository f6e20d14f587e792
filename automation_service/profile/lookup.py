"""How a batch's page is found where its address is not made of the batch's id."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.listing import Listing
from automation_service.profile.locator import Locator
from automation_service.profile.value import Value


class Lookup(Listing):
    """A search, or a list to go through, in which the batch has a row.

    `{key}` in its `path` is the id that is looked for. What it finds in the row is known to
    `batch.path` and to every locator of the batch by its name.
    """

    known_in_path: ClassVar[tuple[str, ...]] = ("key",)

    box: Locator | None = Field(
        default=None, description="The field into which the batch's id is typed."
    )
    submit: Locator | None = Field(
        default=None, description="The button beside the box; without it Enter is pressed there."
    )
    id: Value | None = Field(
        default=None, description="What the portal itself calls the batch, in the row: `{id}`."
    )
    columns: dict[str, Value] = Field(
        default_factory=dict, description="More of the row, each known as `{its name}`."
    )
    lists: Literal["all", "pending"] = Field(
        default="all",
        description="`pending` if only batches are found that wait: one that is not found is not "
        "missing then, but it is not approved either.",
    )

    @model_validator(mode="after")
    def _press_beside_a_box(self) -> Lookup:
        if self.submit is not None and self.box is None:
            raise PydanticCustomError("lookup", "'submit' goes with the 'box' beside it")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What it finds, by name."""
        return ("id", *self.columns) if self.id is not None else tuple(self.columns)
