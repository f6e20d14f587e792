"""What a PDF says, whether its text stands in it as such or deflated."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from automation_service.pdf_text import says

TEXT = rb"BT /F1 20 Tf 80 520 Td (Asha Rao ) Tj (\(BATCH001-T01\)) Tj ET"


@pytest.mark.parametrize("pack", [lambda text: text, zlib.compress], ids=["plain", "deflated"])
def test_words_are_found_in_a_text_and_across_its_pieces(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "certificate.pdf"
    path.write_bytes(b"%PDF-1.4\n4 0 obj\nstream\n" + pack(TEXT) + b"\nendstream\n%%EOF\n")

    assert says(path, "Asha Rao")
    assert says(path, "(BATCH001-T01)")
    assert says(path, "Rao (BATCH001")
    assert not says(path, "BATCH001-T02")
    assert not says(path, "Tj")
