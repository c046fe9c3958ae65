"""Test that no cell, formula or XML of a sheet stops the process, fills the memory, or is read wrongly."""

import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ingest import sheet_scan
from ingest.errors import LandedFileError
from ingest.workbook import read_header, read_rows
from tests.ingest.packages import HEADER, ROW, parts, sheet_xml, write_package, write_sheet

LAYOUTS = {"calls": ("Date", "Calls")}
GOOD = [("2024-01-01", "5", None, 2)]
FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def rows_of(uri: str) -> list[tuple[Any, ...]]:
    return list(read_rows("f", uri, read_header("f", uri, layouts=LAYOUTS)))


def refuse(uri: str, message: str) -> None:
    with pytest.raises(LandedFileError, match=message) as caught:
        rows_of(uri)
    assert "Jane Doe" not in str(caught.value)


def save_with_libreoffice(path: Path, extension: str = "xlsx") -> str:
    """Open a file in LibreOffice, save it in another folder, and return the path of the saved file."""
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    target = path.parent / "saved"
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", extension, "--outdir", str(target), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return str(target / f"{path.stem}.{extension}")


def peak_memory(*uris: str) -> int:
    """Read workbooks in another process, and return its peak memory in MiB."""
    # `resource.getrusage` would also count the memory of the process that starts the other process.
    code = f"""
        import sys
        from pathlib import Path
        from ingest.errors import LandedFileError
        from ingest.workbook import read_header, read_rows
        for uri in sys.argv[1:]:
            try:
                list(read_rows("f", uri, read_header("f", uri, layouts={LAYOUTS!r})))
            except LandedFileError:
                pass
        print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), *uris], check=True, capture_output=True, text=True, timeout=120
    )
    return int(done.stdout) >> 10


def test_a_far_cell_does_not_stop_the_process_or_fill_the_memory(tmp_path: Path) -> None:
    data = sheet_xml(HEADER + ROW)
    files = {
        "visible": parts(sheet_xml(HEADER + ROW + FAR)),
        "hidden": parts(data, sheet_xml(HEADER + ROW + FAR), states={2: "hidden"}),
        "only": parts(data, sheet_xml(FAR), states={2: "veryHidden"}),
        "column": parts(
            sheet_xml(f'{HEADER}{ROW}<row r="3"><c r="J3"><v>1</v></c></row><row><c r="A1048576"><v>1</v></c></row>')
        ),
        "position": parts(sheet_xml(HEADER + ROW + '<row r="4294967295"><c><v>1</v></c></row>')),
        "reference": parts(sheet_xml(HEADER + ROW + '<row r="3"><c r="ZZZZZZZ99999999999"><v>1</v></c></row>')),
        "digits": parts(sheet_xml(f'{HEADER}{ROW}<row r="{"9" * 5000}"><c><v>1</v></c></row>')),
        "second": parts(sheet_xml(HEADER + ROW + '<row r="3"><c r="A3" r="XFD1048576"><v>1</v></c></row>')),
    }
    uris = {name: write_package(tmp_path / f"{name}.xlsx", content) for name, content in files.items()}

    assert peak_memory(*uris.values()) < 200

    refuse(uris["visible"], "cell XFD1048576 of sheet 1 is far away from the other cells. The range .* than 10,000,000")
    refuse(uris["column"], "cell A1048576 of sheet 1 is far away")
    for name in ("position", "reference", "digits"):
        refuse(uris[name], "the XML of sheet 1 is damaged: it has a cell without a valid position")
    refuse(uris["second"], "the XML of sheet 1 is damaged: it is not valid .duplicate attribute: line 1, column")
    assert rows_of(uris["hidden"]) == rows_of(uris["only"]) == GOOD


def test_far_cell_can_be_cleared(tmp_path: Path) -> None:
    """The message for a far cell suggests this fix. Programs keep the cleared cell as a styled blank cell."""
    refuse(write_sheet(tmp_path / "a.xlsx", HEADER + ROW + FAR), "Clear cell XFD1048576, or save only the table")

    cleared = FAR.replace("<v>1</v>", "")
    assert rows_of(write_sheet(tmp_path / "b.xlsx", HEADER + ROW + cleared)) == GOOD
    assert rows_of(write_sheet(tmp_path / "c.xlsx", HEADER + ROW)) == GOOD


@pytest.mark.parametrize(
    "cell", ["<c r='XFD{row}' s='1'/>", '<x:c r="XFD{row}"><x:v></x:v></x:c>', '<c r="A{row}"/>', ""]
)
def test_trailing_blank_cells_and_rows_cost_no_memory(tmp_path: Path, cell: str) -> None:
    blanks = "".join(f'<row r="{row}" s="1" ht="20">{cell.format(row=row)}</row>' for row in (3, 500_000, 1_048_576))
    xml = sheet_xml(HEADER + ROW + blanks).replace("<worksheet ", '<worksheet xmlns:x="m" ')
    uri = write_package(tmp_path / "a.xlsx", parts(xml))

    assert rows_of(uri) == GOOD
    assert peak_memory(uri) < 200


def test_a_wide_used_range_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sparse tables are read, and a larger used range is allowed if its cells are not too sparse."""
    sparse = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="AZ{row}"><v>1</v></c></row>' for row in range(2, 30_000)
    )
    assert len(rows_of(write_sheet(tmp_path / "a.xlsx", HEADER + sparse))) == 29_998

    monkeypatch.setattr(sheet_scan, "MIN_CELLS_TO_ALLOW", 1_000_000)
    refuse(write_sheet(tmp_path / "a.xlsx", HEADER + sparse), "of sheet 1 is far away")
    dense = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{name}{row}"><v>7</v></c>' for name in "ABCDEFGHIJ") + "</row>"
        for row in range(2, 110_000)
    )
    rows = rows_of(write_sheet(tmp_path / "b.xlsx", HEADER + dense))
    assert (len(rows), rows[-1][-1]) == (109_998, 109_999)


