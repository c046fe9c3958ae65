"""Test that the fast scan of a sheet never accepts cells that the exact check rejects."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import sheet_scan
from ingest.sheet_check import CellCheck, check_cells
from ingest.sheet_scan import UnreadableXmlError, close_start, copy_sheet, max_cells, split_xml
from tests.ingest.packages import HEADER, ROW, sheet_xml

XML = sheet_xml(HEADER + ROW).encode()
NAMES = st.sampled_from(["A1", "B2", "Z9", "AA10", "AZ99", "AMJ5", "XFD1", "A1000", "B99999", "A1048576", "XFD1048576"])
ATTRIBUTES = st.sampled_from(["", ' s="1"', ' t="s"', ' t="str"', ' s="2" t="n"', ' t="e"', ' s="1" cm="1"'])
ODD_ATTRIBUTES = st.sampled_from([" t='e'", ' r="XFD1048576"', ' x="r"', ' t = "s"', ' vm="1" s="2"'])
CONTENTS = st.sampled_from(
    ["<v>1</v>", "<f>A1</f><v>1</v>", "<f>A1</f>", "<f>A1</f><v></v>", '<f t="shared"/><v>2</v>', ""]
)
CELLS = st.builds(
    "<{1}c {0}{2}{3}>{4}</{1}c>".format,
    st.builds('r="{}"'.format, NAMES) | st.builds("r='{}'".format, NAMES) | st.just('s="9"'),
    st.just("") | st.just("") | st.just("x:"),
    ATTRIBUTES,
    st.just("") | st.just("") | ODD_ATTRIBUTES,
    CONTENTS,
)


def scan(xml: bytes, size: int = 1 << 20) -> tuple[bytes, bool]:
    copied: list[bytes] = []
    length, is_plain = copy_sheet((xml[start : start + size] for start in range(0, len(xml), size)), copied.append)
    assert length == len(xml)
    return b"".join(copied), is_plain


@given(rows=st.lists(st.lists(CELLS, max_size=4), max_size=4), size=st.sampled_from([3, 40, 1 << 20]))
def test_plain_sheets_have_no_far_cell_and_no_formula_without_a_value(rows: list[list[str]], size: int) -> None:
    text = "".join(f'<row r="{number}">{"".join(cells)}</row>' for number, cells in enumerate(rows, 1))
    xml = sheet_xml(text).replace("<worksheet ", '<worksheet xmlns:x="m" ').encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_scan, "MIN_CELLS_TO_ALLOW", 2000)
        copy, is_plain = scan(xml, size)
        check = check_cells([xml], cells_to_allow=max_cells(len(xml)))
    if is_plain:
        assert (check.far_cell, check.formula) == ("", "")
    if not (check.damage or check.far_cell):  # the check stops at damage and at a far cell
        assert b't="e"' not in copy
        assert b"t='e'" not in copy
        assert copy.count(b'"str"') == xml.count(b'"str"') + xml.count(b't="e"') + xml.count(b"t='e'")


@pytest.mark.parametrize("prefix", ["x", "my-ns"])
def test_sheets_with_a_prefix_are_also_plain(prefix: str) -> None:
    """Some programs write `<x:c>` instead of `<c>`. A cell with another prefix may be anywhere."""
    text = XML.decode().replace("xmlns=", f'xmlns:y="m" xmlns:{prefix}=')
    text = text.replace('<c r="B2">', '<c r="B2" t="e"><f>A1</f>')
    xml = re.sub(r"<(/?)", rf"<\1{prefix}:", text).encode()

    assert scan(xml) == (xml.replace(b't="e"', b't="str"'), True)
    end = f"</{prefix}:sheetData>".encode()
    for other in (b'<c r="A3"><v>1</v></c>', b'<y:c r="XFD1048576"><y:v>1</y:v></y:c>', f"<{prefix}:c/>".encode()):
        assert not scan(xml.replace(end, other + end))[1]


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1000])
def test_chunks_of_any_size_give_the_same_copy(size: int) -> None:
    xml = XML.replace(b'<c r="B2">', b'<c r="B2" t="e">')
    assert scan(xml, size) == (XML.replace(b'<c r="B2">', b'<c r="B2" t="str">'), True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<worksheet", b"<!DOCTYPE worksheet><worksheet"),
        (b"<v>5</v>", b"<v><![CDATA[5]]></v>"),
        (b"<v>5</v>", b"<v>5<?a b?></v>"),
        (b"<worksheet", b'<?xml version="1.0" encoding="windows-1252"?><worksheet'),
        (XML, XML.decode().encode("utf-16")),
        (XML, XML.decode().encode("utf-16-be")),
    ],
)
def test_xml_that_would_be_read_wrongly_is_rejected(old: bytes, new: bytes) -> None:
    for size in (1, 9, 1 << 20):
        with pytest.raises(UnreadableXmlError):
            scan(XML.replace(old, new), size)


@pytest.mark.parametrize(
    "declaration", [b"", b'<?xml version="1.0" encoding="utf-8"?>', b"\xef\xbb\xbf<?xml version='1.0'?>"]
)
def test_xml_in_utf_8_is_accepted(declaration: bytes) -> None:
    assert scan(declaration + XML) == (declaration + XML, True)
    assert scan(XML.replace(b"<v>5</v>", b"<v>Really?! &lt;!</v>"))[1]


def test_tags_are_not_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_scan, "MAX_TAG_BYTES", 1000)
    with pytest.raises(UnreadableXmlError, match="a tag or a text has more than"):
        list(split_xml([b"<a", *[b"b" * 600] * 3]))


def test_start_of_a_sheet_is_closed_after_its_last_complete_row() -> None:
    assert close_start(XML[: XML.index(b"</sheetData>") - 3]) == sheet_xml(HEADER).encode()
    assert close_start(XML[:100]) == b""
    assert close_start(XML, end=XML.index(b'<row r="2"')) == sheet_xml(HEADER).encode()


def test_exact_check_stops_at_the_first_problem() -> None:
    far = XML.replace(b"</row></sheetData>", b'<c r="XFD2"><v>1</v></c></row></sheetData>')
    assert check_cells([far], cells_to_allow=100) == CellCheck("XFD2", far_row_start=far.index(b'<row r="2"'))
    damaged = check_cells([XML.replace(b'r="B2"', b'r="2B"')], cells_to_allow=100)
    assert damaged == CellCheck(damage="it has a cell without a valid position, in or after row 2")
