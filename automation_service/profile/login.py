"""How one logs in."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part


class Login(Part):
    """The login form, and how it answers."""

    path: str = Field(description="Where the form is.")
    username: Locator | None = Field(
        default=None, description="The field for the user name; absent where none is asked for."
    )
    next: Locator | None = Field(
        default=None,
        description="What to click after the user name where the password is asked for only then, "
        "on the same page or on another.",
    )
    password: Locator = Field(description="The field for the password.")
    submit: Locator | None = Field(
        default=None, description="The button; without it Enter is pressed in the password field."
    )
    success: Locator | None = Field(
        default=None,
        description="What shows once we are logged in; without it the session's mark counts.",
    )
    refused: Locator | None = Field(
        default=None,
        description="Where the portal says that it does not let us in; nobody tries these "
        "credentials again then. Without it the form counts that shows again on a new page.",
    )
    locked: str | None = Field(
        default=None, description="A text in the refusal that means that the account is locked."
    )
    locked_shown: Locator | None = Field(
        default=None, description="What shows, other than `refused`, if the account is locked."
    )

    @model_validator(mode="after")
    def _name_somebody_first(self) -> Login:
        if self.next is not None and self.username is None:
            raise PydanticCustomError("login", "'next' goes with the 'username' before it")
        return self
