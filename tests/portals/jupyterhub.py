"""JupyterHub with its own user names and passwords: an administrator lets people in who signed up.

One page shows all of them, each with a link that toggles: to authorize whoever is authorized takes
it back, and a mere GET does it. It says nothing, the page comes again.
"""

from __future__ import annotations

from pathlib import Path

import httpx

from automation_service.portal import Credentials
from tests.portals.application import PythonApplication
from tests.portals.served import serve

SETTINGS = """
from jupyterhub.proxy import Proxy
from nativeauthenticator import NativeAuthenticator

class NoProxy(Proxy):
    # Nobody starts a notebook here, so the hub's own pages are all that is served.
    should_start = False
    async def add_route(self, routespec, target, data): pass
    async def delete_route(self, routespec): pass
    async def get_all_routes(self): return {{}}

c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.authenticator_class = NativeAuthenticator
c.JupyterHub.bind_url = c.JupyterHub.hub_bind_url = "{url}"
c.JupyterHub.db_url = "sqlite:///{database}"
c.JupyterHub.cookie_secret_file = "{cookie_secret}"
c.JupyterHub.default_url = "/hub/home"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"{administrator}"}}
"""


class JupyterHub(PythonApplication):
    """A hub for which a dozen people have signed up."""

    name = "jupyterhub"
    credentials = Credentials("officer", "practice-password")
    pending = tuple(f"claimant{number:02}" for number in range(1, 13))
    absent = "claimant99"
    action = "authorize"
    takes_back = True

    @property
    def database(self) -> Path:
        """Where its users are."""
        return self.folder / "hub.sqlite3"

    @property
    def _settings(self) -> Path:
        return self.folder / "jupyterhub_config.py"

    def seed(self) -> None:
        """Its settings; it makes its database itself."""
        written = SETTINGS.format(
            url=self.url,
            database=self.database,
            cookie_secret=self.folder / "cookie_secret",
            administrator=self.credentials.username,
        )
        self._settings.write_text(written)

    def start(self) -> None:
        """Serve it, and have the officer and a dozen people sign up."""
        super().start()
        for name in (self.credentials.username, *self.pending):
            self._sign_up(name)
        # The hub keeps who is authorized alone; its database counts every time it became so.
        self.ask("CREATE TABLE authorizations (username TEXT)")
        self.ask(
            "CREATE TRIGGER count_authorizations AFTER UPDATE OF is_authorized ON users_info "
            "WHEN NEW.is_authorized BEGIN INSERT INTO authorizations VALUES (NEW.username); END"
        )

    def _sign_up(self, name: str) -> None:
        password = self.credentials.password
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            client.get("/hub/signup").raise_for_status()
            form = {
                "username": name,
                "signup_password": password,
                "signup_password_confirmation": password,
                "_xsrf": client.cookies["_xsrf"],
            }
            client.post("/hub/signup", data=form).raise_for_status()

    def command(self) -> list[str | Path]:
        """Its own server."""
        return [self.python.parent / "jupyterhub", "-f", self._settings]

    def approvals(self, key: str) -> int:
        """How often somebody became authorized."""
        return self.count("SELECT count(*) FROM authorizations WHERE username = ?", key)

    def is_approved(self, key: str) -> bool:
        """True if somebody may log in."""
        asked = "SELECT is_authorized FROM users_info WHERE username = ?"
        return bool(self.count(asked, key))


if __name__ == "__main__":
    serve(JupyterHub)
