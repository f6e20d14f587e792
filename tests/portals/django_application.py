"""An application made with Django, on a site that holds it and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from automation_service.portal import Credentials
from tests.portals.application import PythonApplication

SITE = Path(__file__).parent / "site"


class DjangoApplication(PythonApplication):
    """One whose site is `site/<package>_settings.py`, with an officer who may do everything."""

    credentials = Credentials("officer", "practice-password")
    additions: ClassVar[tuple[str, ...]] = ()
    """Django applications on this site beside those that its settings name."""

    @property
    def database(self) -> Path:
        """Where everything is."""
        return self.folder / "site.sqlite3"

    def environment(self) -> dict[str, str]:
        """What Django needs to find the site and the officer."""
        return {
            **super().environment(),
            "PYTHONPATH": str(SITE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": f"{self.package}_settings",
            "SITE_DATABASE": str(self.database),
            "SITE_URL": self.url,
            "SITE_ADDITIONS": " ".join(self.additions),
            "DJANGO_SUPERUSER_PASSWORD": self.credentials.password,
        }

    def seed(self) -> None:
        """Make the database and the officer."""
        django = (self.python, "-m", "django")
        self.run(*django, "migrate", "--verbosity", "0")
        who = ("--username", self.credentials.username, "--email", "officer@example.com")
        self.run(*django, "createsuperuser", "--noinput", *who)

    def command(self) -> list[str | Path]:
        """Django's own server."""
        serving = ["runserver", "--noreload", "--insecure", f"127.0.0.1:{self.port}"]
        return [self.python, "-m", "django", *serving]
