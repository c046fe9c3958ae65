"""Test how answers, quarantined rows and warnings are displayed on a terminal."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from reports.answer import Answer
from reports.charts import Chart
from reports.columns import Column
from reports.console import MAX_ROWS, answer_table, quarantine_table, warning_lines
from reports.rows import sort_rows


def answer_of(*columns: str, **settings) -> Answer:
    """Return an answer whose chart shows the percentages among its columns."""
    values = tuple(name for name in columns if name.endswith("_pct"))
    chart = Chart(kind="bars", category=columns[:1], values=values, axis="%")
    return Answer("a", "How much?", lambda rows: "Much.", columns, charts=(chart,), **settings)


def drawn(table, width: int = 120) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def years(spark: SparkSession, count: int):
    rows = [(2000 + n, float(count - n)) for n in range(count)]
    return spark.createDataFrame(rows[::-1], "year int, rate_pct double")


def displayed_years(lines: list[str]) -> list[int]:
    return [int(year) for line in lines if not line.endswith(".") for year in line.split()[:1] if year.isdigit()]


def test_answers_without_an_order_show_the_latest_rows(spark: SparkSession) -> None:
    """`order` of the answer is empty. The rows are displayed from old to new."""
    lines = drawn(answer_table(answer_of("year", "rate_pct"), years(spark, MAX_ROWS + 2)))

    assert lines[0] == "How much?"
    assert displayed_years(lines) == [2002 + n for n in range(MAX_ROWS)]
    hint = f"To see more, add --rows {MAX_ROWS + 2}. To see all rows and columns, add --csv."
    assert " ".join(lines).endswith(f"Only the latest {MAX_ROWS} of {MAX_ROWS + 2} rows are displayed. {hint}")


def test_rows_are_sorted_by_the_first_column_of_the_table(spark: SparkSession) -> None:
    """The answer declares neither columns nor an order."""
    rows = sort_rows(answer_of(), years(spark, 3))
    assert [row.year for row in rows.collect()] == [2002, 2001, 2000]


def test_answers_with_an_order_show_their_first_rows(spark: SparkSession) -> None:
    answer = answer_of("year", "rate_pct", order=("-rate_pct", "year"), note="100 % is all.")
    lines = drawn(answer_table(answer, years(spark, MAX_ROWS + 1)))

    assert displayed_years(lines) == [2000 + n for n in range(MAX_ROWS)]
    text = " ".join(lines)
    assert f"Only the first {MAX_ROWS} of {MAX_ROWS + 1} rows are displayed. To see more, add --rows" in text
    assert text.endswith("add --csv. 100 % is all.")


@pytest.mark.parametrize("note", ["100 % is all.", ""])
def test_complete_tables_show_only_the_note(spark: SparkSession, note: str) -> None:
    """The text below the table does not say that rows are hidden."""
    lines = drawn(answer_table(answer_of("year", "rate_pct", note=note), years(spark, MAX_ROWS)))

    assert lines[-1] == (note or f"{1999 + MAX_ROWS} 1.00 ░░░░░░░░░░")
    assert displayed_years(lines) == [2000 + n for n in range(MAX_ROWS)]


def test_brackets_in_cells_are_displayed_unchanged(spark: SparkSession) -> None:
    cells = [("BSc [/co-op]", None, date(2023, 3, 1)), ("[red]", 50.0, None)]
    rows = spark.createDataFrame(cells, "p string, r_pct double, month date")
    lines = drawn(answer_table(answer_of("p", "r_pct", "month", order=("p",)), rows))

    assert any("BSc [/co-op]" in line and " - " in line and "░" * 10 in line and "2023-03" in line for line in lines)
    assert any("[red]" in line and "50.00" in line and "█" * 5 + "░" * 5 in line for line in lines)


def test_rows_can_be_sorted_by_absolute_value(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("a", 1.0, True), ("b", -3.0, False), ("c", 2.0, None)], "n string, change double, b boolean"
    )
    lines = drawn(answer_table(answer_of("n", "change", "b", order=("-|change|", "n")), rows))

    assert lines[-3:] == ["b -3.00", "c +2.00 -", "a +1.00 yes"]


@pytest.mark.parametrize(
    ("width", "hidden"), [(120, []), (45, ["Fourth column"]), (30, ["Third column", "Fourth column"])]
)
def test_hidden_columns_are_listed_below_the_table(spark: SparkSession, width: int, hidden: list[str]) -> None:
    row = ("2024-incomplete", 1_000_000.0, 2_000_000.0, 3_000_000.0)
    rows = spark.createDataFrame([row], "first string, second double, third double, fourth double")
    columns = {name: Column(header=f"{name.title()} column") for name in rows.columns[1:]}
    lines = drawn(answer_table(answer_of(*rows.columns), rows, columns=columns, width=width), width)

    assert any(line.startswith("2024-incomplete 1,000,000.00") for line in lines)  # No value is truncated.
    assert "…" not in "".join(lines)
    caption = " ".join(lines[4:])
    assert [header for header in hidden if header not in caption] == []
    assert ("do not fit" in caption) == bool(hidden)


QUARANTINED = (
    "_source_file string, _row_number int, p string, "
    "_cast_failures array<struct<column: string, value: string, expected: string>>, "
    "_failed_expectations array<string>"
)


def test_brackets_in_quarantined_rows_are_displayed_unchanged(spark: SparkSession) -> None:
    rows = [("[a].csv", 2, "[/x]", [("day", "[/b]", "date")], ["known", "readable"])]
    expectations = {"known": ("It is [one].", ["p"]), "readable": ("", ["_cast_failures"])}
    text = "\n".join(drawn(quarantine_table(spark.createDataFrame(rows, QUARANTINED), expectations=expectations)))

    for part in ("[a].csv", "It is [one]. (p = [/x])", "day: '[/b]' is not a valid date"):
        assert part in text


def test_quarantine_shows_column_names_of_landed_files(spark: SparkSession) -> None:
    failures = [("day", "n/a", "date"), ("born", "*****", "date, such as 2023-03-05"), ("else", "x", "int")]
    rows = spark.createDataFrame([("a.csv", 2, "x", failures, ["known", "readable", "gone"])], QUARANTINED)
    expectations = {"known": ("The place is known.", ["p"]), "readable": ("", ["_cast_failures"])}
    sources = {"day": "The Day", "born": "Born", "p": "Place"}
    text = "\n".join(drawn(quarantine_table(rows, expectations=expectations, sources=sources)))

    for part in (
        "The place is known. (Place = x)",
        "The Day: 'n/a' is not a valid date",
        "Born: the cell (masked here; see the file) is not a valid date, such as 2023-03-05",
        "else: 'x' is not a valid int",
        "gone",
    ):
        assert part in text


def test_row_warnings_precede_table_warnings(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(["a", "b"],), (None,), (["b"],), ([],)], "_warnings array<string>")

    def result(name: str, severity: str = "warning", *, success: bool = False, **found) -> dict:
        kwargs = {"column": "n", "min_value": 5}
        config = {"id": name, "severity": severity, "type": "expect_column_sum_to_be_between", "kwargs": kwargs}
        return {"success": success, "expectation_config": config, "result": found, "exception_info": {}}

    results = [
        # The expected text is `b (2 rows)`, because 2 rows of the frame have the warning `b`.
        result("b", element_count=4, unexpected_count=3),
        result("critical", "critical", observed_value=3),
        result("met", observed_value=7, success=True),
        result("some", observed_value=3),
    ]
    expectations = {"a": ("A is positive.", ["n"]), "some": ("There are some.", ["n"])}

    assert warning_lines(rows, expectations=expectations, results=results) == [
        "b (2 rows): b",
        "a (1 row): A is positive.",
        "some (observed 3; expected: sum of n ≥ 5): There are some.",
    ]
    assert warning_lines(rows.where("size(_warnings) = 0"), expectations={}, results=[]) == []
