"""Test the cells and links of the Excel workbook of a dataset."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reports.answer import Answer, Source
from reports.charts import Chart
from reports.rows import AnswerRows
from reports.workbook.write import write_workbook
from tests.reports.workbooks import Written, answer_rows, chart_of, facts, simple


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Written]:
    def write_answers(*answers: AnswerRows, **options: Any) -> Written:
        return Written(write_workbook(facts(*answers, **options), tmp_path / "phone.xlsx"))

    return write_answers


def test_sheets_are_overview_answers_chart_data_and_sources(write: Callable[..., Written]) -> None:
    book = write(simple("by_year"), simple("by_hour"))

    assert book.cells.sheet_names == ["Overview", "by_year", "by_hour", "Chart data", "Sources"]


def test_overview_has_facts_and_links_to_answers(write: Callable[..., Written]) -> None:
    book = write(simple("by_year", [{"name": "a", "calls": 1}]), simple("by_hour"), attention=["1 file is skipped"])
    rows = [row[:2] for row in book.rows("Overview")]

    assert rows[0][0] == "Phone calls"
    assert rows[1][0] == "Many."
    assert dict(rows[3:11]) == {
        "Rows landed": 12,
        "Trusted rows": 10,
        "Rows in quarantine": 2,
        "Suite": "met",
        "Last run, UTC": datetime(2024, 7, 10, 12),
        "State of the last run": "succeeded",
        "Id of the last validated run": "20240710T120000-1",
        "Needs attention": "1 file is skipped",
    }
    assert rows[12:] == [
        ["Question", "Answer"],
        ["How many by_year?", "Many."],
        ["How many by_hour?", "There is no data for this question."],
    ]
    assert re.findall(r'location="([^"]*)"', book.xml("Overview")) == ["'by_year'!A1", "'by_hour'!A1"]


def test_overview_before_the_first_run(write: Callable[..., Written]) -> None:
    rows = write(simple(), last_run=None, validations=()).rows("Overview")

    assert ["Last run, UTC", "never"] in [row[:2] for row in rows]
    assert ["Id of the last validated run", "not validated"] in [row[:2] for row in rows]


def test_cells_keep_their_types(write: Callable[..., Written]) -> None:
    row = {"name": "Ada", "calls": 1234, "rate_pct": 12.5, "month": date(2024, 7, 1), "day": date(2024, 7, 9)}
    missing = dict.fromkeys([*row, "is_open"])
    columns = "name calls rate_pct month day is_open"
    book = write(simple(rows=[{**row, "is_open": True}, missing, {**row, "is_open": False}], columns=columns))

    values = ["Ada", 1234, 12.5, date(2024, 7, 1), date(2024, 7, 9)]
    assert book.table("calls") == [
        ["Name", "Calls", "Rate %", "Month", "Day", "Is open"],
        [*values, "yes"],
        [""] * 6,
        [*values, ""],
    ]
    assert [book.format("calls", cell) for cell in ("D5", "E5", "F5", "G5")] == [
        *("#,##0", "#,##0.00"),
        *("yyyy-mm", "yyyy-mm-dd"),
    ]


def test_changes_have_a_sign(write: Callable[..., Written]) -> None:
    book = write(simple(rows=[{"change_pct_points": -1.5}], columns="change_pct_points"))

    assert book.format("calls", "C5") == "+#,##0.00;-#,##0.00;0.00"


def test_table_has_a_fixed_header_and_a_filter(write: Callable[..., Written]) -> None:
    book = write(simple(rows=[{"name": "a", "calls": 1}, {"name": "b", "calls": 2}]))
    table = book.files["xl/tables/table1.xml"]

    assert '<pane ySplit="4" topLeftCell="A5" activePane="bottomLeft" state="frozen"/>' in book.xml("calls")
    assert 'displayName="phone_calls" ref="C4:D6"' in table
    assert '<autoFilter ref="C4:D6"/>' in table


HOSTILE = [
    '=HYPERLINK("https://example.com")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "{=1+1}",
    "https://example.com",
    "mailto:a@example.com",
    "internal:Overview!A1",
    "0012",
    "<b>&amp;</b> \"'",
    "שלום عليكم",
    "👩‍👩‍👧 🇨🇦",
    "_x0041_",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_stay_texts(text: str, write: Callable[..., Written]) -> None:
    """The texts are also the category, series and panel of a chart, and in the sentence, question and note."""
    options = {"series": "series", "panel": ("panel",)}
    chart = Chart(kind="dots", category=("name",), values=("calls",), axis="Calls", note=text, **options)
    rows = [{"name": text, "series": text, "panel": panel, "calls": 1} for panel in (text, "other")]
    answer = Answer("calls", text, lambda _: text, ("name", "calls"), (chart,), note=text)
    book = write(answer_rows(answer, rows), sources=(Source(text, text, text),))

    assert book.table("calls")[1][0].replace("_x000D_", "\r") == text
    assert [row[0].replace("_x000D_", "\r") for row in book.rows("calls")[:3]] == [text] * 3
    assert not any("<f>" in content for name, content in book.files.items() if "worksheets/sheet" in name)
    for drawn in book.charts():
        assert [name.replace("_x000D_", "\r").replace("_x005F_", "_") for name in drawn.names] == [text]
    for content in book.files.values():
        ElementTree.fromstring(content)


def test_only_web_pages_of_sources_are_links(write: Callable[..., Written]) -> None:
    sources = tuple(Source("s", url) for url in ("https://a.example/", "file:///etc/passwd", "external:c.xlsx"))
    book = write(simple(), sources=sources)

    assert [row[1] for row in book.rows("Sources")[3:6]] == [source.url for source in sources]
    relations = book.files["xl/worksheets/_rels/sheet4.xml.rels"]
    assert re.findall(r'Target="([^"]*)" TargetMode="External"', relations) == ["https://a.example/"]


@pytest.mark.parametrize("character", ["x", "😀"])
def test_long_texts_are_cut(character: str, write: Callable[..., Written]) -> None:
    """Excel counts a character outside the Basic Multilingual Plane as two characters."""
    text = character * 100_000
    rows = [{"name": text, "calls": 1}]
    chart = Chart(kind="bars", category=("name",), values=("calls",), axis="Calls")
    book = write(answer_rows(Answer("calls", text, lambda _: text, ("name", "calls"), (chart,), note=text), rows))
    cell = book.table("calls")[1][0]

    assert len(cell.encode("utf-16-le")) // 2 in (32_766, 32_767)
    assert set(cell) == {character, "…"}
    assert cell.endswith("…")


def test_characters_that_xml_forbids_are_replaced(write: Callable[..., Written]) -> None:
    name = "a\x00b\x0bc\ufffe\ud800d\ne"
    book = write(chart_of("bars", "name", "calls", [{"name": name, "calls": 1}], panel=("name",)))

    assert book.table("calls")[1][0] == "a\ufffdb\ufffdc\ufffd\ufffdd\ne"
    for content in book.files.values():
        ElementTree.fromstring(content)


def test_answer_without_rows(write: Callable[..., Written]) -> None:
    book = write(chart_of("bars", "name", "calls", []))

    assert book.rows("calls")[1][0] == "There is no data for this question."
    assert book.table("calls") == [["Name", "Calls"]]
    assert book.charts() == []


@pytest.mark.parametrize("kind", ["line", "columns", "bars", "dots", "change", "stack"])
def test_answer_with_one_row(kind: str, write: Callable[..., Written]) -> None:
    [drawn] = write(chart_of(kind, "year", "calls", [{"year": 2024, "calls": 0}])).charts()

    assert drawn.values == [[0]]


def test_values_that_excel_has_not(write: Callable[..., Written]) -> None:
    rows = [{"name": date(1850, 1, 2), "rate_pct": 10**20}, {"name": [1], "rate_pct": float("inf")}]

    book = write(simple(rows=rows, columns="name rate_pct"))

    assert book.table("calls")[1:] == [["1850-01-02", str(10**20)], ["[1]", "inf"]]


def test_long_and_similar_names_of_answers(write: Callable[..., Written]) -> None:
    long = "a_name_that_is_longer_than_a_sheet_name"
    names = [f"{long}_1", f"{long}_2", "overview"]
    sheets = write(*(simple(name) for name in names)).cells.sheet_names

    assert sheets[1:4] == ["a_name_that_is_longer_than_a_s…", "a_name_that_is_longer_than… (2)", "overview (2)"]


def test_equal_headers_are_numbered(write: Callable[..., Written]) -> None:
    assert write(simple(columns="type Type")).table("calls")[0] == ["Type", "Type (2)"]
