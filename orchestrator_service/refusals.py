"""What the edge itself refuses, before any task is touched.

RequestError (shared.errors)
├── KeyRefused            no key, or a wrong one: the same words for both
├── LinkRefused           a signed link that is wrong or has expired
├── UnknownFile           nothing in the record rests on such a file
├── EvidenceRemoved       retention took the task's files away
├── EvidenceNotReady      the manifest cannot be made just now
├── RecordUnavailable     the database does not answer
├── MalformedBody         not UTF-8, or not JSON
├── BodyTooLarge          longer than MAX_BODY_BYTES
├── UnsupportedMediaType  a body that does not say it is JSON
└── InvalidRequest        a parameter or header outside of what is allowed
"""

from __future__ import annotations

from shared.errors import RequestError


class KeyRefused(RequestError):
    """This call needs the API key in the header x-api-key; it is missing or wrong."""

    code = "unauthorized"
    status = 401
    title = "API key needed"


class LinkRefused(RequestError):
    """This link is not valid or has expired; GET /status/{task_id} gives a fresh one."""

    code = "link_refused"
    status = 403
    title = "Link not valid"


class UnknownFile(RequestError):
    """There is no such file."""

    code = "unknown_file"
    status = 404
    title = "Unknown file"


class EvidenceRemoved(RequestError):
    """The files of this task were removed when they had been kept for RETENTION_DAYS."""

    code = "evidence_removed"
    status = 410
    title = "Evidence removed"


class EvidenceNotReady(RequestError):
    """The evidence of this task is not sealed yet; try again in a moment."""

    code = "evidence_not_ready"
    status = 503
    title = "Evidence not ready"


class RecordUnavailable(RequestError):
    """The database does not answer just now; nothing was accepted. Try again in a moment."""

    code = "record_unavailable"
    status = 503
    title = "Record unavailable"


class MalformedBody(RequestError):
    """The request's body is not JSON in UTF-8."""

    code = "malformed_body"
    status = 400
    title = "Malformed body"


class BodyTooLarge(RequestError):
    """The request's body is too long."""

    code = "body_too_large"
    status = 413
    title = "Body too large"


class UnsupportedMediaType(RequestError):
    """Send the body as JSON, with the header Content-Type: application/json."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class InvalidRequest(RequestError):
    """The request does not have the form this call takes."""

    code = "invalid_request"
    status = 422
    title = "Invalid request"
