"""The whole workflow on the city's own published files, against figures that were computed without this code."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.gate import judge
from expectations.suite import load_suite
from ingest import workbook
from jobs import inquiry_volume as job
from jobs.arguments import parse_arguments
from transforms.datasets import inquiry_volume, service_requests
from workflows.runner import run_workflow, spark_job_runner

SOURCES_OF = {form: [field.source for field in fields] for form, fields in service_requests.SOURCE_FIELDS.items()}
YEARS = "lake.curated.contact_centre_calls_handled"


def run(lake: SparkSession, tmp_path: Path, data: Path, dataset: str = "contact_centre") -> None:
    workflow = import_module(f"workflows.{dataset}").WORKFLOW
    run_job = spark_job_runner(lake, workflow, landing=str(data), warehouse=str(tmp_path / "warehouse"), run_id="real")
    results = run_workflow(workflow, run_job=run_job, report=lambda run: None)
    assert {name: result.state for name, result in results.items()} == {
        f"{dataset}_ingest": "SUCCEEDED",
        f"{dataset}_refine": "SUCCEEDED",
        f"{dataset}_curate": "SUCCEEDED",
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


def test_the_rows_of_inquiries_go_the_whole_way(lake: SparkSession, tmp_path: Path, real_data: Path) -> None:
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


def test_volumes_in_the_published_proportions_give_the_published_shares(
    lake: SparkSession, tmp_path: Path, real_data: Path, landing
) -> None:
    file = real_data / "inquiry_volume" / "department-share-2023-2024.csv"
    published = {
        (int(year), row["inquiry_department"]): Decimal(row[year])
        for row in csv.DictReader(file.open(encoding="utf-8"))
        for year in ("2023", "2024")
    }
    totals = {year: sum(share for (of, _), share in published.items() if of == year) for year in (2023, 2024)}
    assert totals == {2023: Decimal("100.000"), 2024: Decimal("100.001")}
    columns = [field.source for field in inquiry_volume.SOURCE_FIELDS]
    for year, suffix in ((2023, "csv"), (2024, "xlsx")):
        rows = [(name, "All", f"{of}-01", "Phone", int(1000 * share), None) for (of, name), share in published.items()]
        write = landing.csv if suffix == "csv" else landing.workbook
        write(f"{year}.{suffix}", [row for row in rows if row[2] == f"{year}-01"], columns)

    for stage in ("ingest", "refine"):
        arguments = parse_arguments("inquiry_volume", ["--stage", stage, "--landing", str(landing)])
        job.run(lake, arguments)
    found = inquiry_volume.ANSWERS["departments"](lake.table("lake.trusted.inquiry_volume")).collect()

    assert lake.table("lake.quarantine.inquiry_volume").count() == 0
    shares = {(row.year, row.inquiry_department): row.share_pct for row in found}
    rounded = {(row.year, row.inquiry_department): row.rounded_pct for row in found}
    assert rounded == {key: float(share) for key, share in published.items()}
    assert len(shares) == 2 * 86
    off = {key: shares[key] - share for key, share in published.items() if shares[key] != share}
    assert [(year, difference) for (year, _), difference in off.items()] == [(2024, Decimal("-0.001"))]


def test_vancouvers_service_requests_go_the_way_of_denvers(spark: SparkSession, real_data: Path) -> None:
    folder, arrived = real_data / "service_requests", datetime(2026, 1, 1, tzinfo=timezone.utc)
    names = {f.source.casefold(): f.source for fields in service_requests.SOURCE_FIELDS.values() for f in fields}
    rows = []
    with (folder / "vancouver-3-1-1-service-requests-10000.csv").open(encoding="utf-8") as file:
        files = {"vancouver": [("csv", number, row) for number, row in enumerate(csv.DictReader(file), 2)]}
    books = {year: str(folder / f"3-1-1-service-requests {year}.xlsx") for year in ("2023", "2024")}
    files["vancouver_workbook"] = []
    for year, path in books.items():
        header = workbook.read_header(year, path, forms=SOURCES_OF)
        for *cells, _, number in workbook.read_rows(year, path, header):
            files["vancouver_workbook"].append((year, number, dict(zip(header.columns, cells, strict=True))))
    for form, found in files.items():
        for name, number, row in found:
            cells = {column.casefold(): value for column, value in row.items()}
            rows.append((*(cells.get(column) for column in names), None, form, name, number, arrived, arrived))
    schema = ", ".join(f"`{name}` string" for name in (*names.values(), "_malformed_record", "_form", "_source_file"))
    raw = spark.createDataFrame(rows, f"{schema}, _row_number int, _delivered_at timestamp, _ingested_at timestamp")

    built = service_requests.build_requests(raw, masking_key=b"k" * 32)
    judged = judge(built, suite=load_suite("service_requests")).rows.localCheckpoint()

    by_file = judged.groupBy("_source_file", "status").count().collect()
    assert {tuple(row) for row in by_file} == {
        ("csv", "Close", 9_933), ("csv", "Open", 67), ("2023", "Close", 6_834), ("2023", "Open", 228),
        ("2024", "Close", 4_376), ("2024", "Open", 302),
    }  # fmt: skip
    published = judged.where("_source_file = 'csv'")
    counted = published.selectExpr("count(DISTINCT agency)", "count(DISTINCT request_type)", "count(DISTINCT case_key)")
    assert tuple(counted.first()) == (59, 199, 9_996)
    assert judged.where("closed_at < created_at").count() == 0
    assert judged.where("hours_to_close IS NOT NULL").count() == 9_933 + 6_834 + 4_376
    assert judged.where("_quarantined OR _cast_warnings IS NOT NULL").count() == 0
    # The three files overlap: what is in two of them is one request.
    assert judged.select("case_key").distinct().count() == 21_203
