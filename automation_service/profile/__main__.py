"""`python -m automation_service.profile`: checks a profile, and prints the reference.

`check FILE` prints one line a fault; the exit status is 0 if there is none, 1 if there are some,
and 2 if the check could not be made. With `--live` it then goes through the portal with a browser,
up to the step with the effect and without it, and leaves a report. `steps FILE` prints a profile as
sentences.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from automation_service.browser import Browser, BrowserOptions
from automation_service.inspection import Stage, report
from automation_service.portal import Credentials
from automation_service.portal_credentials import DEFAULT, credentials_of
from automation_service.profile.document import load_profile
from automation_service.profile.profile import Profile
from automation_service.profile.reference import reference
from automation_service.profile.sentences import sentences
from automation_service.trial import Trial
from automation_service.ways import ways_class
from shared.config import Settings, load_settings
from shared.errors import BrowserDied, ConfigurationError, CredentialsMissing, ProfileMismatch

SOUND, FAULTY, NOT_CHECKED = 0, 1, 2
PASSWORD = "PORTAL_PASSWORD"


class NotChecked(Exception):
    """The check cannot be made; the message says what is missing."""


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit status."""
    asked = _parser().parse_args(arguments)
    if asked.command == "reference":
        print(reference(), end="")
        return SOUND
    try:
        profile = load_profile(asked.file)
    except ConfigurationError as error:
        print(error.message.replace(f"; {asked.file.name}:", f"\n{asked.file.name}:"))
        return FAULTY
    if asked.command == "steps":
        print(sentences(profile), end="")
        return SOUND
    try:
        ways_class(profile)
    except ProfileMismatch as error:
        print(error.message)
        return FAULTY
    print(f"sound: profile {profile.name}, version {profile.version}")
    if not asked.live:
        return SOUND
    try:
        return _try_live(profile, asked, load_settings())
    except (NotChecked, ConfigurationError, BrowserDied, ProfileMismatch) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return NOT_CHECKED


def _try_live(profile: Profile, asked: argparse.Namespace, settings: Settings) -> int:
    base_url = asked.base_url or profile.site.base_url or settings.esc_base_url
    if not base_url:
        raise NotChecked("nobody says where the portal is; give --base-url or site.base_url")
    credentials = _credentials(profile.name, asked, settings)
    # What is printed are the stages; the log of a browser at work would stand between them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with TemporaryDirectory(prefix="trial-") as folder:
        browser = Browser(_options(settings, Path(folder), profile, base_url), lambda _: None)
        try:
            trial = Trial(browser, profile, base_url, credentials, asked.action)
            passed = trial.run(asked.key)
        finally:
            browser.quit()
    asked.report.write_text(report(profile, trial.stages, base_url), encoding="utf-8")
    for stage in trial.stages:
        _tell(stage)
    print(f"report: {asked.report}")
    return SOUND if passed else FAULTY


def _tell(stage: Stage) -> None:
    print(f"{'failed' if stage.fault else 'passed'}: {stage.title}, {stage.seconds:.2f} s")
    for line in (*([stage.fault] if stage.fault else []), *stage.all_warnings, *stage.alike):
        print(f"  {line}")


def _credentials(name: str, asked: argparse.Namespace, settings: Settings) -> Credentials:
    """Those given; what is not given is what workers would use, or is asked for."""
    username, password = asked.username, os.environ.get(PASSWORD)
    if username is not None and password:
        return Credentials(username, password)
    try:
        kept = credentials_of(settings, name, asked.account)
    except CredentialsMissing as error:
        if not password and sys.stdin.isatty():
            password = getpass("Password in the portal: ")
        if not password:
            raise NotChecked(f"{error.message} Or put the password into {PASSWORD}.") from error
        kept = Credentials(settings.esc_username, password)
    return Credentials(username or kept.username, password or kept.password)


def _options(settings: Settings, folder: Path, profile: Profile, base_url: str) -> BrowserOptions:
    return BrowserOptions(
        headless=settings.headless,
        binary=settings.chrome_binary,
        driver=settings.chromedriver,
        timeout=settings.selenium_timeout,
        temp_dir=folder / "browsers",
        downloads=folder / "downloads",
        max_items=1,
        hosts=profile.site.hosts_for(base_url),
        joined=profile.joins_hosts,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m automation_service.profile")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="tell everything that is wrong in a profile")
    check.add_argument("file", metavar="FILE", type=Path, help="such as portals/orders.yaml")
    check.add_argument(
        "--live",
        action="store_true",
        help="log in, open a batch and go up to the step with the effect, which is not taken; the "
        f"password is read from {PASSWORD}, else where workers read it, else asked for",
    )
    check.add_argument("--key", metavar="ID", help="the batch; else the first of those that wait")
    check.add_argument("--action", metavar="NAME", default="approve", help="else approve")
    check.add_argument("--base-url", metavar="URL", help="else site.base_url, else ESC_BASE_URL")
    check.add_argument("--username", metavar="NAME", help="else the account's")
    check.add_argument(
        "--account",
        metavar="NAME",
        default=DEFAULT,
        help=f"a folder in SECRETS_DIR/<portal>, as tasks name it; else {DEFAULT}",
    )
    check.add_argument(
        "--report", metavar="HTML", type=Path, default=Path("trial.html"), help="else trial.html"
    )
    steps = commands.add_parser("steps", help="print a profile as sentences, to be reviewed")
    steps.add_argument("file", metavar="FILE", type=Path, help="such as portals/orders.yaml")
    commands.add_parser("reference", help="print everything that a profile can say, in Markdown")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
