"""Test which files are opened as workbooks, and that a small file cannot unpack to a very large one."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from ingest import workbook_package
from ingest.errors import LandedFileError
from ingest.workbook import read_header, read_rows
from tests.ingest.packages import HEADER, ROW, STYLES, edit_part, parts, sheet_xml, write_package, write_sheet
from tests.ingest.test_workbook_reader import GOOD, LAYOUTS, peak_memory, refuse, rows_of, save_with_libreoffice

DATA = sheet_xml(HEADER + ROW)


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        ("xls", "the file is a workbook in an old format of Excel .*xls"),
        ("ods", "the file is an OpenDocument file, such as an .ods file"),
    ],
)
def test_other_formats_are_rejected_with_the_true_reason(tmp_path: Path, extension: str, message: str) -> None:
    """The name of the file ends in .xlsx. The message suggests to save the file as .xlsx."""
    source = tmp_path / "a.xlsx"
    write_sheet(source, HEADER + ROW)
    other = Path(save_with_libreoffice(source, extension)).rename(tmp_path / "b.xlsx")

    refuse(str(other), f"{message}.*Open the file in Excel or LibreOffice, save it as an Excel workbook")
    assert rows_of(save_with_libreoffice(other)) == GOOD


def test_binary_workbooks_are_rejected_with_the_true_reason(tmp_path: Path) -> None:
    content = parts(DATA) | {"xl/workbook.bin": b"\x83\x01"}
    content["_rels/.rels"] = str(content["_rels/.rels"]).replace("workbook.xml", "workbook.bin")

    refuse(write_package(tmp_path / "a.xlsx", content), "the file is a binary workbook .*xlsb.*save it as an Excel")


def test_other_zip_files_are_rejected(tmp_path: Path) -> None:
    refuse(write_package(tmp_path / "a.xlsx", {"a.csv": "Date,Calls"}), "the file is a zip file without a workbook")


def test_workbooks_with_a_password_are_rejected(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * (1 << 20) + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    (tmp_path / "a.xlsx").write_bytes(ole)
    refuse(str(tmp_path / "a.xlsx"), "protected by a password. .*Remove the password")

    content = Path(write_sheet(tmp_path / "b.xlsx", HEADER + ROW)).read_bytes()
    flagged = content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    assert flagged != content
    (tmp_path / "b.xlsx").write_bytes(flagged)
    refuse(str(tmp_path / "b.xlsx"), "protected by a password")


def test_two_parts_with_one_name_are_rejected(tmp_path: Path) -> None:
    """Programs differ in which of the two parts they read."""
    path = tmp_path / "a.xlsx"
    write_sheet(path, HEADER + ROW)
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/worksheets/SHEET1.xml", DATA)

    refuse(str(path), "damaged or incomplete workbook")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"])
def test_a_missing_or_broken_part_is_rejected(tmp_path: Path, part: str) -> None:
    content = parts(DATA)
    without = {name: text for name, text in content.items() if name != part}
    refuse(write_package(tmp_path / "a.xlsx", without), "damaged or incomplete workbook|without a workbook")
    broken = content | {part: str(content[part])[: len(content[part]) // 2]}
    refuse(write_package(tmp_path / "b.xlsx", broken), "damaged|not valid")
    doctype = content | {part: f'<!DOCTYPE x [<!ENTITY e "5">]>{content[part]!s}'}
    refuse(write_package(tmp_path / "c.xlsx", doctype), "damaged|DOCTYPE")


def test_texts_and_styles_are_optional(tmp_path: Path) -> None:
    """A workbook can have a link to a part that does not exist. A broken part is an error."""
    content = parts(DATA)
    del content["xl/styles.xml"]
    assert rows_of(write_package(tmp_path / "a.xlsx", content)) == GOOD

    broken = content | {"xl/styles.xml": STYLES[:-20]}
    refuse(write_package(tmp_path / "b.xlsx", broken), "the XML of the shared strings or the styles is not valid")
    doctype = content | {"xl/styles.xml": "<!DOCTYPE styleSheet>" + STYLES}
    refuse(
        write_package(tmp_path / "c.xlsx", doctype),
        "the XML of the shared strings or the styles cannot be read, because it has",
    )


def test_parts_can_have_other_names(tmp_path: Path) -> None:
    """Some programs write absolute targets, backslashes, or other letter case."""
    content = parts(DATA)
    content["xl/Worksheets\\Sheet1.XML"] = content.pop("xl/worksheets/sheet1.xml")
    content["book/main.xml"] = str(content.pop("xl/workbook.xml"))
    rels = str(content.pop("xl/_rels/workbook.xml.rels"))
    content["book/_rels/main.xml.rels"] = rels.replace('"worksheets/', '"../xl/worksheets/')
    content["_rels/.rels"] = str(content["_rels/.rels"]).replace("xl/workbook.xml", "/book/main.xml")

    assert rows_of(write_package(tmp_path / "a.xlsx", content)) == GOOD


def test_unpacked_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for the bytes that are unpacked, not only for the sizes in the directory of the zip."""
    blanks = f"{HEADER}{ROW}" + "<row/>" * (12 << 20)
    bomb = write_sheet(tmp_path / "a.xlsx", blanks)
    assert Path(bomb).stat().st_size < 1 << 20
    refuse(bomb, "the parts of the workbook that are read together have more than 64 MiB of unpacked XML")
    assert peak_memory(bomb) < 200

    content = bytearray(Path(bomb).read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (5000).to_bytes(4, "little")  # a wrong unpacked size
    (tmp_path / "b.xlsx").write_bytes(content)
    refuse(str(tmp_path / "b.xlsx"), "damaged or incomplete workbook")

    monkeypatch.setattr(workbook_package, "MAX_DESCRIPTION_BYTES", 1 << 20)
    large = parts(DATA) | {"xl/workbook.xml": str(parts(DATA)["xl/workbook.xml"]) + " " * (2 << 20)}
    refuse(write_package(tmp_path / "c.xlsx", large), "more than 1 MiB of unpacked XML")


def test_number_of_sheets_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_package, "MAX_SHEETS", 2)
    refuse(write_package(tmp_path / "a.xlsx", parts(DATA, DATA, DATA)), "the workbook has 3 sheets. Expected at most 2")


