"""Test the pages of the site: escaping, empty answers, tables, downloads and the quality page."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timezone
from html.parser import HTMLParser
from typing import Any

import pytest
from pyspark.sql import types as T

from reports.answer import Answer, Report, Source
from reports.charts import Chart
from reports.columns import display_columns
from reports.facts import DatasetFacts, Validation
from reports.points import select_points
from reports.rows import AnswerRows
from reports.site.pages import MAX_TABLE_ROWS, Site, render_site
from reports.site.pictures import DatasetPictures, draw_picture, draw_trend

SCHEMA = T.StructType(
    [T.StructField("city", T.StringType()), T.StructField("incidents", T.LongType()), T.StructField("x", T.LongType())]
)
NAUGHTY = {
    "markup": "<script>alert('x')</script>",
    "attribute": '" onmouseover="alert(1)',
    "emoji": "👩‍🚒 café",
    "right to left": "שלום عالم",
    "template": "{{ 7 * 7 }}",
    "long": "word " * 2_000,
}


def answer_rows(values: list[tuple[str | None, int | None]]) -> AnswerRows:
    chart = Chart(kind="bars", category=("city",), values=("incidents",), axis="Incidents")
    answer = Answer("cities", "Which city?", lambda rows: f"{rows[0]['city']} leads.", ("city", "incidents"), (chart,))
    rows = [{"city": city, "incidents": incidents, "x": None} for city, incidents in values]
    points = select_points(chart, rows, [(True, True, False)] * len(rows), columns={})
    return AnswerRows(answer, SCHEMA, display_columns(answer.columns, SCHEMA, columns={}), rows, (points,))


def facts_of(answer: AnswerRows, **settings: Any) -> DatasetFacts:
    report = Report("Police", (Source("County", "https://county.example/?a=1&b=2", "CC BY 3.0"),), (answer.answer,))
    facts = {"state": "SUCCEEDED", "last_run": "2024-07-10 12:00", "rows_in": 1234, "trusted": 1200, "quarantined": 34}
    return DatasetFacts("police", report, [answer], **{**facts, **settings})


def site_of(facts: DatasetFacts) -> Site:
    pictures = [
        [
            draw_picture(rows.answer.name, 1, chart, data)
            for chart, data in zip(rows.answer.charts, rows.charts, strict=True)
            if data.points
        ]
        for rows in facts.answers
    ]
    written = datetime(2024, 7, 10, 12, 30, tzinfo=timezone.utc)
    runs = [run.quarantined_pct for run in reversed(facts.validations)]
    trend = draw_trend(facts.name, runs) if len(runs) > 1 else None
    drawn = {facts.name: DatasetPictures(pictures, trend=trend)}
    return render_site([facts], drawn, library="library", version="v1", written=written)


def page_of(values: list[tuple[str | None, int | None]]) -> str:
    return site_of(facts_of(answer_rows(values))).files["police.html"]


def table_cells(page: str) -> list[list[str]]:
    body = re.search(r"<tbody>(.*?)</tbody>", page, flags=re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", body[1], flags=re.DOTALL) if body else []
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.DOTALL) for row in rows]


@pytest.mark.parametrize("value", NAUGHTY.values(), ids=NAUGHTY.keys())
def test_values_are_escaped_everywhere(value: str) -> None:
    """The value is in the sentence, in the table, in the chart and in the label of the chart."""
    facts = facts_of(answer_rows([(value, 5)]), attention=[value], reasons=[(value, 3)])
    site = site_of(facts)

    for page in (site.files["police.html"], site.files["quality.html"], site.index):
        elements = Elements()
        elements.feed(page)
        assert elements.scripts_without_source == 0
        assert [name for name in elements.attributes if name.startswith("on")] == []
        assert value.split()[0] in " ".join(elements.texts)
    assert len(site.files["police.html"]) < 60_000


class Elements(HTMLParser):
    """The attributes, texts and inline scripts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.scripts_without_source = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [name for name, _ in attrs]
        self.scripts_without_source += tag == "script" and "src" not in dict(attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_page_shows_question_sentence_chart_and_table() -> None:
    page = page_of([("Rockville", 1500), ("Olney", 3)])

    assert '<h3 class="question">Which city?</h3>' in page
    assert ">Rockville leads.</p>" in page
    assert page.count("<svg role=") == 2  # one drawing for wide pages, and one for narrow pages
    assert table_cells(page) == [["Rockville", "1,500"], ["Olney", "3"]]
    assert "https://county.example/?a=1&amp;b=2" in page
    assert "Licence: CC BY 3.0" in page
    assert "2 rows." in page


def test_an_answer_without_rows_says_so() -> None:
    page = page_of([])

    assert ">There is no data for this question.</p>" in page
    assert "<svg role=" not in page
    assert "<table" not in page
    assert "0 rows." in page


def test_an_answer_with_one_row_has_a_chart_and_a_table() -> None:
    page = page_of([("Rockville", 1)])

    assert page.count("<svg role=") == 2
    assert "1 row." in page


def test_missing_values_are_dashes_in_the_table_and_empty_in_the_csv_file() -> None:
    site = site_of(facts_of(answer_rows([(None, 2), ("Olney", None)])))
    (path,) = (path for path in site.files if path.startswith("data/"))

    assert table_cells(site.files["police.html"]) == [["-", "2"], ["Olney", "-"]]
    assert site.files[path].splitlines() == ["city,incidents,x", ",2,", "Olney,,"]


def test_long_tables_are_cut_and_the_csv_file_is_complete() -> None:
    count = MAX_TABLE_ROWS + 5
    site = site_of(facts_of(answer_rows([(f"city {n}", n) for n in range(count)])))
    page = site.files["police.html"]
    (path,) = (path for path in site.files if path.startswith("data/"))
    rows = [*csv.DictReader(io.StringIO(site.files[path]))]

    assert len(table_cells(page)) == MAX_TABLE_ROWS
    sorting = "Sorting applies only to these rows. The csv file has all rows and columns."
    assert f"The first {MAX_TABLE_ROWS} of {count} rows. {sorting}" in page
    assert [row["city"] for row in rows] == [f"city {n}" for n in range(count)]
    assert f'href="{path}" download="police_cities.csv"' in page


def test_all_links_of_the_site_exist() -> None:
    site = site_of(facts_of(answer_rows([("Rockville", 1)])))
    pages = {**site.files, "index.html": site.index}
    for name, page in pages.items():
        if name.endswith(".html"):
            links = re.findall(r'(?:href|src|data-[a-z]+)="([^"#:]+)"', page)
            assert links
            assert {*links} - {*pages} == set(), name


def test_file_names_change_only_if_the_content_changes() -> None:
    one, same, other = (site_of(facts_of(answer_rows([("Rockville", count)]))).files for count in (1, 1, 2))

    assert [*one] == [*same]
    assert {path for path in one if path.startswith("data/")} & {*other} == set()
    assert {path for path in one if path.startswith("assets/report.")} <= {*other}


def test_the_index_shows_everything_that_needs_attention() -> None:
    facts = facts_of(answer_rows([("Rockville", 1)]), attention=["blocked since run r1", "file a.csv is skipped"])
    index = site_of(facts).index

    assert "Police: blocked since run r1" in index
    assert "Police: file a.csv is skipped" in index
    assert "Rockville leads." in index
    assert "1,234" in index
    assert "Needs attention" not in site_of(facts_of(answer_rows([("Rockville", 1)]))).index


def result_of(**settings: Any) -> dict[str, Any]:
    config = {"id": "known", "type": "expect_column_values_to_be_in_set", "severity": "critical"}
    config |= {"kwargs": {"column": "city", "value_set": ["a"]}, "description": "Each city is known."}
    no_exception = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
    return {"success": False, "expectation_config": config, "exception_info": no_exception, **settings}


def test_the_quality_page_shows_results_without_values() -> None:
    unexpected = {"element_count": 4, "unexpected_count": 1, "partial_unexpected_list": ["Jane Doe"]}
    observed = {"observed_value": ["Jane Doe"]}
    exception = {"raised_exception": True, "exception_message": "cannot cast 'Jane Doe'", "exception_traceback": ""}
    results = [
        *(result_of(result=unexpected), result_of(result=observed)),
        *(result_of(result=observed, success=True), result_of(exception_info=exception)),
    ]
    runs = [
        Validation("2024-07-10 12:00", "r2", "blocked", 1000, 900, 100, results),
        Validation("2024-07-09 12:00", "r1", "met", 1000, 1000, 0),
    ]
    page = site_of(facts_of(answer_rows([("a", 1)]), validations=runs, reasons=[("Each city is known.", 1)])).files[
        "quality.html"
    ]

    assert "Jane Doe" not in page
    assert "Each city is known." in page
    assert "1 of 4 unexpected (25 %)" in page
    assert "could not be validated" in page
    assert "null" not in page
    assert ["2024-07-09 12:00", "1,000", "1,000", "0", "met"] in table_cells(page)
    assert "1 row: " in page
    assert page.count("<svg role=") == 2  # the quarantined rows of the two runs, for wide and for narrow pages
