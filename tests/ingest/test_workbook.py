import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from ingest.errors import LandedFileError
from ingest.header import Header
from ingest.workbook import read_header, read_rows
from tests.ingest.packages import edit_part

LAYOUTS = {"calls": ("Date", "Calls")}


def workbook(path: Path, **sheets: list[list[Any]]) -> str:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(line, column, cell)
    return str(path)


def rows_of(uri: str) -> list[tuple[Any, ...]]:
    return list(read_rows("f", uri, read_header("f", uri, layouts=LAYOUTS)))


def test_cells_are_read_as_text(tmp_path: Path) -> None:
    """Each row ends with its row number on the sheet."""
    uri = workbook(
        tmp_path / "a.xlsx",
        S=[
            ["Date", "Calls"],
            ["2024-01-01", 384],
            [date(2024, 1, 2), 0.25],
            [45294, True],
            [datetime(2024, 1, 4), None],
        ],
    )

    assert rows_of(uri) == [
        ("2024-01-01", "384", None, 2),
        ("2024-01-02", "0.25", None, 3),
        ("45294", "true", None, 4),
        ("2024-01-04", None, None, 5),
    ]


def test_blank_rows_do_not_change_row_numbers(tmp_path: Path) -> None:
    """Blank rows are dropped."""
    uri = workbook(
        tmp_path / "a.xlsx",
        S=[[], ["Date", "Calls"], ["2024-01-01", 1], [" ", ""], ["2024-01-02", 2], [" "], ["", " "]],
    )

    assert rows_of(uri) == [("2024-01-01", "1", None, 3), ("2024-01-02", "2", None, 5)]


def test_long_rows_are_also_stored_as_json(tmp_path: Path) -> None:
    """A long row has more cells than the header."""
    uri = workbook(tmp_path / "a.xlsx", S=[["Date", "Calls"], ["2024-01-01", 1, None, "stray"]])

    assert rows_of(uri) == [("2024-01-01", "1", '["2024-01-01", "1", null, "stray"]', 2)]


def test_sheet_with_a_matching_header_is_used(tmp_path: Path) -> None:
    uri = workbook(tmp_path / "a.xlsx", About=[["About", "this"]], Data=[["Date", "Calls"], ["2024-01-01", 1]])

    assert read_header("f", uri, layouts=LAYOUTS).sheet == 2


def test_two_sheets_with_equal_headers_are_rejected(tmp_path: Path) -> None:
    uri = workbook(tmp_path / "a.xlsx", A=[["Date", "Calls"]], B=[["Date", "Calls"]])

    with pytest.raises(LandedFileError, match="a.xlsx: sheets 1 and 2 all have the dataset's columns"):
        read_header("a.xlsx", uri, layouts=LAYOUTS)


def test_two_sheets_with_different_layouts_are_rejected(tmp_path: Path) -> None:
    layouts = LAYOUTS | {"old calls": ("Day", "Calls", "Line")}
    old, new = [["Day", "Calls", "Line"]], [["Date", "Calls"]]
    found = read_header("f", workbook(tmp_path / "a.xlsx", Sums=[["Calls", "Day"]], Data=old), layouts=layouts)
    assert (found.sheet, found.layout) == (2, "old calls")

    uri = workbook(tmp_path / "b.xlsx", Old=old, About=[["x"]], New=new)
    with pytest.raises(
        LandedFileError, match=r"b.xlsx: sheets 1 \(as old calls\) and 3 \(as calls\) all have the dataset's columns"
    ):
        read_header("b.xlsx", uri, layouts=layouts)


def test_sheet_with_fewest_missing_columns_is_used(tmp_path: Path) -> None:
    uri = workbook(tmp_path / "a.xlsx", About=[["Jane", "Doe"]], Data=[["Date", "Number"]], Sums=[["Total"]])

    assert read_header("f", uri, layouts=LAYOUTS) == Header(("Date", "Number"), "calls", sheet=2, date_system=1900)


