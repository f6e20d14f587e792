"""Reading a table from a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from automation_service.file_kinds import FileKind
from automation_service.tables import read_table
from shared.errors import DownloadFailed

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def test_quotes_line_breaks_in_cells_and_empty_lines_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes('\ufeffName,Remark\r\n"Rao, A.","two\nlines"\r\n\r\n'.encode())

    assert read_table(path, FileKind.CSV) == [["Name", "Remark"], ["Rao, A.", "two\nlines"]]


def test_shared_strings_rich_text_numbers_and_empty_rows_of_xlsx(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(
            "xl/sharedStrings.xml",
            f"{STRINGS}<si><t>Name</t></si><si><r><t>Ra</t></r><r><t>o</t></r></si></sst>",
        )
        package.writestr("xl/worksheets/sheet10.xml", f"{SHEET}<sheetData/></worksheet>")
        package.writestr(
            "xl/worksheets/sheet2.xml",
            f'{SHEET}<sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>Age</t></is></c>'
            '</row><row><c t="s"><v>1</v></c><c><v>41</v></c></row><row><c/></row>'
            "</sheetData></worksheet>",
        )

    assert read_table(path, FileKind.XLSX) == [["Name", "Age"], ["Rao", "41"]]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a workbook"])
def test_what_is_no_workbook_is_a_failed_download(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)

    with pytest.raises(DownloadFailed, match="no XLSX table"):
        read_table(path, FileKind.XLSX)


def test_a_workbook_without_a_sheet_is_a_failed_download(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/workbook.xml", "<workbook/>")

    with pytest.raises(DownloadFailed, match="no XLSX table"):
        read_table(path, FileKind.XLSX)
