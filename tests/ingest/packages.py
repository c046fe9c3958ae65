"""Write workbooks part by part, so that a test can give any XML."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Date</t></is></c><c r="B1" t="inlineStr"><is><t>Calls</t></is></c></row>'
)
ROW = '<row r="2"><c r="A2" t="inlineStr"><is><t>2024-01-01</t></is></c><c r="B2"><v>5</v></c></row>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def sheet_xml(rows: str, *, after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'


def parts(*sheets: str | bytes, settings: str = "", states: Mapping[int, str] | None = None) -> dict[str, str | bytes]:
    """Return the parts of a workbook with these sheets. `states` maps the number of a sheet to `hidden`."""
    numbers = range(1, len(sheets) + 1)
    names = "".join(
        f'<sheet name="Jane Doe {number}" sheetId="{number}" state="{(states or {}).get(number, "visible")}" '
        f'r:id="r{number}"/>'
        for number in numbers
    )
    links = "".join(
        f'<Relationship Id="r{number}" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    types = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        f'spreadsheetml.{kind}+xml"/>'
        for part, kind in [
            ("workbook", "sheet.main"),
            ("styles", "styles"),
            *((f"worksheets/sheet{number}", "worksheet") for number in numbers),
        ]
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><workbookPr {settings}/>'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}<Relationship Id="s" '
        f'Type="{DOCUMENT}/styles" Target="/xl/styles.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/sheet{number}.xml": sheet for number, sheet in enumerate(sheets, 1)},
    }


def write_package(path: Path, content: Mapping[str, str | bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in content.items():
            package.writestr(name, part)
    return str(path)


def write_sheet(path: Path, rows: str, *, after: str = "", settings: str = "") -> str:
    return write_package(path, parts(sheet_xml(rows, after=after), settings=settings))


def edit_part(path: Path, part: str, edit: Callable[[bytes], bytes]) -> str:
    """Change one part of a workbook."""
    with zipfile.ZipFile(path) as package:
        content = {name: package.read(name) for name in package.namelist()}
    return write_package(path, content | {part: edit(content[part])})
