"""Test `citylake report` and `citylake publish`: outputs, errors and exit codes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from jobs import report, report_data
from tests.jobs.tables import publish_contact_centre
from workflows.cli import app


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def citylake(lake: SparkSession):
    """Return a function that runs the command on the tables of the contact centre."""
    publish_contact_centre(lake)

    def run(*arguments: str) -> tuple[int, str, str]:
        lake.createDataFrame([(1,)], "n int")  # This call makes `lake` the active Spark session.
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.stdout, " ".join(result.stderr.split())

    return run


def test_the_site_has_all_published_datasets_by_default(citylake) -> None:
    code, out, err = citylake("report")

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "site: site/index.html"
    assert "registrar is left out of everything that shows rows, because no run has published it." in out
    assert "92.93 % of calls were handled in January to July 2024" in Path("site/index.html").read_text(
        encoding="utf-8"
    )
    assert sorted(path.name for path in Path("site").glob("*.html")) == [
        *("contact_centre.html", "index.html", "quality.html"),
    ]


def test_a_named_dataset_that_never_ran_is_an_error(citylake) -> None:
    code, _, err = citylake("report", "contact_centre", "registrar")

    assert code == 1
    assert "lake.trusted.registrar: no run has published this table" in err
    assert not Path("site").exists()


def test_an_unknown_dataset_is_an_error(citylake) -> None:
    code, _, err = citylake("report", "contact_center")

    assert code == 2
    assert "Did you mean 'contact_centre'?" in err


def test_a_missing_table_of_an_answer_is_an_error(citylake, lake: SparkSession) -> None:
    lake.sql("DROP TABLE lake.curated.contact_centre_calls_handled")
    code, _, err = citylake("report")

    assert code == 1
    assert "contact_centre: these tables of answers do not exist: lake.curated.contact_centre_calls_handled." in err
    assert not Path("site").exists()


def test_a_missing_column_of_an_answer_is_an_error(citylake, lake: SparkSession) -> None:
    lake.sql("ALTER TABLE lake.curated.contact_centre_calls_handled DROP COLUMN calls_handled_pct")
    code, _, err = citylake("report")

    assert code == 1
    assert "lake.curated.contact_centre_calls_handled: the report cannot use 'calls_handled_pct'. Expected a" in err
    assert not Path("site").exists()


def test_an_answer_with_too_many_rows_is_an_error(citylake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_data, "MAX_ROWS", 0)
    code, _, err = citylake("report")

    assert code == 1
    assert "the table has 1 rows. A report displays answers of at most 0 rows. Group the answer by fewer columns" in err
    assert not Path("site").exists()


def test_an_empty_answer_is_reported(citylake, lake: SparkSession) -> None:
    lake.sql("DELETE FROM lake.curated.contact_centre_calls_handled")
    code, _, _ = citylake("report")

    assert code == 0
    assert "There is no data for this question." in Path("site/contact_centre.html").read_text(encoding="utf-8")


def test_outputs_can_be_combined(citylake) -> None:
    outputs = ("--excel", "a.xlsx", "--athena", "sql/athena", "--redshift", "sql/redshift", "--grafana", "grafana")
    code, out, err = citylake("report", "contact_centre", *outputs, "--csv", "csv")

    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == ["workbook", "athena", "redshift", "grafana", "csv"]
    assert Path("a.xlsx").is_file()
    assert not Path("site").exists()
    first_line = Path("csv/contact_centre_calls_handled.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first_line.split(",")[0] == "year"
    assert "percent_of_calls_handled" in first_line


def test_two_outputs_cannot_have_the_same_folder(citylake) -> None:
    code, _, err = citylake("report", "contact_centre", "--csv", "out", "--athena", "out")

    assert code == 1
    assert "this is the folder of another output" in err
    assert not Path("out").exists()


def test_a_site_can_be_published_again(citylake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page displays the minute in which it was written, so pages of another minute are new files."""
    minutes = iter((0, 0, 1))
    clock = Mock(now=lambda zone: datetime(2024, 7, 10, 12, next(minutes), tzinfo=zone))
    monkeypatch.setattr(report, "datetime", clock)
    first, same_minute, next_minute = (citylake("publish", "--to", "www") for _ in range(3))

    assert (first[0], same_minute[0], next_minute[0]) == (0, 0, 0)
    assert first[1].startswith("site: www/index.html (")
    assert first[1].endswith(" 0 unchanged)\n")
    assert same_minute[1].startswith("site: www/index.html (1 files written, ")
    # The report, the quality page, and the two files of the index page. Charts and csv files are unchanged.
    assert next_minute[1].startswith("site: www/index.html (4 files written, ")
    assert "Contact centre" in Path("www/index.html").read_text(encoding="utf-8")


def test_publish_needs_a_target(citylake) -> None:
    code, _, err = citylake("publish")

    assert code == 2
    assert "--to" in err