def test_header_is_found_below_many_blank_rows(tmp_path: Path) -> None:
    """The start of the XML that is read first has only blank rows."""
    blanks = "".join(f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(1, 9000))
    rows = (HEADER + ROW).replace('r="1"', 'r="9001"').replace('r="2"', 'r="9002"')
    rows = rows.replace("A1", "A9001").replace("B1", "B9001").replace("A2", "A9002").replace("B2", "B9002")

    assert rows_of(write_sheet(tmp_path / "a.xlsx", blanks + rows)) == [("2024-01-01", "5", None, 9002)]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("prefix", "<", "<x:"),
        ("quotes", '"', "'"),
        ("blanks", ' r="', '\n r = "'),
        ("no references", " r=", " s="),
        ("attribute order", '<c r="B2">', '<c s="1" r="B2">'),
    ],
)
def test_xml_can_be_written_in_different_ways(tmp_path: Path, name: str, old: str, new: str) -> None:
    rows = (
        (HEADER + ROW)
        .replace('="0"', "")
        .replace(old, new)
        .replace(f"{new}/", "</x:" if name == "prefix" else f"{new}/")
    )
    if name == "no references":
        rows = rows.replace(' s="A1"', "").replace(' s="B1"', "").replace(' s="A2"', "").replace(' s="B2"', "")
        rows = rows.replace(' s="1"', "").replace(' s="2"', "")
    xml = sheet_xml(rows)
    if name == "prefix":
        xml = xml.replace("<worksheet xmlns", "<x:worksheet xmlns:x").replace("</worksheet", "</x:worksheet")
        xml = xml.replace("<sheetData", "<x:sheetData").replace("</sheetData", "</x:sheetData")
    if name == "attribute order":
        xml = xml.replace('s="1" r="B2"', 's="0" r="B2"')

    assert rows_of(write_package(tmp_path / "a.xlsx", parts(xml))) == GOOD


@pytest.mark.parametrize(
    "cell", ['<c r="B2" t="e">', "<c t='e' r='B2'>", '<c r="B2" s="0" t = "e" >', '<x:c r="B2" t="e">']
)
def test_error_cells_are_read_as_text(tmp_path: Path, cell: str) -> None:
    """Error cells are not blank, so an error in a number column is reported like other text."""
    error = f"{cell}<f>1/0</f><v>#DIV/0!</v></c>".replace("</c>", "</x:c>" if "<x:" in cell else "</c>")
    row = ROW.replace('<c r="B2"><v>5</v></c>', error)
    xml = sheet_xml(HEADER + row).replace("<worksheet ", '<worksheet xmlns:x="m" ')

    assert rows_of(write_package(tmp_path / "a.xlsx", parts(xml))) == [("2024-01-01", "#DIV/0!", None, 2)]


