"""Test `citylake show`, which prints an overview, an answer, quarantine, warnings or runs."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from typer.testing import CliRunner

from lake.ledger import StageResult, record_stage
from workflows.cli import app

_QUARANTINE = (
    "_source_file string, _row_number int, date date, "
    "_cast_failures array<struct<column: string, value: string, expected: string>>, "
    "_failed_expectations array<string>, _blocked_by array<string>"
)
_YEARS = (
    "year int, days int, first_day date, last_day date, calls_offered int, calls_handled int, "
    "calls_handled_pct double, change_pct_points double"
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def citylake(lake: SparkSession):
    def run(*arguments: str) -> tuple[int, str, str]:
        lake.createDataFrame([(1,)], "n int")  # This call makes `lake` the active Spark session.
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.stdout, result.stderr

    return run


def words(text: str) -> str:
    return " ".join(text.split())


def record(lake: SparkSession, run_id: str, observed: int) -> None:
    config = {"id": "some_calls", "severity": "warning", "type": "expect_column_sum_to_be_between"}
    config["kwargs"] = {"column": "calls_offered", "min_value": 1}
    entry = {"success": observed > 0, "expectation_config": config, "result": {"observed_value": observed}}
    document = json.dumps({"results": [entry | {"exception_info": {}}]})
    result = StageResult(rows_in=3, rows_out=2, rows_quarantined=1, validation_result=document)
    record_stage(lake, lambda: result, run_id=run_id, workflow=None, job="contact_centre", stage="refine")


@pytest.fixture
def tables(lake: SparkSession) -> None:
    for zone in ("quarantine", "trusted", "curated"):
        lake.sql(f"CREATE NAMESPACE lake.{zone}")
    row = ("a.csv", 2, None, [("calls_offered", "n/a", "int")], ["every_cell_readable"], None)
    lake.createDataFrame([row], _QUARANTINE).writeTo("lake.quarantine.contact_centre").create()
    warned = lake.createDataFrame([(["handled_and_abandoned_at_most_offered"],), (None,)], "_warnings array<string>")
    warned.writeTo("lake.trusted.contact_centre").create()
    years = [
        (year, 365, date(year, 1, 1), date(year, 12, 31), 100, 90, 90.0, None if year == 1990 else 0.25)
        for year in range(1990, 2020)
    ]
    curated = lake.createDataFrame(years, _YEARS)
    curated.writeTo("lake.curated.contact_centre_calls_handled").create()
    record(lake, "r1", 5)
    record(lake, "r2", 0)
    failed = StageResult(error=ValueError("stop"))
    with pytest.raises(ValueError, match="stop"):
        record_stage(lake, lambda: failed, run_id="r3", workflow=None, job="contact_centre", stage="refine")


def test_overview_shows_state_and_answers(tables: None, citylake) -> None:
    code, out, err = citylake("show", "contact_centre")
    text = words(out)

    assert (code, err) == (3, "")  # The exit code is 3, because the last run failed.
    assert out.startswith("contact_centre: 90.00 % of calls were handled in 2019, 0.25 points more than in")
    assert "Rows raw 0, trusted 2, quarantine 1 (33.33 %)" in text
    assert "FAILED" in text
    assert "calls_handled_monthly What percentage of calls is handled each month?" in text
    assert "Quarantine: citylake show contact_centre quarantine 1 Each cell of a required column" in text
    assert "Warnings: 2 expectations not met. citylake show contact_centre warnings" in text
    assert "Needs attention contact_centre stage refine failed: ValueError: stop" in text

    code, out, _ = citylake("show", "contact_centre", "--json")
    overview = json.loads(out)
    assert (code, overview["trusted"], overview["quarantined"]) == (3, 2, 1)
    assert [answer["name"] for answer in overview["answers"]] == ["calls_handled", "calls_handled_monthly"]


def test_only_json_and_csv_show_all_rows(tables: None, citylake) -> None:
    code, out, _ = citylake("show", "contact_centre", "calls_handled", "--rows", "5")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines() if line.startswith("20")] == [
        str(y) for y in range(2015, 2020)
    ]
    assert "Only the latest 5 of 30 rows are displayed." in out

    code, out, err = citylake("show", "contact_centre", "calls_handled", "--json")
    records = json.loads(out)
    assert (code, err, len(records)) == (0, "", 30)
    assert records[-1] == {
        "year": 1990,
        "days": 365,
        "first_day": "1990-01-01",
        "last_day": "1990-12-31",
        "calls_offered": 100,
        "calls_handled": 90,
        "calls_handled_pct": 90.0,
        "change_pct_points": None,
    }

    _, out, _ = citylake("show", "contact_centre", "calls_handled", "--csv")
    rows = [*csv.reader(io.StringIO(out))]
    assert rows[0] == [column.split()[0] for column in _YEARS.split(", ")]
    assert (len(rows), rows[-1][-1]) == (31, "")


def test_quarantine_shows_column_names_of_landed_files(tables: None, citylake) -> None:
    code, out, _ = citylake("show", "contact_centre", "quarantine")

    assert code == 0
    assert "a.csv 2 CallsOffered: 'n/a' is not a valid int" in words(out)
    assert "1 of 1 rows are displayed. Table: lake.quarantine.contact_centre" in words(out)
    _, out, _ = citylake("show", "contact_centre", "quarantine", "--json")
    assert json.loads(out)[0]["_failed_expectations"] == ["every_cell_readable"]


@pytest.mark.parametrize("view", ["calls_handled", "quarantine", "warnings", "runs"])
def test_each_view_says_how_to_see_more_rows(tables: None, lake: SparkSession, citylake, view: str) -> None:
    lake.sql("INSERT INTO lake.quarantine.contact_centre SELECT * FROM lake.quarantine.contact_centre")
    code, out, _ = citylake("show", "contact_centre", view, "--rows", "1")
    (total,) = re.findall(r"1 of (\d+) \w+ are displayed. To see more, add --rows (?=\1\.)", words(out))
    assert (code, total) == (0, {"calls_handled": "30", "quarantine": "2", "warnings": "2", "runs": "3"}[view])

    _, longer, _ = citylake("show", "contact_centre", view, "--rows", total)
    assert "To see more" not in longer
    assert len(longer.splitlines()) > len(out.splitlines()) - 3
    _, records, _ = citylake("show", "contact_centre", view, "--csv")
    assert len([*csv.reader(io.StringIO(records))]) == int(total) + 1


def test_warnings_come_from_the_last_successful_run(tables: None, citylake) -> None:
    _, out, _ = citylake("show", "contact_centre", "warnings")

    assert "Published rows do not meet 2 expectations" in out
    assert "handled_and_abandoned_at_most_offered (1 row): " in words(out)
    assert "some_calls (observed 0; expected: sum of calls_offered ≥ 1): " in words(out)


def test_latest_runs_are_listed_first(tables: None, citylake, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = citylake("show", "contact_centre", "runs", "--rows", "2")
    text = words(out)
    assert code == 0
    assert text.index("run r3") < text.index("refine FAILED") < text.index("ValueError: stop") < text.index("run r2")
    assert "r1" not in text
    assert max(map(len, out.splitlines())) <= 80

    _, out, _ = citylake("show", "contact_centre", "runs", "--json")
    records = json.loads(out)
    assert [run["run_id"] for run in records] == ["r3", "r2", "r1"]
    assert records[1]["started"].endswith("Z")
    assert records[1]["started"][:16].replace("T", " ") in text


def test_quarantine_shows_column_names_of_all_layouts(lake: SparkSession, citylake) -> None:
    for zone in ("quarantine", "trusted"):
        lake.sql(f"CREATE NAMESPACE lake.{zone}")
    row = ("a.csv", 2, None, [("created_at", "n/a", "time")], ["every_cell_readable"], ["every_cell_readable"])
    lake.createDataFrame([row], _QUARANTINE).writeTo("lake.quarantine.service_requests").create()
    lake.createDataFrame([], "_warnings array<string>").writeTo("lake.trusted.service_requests").create()
    run = StageResult(rows_in=1)
    record_stage(lake, lambda: run, run_id="r1", workflow=None, job="service_requests", stage="ingest")

    _, out, _ = citylake("show", "service_requests")
    assert "There is no answer yet." in words(out)
    _, out, _ = citylake("show", "service_requests", "quarantine")
    assert "Case Created dttm or " in words(out)
    assert "parked, because these expectations blocked the increment" in words(out)


def test_unpublished_dataset_error_shows_the_next_step(citylake) -> None:
    for arguments in (["show", "registrar"], ["show", "registrar", "yield"], ["show", "registrar", "quarantine"]):
        code, out, err = citylake(*arguments)
        assert (code, out) == (1, "")
        assert "no run has published this table. Run its job" in words(err)


@pytest.mark.parametrize("change", ["DROP COLUMN calls_handled_pct", "RENAME COLUMN calls_handled_pct TO handled_pct"])
def test_a_missing_column_of_an_answer_is_an_error(tables: None, lake: SparkSession, citylake, change: str) -> None:
    lake.sql(f"ALTER TABLE lake.curated.contact_centre_calls_handled {change}")
    for arguments in (["show", "contact_centre", "calls_handled"], ["show", "contact_centre"]):
        code, out, err = citylake(*arguments)
        assert (code, out) == (1, "")
        message = (
            "lake.curated.contact_centre_calls_handled: the report cannot use 'calls_handled_pct'. Expected a column "
            "of this name, found only the columns ['year', 'days',"
        )
        assert message in words(err)
        assert "or only its stage curate" in words(err)


def test_a_column_of_an_answer_with_another_type_is_an_error(tables: None, lake: SparkSession, citylake) -> None:
    table = "lake.curated.contact_centre_calls_handled"
    lake.table(table).withColumn("calls_handled_pct", F.lit("90 %")).writeTo(table).createOrReplace()
    code, out, err = citylake("show", "contact_centre", "calls_handled")

    assert (code, out) == (1, "")
    message = f"{table}: the report cannot use 'calls_handled_pct'. Expected a number, for the chart"
    assert message in words(err)
    assert "found the type string" in words(err)


def test_a_missing_sort_column_of_an_answer_is_an_error(lake: SparkSession, citylake) -> None:
    lake.sql("CREATE NAMESPACE lake.curated")
    table = "lake.curated.contact_centre_calls_handled"
    lake.createDataFrame([], _YEARS).drop("year").writeTo(table).create()
    code, out, err = citylake("show", "contact_centre", "calls_handled", "--csv")

    assert (code, out) == (1, "")
    assert f"{table}: the report cannot use 'year'. Expected an SQL expression of the columns ['days'," in words(err)


def test_runs_list_all_skipped_files(lake: SparkSession, citylake) -> None:
    """The state names only a few skipped files, and the command that lists all of them."""
    skipped = {f"{number}.pdf": "unknown format" for number in range(5)}
    run = StageResult(skipped_files=skipped)
    record_stage(lake, lambda: run, run_id="r1", workflow=None, job="contact_centre", stage="ingest")

    _, out, _ = citylake("status", "contact_centre")
    assert "2 more files are skipped. To see them, run: citylake show contact_centre runs --json" in words(out)
    _, out, _ = citylake("show", "contact_centre", "runs", "--json")
    assert json.loads(out)[0]["skipped_files"] == skipped
