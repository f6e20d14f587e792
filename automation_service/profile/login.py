"""How one logs in."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part


class Login(Part):
    """The login form, or the login by HTTP, and how it answers."""

    path: str = Field(description="Where the form is, or a page that asks by HTTP.")
    username: Locator | None = Field(
        default=None, description="The field for the user name; absent where none is asked for."
    )
    next: Locator | None = Field(
        default=None,
        description="What to click after the user name where the password is asked for only then, "
        "on the same page or on another.",
    )
    password: Locator | None = Field(default=None, description="The field for the password.")
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

    http: bool = Field(
        default=False,
        description="True where there is no form, and the browser is asked by HTTP's `Basic` "
        "or `Digest` scheme (RFC 7617, 7616). Then nothing but `path` is said beside it.",
    )

    @model_validator(mode="after")
    def _form_or_http(self) -> Login:
        of_form = sorted(self.model_fields_set - {"path", "http"})
        if self.http and of_form:
            raise PydanticCustomError(
                "login", "'{field}' is of a form, which 'http' has not", {"field": of_form[0]}
            )
        if not self.http and self.password is None:
            raise PydanticCustomError(
                "login", "'password' says where it is typed; without any form say 'http: true'"
            )
        return self

    @model_validator(mode="after")
    def _name_somebody_first(self) -> Login:
        if self.next is not None and self.username is None:
            raise PydanticCustomError("login", "'next' goes with the 'username' before it")
        return self
