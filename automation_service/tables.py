"""Reading a table from a file: CSV, or the first sheet of an XLSX workbook."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from automation_service.file_kinds import FileKind
from shared.errors import DownloadFailed

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHEETS = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
_STRINGS = "xl/sharedStrings.xml"
_MOST_BYTES = 200_000_000
"""No sheet is unpacked that is larger: a small file can say that it is."""


def read_table(path: Path, kind: FileKind) -> list[list[str]]:
    """The rows of the table, headings first; empty lines are none.

    Raises DownloadFailed if it cannot be read as what it should be.
    """
    try:
        rows = _read_csv(path) if kind is FileKind.CSV else _read_xlsx(path)
    except (ElementTree.ParseError, zipfile.BadZipFile, csv.Error, ValueError, LookupError) as no:
        raise DownloadFailed(f"The file is no {kind.value.upper()} table: {no}.") from no
    return [row for row in rows if any(row)]


def _read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def _read_xlsx(path: Path) -> list[list[str]]:
    with zipfile.ZipFile(path) as package:
        sheets = [name for name in package.namelist() if _SHEETS.fullmatch(name)]
        sheet = min(sheets, key=lambda name: int(_SHEETS.sub(r"\1", name)))
        shared = _part(package, _STRINGS) if _STRINGS in package.namelist() else None
        strings = [] if shared is None else [_text(item) for item in shared.iter(f"{_MAIN}si")]
        rows = _part(package, sheet).iter(f"{_MAIN}row")
        return [[_value(cell, strings) for cell in row.iter(f"{_MAIN}c")] for row in rows]


def _part(package: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if package.getinfo(name).file_size > _MOST_BYTES:
        raise ValueError("it is too large")
    return ElementTree.fromstring(package.read(name))


def _value(cell: ElementTree.Element, strings: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return _text(cell)
    value = cell.findtext(f"{_MAIN}v") or ""
    return strings[int(value)] if cell.get("t") == "s" else value


def _text(element: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{_MAIN}t"))
