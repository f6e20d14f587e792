"""MediaWiki: a patroller marks new pages as patrolled, and a script says so in a passing notice.

It comes from Debian, unpacked into a folder of its own together with the PHP it needs, so that
nothing of the machine changes.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from automation_service.portal import Credentials
from launcher.errors import LauncherError
from launcher.lock import held, tell
from tests.portals.application import INSTALLED, Application, RefusesClicks
from tests.portals.served import serve

PACKAGES = ("mediawiki", "php-cli", "php-sqlite3")
WEB_SERVERS = ("apache", "libapache", "libaprutil")
"""What packages of Debian's want beside PHP's own server, which is enough here."""
EXTENSIONS = ("pdo", "pdo_sqlite", "sqlite3", "mbstring", "intl", "dom", "xml", "xmlreader")
MORE_EXTENSIONS = ("ctype", "fileinfo", "iconv", "tokenizer", "posix")
LOCKED = "\n$wgReadOnly = 'The wiki is closed for maintenance.';\n"


class Wiki(Application):
    """A wiki with new pages by a writer, to be patrolled by an administrator."""

    credentials = Credentials("Officer", "practice-password-1")
    pending = tuple(f"Claim {number:02}" for number in range(1, 13))
    absent = "Claim 99"
    action = "patrol"

    @property
    def database(self) -> Path:
        """Where pages and logs are."""
        return self.folder / "database" / "wiki.sqlite"

    @property
    def _settings(self) -> Path:
        return self.folder / "LocalSettings.php"

    @property
    def _root(self) -> Path:
        return INSTALLED / "mediawiki"

    @property
    def _wiki(self) -> Path:
        return self._root / "usr" / "share" / "mediawiki"

    def install(self) -> None:
        """Unpack it once."""
        done = self._root / "installed.txt"
        if done.exists():
            return
        with held(INSTALLED / "mediawiki.lock", "installing mediawiki"):
            if done.exists():
                return
            tell("unpacking mediawiki from Debian, once")
            shutil.rmtree(self._root, ignore_errors=True)
            self._root.mkdir(parents=True)
            wanted = [name for name in self._missing() if not name.startswith(WEB_SERVERS)]
            _told(["apt-get", "download", *wanted], self._root)
            for package in self._root.glob("*.deb"):
                _told(["dpkg", "-x", package.name, "."], self._root)
                package.unlink()
            done.touch()

    def _missing(self) -> list[str]:
        """The packages and all that they need and this machine lacks."""
        asked = ["apt-get", "install", "--simulate", "--no-install-recommends", "--reinstall"]
        lines = _told([*asked, *PACKAGES], self._root).splitlines()
        return [line.split()[1] for line in lines if line.startswith("Inst ")]

    @property
    def _php(self) -> list[str | Path]:
        (modules,) = self._root.glob("usr/lib/php/2*")
        (program,) = self._root.glob("usr/bin/php[0-9].[0-9]")
        loaded = [f"extension={name}" for name in (*EXTENSIONS, *MORE_EXTENSIONS)]
        settings = [f"extension_dir={modules}", *loaded, "date.timezone=UTC"]
        return [program, "-n", *(part for it in settings for part in ("-d", it))]

    def environment(self) -> dict[str, str]:
        """Where the wiki's settings are, and how many requests are answered at once."""
        settings = {"PHP_CLI_SERVER_WORKERS": "4"}
        if self._settings.exists():
            settings["MW_CONFIG_FILE"] = str(self._settings)
        return {**super().environment(), **settings}

    def seed(self) -> None:
        """A dozen new pages by a writer."""
        maintenance = self._wiki / "maintenance"
        who = self.credentials
        options = ["--dbtype", "sqlite", "--dbpath", str(self.database.parent), "--dbname", "wiki"]
        options += ["--server", self.url, "--scriptpath", "", "--confpath", str(self.folder)]
        self.run(
            *(*self._php, maintenance / "install.php", *options, "--pass", who.password),
            *("Claims", who.username),
        )
        self.run(*self._php, maintenance / "createAndPromote.php", "Writer", "practice-password-2")
        for title in self.pending:
            self.run(*self._php, maintenance / "edit.php", "--user", "Writer", title)

    def command(self) -> list[str | Path]:
        """PHP's own server."""
        return [*self._php, "-S", f"127.0.0.1:{self.port}", "-t", self._wiki]

    def approvals(self, key: str) -> int:
        """Lines of the wiki's log of patrols."""
        return self.count(
            "SELECT count(*) FROM logging WHERE log_type = 'patrol' AND log_action = 'patrol' "
            "AND log_title = ?",
            key.replace(" ", "_"),
        )

    def is_approved(self, key: str) -> bool:
        """True if its creation is patrolled."""
        patrolled = self.count(
            "SELECT rc_patrolled FROM recentchanges WHERE rc_new = 1 AND rc_title = ?",
            key.replace(" ", "_"),
        )
        return patrolled > 0


class MediaWiki(Wiki, RefusesClicks):
    """By the link that a script takes over."""

    name = "mediawiki"

    def refuse(self) -> None:
        """Lock the wiki, as its operators do for maintenance: it is read, and nothing is taken."""
        self._keep_settings(LOCKED)

    def relent(self) -> None:
        """Unlock it."""
        self._keep_settings("")

    def _keep_settings(self, more: str) -> None:
        written = self._settings.read_text().removesuffix(LOCKED)
        # Whole or not at all: every request reads it.
        fresh = self._settings.with_suffix(".new")
        fresh.write_text(written + more)
        fresh.replace(self._settings)


class MediaWikiForm(Wiki):
    """By the page that asks for confirmation, which a locked wiki does not show at all."""

    name = "mediawiki-form"


def _told(command: list[str], folder: Path) -> str:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        raise LauncherError(f"`{' '.join(command[:2])} ...` failed: {ran.stderr.strip()[-500:]}")
    return ran.stdout


if __name__ == "__main__":
    serve(MediaWiki)