@pytest.mark.parametrize("error", ["#DIV/0!", "#REF!", "#NAME?", "#N/A", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!"])
def test_all_errors_in_a_large_sheet_are_read_as_text(tmp_path: Path, error: str) -> None:
    count = 3000
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}" t="e"><v>{error}</v></c></row>'
        for row in range(2, count + 2)
    )

    read = rows_of(write_sheet(tmp_path / "a.xlsx", HEADER + rows))

    assert [row[1] for row in read] == [error] * count


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
def test_formula_without_a_value_is_rejected(tmp_path: Path, value: str) -> None:
    """openpyxl writes such formulas. LibreOffice computes the values when it saves the workbook."""
    row = ROW.replace("<v>5</v>", f"<f>2+3</f>{value}")
    uri = write_sheet(tmp_path / "a.xlsx", HEADER + row)
    refuse(
        uri,
        "the formula in cell B2 of sheet 1 has no stored value.* Open the workbook in Excel or LibreOffice, save it",
    )

    assert rows_of(save_with_libreoffice(tmp_path / "a.xlsx")) == GOOD


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<f>[1]Sheet1!A1</f><v>5</v>", "5"),  # the formula refers to another workbook
        ('<f t="shared" si="0"/><v>5</v>', "5"),
        ("<f>1+4</f>\n<v>5</v>", "5"),
    ],
)
def test_formulas_with_a_value_are_read(tmp_path: Path, cell: str, text: str) -> None:
    row = ROW.replace("<v>5</v>", cell)

    assert rows_of(write_sheet(tmp_path / "a.xlsx", HEADER + row)) == [("2024-01-01", text, None, 2)]


def test_formula_with_an_empty_text_as_value_is_blank(tmp_path: Path) -> None:
    row = ROW.replace('<c r="B2"><v>5</v>', '<c r="B2" t="str"><f>""</f><v></v>')

    assert rows_of(write_sheet(tmp_path / "a.xlsx", HEADER + row)) == [("2024-01-01", None, None, 2)]


def test_xml_that_would_be_read_wrongly_is_rejected(tmp_path: Path) -> None:
    """LibreOffice can save such a workbook again."""
    good = sheet_xml(HEADER + ROW)
    files = {
        "utf16": ('<?xml version="1.0" encoding="UTF-16"?>' + good).encode("utf-16"),
        "latin": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + good).encode("latin-1"),
        "cdata": good.replace("<t>Date</t>", "<t><![CDATA[Date]]></t>").encode(),
        "comment": good.replace("<v>5</v>", "<v>5<!-- five --></v>").encode(),
    }
    messages = {"utf16": "its encoding is 'UTF-16', not UTF-8", "latin": "its encoding is 'ISO-8859-1', not UTF-8"}
    for name, xml in files.items():
        uri = write_package(tmp_path / f"{name}.xlsx", parts(xml))
        message = messages.get(name, "it has a DOCTYPE, a CDATA section, a comment or a processing instruction")
        refuse(uri, f"the XML of sheet 1 cannot be read, because {message}. Open the workbook in Excel or LibreOffice")
    for name in files:
        assert rows_of(save_with_libreoffice(tmp_path / f"{name}.xlsx")) == GOOD


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    lines = "".join(f'<!ENTITY e{number + 1} "{f"&e{number};" * 10}">' for number in range(9))
    doctype = f'<!DOCTYPE worksheet [<!ENTITY e0 "5555555555">{lines}]>'
    uri = write_package(tmp_path / "a.xlsx", parts(doctype + sheet_xml(HEADER + ROW.replace(">5<", ">&e9;<"))))

    refuse(uri, "the XML of sheet 1 cannot be read, because it has a DOCTYPE")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<v>5</v>", "<v>5</w>", "the XML of sheet 1 is damaged: it is not valid .mismatched tag: line 1, column"),
        ('<c r="B2">', '<c r="B2" t="s">', "the XML of sheet 1 is not valid. Deliver the file again"),
        ("</worksheet>", "", "the XML of sheet 1 is damaged: it is not valid .no element found: line 1"),
    ],
)
def test_damaged_sheets_are_rejected_with_their_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    refuse(write_package(tmp_path / "a.xlsx", parts(sheet_xml(HEADER + ROW).replace(old, new))), message)


def test_damage_far_below_the_header_is_found_when_the_rows_are_read(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(2, 9000))
    refuse(write_sheet(tmp_path / "a.xlsx", f"{HEADER}{rows}<row><c><v>1</w></c></row>"), "the XML of sheet 1 is ")
