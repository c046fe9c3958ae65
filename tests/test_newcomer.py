"""What a newcomer does first: run the workflow on samples, then look at the answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from lake.session import catalog_settings


def citylake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("citylake")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_samples_run_and_the_tables_are_what_the_truth_file_says(spark: SparkSession, tmp_path: Path) -> None:
    killed_before = tmp_path / "samples/landing/contact_centre.partial"
    killed_before.mkdir(parents=True)
    (killed_before / "2022.xlsx").write_bytes(b"half a workbook")

    run = citylake(tmp_path, "run", "contact_centre")

    assert run.returncode == 0, run.stderr
    assert re.search(r"✓ contact_centre_ingest .*rows in", run.stdout)
    assert "CallsOffered: 'n/a' is no" in run.stdout
    assert "citylake show contact_centre --warehouse samples/warehouse" in run.stdout
    truth = json.loads((tmp_path / "samples/landing/contact_centre/_truth.json").read_text())
    lake = spark.newSession()
    for name, value in catalog_settings(str(tmp_path / "samples/warehouse")).items():
        lake.conf.set(name, value)

    rows = {zone: lake.table(f"lake.{zone}.contact_centre").count() for zone in ("raw", "trusted", "quarantine")}
    assert rows["raw"] == truth["rows"]
    assert rows["trusted"] + rows["quarantine"] + truth["superseded"] == truth["rows"]
    in_quarantine = {
        f"{row._source_file} row {row._row_number}": row._failed_expectations[0]
        for row in lake.table("lake.quarantine.contact_centre").collect()
    }
    assert in_quarantine == truth["quarantined"]
    warned = lake.table("lake.trusted.contact_centre").where("_warnings is not null").selectExpr("string(date)")
    assert sorted(day for (day,) in warned.collect()) == sorted(truth["warned"])
    years = lake.table("lake.curated.contact_centre_calls_handled").collect()
    assert {str(row.year): (row.days, row.calls_offered, row.calls_handled) for row in years} == {
        year: tuple(right.values()) for year, right in truth["years"].items()
    }

    show = citylake(tmp_path, "show", "contact_centre")
    assert show.returncode == 0, show.stderr
    assert "Percentage of calls handled, by month" in show.stdout
    assert show.stdout.count("SUCCEEDED") == 3


def test_bad_data_ends_with_one_clear_message_and_status_1(tmp_path: Path) -> None:
    landing = tmp_path / "data"
    landing.mkdir()
    (landing / "2024.xlsx").write_bytes(b"no workbook")

    run = citylake(tmp_path, "run", "contact_centre", "--data", "data")

    assert run.returncode == 1
    assert "✗ contact_centre_ingest" in run.stdout
    waiting = "not started: contact_centre_refine, contact_centre_curate, contact_centre_maintain"
    assert waiting in " ".join(run.stdout.split())
    assert "2024.xlsx: the file is not an Excel workbook" in run.stderr
    assert "Traceback" not in run.stderr
