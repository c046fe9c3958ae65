"""Answers and quarantine as tables on a terminal."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from reports.answer import Answer, DisplayColumn
from reports.console import MOST_ROWS, answer_table, quarantine_table, warning_lines

COLUMNS = (DisplayColumn("year", "Year", "d"), DisplayColumn("rate", "Rate %", ".2f", bar=True))


def drawn(table) -> list[str]:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def years(spark: SparkSession, count: int):
    rows = [(2000 + n, float(count - n)) for n in range(count)]
    return spark.createDataFrame(rows[::-1], "year int, rate double")


def shown_years(lines: list[str]) -> list[int]:
    return [int(year) for line in lines for year in line.replace("│", " ").split()[:1] if year.isdigit()]


def test_without_an_order_the_latest_rows_are_shown_oldest_first(spark: SparkSession) -> None:
    answer = Answer("a", "How much", COLUMNS)
    lines = drawn(answer_table(answer, years(spark, MOST_ROWS + 2)))

    assert lines[0] == "How much"
    assert shown_years(lines) == [2002 + n for n in range(MOST_ROWS)]
    assert lines[-1] == f"The latest {MOST_ROWS} of {MOST_ROWS + 2} rows."


def test_with_an_order_it_is_the_first_rows_and_the_note_follows(spark: SparkSession) -> None:
    answer = Answer("a", "How much", COLUMNS, order=("-rate", "year"), note="Rate: of all.")
    table = answer_table(answer, years(spark, MOST_ROWS + 1))

    assert shown_years(drawn(table)) == [2000 + n for n in range(MOST_ROWS)]
    assert table.caption == f"The first {MOST_ROWS} of {MOST_ROWS + 1} rows. Rate: of all."


@pytest.mark.parametrize(("note", "last"), [("Rate: of all.", "Rate: of all."), ("", None)])
def test_where_all_rows_are_shown_only_the_note_is_below(spark: SparkSession, note: str, last: str | None) -> None:
    table = answer_table(Answer("a", "How much", COLUMNS, note=note), years(spark, MOST_ROWS))

    assert table.caption == last
    assert shown_years(drawn(table)) == [2000 + n for n in range(MOST_ROWS)]


def test_a_missing_value_is_a_dash_and_brackets_are_no_markup(spark: SparkSession) -> None:
    cells = [("BSc [/co-op]", None, date(2023, 3, 1)), ("[red]", 50.0, None)]
    rows = spark.createDataFrame(cells, "p string, r double, m date")
    columns = (DisplayColumn("p", "Programme"), DisplayColumn("r", "Rate", ".1f", bar=True), DisplayColumn("m", "Month", "%Y-%m"))
    lines = drawn(answer_table(Answer("a", "t", columns, order=("p",)), rows))

    assert any("BSc [/co-op]" in line and " - " in line and "░" * 10 in line and "2023-03" in line for line in lines)
    assert any("[red]" in line and "50.0" in line and "█" * 5 + "░" * 5 in line for line in lines)


def test_the_furthest_from_0_come_first_and_a_truth_is_yes_or_nothing(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("a", 1.0, True), ("b", -3.0, False), ("c", 2.0, None)], "n string, x double, b boolean"
    )
    columns = (DisplayColumn("n", "N"), DisplayColumn("x", "X", "+.1f"), DisplayColumn("b", "B"))
    lines = drawn(answer_table(Answer("a", "t", columns, order=("-|x|", "n")), rows))

    assert [line.strip("│ ") for line in lines[4:7]] == ["b │ -3.0", "c │ +2.0 │ -", "a │ +1.0 │ yes"]


QUARANTINED = (
    "_source_file string, _row_number int, p string, "
    "_cast_failures array<struct<column: string, value: string, expected: string>>, "
    "_failed_expectations array<string>"
)


def test_brackets_in_quarantine_are_no_markup(spark: SparkSession) -> None:
    rows = [("[a].csv", 2, "[/x]", [("day", "[/b]", "date")], ["known", "readable"])]
    expectations = {"known": ("It is [one] of them.", ["p"]), "readable": ("", ["_cast_failures"])}
    text = "\n".join(drawn(quarantine_table(spark.createDataFrame(rows, QUARANTINED), expectations=expectations)))

    for part in ("[a].csv", "It is [one] of them. (p = [/x])", "day: '[/b]' is not a valid date"):
        assert part in text


def test_quarantine_names_columns_as_the_file_does_and_says_which_cells_are_masked(spark: SparkSession) -> None:
    failures = [("day", "n/a", "date"), ("born", "*****", "date, such as 2023-03-05"), ("else", "x", "int")]
    rows = spark.createDataFrame([("a.csv", 2, "x", failures, ["known", "readable", "gone"])], QUARANTINED)
    expectations = {"known": ("It is one of them.", ["p"]), "readable": ("", ["_cast_failures"])}
    sources = {"day": "The Day", "born": "Born", "p": "Place"}
    text = "\n".join(drawn(quarantine_table(rows, expectations=expectations, sources=sources)))

    for part in (
        "It is one of them. (Place = x)",
        "The Day: 'n/a' is not a valid date",
        "Born: the cell (masked here; see the file) is not a valid date, such as 2023-03-05",
        "else: 'x' is not a valid int",
        "gone",
    ):
        assert part in text


def test_warnings_are_counted_by_row_and_those_of_the_table_follow(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(["a", "b"],), (None,), (["b"],), ([],)], "_warnings array<string>")

    def result(name: str, severity: str = "warning", *, success: bool = False, **found) -> dict:
        kwargs = {"column": "n", "min_value": 5}
        config = {"id": name, "severity": severity, "type": "expect_column_sum_to_be_between", "kwargs": kwargs}
        return {"success": success, "expectation_config": config, "result": found, "exception_info": {}}

    results = [
        result("b", element_count=4, unexpected_count=2),  # of rows, which have said it
        result("critical", "critical", observed_value=3),
        result("met", observed_value=7, success=True),
        result("some", observed_value=3),
    ]
    expectations = {"a": ("A is so.", ["n"]), "some": ("There are some.", ["n"])}

    assert warning_lines(rows, expectations=expectations, results=results) == [
        "b (2 rows): b",
        "a (1 row): A is so.",
        "some (observed 3; expected: sum of n ≥ 5): There are some.",
    ]
    assert warning_lines(rows.where("size(_warnings) = 0"), expectations={}, results=[]) == []
