"""How a page tells that we are logged in, and how it tells that we no longer are."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.expression import Expression
from automation_service.profile.locator import Locator
from automation_service.profile.part import Part


class Session(Part):
    """How a page tells that we are logged in, and how it tells that we no longer are.

    A session is lost as soon as one of the signs is seen that the profile gives; there is one at
    least.
    """

    logged_in: Locator = Field(
        description="A positive mark, without which nothing that a page shows is believed."
    )
    lost: Locator | None = Field(
        default=None, description="What shows when we are logged out: a form, a text, a dialog."
    )
    lost_url: Expression | None = Field(
        default=None,
        description="A regular expression that is found in the address of the page where one "
        "lands when logged out.",
    )
    unmarked_is_lost: bool = Field(
        default=False,
        description="True if a page that has loaded and is waited for in vain, without the mark "
        "of being logged in, means that we are logged out.",
    )

    each_page: bool = Field(
        default=False,
        description="True if every page that is loaded asks to log in, as where scripts keep to "
        "themselves who we are: then that is done there, before anything else. `lost` is the form.",
    )

    @model_validator(mode="after")
    def _show_the_form(self) -> Session:
        if self.each_page and self.lost is None:
            raise PydanticCustomError("session", "'each_page' needs 'lost': the form that shows")
        return self

    @model_validator(mode="after")
    def _have_a_sign(self) -> Session:
        if not (self.lost or self.lost_url or self.unmarked_is_lost):
            raise PydanticCustomError(
                "session",
                "how does a lost session show? give lost, lost_url or unmarked_is_lost: true",
            )
        return self
