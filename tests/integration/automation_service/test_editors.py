"""Editors made by script, as real ones behave: each takes our remark in place of what was there."""

from __future__ import annotations

import pytest

from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages
from tests.integration.automation_service.test_step_kinds import fired, portal_by

SEND = """<button id=send onclick="fetch('/effect/' + encodeURIComponent(held()),
    {method: 'POST'})">Approve</button>"""
BEGUN = "<div id=e contenteditable>What was there</div>"

EDITORS = {
    # As CKEditor does.
    "that makes each change itself, and undoes any other": """<script>
        let model = e.textContent
        const held = () => model
        const draw = () => { e.textContent = model }
        e.addEventListener('beforeinput', (event) => {
          event.preventDefault()
          const [{startOffset, endOffset, startContainer, endContainer}] = event.getTargetRanges()
          const from = startContainer === e && startOffset === 0 ? 0 : startOffset
          const to = endContainer === e ? model.length : endOffset
          model = model.slice(0, from) + (event.data ?? '') + model.slice(to)
          draw()
        })
        new MutationObserver(() => { if (e.textContent !== model) draw() })
          .observe(e, {childList: true, characterData: true, subtree: true})</script>""",
    # As Lexical does.
    "that hears later what is chosen": """<script>
        let model = e.textContent, chosen = ''
        const held = () => model
        document.addEventListener('selectionchange', () => { chosen = String(getSelection()) })
        e.addEventListener('beforeinput', (event) => {
          event.preventDefault()
          model = chosen === model ? event.data : event.data + model
          e.textContent = model
        })</script>""",
    # As Slate and Draft.js do.
    "that is drawn anew some moments after a change": """<script>
        let model = e.textContent
        const held = () => model
        e.addEventListener('beforeinput', (event) => {
          event.preventDefault()
          setTimeout(() => {
            model = event.data
            const anew = e.cloneNode()
            anew.textContent = model
            e.replaceWith(anew)
          }, 150)
        })</script>""",
    # As Trix does.
    "whose own value follows what is seen in it": """<script>
        customElements.define('x-editor', class extends HTMLElement {
          get value() { return this.told }
          set value(told) { throw Error('not so') }
        })
        const editor = document.createElement('x-editor')
        Object.assign(editor, {id: 'e', contentEditable: true, told: e.textContent})
        editor.textContent = e.textContent
        e.replaceWith(editor)
        editor.addEventListener('input', () =>
          setTimeout(() => { editor.told = editor.textContent }, 50))
        const held = () => editor.textContent</script>""",
    # As TinyMCE does.
    "that is none for a while": """<script>
        const held = () => e.textContent
        e.contentEditable = false
        setTimeout(() => { e.contentEditable = true }, 300)</script>""",
}


@pytest.mark.parametrize("kind", EDITORS)
def test_an_editor_takes_our_remark_in_place_of_what_was_there(
    portal_with: OpenPortal, pages: Pages, kind: str
) -> None:
    pages.batch("A", f"<i id=status>Open</i>{BEGUN}{SEND}{EDITORS[kind]}")

    fired(portal_by(portal_with, [{"fill": "#e"}, {"click": "#send", "effect": True}]))

    assert pages.wait_for_posts(1) == ["/effect/Fine%20%5Bm%5D"]


def test_an_editor_that_takes_one_letter_after_the_other(
    portal_with: OpenPortal, pages: Pages
) -> None:
    hears = """<script>
        let model = e.textContent, chosen = ''
        const held = () => model
        document.addEventListener('selectionchange', () => { chosen = String(getSelection()) })
        e.addEventListener('beforeinput', (event) => {
          event.preventDefault()
          model = (chosen === model ? '' : model) + (event.data ?? '')
          e.textContent = model
          getSelection().selectAllChildren(e)
          getSelection().collapseToEnd()
        })</script>"""
    pages.batch("A", f"<i id=status>Open</i>{BEGUN}{SEND}{hears}")
    typed = {"fill": "#e", "typed": True}

    fired(portal_by(portal_with, [typed, {"click": "#send", "effect": True}]))

    assert pages.wait_for_posts(1) == ["/effect/Fine%20%5Bm%5D"]
