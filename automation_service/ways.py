"""The ways into a portal: logging in, listing what waits, finding a batch, preparing its page.

They follow the profile. What a profile cannot say a class of its own can do: a Python file beside
the profile, named in its `ways`, whose one class overrides one of these methods. What becomes of a
batch is never theirs to say.
"""

from __future__ import annotations

import json
from importlib.abc import InspectLoader
from importlib.util import decode_source, module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType
from typing import Any

from automation_service.batch_list import BatchList
from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.http_login import HttpLogin
from automation_service.login_form import LoginForm
from automation_service.opening import Opening
from automation_service.page_state import raise_for_status
from automation_service.profile import Listing, Profile
from shared.errors import PortalTimeout, ProfileInDoubt, ProfileMismatch

_FAULTS_OF_FILES = (
    SyntaxError,
    ImportError,
    OSError,
    NameError,
    AttributeError,
    TypeError,
    ValueError,
)
OVERRIDABLE = ("log_in", "pending", "find", "prepare")


class Ways:
    """The ways into one portal, in one browser, under one account."""

    def __init__(
        self,
        browser: Browser,
        profile: Profile,
        base_url: str,
        username: str,
        password: str,
    ) -> None:
        """`base_url` is where paths begin."""
        self._browser = browser
        self._base_url = base_url.rstrip("/")
        self._elements = Elements(browser, profile.timings.step or browser.options.timeout)
        self.profile = profile
        self.username = username
        self.password = password
        self.opening = Opening(browser, self._elements, profile, self._base_url, self.enter)

    def log_in(self) -> None:
        """Log in, once. Raises LoginRefused or AccountLocked if the portal says no."""
        path = self.profile.login.path
        if self.profile.login.http:
            HttpLogin(self._browser, self._elements, self.profile).enter(
                self._base_url + path, self.username, self.password
            )
            return
        self.load(path)
        self.enter()

    def enter(self) -> None:
        """Log in on the page that is there, once. Raises as `log_in` does."""
        login = LoginForm(self._elements, self.profile)
        self._browser.pacer.turn()
        form = login.enter(self.username, self.password)
        if form["found"] == "inside":
            return
        if form["found"] is None:
            raise_for_status(form["http"])
            raise ProfileInDoubt("The portal did not show its login form.")
        login.raise_for_answer(form, self._browser.mask.scrubbed)

    def pending(self, limit: int) -> list[str]:
        """The ids of up to `limit` batches that wait, oldest first. Raises as BatchList does."""
        keys: dict[str, None] = {}
        for rows in self._list(self.profile.pending).pages():
            keys.update(dict.fromkeys(row.key for row in rows))
            if len(keys) >= limit:
                break
        return list(keys)[:limit]

    def find(self, key: str) -> list[dict[str, str]]:
        """What stands for placeholders, by name, for every batch that is called exactly `key`.

        `{key}` itself is known without it. Raises as BatchList does.
        """
        lookup = self.profile.lookup
        if lookup is None:
            return [{}]
        try:
            return self._list(lookup).find(key)
        except ProfileInDoubt as doubt:
            # What is odd about one batch must not end the work on all.
            raise PortalTimeout(doubt.message) from doubt

    def prepare(self, action: str, values: dict[str, str]) -> None:
        """Do on the batch's page what no step can say, before the action's first step.

        It must have no effect in the portal; what it submits never leaves. `values` stand for the
        placeholders, by name. Time for it is part of the click budget.
        """

    @property
    def prepares(self) -> bool:
        """True if something is done before the first step."""
        return type(self).prepare is not Ways.prepare

    # -- for those who override ---------------------------------------------------------------

    def load(self, path: str) -> None:
        """Load the page at a path of the portal. Raises as Browser.navigate does."""
        self._browser.navigate(self._base_url + path)

    def run(self, script: str, **values: Any) -> Any:
        """What a script says in the page that is there; `values` is known in it.

        The script is an expression, or a promise of one. It must change nothing in the portal.
        Raises PageChanged if it fails.
        """
        patience = self.profile.timings.step or self._browser.options.timeout
        known = f"(values => ({script}))({json.dumps(values)})"
        return self._browser.evaluate(known, patience)

    def _list(self, listing: Listing) -> BatchList:
        session = self.profile.session
        return BatchList(self._browser, self._elements, self.opening, session, listing)


def ways_class(profile: Profile) -> type[Ways]:
    """The class that knows the ways of this portal.

    Raises ProfileMismatch if the file beside the profile does not have just one.
    """
    file = profile.ways_file
    if file is None:
        return Ways
    content = profile.companion(file.name)
    try:
        own = [it for it in _classes_in(file, content) if issubclass(it, Ways) and it is not Ways]
    except _FAULTS_OF_FILES as error:
        raise ProfileMismatch(f"{file.name} cannot be used: {error!r}") from error
    if len(own) != 1:
        raise ProfileMismatch(f"{file.name} has {len(own)} classes made of Ways; it needs one.")
    strange = [name for name in vars(own[0]) if hasattr(Ways, name) and name[0] != "_"]
    if not strange or not set(strange) <= set(OVERRIDABLE):
        raise ProfileMismatch(
            f"{own[0].__name__} in {file.name} overrides {', '.join(strange) or 'nothing'}; it "
            f"may override: {', '.join(OVERRIDABLE)}."
        )
    return own[0]


class _AsRead(InspectLoader):
    """Runs a file as it was when its profile was read, so that what runs has that version.

    What Python keeps compiled of it may be of an older one, saved in the same second.
    """

    def __init__(self, file: Path, content: bytes) -> None:
        self._file = file
        self._content = content

    def get_source(self, fullname: str) -> str:
        return decode_source(self._content)

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._content, str(self._file))


def _classes_in(file: Path, content: bytes) -> list[type]:
    loader = _AsRead(file, content)
    spec = spec_from_loader(f"ways_of_{file.stem}", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return [it for it in vars(module).values() if isinstance(it, type)]
