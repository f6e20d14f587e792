"""Pictures show no secret: two pages that differ only in one look the same to the last pixel."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageChops

from automation_service.browser import Browser, BrowserOptions
from shared.errors import PageChanged
from tests.integration.automation_service.conftest import Desk

ONE, OTHER = "hunter2-Canary", "WWWWWWWWWWWWWWWWWWWWWWWW"

PAGE = """<!doctype html><meta charset="utf-8"><title>Sign in</title>
<style>* {{ transition: all 5s; font: 24px monospace; }}</style>
<h1>Before</h1>{body}<p>After</p><script>{script}</script>"""

FIELD = '<input id="secret" type="password" size="30">'


@pytest.fixture(scope="module")
def browser(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    started = Browser(make_options(tmp_path_factory.mktemp("browsers")), lambda _: None)
    for secret in (ONE, OTHER):
        started.mask.cover(secret)
    yield started
    started.quit()


@pytest.fixture(scope="module")
def naive(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser that knows of no secret: what it shows is what there was to hide."""
    started = Browser(make_options(tmp_path_factory.mktemp("browsers")), lambda _: None)
    yield started
    started.quit()


def show(browser: Browser, body: str, script: str = "", secret: str = "") -> None:
    """Open a page in which SECRET stands for the secret, and `type(it)` puts it into a field."""
    typing = f"const type = (it) => {{ it.value = {json.dumps(secret)}; }};"
    page = PAGE.format(body=body.replace("SECRET", secret), script=typing + script)
    browser.navigate("about:blank")
    browser.navigate(f"data:text/html;charset=utf-8,{quote(page.replace('SECRET', secret))}")
    browser.evaluate("document.readyState === 'complete' || new Promise(r => onload = r)", 10)


def until_answered(browser: Browser, expression: str) -> None:
    """Evaluate it as soon as the page is there."""
    deadline = time.monotonic() + 30
    while True:
        try:
            browser.evaluate(expression, 10)
        except PageChanged:
            assert time.monotonic() < deadline
            continue
        return


def picture(browser: Browser) -> Image.Image:
    return Image.open(io.BytesIO(browser.picture())).convert("RGB")


def differ(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is not None


PLACES = {
    "a field that the page made readable": (FIELD, "type(secret); secret.type = 'text';"),
    "a field that the page filled again": (
        FIELD + '<textarea id="copy" cols="30"></textarea>',
        "type(secret); type(copy); secret.remove();",
    ),
    "a sentence": ("<p style='white-space:pre'>You typed SECRET, which is wrong.</p>", ""),
    "a sentence in pieces": (
        "<p id='p'>You typed <b id='b'></b><i id='i'></i></p>",
        """
        const it = 'SECRET'; b.textContent = it.slice(0, 3); i.textContent = it.slice(3);""",
    ),
    "a hint in an empty field": ('<input placeholder="SECRET" size="30">', ""),
    "a choice": ("<select style='width:20em'><option>SECRET</option></select>", ""),
    "a style sheet's words": (
        "<style>p::before { content: attr(data-it); }</style><p data-it='SECRET'>it</p>",
        "",
    ),
    "a shadow tree": (
        "<div id='host'></div>",
        "host.attachShadow({mode: 'open'}).innerHTML = '<p>SECRET</p>';",
    ),
    "a frame": ("<iframe srcdoc='<p>SECRET</p>' width='600'></iframe>", ""),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_cannot_be_told_from_another_by_a_picture(
    browser: Browser, naive: Browser, place: str
) -> None:
    body, script = PLACES[place]
    pictures = {}
    for name, camera in (("masked", browser), ("naive", naive)):
        for secret in (ONE, OTHER):
            show(camera, body, script, secret)
            pictures[name, secret] = picture(camera)

    assert differ(pictures["naive", ONE], pictures["naive", OTHER]), "nothing was shown at all"
    assert not differ(pictures["masked", ONE], pictures["masked", OTHER])


def test_not_even_the_length_of_what_is_in_a_password_field_shows(naive: Browser) -> None:
    pictures = []
    for secret in ("short", "a password that nobody told us about"):
        show(naive, FIELD, "type(secret);", secret)
        pictures.append(picture(naive))

    assert not differ(*pictures)


def test_the_rest_of_the_page_is_there_and_the_page_is_as_it_was(browser: Browser) -> None:
    # Given a page with a secret, and its look and words before a picture
    body = FIELD + "<p style='opacity: 0.5; color: red;'>SECRET</p><p id='kept'>kept</p>"
    show(browser, body, "type(secret);", ONE)
    markup = browser.evaluate("document.body.innerHTML", 10)
    show(browser, body.replace("kept</p>", "</p>"), "type(secret);", ONE)
    without = picture(browser)
    show(browser, body, "type(secret);", ONE)
    # When pictures are taken
    first, second = picture(browser), picture(browser)
    # Then they show what is no secret, and the page has not been changed
    assert differ(first, without)
    assert not differ(first, second)
    assert browser.evaluate("document.body.innerHTML", 10) == markup
    assert browser.evaluate("secret.value", 10) == ONE


def test_a_short_password_hides_its_field_and_not_every_text(
    make_options: Callable[..., BrowserOptions], tmp_path: Path
) -> None:
    browser = Browser(make_options(tmp_path / "browsers"), lambda _: None)
    try:
        browser.mask.cover("1")
        pictures = []
        for batch in ("BATCH001", "BATCH991"):
            show(browser, f"<p>{batch}</p>")
            pictures.append(picture(browser))
        assert differ(*pictures)
        pictures = []
        for script in ("type(secret); secret.type = 'text';", "secret.type = 'text'; x.remove();"):
            show(browser, FIELD + "<b id='x'></b>", script, "1")
            pictures.append(picture(browser))
        assert differ(*pictures)  # an empty field is shown, one that holds the password is not
    finally:
        browser.quit()


def test_a_page_that_keeps_bringing_a_secret_back_is_not_shown(browser: Browser) -> None:
    again = "setInterval(() => { document.querySelector('p').outerHTML = '<p>SECRET</p>'; }, 1);"
    show(browser, "", again, ONE)

    with pytest.raises(PageChanged, match="No picture was taken"):
        browser.picture()

    browser.navigate("about:blank")
    assert browser.alive()


def test_words_of_a_page_come_without_the_secret(browser: Browser) -> None:
    show(browser, "", "", ONE)

    with pytest.raises(PageChanged) as refusal:
        browser.evaluate(f"(() => {{ throw new Error('{ONE} is wrong'); }})()", 10)

    assert ONE not in refusal.value.message
    assert "*** is wrong" in refusal.value.message


def test_a_login_form_is_shown_without_what_was_typed(desk: Desk) -> None:
    # Given a portal whose login page holds our password, readable
    portal = desk.portal()
    browser = portal._browser
    browser.navigate(f"{desk.practice.url}/logout")
    typed = json.dumps(desk.credentials.password)
    until_answered(browser, f"password.value = {typed}; password.type = 'text'")
    with_password = picture(browser)
    # Then its picture is that of the page in which there is nothing to be seen in that place
    until_answered(browser, "password.style.visibility = 'hidden'; password.value = ''")
    assert not differ(with_password, picture(browser))
    desk.warm.discard()
