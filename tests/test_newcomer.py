"""Test the first commands of a new user: run a workflow on samples, and then show the answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from lake.session import catalog_settings


def citylake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("citylake")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})


def test_sample_run_matches_the_truth_file(spark: SparkSession, tmp_path: Path) -> None:
    killed_before = tmp_path / "samples/landing/contact_centre.partial"
    killed_before.mkdir(parents=True)
    (killed_before / "2022.xlsx").write_bytes(b"half a workbook")

    run = citylake(tmp_path, "run", "contact_centre")

    assert run.returncode == 0, run.stderr
    assert [line[:10] for line in run.stderr.splitlines() if "rows in" in line] == ["✓ contact_"] * 3
    assert "\x1b" not in run.stderr  # control characters are written only to a terminal
    lines = run.stdout.splitlines()
    assert len(lines) < 20
    assert max(map(len, lines + run.stderr.splitlines())) <= 80
    assert re.search(r"contact_centre +93\.\d\d % of calls were handled in January to September 2024", run.stdout)
    assert "Details: citylake show contact_centre" in run.stdout
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
    names = ("string(year)", "days", "string(first_day)", "string(last_day)", "calls_offered", "calls_handled")
    years = lake.table("lake.curated.contact_centre_calls_handled").selectExpr(*names).collect()
    assert {row[0]: row[1:] for row in years} == {
        year: tuple(counts.values()) for year, counts in truth["years"].items()
    }

    show = citylake(tmp_path, "show", "contact_centre")
    assert show.returncode == 0, show.stderr
    assert "calls_handled_monthly  What percentage of calls is handled each month?" in show.stdout
    assert "Nothing needs attention." in show.stdout
    assert len(show.stdout.splitlines()) <= 40

    quarantine = citylake(tmp_path, "show", "contact_centre", "quarantine", "--quiet")
    assert "CallsOffered: 'n/a' is not a valid whole number" in quarantine.stdout


def test_unreadable_file_error_has_no_traceback(tmp_path: Path) -> None:
    landing = tmp_path / "data"
    landing.mkdir()
    (landing / "2024.xlsx").write_bytes(b"no workbook")

    run = citylake(tmp_path, "run", "contact_centre", "--data", "data")

    assert run.returncode == 1
    assert "✗ contact_centre_ingest" in run.stderr
    waiting = "not started: contact_centre_refine, contact_centre_curate, contact_centre_maintain"
    assert waiting in " ".join(run.stderr.split())
    assert "2024.xlsx: the file is not an Excel workbook" in run.stderr
    assert "Traceback" not in run.stderr
