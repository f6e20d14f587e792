"""Everything that a profile names on a page, by the name it has in the profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from automation_service.inspection.stage import Mark
from automation_service.profile import (
    Action,
    Batch,
    Certificates,
    History,
    Listing,
    Locator,
    Part,
    Profile,
    Reports,
    Step,
)

Named = dict[str, tuple[Locator, Locator | None]]
"""Name -> what is looked for, and the row in whose first it is."""

_IN_ROWS = {
    Listing: {"key", "id", "columns"},
    History: {"who", "when", "what", "remark"},
    Certificates: {"trainee", "name", "file"},
}
_MANY = ("row", "ready", "empty", "busy", "next")
# Counters, dates, prices; and names that style and widget libraries make up anew.
_CHANGING = re.compile(r"[0-9]")
_MADE_UP = re.compile(
    r"[.#](?:css|sc|ember|react|radix|mui|jss)[-_]?[a-z0-9]*[0-9]|[0-9a-f]{6,}|[0-9]{4,}"
)


def login_marks(profile: Profile) -> Named:
    """The login form."""
    form = profile.login
    later = {"password": form.password, "submit": form.submit}
    fields = {"username": form.username, "next": form.next, **({} if form.next else later)}
    return {f"login.{name}": (at, None) for name, at in fields.items() if at is not None}


def listing_marks(name: str, listing: Listing) -> Named:
    """A list and its first row."""
    return dict(_in(listing, name))


def batch_marks(profile: Profile, batch: Batch | None = None) -> Named:
    """A batch's page, what tells that it is missing aside.

    It is the page that `batch` says, which may be elsewhere; else the batch's own.
    """
    shown = (batch or profile.batch).model_copy(update={"elsewhere": None})
    found = dict(_in(shown, "batch"))
    found.pop("batch.missing", None)
    return {"session.logged_in": (profile.session.logged_in, None), **found}


def certificate_marks(certificates: Certificates) -> Named:
    """The list of a batch's certificates, and its first row."""
    return dict(_in(certificates, "certificates"))


def report_marks(reports: Reports) -> Named:
    """The form for reports; what shows only once one was asked for aside."""
    form = ("kind", "from_date", "to_date", "format", "submit")
    return {f"reports.{name}": (getattr(reports, name), None) for name in form}


def leg_marks(steps: Sequence[Step], first: int) -> Named:
    """What these steps use; `first` is the number of the first of them."""
    numbered = enumerate(steps, first)
    return {name: at for number, step in numbered for name, at in _in(step, f"steps.{number}")}


def step_marks(action: Action, at: int | None = None) -> Named:
    """What an action's steps use, of those that are taken on one page.

    It is that of the step with the number `at`, else the one with the effect.
    """
    numbered = list(enumerate(action.steps, 1))
    crossings = [number for number, step in numbered if step.crosses]
    at = at or len(numbered)
    begins = max((number for number in crossings if number < at), default=0)
    ends = min((number for number in crossings if number >= at), default=len(numbered))
    here = leg_marks(action.steps[begins:ends], begins + 1)
    return {name: at for name, at in here.items() if not name.endswith(".wait_gone")}


def _in(part: Part, name: str) -> Iterator[tuple[str, tuple[Locator, Locator | None]]]:
    """Every locator of a part, and of the parts in it."""
    in_rows = next((names for kind, names in _IN_ROWS.items() if isinstance(part, kind)), set())
    for field, value in part:
        row: Locator | None = getattr(part, "row", None) if field in in_rows else None
        several = value.items() if isinstance(value, dict) else [("", value)]
        for key, one in several:
            inner = f"{name}.{field}" + (f".{key}" if key else "")
            if isinstance(one, Locator):
                yield inner, (one, row)
            elif isinstance(one, Part):
                yield from _in(one, inner)


def asked(named: Named) -> dict[str, Any]:
    """The same, as a page is asked for it."""
    return {
        name: {"at": at.model_dump(), "row": row.model_dump() if row else None}
        for name, (at, row) in named.items()
    }


def mark_of(name: str, locator: Locator, seen: dict[str, Any]) -> Mark:
    """What was seen of one of them, with what a person should look at."""
    warnings = []
    last = name.rpartition(".")[2]
    if seen["shown"] > 1 and last not in _MANY:
        warnings.append(f"finds {seen['shown']} elements that show; the first one counts")
    if seen["count"] and not seen["shown"]:
        warnings.append("finds only what does not show")
    texts = " ".join(text for text in (locator.text, locator.starts, locator.named) if text)
    if _CHANGING.search(re.sub(r"\{[^{}]*\}", "", texts)):
        warnings.append(f"is found by a text with digits, which may change: {texts!r}")
    selector = locator.css or locator.id or locator.xpath or ""
    if _MADE_UP.search(selector):
        warnings.append("is found by a name that looks made up, and may be another tomorrow")
    return Mark(name, str(locator), seen["count"], seen["shown"], seen["value"], tuple(warnings))
