"""Sending a file, whole or as a fault wants it."""

from fastapi import Request, Response

from esc_simulator.connection import HalfAnswer
from esc_simulator.faults.files import HalfFile, StalledDownload
from esc_simulator.pages.interruption import interruption
from esc_simulator.portal import Portal


def send_file(
    request: Request, batch_id: str | None, name: str, kind: str, content: bytes
) -> Response:
    """Answer with a file that browsers keep under this name. `batch_id` is for the faults."""
    portal: Portal = request.app.state.portal
    instead = interruption(request, "download", batch_id)
    if instead:
        return instead
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    whole = Response(content, media_type=kind, headers={**headers, "Cache-Control": "no-store"})
    if portal.faults.fire(HalfFile, batch_id):
        return HalfAnswer(whole, stalls=False)
    if portal.faults.fire(StalledDownload, batch_id):
        return HalfAnswer(whole, stalls=True)
    return whole
