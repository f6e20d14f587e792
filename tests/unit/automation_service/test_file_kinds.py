"""Whether a file is a whole one of its kind, told by what is in it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from automation_service.file_kinds import FileKind, fault_of


def _package(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name in names:
            package.writestr(name, "content " * 200)
    return file.getvalue()


WORKBOOK = _package("[Content_Types].xml", "xl/workbook.xml")


@pytest.mark.parametrize(
    ("kind", "content", "fault"),
    [
        (FileKind.PDF, b"%PDF-1.4\n%%EOF\n", None),
        (FileKind.PDF, b"%PDF-1.4\n", "its end is missing"),
        (FileKind.PDF, b"<html>%PDF- %%EOF", "it does not begin as a PDF"),
        (FileKind.CSV, "\ufeffName,Town\r\nZoë,Köln\r\n".encode(), None),
        (FileKind.CSV, b"Name,Town\r\nZo", "its last line is not complete"),
        (FileKind.CSV, b"\n<!DOCTYPE html>\n", "it is a web page"),
        (FileKind.CSV, "Zoë\n".encode("latin-1"), "it is not text in UTF-8"),
        (FileKind.CSV, b"a\0b\n", "it is not text"),
        (FileKind.XLSX, WORKBOOK, None),
        (FileKind.XLSX, _package("notes.txt"), "it is another kind of file"),
        (FileKind.XLSX, WORKBOOK[:300], "it is damaged or of another kind"),
        (
            FileKind.ZIP,
            WORKBOOK.replace(b"content content", b"content Content", 1),
            "its part [Content_Types].xml is damaged",
        ),
        (FileKind.ANY, b"\0", None),
    ],
)
def test_a_file_is_judged_by_its_content(
    tmp_path: Path, kind: FileKind, content: bytes, fault: str | None
) -> None:
    path = tmp_path / "download"
    path.write_bytes(content)

    assert fault_of(path, kind) == fault
