"""A profile as sentences, for a person who reviews what it will do in their name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from automation_service.profile.action import Action
from automation_service.profile.listing import Listing
from automation_service.profile.locator import Locator
from automation_service.profile.lookup import Lookup
from automation_service.profile.profile import Profile
from automation_service.profile.step import Step
from automation_service.profile.timings import Reclick


def sentences(profile: Profile) -> str:
    """The whole profile, a paragraph a part."""
    paragraphs = (
        _portal(profile),
        _logging_in(profile),
        _finding(profile),
        _reading(profile),
        *(_acting(profile, name, action) for name, action in profile.actions.items()),
        _fetching(profile),
    )
    return "\n".join(filter(None, (_paragraph(*lines) for lines in paragraphs)))


def _paragraph(title: str, lines: Iterator[str]) -> str:
    told = [f"  {line}" for line in lines]
    return "\n".join((title, *told, "")) if told else ""


def _portal(profile: Profile) -> tuple[str, Iterator[str]]:
    def lines() -> Iterator[str]:
        site = profile.site
        own = "the host of " + (site.base_url or "the base URL that a setting gives")
        yield f"Only {' and '.join((own, *site.hosts))} can be reached."
        pace = site.pace
        if pace.requests_per_second:
            yield f"At most {pace.requests_per_second:g} pages a second are loaded by all workers."
        if pace.sessions_per_account:
            yield f"At most {pace.sessions_per_account} browsers are logged in as one account."
        for hours in pace.maintenance:
            days = ", ".join(hours.days)
            span = f"{hours.begins:%H:%M} to {hours.ends:%H:%M} {hours.zone}"
            yield f"It is left alone from {span}, beginning on {days}."
        for form in profile.key_forms:
            yield f"An id that matches {form.match!r} is spelled {form.becomes!r}."

    return f"{profile.title} ({profile.name}, version {profile.version})", lines()


def _logging_in(profile: Profile) -> tuple[str, Iterator[str]]:
    def lines() -> Iterator[str]:
        session = profile.session
        yield from _by_http(profile) if profile.login.http else _by_form(profile)
        yield f"No page is believed that does not show {session.logged_in}."
        if session.each_page:
            yield f"A page that shows {session.lost} as it is loaded is logged in on at once."
        for sign in _signs_of_loss(profile):
            yield f"The session is lost if {sign}."

    return "Logging in", lines()


def _by_http(profile: Profile) -> Iterator[str]:
    yield f"Go to {profile.login.path}, and tell the user name and the password by HTTP."
    yield f"We are in once {profile.session.logged_in} shows."
    yield "We are refused if we are asked again; nobody tries these credentials again then."


def _by_form(profile: Profile) -> Iterator[str]:
    login, session = profile.login, profile.session
    name = f"the user name into {login.username}, " if login.username else ""
    name += f"click {login.next}, then type " if login.next else ""
    sent = f"click {login.submit}" if login.submit else "press Enter"
    yield f"Go to {login.path}; type {name}the password into {login.password}; {sent}."
    yield f"We are in once {login.success or session.logged_in} shows."
    refused = login.refused or "the form again, on a new page"
    yield f"We are refused if {refused} shows; nobody tries these credentials again then."
    if login.locked:
        yield f"The account is locked if the refusal says {login.locked!r}."
    if login.locked_shown:
        yield f"The account is locked if {login.locked_shown} shows."


def _signs_of_loss(profile: Profile) -> Iterator[str]:
    session = profile.session
    if session.lost:
        yield f"{session.lost} shows"
    if session.lost_url:
        yield f"the address matches {session.lost_url!r}"
    if session.unmarked_is_lost:
        yield "a page stays without that mark"


def _finding(profile: Profile) -> tuple[str, Iterator[str]]:
    def lines() -> Iterator[str]:
        yield f"What waits is listed at {profile.pending.path}. {_list(profile.pending)}"
        yield from _leading(profile.pending.open)
        lookup = profile.lookup
        if lookup is not None:
            yield f"A batch is looked up at {lookup.path}{_search(lookup)}. {_list(lookup)}"
            yield from _leading(lookup.open)
            if lookup.lists == "pending":
                yield "One that is not found there does not wait, and nothing is done with it."
        yield f"A batch's page is {profile.batch.path}."
        yield from _leading(profile.batch.open)
        yield f"It is the right one if {profile.batch.printed_key} says exactly its id."
        other = profile.batch.elsewhere
        if other:
            yield f"One that is not there is looked for at {other.path}."
            yield from _leading(other.open)
            yield f"It is there if {other.printed_key} says its id; its status is {other.status}."

    return "Finding", lines()


def _leading(steps: tuple[Step, ...]) -> Iterator[str]:
    if steps:
        yield "From there:"
        yield from _steps(steps, "")


def _list(listing: Listing) -> str:
    further = "It has one page."
    if listing.next:
        begun = f"It is begun at {listing.back}. " if listing.back else ""
        further = f"{begun}More comes by {listing.next}."
    elif listing.first_page is not None:
        further = f"Its pages are numbered from {listing.first_page}."
    elif listing.scrolls:
        further = "More comes as it is scrolled."
    return f"Each {listing.row} is a batch, its id is in {listing.key}. {further}"


def _search(lookup: Lookup) -> str:
    if lookup.box is None:
        return ""
    sent = f"a click on {lookup.submit}" if lookup.submit else "Enter"
    return f", by its id in {lookup.box} and {sent}"


def _reading(profile: Profile) -> tuple[str, Iterator[str]]:
    def lines() -> Iterator[str]:
        batch = profile.batch
        yield f"Its status is what {batch.status} says."
        for word, meaning in batch.words.items():
            yield f"{word!r} means {str(meaning).replace('_', ' ')}."
        yield "Any other word means that nothing may be done."
        for name, column in batch.columns.items():
            yield f"{name} is what {column} says."
        history = batch.history
        if history:
            yield f"Its history is {history.row}; our marker is looked for in {history.remark}."

    return "Reading", lines()


def _acting(profile: Profile, name: str, action: Action) -> tuple[str, Iterator[str]]:
    def lines() -> Iterator[str]:
        allowed = " or ".join(state.replace("_", " ") for state in action.allowed)
        yield f"Only a batch that is {allowed}; afterwards it is {action.done}."
        if action.status is not None:
            yield f"How far it is in this is what {action.status} says."
            for word, meaning in action.words.items():
                yield f"{word!r} means {meaning.replace('_', ' ')}."
            yield "Any other word means that nothing may be done."
        yield from _steps(action.steps, "")
        for signal, at in action.outcomes:
            if isinstance(at, Locator):
                yield f"{at} is taken for its word: {signal}. What counts is read back."
        again = (
            f"It is tried again if the batch is as before {profile.timings.settle:g} s later."
            if profile.reclick is Reclick.AFTER_SETTLE
            else "It is never tried again: if the batch is as before, a person looks."
        )
        yield again

    return f"To {name}", lines()


def _fetching(profile: Profile) -> tuple[str, Iterator[str]]:
    def lines() -> Iterator[str]:
        certificates, reports = profile.certificates, profile.reports
        if certificates is not None:
            for template, action in certificates.actions.items():
                yield f"{template!r} certificates are issued by {action}, and then fetched."
            yield f"Each {certificates.row} is a trainee's; {certificates.file} is their file."
            told = f"{certificates.trainee} and {certificates.name}"
            yield f"It is theirs if what {told} say stands in it."
        if reports is not None:
            yield f"Reports are asked for at {reports.path} by a click on {reports.submit}."
            yield f"Then {reports.file} in {reports.row} is the file."

    return "Fetching files", lines()


def _steps(steps: tuple[Step, ...], before: str) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        effect = " THIS HAS THE EFFECT, and is done once." if step.effect else ""
        yield f"{before}{number}. {step_sentence(step)}{effect}"
        yield from _steps(getattr(step, "steps", ()), f"{before}{number}.")


def step_sentence(step: Step) -> str:
    """What the step says of itself in the file, in its order there, as one sentence."""
    words: list[str] = []
    for name, field in type(step).model_fields.items():
        if name in step.model_fields_set and name not in ("effect", "steps"):
            words.append(f"{(field.alias or name).replace('_', ' ')} {_plain(getattr(step, name))}")
    if step.fill is not None and getattr(step, "text", None) is None:
        words.append("with the remark and our marker")
    said = ", ".join(words)
    return f"{said[0].upper()}{said[1:]}."


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, Locator) else repr(value)
