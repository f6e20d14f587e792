"""Pages with thousands of rows and fields: what is looked for by words is found in time."""

from __future__ import annotations

from shared.contracts import Condition
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages

KNOWN = "<b id=user>officer</b>"
MANY = 4000
"""To look for a heading anew in each row took a minute for so many, and ended the browser."""


def test_a_list_of_thousands_is_read_by_its_headings(portal_with: OpenPortal, pages: Pages) -> None:
    rows = "".join(f"<tr><td>Course {n}<td>K{n}<td>Open</tr>" for n in range(MANY))
    pages.html["/list"] = f"{KNOWN}<table><tr><th>Course<th>Id<th>State</tr>{rows}</table>"
    listed = {"row": {"css": "tr", "has": "td"}, "key": {"column": "Id"}, "next": None}

    keys = portal_with(pending=listed, timings={"step": 5}).pending(MANY)

    assert keys == [f"K{n}" for n in range(MANY)]


def test_a_field_among_thousands_is_found_by_its_label(
    portal_with: OpenPortal, pages: Pages
) -> None:
    fields = "".join(
        f"<label for=n{n}>State of K{n}</label><input id=n{n} value=Open>" for n in range(MANY)
    )
    pages.batch("K7", fields)
    status = {"label": "State of {key}", "property": "value"}

    reading = portal_with(batch={"status": status}, timings={"step": 5}).read("K7")

    assert reading.condition is Condition.MAY_BE_DONE