def test_truncated_files_are_rejected(tmp_path: Path) -> None:
    whole = Path(write_sheet(tmp_path / "whole.xlsx", HEADER + ROW)).read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "a.xlsx").write_bytes(whole[:length])
        with pytest.raises(LandedFileError, match="f: the file is (not an Excel|a damaged or incomplete) workbook"):
            read_header("f", str(tmp_path / "a.xlsx"), layouts=LAYOUTS)


def test_sheet_protection_and_macros_do_not_prevent_reading(tmp_path: Path) -> None:
    """A protected sheet is not encrypted."""
    content = parts(sheet_xml(HEADER + ROW, after='<sheetProtection sheet="1" password="CC3D"/>'))
    content |= {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0", "xl/externalLinks/externalLink1.xml": "<externalLink/>"}

    assert rows_of(write_package(tmp_path / "a.xlsm", content)) == GOOD


@pytest.mark.parametrize(("value", "date_system"), [("1", 1904), ("true", 1904), ("0", 1900), ("false", 1900)])
def test_date_system_reaches_formatted_dates_and_the_header(tmp_path: Path, value: str, date_system: int) -> None:
    row = ROW.replace('<c r="B2"><v>5</v></c>', '<c r="B2" s="1"><v>43830</v></c>')
    uri = write_sheet(tmp_path / "a.xlsx", HEADER + row, settings=f'date1904="{value}"')

    header = read_header("f", uri, layouts=LAYOUTS)
    rows: list[Any] = list(read_rows("f", uri, header))

    assert header.date_system == date_system
    assert rows[0][1] == ("2024-01-01" if date_system == 1904 else "2019-12-31")


def test_date_system_defaults_to_1900(tmp_path: Path) -> None:
    uri = write_sheet(tmp_path / "a.xlsx", HEADER + ROW)
    without = edit_part(Path(uri), "xl/workbook.xml", lambda xml: xml.replace(b"<workbookPr />", b""))

    assert read_header("f", without, layouts=LAYOUTS).date_system == 1900
