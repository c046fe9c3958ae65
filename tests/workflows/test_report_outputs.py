"""Test the outputs of `citylake report` that are not the site."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from jobs.stages import dataset_job
from transforms.datasets.contact_centre import DATASET
from workflows.cli import app


@pytest.fixture
def citylake(lake: SparkSession, landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Publish 30 days of calls, and return a function that runs the command."""
    landing.workbook("2024.xlsx", landing.days())
    job = dataset_job(DATASET)
    job.run(lake, job.parse(["--stage", "all", "--landing", str(landing)]))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        lake.createDataFrame([(1,)], "n int")  # This call makes `lake` the active Spark session.
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.stdout, str(result.exception or "") + result.stderr

    return run


def test_outputs_are_combined_and_the_site_is_not_written(citylake, tmp_path: Path) -> None:
    code, out, _ = citylake(
        *("report", "contact_centre", "--athena", "sql/athena", "--redshift", "sql/redshift", "--csv", "csv"),
        *("--csv-location", "s3://city/answers"),
    )

    assert (code, out) == (0, "athena: sql/athena\nredshift: sql/redshift\ncsv: csv\n")
    assert not (tmp_path / "site").exists()
    assert (tmp_path / "csv" / "contact_centre_calls_handled.csv").read_text() == (
        "year,days,first_day,last_day,calls_offered,calls_handled,percent_of_calls_handled,change_pct_points\n"
        "2024,30,2024-01-01,2024-01-30,3000,2700,90.0,\n"
    )
    table = tmp_path / "sql" / "athena" / "contact_centre" / "csv_tables" / "contact_centre_calls_handled_csv.sql"
    assert "'s3://city/answers/contact_centre_calls_handled/'" in table.read_text()
    assert (tmp_path / "sql" / "redshift" / "external_schema.sql").is_file()


def test_unusable_target_stops_the_command_before_anything_is_written(citylake, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").touch()

    code, out, error = citylake("report", "contact_centre", "--csv", "csv", "--athena", "taken")

    assert (code, out) == (1, "")
    assert "taken: the folder has other files: notes.txt" in error
    assert not (tmp_path / "csv").exists()


def test_location_must_be_on_s3(citylake) -> None:
    code, _, error = citylake("report", "contact_centre", "--athena", "sql", "--csv-location", "csv")

    assert code == 2
    assert "Give a folder on S3" in " ".join(error.replace("│", " ").split())


def test_help_does_not_import_sqlglot() -> None:
    program = (
        "import sys\nfrom workflows.cli import main\ntry: main(['report', '--help'])\n"
        "except SystemExit: print('sqlglot' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.endswith("False\n")
