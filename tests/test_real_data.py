"""Run whole workflows on files that the cities published, and compare the results with known figures."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.stages import dataset_job
from transforms.datasets import load_dataset
from workflows.parts import workflow_of
from workflows.runner import run_workflow, spark_job_runner

pytestmark = pytest.mark.compiled

YEARS = "lake.curated.contact_centre_calls_handled"


def run(
    lake: SparkSession,
    tmp_path: Path,
    data: Path,
    dataset: str = "contact_centre",
    parameters: Mapping[str, str] | None = None,
) -> None:
    workflow, warehouse = workflow_of(dataset), str(tmp_path / "warehouse")
    run_job = spark_job_runner(
        lake, workflow, landing=str(data), warehouse=warehouse, run_id="real", parameters=parameters
    )
    results = run_workflow(workflow, run_job=run_job, report=lambda run: None)
    assert {f"{dataset}_{stage}" for stage in ("ingest", "refine", "curate")} <= {*results}
    assert {result.state for result in results.values()} == {"SUCCEEDED"}


def years(lake: SparkSession) -> dict[int, tuple]:
    return {row[0]: tuple(row[1:]) for row in lake.table(YEARS).collect()}


@pytest.fixture
def contact_centre(real_data: Path) -> Path:
    return real_data / "contact_centre"


def test_two_workbooks_give_the_published_percentages(lake: SparkSession, tmp_path: Path, contact_centre: Path) -> None:
    run(lake, tmp_path, contact_centre / "*.xlsx")

    assert years(lake) == {
        2023: (365, date(2023, 1, 1), date(2023, 12, 31), 400_896, 377_605, 94.19, None),
        2024: (213, date(2024, 1, 1), date(2024, 7, 31), 234_008, 217_457, 92.93, -1.26),
    }
    assert lake.table("lake.curated.contact_centre_calls_handled_monthly").count() == 19
    assert lake.table("lake.quarantine.contact_centre").count() == 0
    assert lake.table("lake.trusted.contact_centre").where("size(_warnings) = 1").count() == 11


def test_csv_file_gives_sixteen_yearly_percentages(lake: SparkSession, tmp_path: Path, contact_centre: Path) -> None:
    run(lake, tmp_path, contact_centre / "*.csv")

    published = years(lake)
    assert sorted(published) == list(range(2009, 2025))
    assert published[2019] == (365, date(2019, 1, 1), date(2019, 12, 31), 655_630, 574_352, 87.6, -1.59)
    assert published[2024][:6] == (274, date(2024, 1, 1), date(2024, 9, 30), 290_763, 270_010, 92.86)
    assert sum(days for days, *_ in published.values()) == 5_585
    assert lake.table("lake.trusted.contact_centre").where("size(_warnings) = 1").count() == 23


def test_overlapping_dates_are_counted_once(lake: SparkSession, tmp_path: Path, contact_centre: Path) -> None:
    run(lake, tmp_path, contact_centre)

    assert lake.table("lake.raw.contact_centre").count() == 365 + 213 + 5_585
    assert sum(days for days, *_ in years(lake).values()) == 5_585


def test_all_published_inquiries_reach_the_answers(lake: SparkSession, tmp_path: Path, real_data: Path) -> None:
    file = real_data / "inquiry_volume" / "3-1-1-inquiry-volume-extract.csv"
    published = list(csv.DictReader(file.open(encoding="utf-8"), delimiter=";"))

    run(lake, tmp_path, file, "inquiry_volume")

    trusted = lake.table("lake.trusted.inquiry_volume")
    names = ("inquiry_department", "inquiry_type", "date_format(year_month, 'yyyy-MM')", "inquiry_channel")
    numbers = ("string(number_of_records)", "coalesce(string(bi_id), '')")
    cells = {tuple(row) for row in trusted.selectExpr(*names, *numbers).collect()}
    assert cells == {tuple(row.values()) for row in published}
    assert len(cells) == len(published) == 18
    assert trusted.where("bi_id is null").count() == 13
    assert trusted.where("is_retired").count() == 1
    assert trusted.where("_warnings is not null").count() == 0
    assert lake.table("lake.quarantine.inquiry_volume").count() == 0
    monthly = lake.table("lake.curated.inquiry_volume_monthly").agg({"inquiries": "sum"}).first()
    assert monthly[0] == sum(int(row["Number of Records"]) for row in published)


def test_rounded_percentages_of_departments_equal_the_published_percentages(
    lake: SparkSession, tmp_path: Path, real_data: Path, landing
) -> None:
    file = real_data / "inquiry_volume" / "department-share-2023-2024.csv"
    published = {
        (int(year), row["inquiry_department"]): Decimal(row[year])
        for row in csv.DictReader(file.open(encoding="utf-8"))
        for year in ("2023", "2024")
    }
    totals = {
        year: sum(share for (row_year, _), share in published.items() if row_year == year) for year in (2023, 2024)
    }
    assert totals == {2023: Decimal("100.000"), 2024: Decimal("100.001")}
    inquiries = load_dataset("inquiry_volume")
    columns = inquiries.source_columns["inquiry_volume"]
    for year, suffix in ((2023, "csv"), (2024, "xlsx")):
        rows = [
            (name, "All", f"{row_year}-01", "Phone", int(1000 * share), None)
            for (row_year, name), share in published.items()
        ]
        write = landing.csv if suffix == "csv" else landing.workbook
        write(f"{year}.{suffix}", [row for row in rows if row[2] == f"{year}-01"], columns)

    job = dataset_job(inquiries)
    for stage in ("ingest", "refine"):
        job.run(lake, job.parse(["--stage", stage, "--landing", str(landing)]))
    found = inquiries.answers["departments"].build(lake.table("lake.trusted.inquiry_volume")).collect()

    assert lake.table("lake.quarantine.inquiry_volume").count() == 0
    shares = {(row.year, row.inquiry_department): row.share_pct for row in found}
    rounded = {(row.year, row.inquiry_department): row.rounded_pct for row in found}
    assert rounded == {key: float(share) for key, share in published.items()}
    assert len(shares) == 2 * 86
    off = {key: shares[key] - share for key, share in published.items() if shares[key] != share}
    assert [(year, difference) for (year, _), difference in off.items()] == [(2024, Decimal("-0.001"))]


def test_vancouver_service_requests_reach_the_answers(lake: SparkSession, tmp_path: Path, real_data: Path) -> None:
    folder = real_data / "service_requests"
    (tmp_path / "key").write_text("k" * 32)
    csv_name, workbook_name = "vancouver-3-1-1-service-requests-10000.csv", "3-1-1-service-requests {}.xlsx".format

    run(lake, tmp_path, folder / "*3-1-1*", "service_requests", parameters={"--masking-key": str(tmp_path / "key")})

    raw, trusted = (lake.table(f"lake.{zone}.service_requests") for zone in ("raw", "trusted"))
    assert {tuple(row) for row in raw.groupBy("_source_file", "status").count().collect()} == {
        (csv_name, "Close", 9_933), (csv_name, "Open", 67), (workbook_name(2023), "Close", 6_834),
        (workbook_name(2023), "Open", 228), (workbook_name(2024), "Close", 4_376), (workbook_name(2024), "Open", 302),
    }  # fmt: skip
    # The three files overlap. A request that is in two files is counted once.
    assert (trusted.count(), lake.table("lake.quarantine.service_requests").count()) == (21_203, 0)
    assert trusted.where("closed_at < created_at OR _cast_warnings IS NOT NULL").count() == 0
    assert trusted.where("hours_to_close IS NOT NULL").count() == trusted.where("status = 'Close'").count()
    with (folder / csv_name).open(encoding="utf-8") as file:
        published = list(csv.DictReader(file))
    agencies, types = ({row[column].strip() for row in published} for column in ("department", "service_request_type"))
    assert (len(agencies), len(types)) == (59, 199)
    csv_requests = trusted.where(f"_source_file = '{csv_name}'")
    found = csv_requests.selectExpr("count(DISTINCT agency)", "count(DISTINCT request_type)")
    assert tuple(found.first()) == (59, 199)
    names = load_dataset("service_requests").answers
    answers = {name: lake.table(f"lake.curated.service_requests_{name}") for name in names}
    for name in ("volume_by_channel", "resolution", "by_hour_and_weekday", "monthly_volume"):
        city_rows = (
            answers[name].where("group_kind = 'all'") if "group_kind" in answers[name].columns else answers[name]
        )
        assert city_rows.agg({"requests": "sum"}).first()[0] == 21_203, name
    assert answers["busiest_agencies"].where("group_kind = 'all'").count() == 10
