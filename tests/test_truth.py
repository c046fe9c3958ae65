"""Samples of any size go the whole way, and what comes of them is what their truth file says."""

from __future__ import annotations

import csv
import json
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from ingest.samples import SampleError
from ingest.samples.files import MASKING_KEY
from jobs.arguments import parse_arguments

_COURSE = "programme || ' ' || intake"
_MONTH = "date_format(month, 'yyyy-MM')"
ANSWERS = {
    "inquiry_volume": {
        "departments": ("departments", "year || ' ' || inquiry_department", "inquiries"),
        "channels": ("channels", "year || ' ' || inquiry_channel", "inquiries"),
        "monthly": ("monthly", _MONTH, "inquiries"),
        "yearly": ("yearly", "string(year)", "inquiries"),
    },
    "registrar": {
        "completion_by_year received": ("completion_by_year", "string(year)", "received"),
        "completion_by_year completed": ("completion_by_year", "string(year)", "completed"),
        "completion_by_programme received": ("completion_by_programme", _COURSE, "received"),
        "completion_by_programme completed": ("completion_by_programme", _COURSE, "completed"),
        "activity_by_year applications": ("activity_by_year", "string(year)", "applications"),
        "activity_by_year enrolments": ("activity_by_year", "string(year)", "enrolments"),
        "activity_by_month applications": ("activity_by_month", _MONTH, "applications"),
        "activity_by_month withdrawals": ("activity_by_month", _MONTH, "withdrawals"),
        "yield completed": ("yield", _COURSE, "completed"),
        "yield enrolled": ("yield", _COURSE, "enrolled"),
        "withdrawal_rates enrolled": ("withdrawal_rates", _COURSE, "enrolled"),
        "withdrawal_rates withdrawn": ("withdrawal_rates", _COURSE, "withdrawn"),
    },
}
"""Dataset to what its truth file says of each answer: the curated table, what a value is of, and the value."""


def sample(dataset: str, folder: Path, **options: Any) -> dict[str, Any]:
    import_module(f"ingest.samples.{dataset}").write(folder, **options)
    return json.loads((folder / "_truth.json").read_text())


def damaged(folder: Path) -> set[tuple[str, str, str]]:
    rows = [tuple(row) for path in (folder / "_damaged").iterdir() for row in list(csv.reader(path.open()))[1:]]
    assert len(set(rows)) == len(rows)
    return set(rows)


def run(lake: SparkSession, dataset: str, folder: Path) -> None:
    argv = ["--landing", str(folder)]
    if (folder / MASKING_KEY).exists():
        argv += ["--masking-key", str(folder / MASKING_KEY)]
    import_module(f"jobs.{dataset}").run(lake, parse_arguments(dataset, argv))


@pytest.mark.parametrize("rows", [1, 2000])
@pytest.mark.parametrize("dataset", ANSWERS)
def test_what_comes_of_samples_is_the_truth(lake: SparkSession, tmp_path: Path, dataset: str, rows: int) -> None:
    folder = tmp_path / "landing"
    truth = sample(dataset, folder, rows=rows)
    counts = truth["counts"]

    run(lake, dataset, folder)

    tables = {zone: lake.table(f"lake.{zone}.{dataset}") for zone in ("raw", "trusted", "quarantine")}
    found = {zone: table.count() for zone, table in tables.items()}
    assert found == {"raw": counts["rows"], "trusted": counts["trusted"], "quarantine": len(damaged(folder))}
    assert counts["rows"] == counts["trusted"] + counts.get("superseded", 0) + sum(truth["quarantined"].values())
    in_quarantine = tables["quarantine"].selectExpr("_source_file", "string(_row_number)", "_failed_expectations[0]")
    assert {tuple(row) for row in in_quarantine.collect()} == damaged(folder)
    warnings = tables["trusted"].selectExpr("explode(_warnings)").groupBy("col").count().collect()
    assert dict(map(tuple, warnings)) == truth["warned"]
    for right, (answer, of, value) in ANSWERS[dataset].items():
        curated = lake.table(f"lake.curated.{dataset}_{answer}").where(f"{value} != 0").selectExpr(of, value)
        assert dict(map(tuple, curated.collect())) == {
            key: count for key, count in truth["answers"].get(right, {}).items() if count
        }, right


@pytest.mark.parametrize("dataset", ANSWERS)
def test_the_same_seed_gives_the_same_files_and_another_gives_others(tmp_path: Path, dataset: str) -> None:
    made = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        sample(dataset, tmp_path / name, rows=200, seed=seed)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        made[name] = {path.relative_to(tmp_path / name): path.read_bytes() for path in files}

    assert made["first"] == made["again"]
    assert made["first"].keys() == made["other"].keys()
    assert made["first"] != made["other"]


@pytest.mark.parametrize("dataset", ANSWERS)
def test_samples_of_many_parts_are_made_by_spark_and_add_up(
    spark: SparkSession, tmp_path: Path, dataset: str, count_jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.samples.files.PART", 300)
    truth = sample(dataset, tmp_path / "parts", rows=1000)
    assert count_jobs() > 0

    files = [path for path in (tmp_path / "parts").iterdir() if not path.name.startswith("_")]
    lines = sum(len(path.read_text("utf-8-sig").splitlines()) - 1 for path in files)
    assert truth["counts"]["rows"] == lines
    assert Counter(expectation for _, _, expectation in damaged(tmp_path / "parts")) == truth["quarantined"]


@pytest.mark.parametrize(("dataset", "rows"), [("inquiry_volume", 0), ("contact_centre", 100)])
def test_a_size_that_cannot_be_made_is_refused(tmp_path: Path, dataset: str, rows: int) -> None:
    with pytest.raises(SampleError, match=f"samples of {rows} rows"):
        sample(dataset, tmp_path / "landing", rows=rows)

    assert not (tmp_path / "landing").exists()
