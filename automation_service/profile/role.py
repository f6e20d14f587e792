"""ARIA roles, and the elements that have one without being told."""

from __future__ import annotations

_BUTTONS = "button, summary, input:is([type=button], [type=submit], [type=reset], [type=image])"
_TEXT_INPUTS = (
    "textarea, input:is(:not([type]), [type=text], [type=email], [type=tel], [type=url], "
    "[type=password])"
)

ROLES: dict[str, str] = {
    "alert": "",
    "alertdialog": "",
    "article": "article",
    "banner": "header",
    "button": _BUTTONS,
    "cell": "td",
    "checkbox": "input[type=checkbox]",
    "columnheader": "thead th, th[scope=col]",
    "combobox": "select:not([multiple])",
    "complementary": "aside",
    "dialog": "dialog",
    "form": "form",
    "grid": "",
    "gridcell": "",
    "group": "fieldset",
    "heading": "h1, h2, h3, h4, h5, h6",
    "img": "img",
    "link": "a[href], area[href]",
    "list": "ul, ol, menu",
    "listbox": "select[multiple]",
    "listitem": "li",
    "main": "main",
    "menu": "",
    "menuitem": "",
    "menuitemcheckbox": "",
    "menuitemradio": "",
    "navigation": "nav",
    "option": "option",
    "progressbar": "progress",
    "radio": "input[type=radio]",
    "region": "section",
    "row": "tr",
    "rowheader": "th[scope=row]",
    "search": "search",
    "searchbox": "input[type=search]",
    "spinbutton": "input[type=number]",
    "status": "output",
    "switch": "",
    "tab": "",
    "table": "table",
    "tabpanel": "",
    "textbox": _TEXT_INPUTS,
    "tooltip": "",
    "treeitem": "",
}
"""Role -> CSS selector of the elements that have it by themselves; empty if none has."""


def selector_of(role: str) -> str:
    """A CSS selector of everything that has this role, of itself or because it says so."""
    said = f'[role="{role}"]'
    by_itself = ROLES[role]
    return f"{said}, :is({by_itself}):not([role])" if by_itself else said
