"""Reports: a form to ask for one, a list of those asked for, and their files."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.responses import JSONResponse

from esc_simulator.faults.files import EmptyReport, SlowGeneration
from esc_simulator.files.reports import FORMATS, SECONDS_EACH, TYPES, Wish
from esc_simulator.pages.file_answer import send_file
from esc_simulator.pages.interruption import interruption
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SignedIn
from esc_simulator.portal import ThePortal

router = APIRouter(dependencies=[Depends(wait_latency)])


class SentForm:
    """What the form sends."""

    def __init__(
        self,
        report_type: Annotated[str, Form()] = "",
        from_date: Annotated[str, Form()] = "",
        to_date: Annotated[str, Form()] = "",
        file_format: Annotated[str, Form()] = "",
    ) -> None:
        """Read the fields."""
        self.wish = Wish(report_type, from_date, to_date, file_format)

    @property
    def fault(self) -> str | None:
        """What is wrong with it, in the portal's words."""
        wish = self.wish
        if wish.report_type not in TYPES or wish.file_format not in FORMATS:
            return "Please choose a report and a format."
        try:
            begins, ends = date.fromisoformat(wish.from_date), date.fromisoformat(wish.to_date)
        except ValueError:
            return "Please enter both dates."
        return None if begins <= ends else "From Date must not be after To Date."


Sent = Annotated[SentForm, Depends()]


@router.get("/esc/reports")
def show_form(request: Request, session: SignedIn) -> Response:
    """Show the form; a script fetches the list."""
    return render(request, "reports.html", types=list(TYPES), formats=list(FORMATS))


@router.post("/esc/reports")
def ask(
    request: Request,
    portal: ThePortal,
    session: SignedIn,
    sent: Sent,
    x_csrf_token: Annotated[str, Header()] = "",
) -> Response:
    """Take the wish and begin to make the report."""
    instead = interruption(request, "generate")
    if instead:
        return instead
    if not session.owns_token(x_csrf_token):
        words = "Your request could not be verified. Please reload the page."
        return JSONResponse({"message": words}, 403)
    if sent.fault:
        return JSONResponse({"message": sent.fault}, 422)
    slow = portal.faults.fire(SlowGeneration, None)
    seconds = SECONDS_EACH + (slow.ms / 1000 if slow else 0.0)
    is_empty = portal.faults.fire(EmptyReport, None) is not None
    report = portal.reports.make(sent.wish, session.username, seconds, is_empty=is_empty)
    told = f"Report {report.report_id} is being prepared."
    return JSONResponse({"message": told, "report": report.report_id})


@router.get("/esc/reports/table")
def show_table(request: Request, portal: ThePortal, session: SignedIn) -> Response:
    """Show the officer's reports alone, for the script."""
    reports = portal.reports.asked_by(session.username)
    return render(request, "reports_table.html", reports=reports)


@router.get("/esc/reports/{report_id}/file")
def download(request: Request, portal: ThePortal, session: SignedIn, report_id: str) -> Response:
    """Send a report's file."""
    for report in portal.reports.asked_by(session.username):
        if report.report_id == report_id and report.is_ready:
            kind = FORMATS[report.wish.file_format]
            content = portal.reports.file(report.number)
            return send_file(request, None, report.file_name, kind, content)
    return render(request, "not_found.html", 404, what="The report")