def test_files_that_are_not_workbooks_are_rejected(tmp_path: Path) -> None:
    whole = Path(workbook(tmp_path / "whole.xlsx", S=[["Date", "Calls"], ["2024-01-01", 1]])).read_bytes()
    cases = {
        "text.xlsx": (b"Date;Calls\n", "not an Excel workbook"),
        "short.xlsx": (whole[: len(whole) // 2], "a damaged or incomplete workbook"),
        "nothing.xlsx": (b"", "not an Excel workbook"),
    }
    for name, (content, problem) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LandedFileError, match=f"{name}: the file is {problem}"):
            read_header(name, str(tmp_path / name), layouts=LAYOUTS)


def test_an_empty_workbook_is_rejected(tmp_path: Path) -> None:
    uri = workbook(tmp_path / "a.xlsx", S=[], T=[[" "]])

    with pytest.raises(LandedFileError, match="a.xlsx: the workbook is empty"):
        read_header("a.xlsx", uri, layouts=LAYOUTS)


def test_table_may_start_in_any_column(tmp_path: Path) -> None:
    uri = workbook(tmp_path / "a.xlsx", S=[[], [None, None, "Date", "Calls"], [None, None, "2024-01-01", 1]])

    assert read_header("f", uri, layouts=LAYOUTS).columns == ("unnamed_1", "unnamed_2", "Date", "Calls")
    assert rows_of(uri) == [(None, None, "2024-01-01", "1", None, 3)]


def test_the_headers_of_unused_sheets_are_not_checked(tmp_path: Path) -> None:
    uri = workbook(tmp_path / "a.xlsx", Sums=[["Total", "Total"]], Data=[["Date", "Calls"], ["2024-01-01", 1]])

    assert rows_of(uri) == [("2024-01-01", "1", None, 2)]


def test_a_workbook_with_a_damaged_sheet_is_rejected(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", S=[["Date", "Calls"], ["2024-01-01", 1]])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)

    with pytest.raises(LandedFileError, match="bad.xlsx: the XML of sheet 1 is damaged: it is not valid"):
        read_header("bad.xlsx", str(tmp_path / "bad.xlsx"), layouts=LAYOUTS)


def test_header_below_a_title_is_rejected(tmp_path: Path) -> None:
    uri = workbook(
        tmp_path / "a.xlsx", About=[["Read me"]], S=[[], ["Calls of 2024"], [], ["Date", "Calls"], ["2024-01-01", 1]]
    )
    with pytest.raises(LandedFileError, match="The header is further down. Remove the rows above the header"):
        read_header("a.xlsx", uri, layouts=LAYOUTS)


def hide(uri: str, number: int, state: str) -> str:
    """Set the state of a sheet to `hidden`, `veryHidden` or `visible`."""
    pattern, new = rf'sheetId="{number}"( state="\w+")?'.encode(), f'sheetId="{number}" state="{state}"'.encode()
    return edit_part(Path(uri), "xl/workbook.xml", lambda xml: re.sub(pattern, new, xml))


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_not_read(tmp_path: Path, state: str) -> None:
    """The error names the renamed column of the visible sheet, and says that the hidden sheet is hidden."""
    uri = workbook(tmp_path / "a.xlsx", Jane=[["Date", "Calls of day"], ["a", 1]], Old=[["Date", "Calls"], ["x", 2]])
    message = (
        r"a.xlsx: column 'Calls' is missing. Found: \['Date', 'Calls of day'\]. Did the source rename or drop it\? "
        "Sheet 2, which is hidden, has all columns, but hidden sheets are not read. Correct the header of the visible "
        "sheet, or unhide sheet 2."
    )
    with pytest.raises(LandedFileError, match=message):
        read_header("a.xlsx", hide(uri, 2, state), layouts=LAYOUTS)

    assert rows_of(hide(uri, 2, "visible")) == [("x", "2", None, 2)]
    corrected = workbook(tmp_path / "b.xlsx", Jane=[["Date", "Calls"], ["y", 1]], Old=[["Date", "Calls"], ["x", 2]])
    assert rows_of(hide(corrected, 2, state)) == [("y", "1", None, 2)]


def test_rows_only_on_hidden_sheets_are_rejected(tmp_path: Path) -> None:
    uri = hide(workbook(tmp_path / "a.xlsx", A=[["Jane Doe"]], B=[["Date", "Calls"]]), 2, "hidden")
    message = "a.xlsx: no visible sheet has a column of the dataset. Sheet 2, which is hidden, has all columns"
    with pytest.raises(LandedFileError, match=message):
        read_header("a.xlsx", uri, layouts=LAYOUTS)

    uri = hide(workbook(tmp_path / "b.xlsx", A=[], B=[["Read", "me"]]), 2, "hidden")
    with pytest.raises(LandedFileError, match="b.xlsx: the workbook has rows only on hidden sheets"):
        read_header("b.xlsx", uri, layouts=LAYOUTS)


@pytest.mark.parametrize("cells", ["A1:B1", "A1:A2"])
def test_missing_columns_in_a_header_with_merged_cells_are_explained(tmp_path: Path, cells: str) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.merge_range(cells, "Date")
        sheet.write_row(2, 0, ["2024-01-01", 1])
    message = (
        f"a.xlsx: column 'Calls' is missing, and cells {cells} of the header on sheet 1 are merged. Expected a header "
        "in one row with one cell for each column. Unmerge these cells, and write the name of each column in its own "
    )
    with pytest.raises(LandedFileError, match=message):
        read_header("a.xlsx", str(tmp_path / "a.xlsx"), layouts=LAYOUTS)


def test_merged_cells_do_not_matter_if_no_column_is_missing(tmp_path: Path) -> None:
    """Merged cells outside the header do not explain a missing column."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", "Calls"])
        sheet.merge_range("C1:D1", "Notes")
        sheet.write_row(1, 0, ["2024-01-01", 1])
        sheet.merge_range("A3:B3", "Total")
    read = rows_of(str(tmp_path / "a.xlsx"))
    assert [row[:3] for row in read] == [("2024-01-01", "1", None), ("Total", None, None)]

    renamed = edit_part(tmp_path / "a.xlsx", "xl/sharedStrings.xml", lambda xml: xml.replace(b"Calls", b"Number"))
    renamed = edit_part(
        Path(renamed), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="C1:D1"', b'ref="C5:D5"')
    )
    assert read_header("f", renamed, layouts=LAYOUTS).columns[:2] == ("Date", "Number")


def test_rows_in_a_different_order_in_the_file_are_sorted(tmp_path: Path) -> None:
    """A large sheet is first read only in part. The header is the first row of the whole sheet."""
    lines = [["Date", "Calls"], *([f"d{number}", number] for number in range(4000))]
    uri = workbook(tmp_path / "a.xlsx", S=lines)

    def move_header(xml: bytes) -> bytes:
        start, end = xml.index(b"<row "), xml.index(b"</row>") + 6
        return xml[:start] + xml[end:].replace(b"</sheetData>", xml[start:end] + b"</sheetData>")

    read = rows_of(edit_part(Path(uri), "xl/worksheets/sheet1.xml", move_header))

    assert (read[0], len(read)) == (("d0", "0", None, 2), 4000)
