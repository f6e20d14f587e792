"""What kinds of files there are, and whether a file is a whole one of its kind."""

from __future__ import annotations

import zipfile
from enum import Enum
from pathlib import Path

_TAIL = 2048


class FileKind(str, Enum):
    """A kind of file, by the end of its name. ANY is whatever is not empty."""

    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"
    ZIP = "zip"
    ANY = "any"

    @property
    def content_type(self) -> str:
        """Its media type (RFC 6838)."""
        return _CONTENT_TYPES[self]


_CONTENT_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.CSV: "text/csv",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.ZIP: "application/zip",
    FileKind.ANY: "application/octet-stream",
}


def fault_of(path: Path, kind: FileKind) -> str | None:
    """Why the file is not a whole one of this kind; None if it is.

    Told by what is in it, whatever its name says. Raises OSError if it cannot be read.
    """
    if kind is FileKind.PDF:
        return _fault_of_pdf(path)
    if kind is FileKind.CSV:
        return _fault_of_text(path)
    if kind in (FileKind.XLSX, FileKind.ZIP):
        return _fault_of_zip(path, "[Content_Types].xml" if kind is FileKind.XLSX else None)
    return None


def _fault_of_pdf(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(5) != b"%PDF-":
            return "it does not begin as a PDF"
        file.seek(max(0, path.stat().st_size - _TAIL))
        return None if b"%%EOF" in file.read() else "its end is missing"


def _fault_of_text(path: Path) -> str | None:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "it is not text in UTF-8"
    if "\0" in text:
        return "it is not text"
    if text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
        return "it is a web page"
    return None if text.endswith("\n") else "its last line is not complete"


def _fault_of_zip(path: Path, member: str | None) -> str | None:
    try:
        with zipfile.ZipFile(path) as package:
            if member is not None and member not in package.namelist():
                return "it is another kind of file"
            broken = package.testzip()
    except zipfile.BadZipFile:
        return "it is damaged or of another kind"
    return None if broken is None else f"its part {broken} is damaged"
