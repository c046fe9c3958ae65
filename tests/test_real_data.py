"""The whole workflow on the city's own published files, against figures that were computed without this code."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from workflows.contact_centre import WORKFLOW
from workflows.runner import run_workflow, spark_job_runner

YEARS = "lake.curated.contact_centre_calls_handled"


def run(lake: SparkSession, tmp_path: Path, data: Path) -> None:
    run_job = spark_job_runner(lake, WORKFLOW, landing=str(data), warehouse=str(tmp_path / "warehouse"), run_id="real")
    results = run_workflow(WORKFLOW, run_job=run_job, report=lambda run: None)
    assert {name: result.state for name, result in results.items()} == {
        "contact_centre_ingest": "SUCCEEDED",
        "contact_centre_refine": "SUCCEEDED",
        "contact_centre_curate": "SUCCEEDED",
    }


def years(lake: SparkSession) -> dict[int, tuple]:
    return {row[0]: tuple(row[1:]) for row in lake.table(YEARS).collect()}


@pytest.fixture
def contact_centre(real_data: Path) -> Path:
    return real_data / "contact_centre"


def test_the_two_workbooks(lake: SparkSession, tmp_path: Path, contact_centre: Path) -> None:
    run(lake, tmp_path, contact_centre / "*.xlsx")

    assert years(lake) == {
        2023: (365, 400_896, 377_605, 94.19, None),
        2024: (213, 234_008, 217_457, 92.93, -1.26),
    }
    assert lake.table("lake.curated.contact_centre_calls_handled_monthly").count() == 19
    assert lake.table("lake.quarantine.contact_centre").count() == 0
    assert lake.table("lake.trusted.contact_centre").where("size(_warnings) = 1").count() == 11


def test_the_text_file_of_sixteen_years(lake: SparkSession, tmp_path: Path, contact_centre: Path) -> None:
    run(lake, tmp_path, contact_centre / "*.csv")

    published = years(lake)
    assert sorted(published) == list(range(2009, 2025))
    assert published[2019] == (365, 655_630, 574_352, 87.6, -1.59)
    assert published[2024][:4] == (274, 290_763, 270_010, 92.86)
    assert sum(days for days, *_ in published.values()) == 5_585
    assert lake.table("lake.trusted.contact_centre").where("size(_warnings) = 1").count() == 23


def test_workbooks_and_text_together_count_each_day_once(
    lake: SparkSession, tmp_path: Path, contact_centre: Path
) -> None:
    run(lake, tmp_path, contact_centre)

    assert lake.table("lake.raw.contact_centre").count() == 365 + 213 + 5_585
    assert sum(days for days, *_ in years(lake).values()) == 5_585
