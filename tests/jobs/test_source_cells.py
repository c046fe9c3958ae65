"""Rows in quarantine are displayed with the cells of the landed files, except masked cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from jobs.publisher import Publisher
from jobs.report_data import expectations_of
from jobs.source_cells import source_cells
from jobs.stages import dataset_job
from reports.console import SourceCell, quarantine_table
from tests.jobs.incidents import FEW, GOOD, deliver, event
from transforms.dataset import Dataset
from transforms.datasets import contact_centre, registrar

AT = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)


def drawn(lake: SparkSession, dataset: Dataset) -> str:
    quarantine = lake.table(f"lake.quarantine.{dataset.name}")
    cells = source_cells(lake, dataset, quarantine)
    console = Console(width=200)
    with console.capture() as text:
        console.print(quarantine_table(quarantine, expectations=expectations_of(dataset.name), cells=cells))
    return " ".join(text.get().split())


def run(lake: SparkSession, landing, dataset: Dataset) -> None:
    job = dataset_job(dataset)
    job.run(lake, job.parse(["--stage", "ingest", "--landing", str(landing), "--WORKFLOW_RUN_ID", "r"]))
    assert Publisher(lake, dataset, "r").refine().error is None


def test_a_time_is_displayed_as_in_the_file(lake: SparkSession, landing) -> None:
    """The published time is in UTC, but the file has the local time of the county."""
    deliver(landing, "a", *GOOD, event(1, day="1999-07-10"))
    run(lake, landing, FEW)

    text = drawn(lake, FEW)
    assert "start_time = 1999-07-10T13:05:22.000)" in text
    assert "17:05:22" not in text

    lake.sql("DROP TABLE lake.raw.police_dispatch")
    assert "start_time = 1999-07-10 17:05:22 UTC)" in drawn(lake, FEW)


def test_a_serial_number_is_displayed_with_its_date(lake: SparkSession, landing) -> None:
    days = landing.days()
    landing.workbook("2024.xlsx", [*days, [36000, *days[0][1:]]])
    run(lake, landing, contact_centre.DATASET)

    assert "Date = 36000, which is 1998-07-24)" in drawn(lake, contact_centre.DATASET)


def test_a_value_that_the_dataset_changed_has_no_cell(lake: SparkSession, landing) -> None:
    """The cell could show more than the changed value."""

    def first_of_month(rows: DataFrame) -> DataFrame:
        return FEW.build(rows).withColumn("start_time", F.date_trunc("month", "start_time"))

    deliver(landing, "a", *GOOD, event(1, day="1999-07-10"))
    run(lake, landing, replace(FEW, build=first_of_month))

    text = drawn(lake, FEW)
    assert "start_time = 1999-07-01 00:00:00 UTC)" in text
    assert "1999-07-10" not in text


def test_masked_cells_are_never_read(lake: SparkSession) -> None:
    """In this test, the quarantine table has the birth date, so that only the policy hides the cell."""
    dataset, ids = registrar.DATASET, ("_source_file", "_row_number", "_ingested_at")
    row = {"Student ID": "S1000001", "Date of Birth": "5 Mar 1999", "Received Date": "2 Mar 2093"}
    raw = lake.createDataFrame([(*row.values(), "a.xlsx", 2, AT, "application")], [*row, *ids, "_layout"])
    raw = raw.withColumn("_row_number", F.col("_row_number").cast("int"))
    others = {field.source for field in dataset.fields} - {*row}
    lake.sql("CREATE NAMESPACE lake.raw")
    raw.withColumns({name: F.lit(None).cast("string") for name in others}).writeTo("lake.raw.registrar").create()
    values = {"date_of_birth": "date'1999-03-05'", "received_date": "date'2093-03-02'", "student_id": "'S1000001'"}
    quarantine = raw.select(*ids, *(F.expr(value).alias(name) for name, value in values.items()))

    (cells,) = source_cells(lake, dataset, quarantine).values()
    assert cells == {"received_date": SourceCell("Received Date", "2 Mar 2093")}
    (unmasked,) = source_cells(lake, replace(dataset, masking_policy=()), quarantine).values()
    assert unmasked["date_of_birth"] == SourceCell("Date of Birth", "5 Mar 1999")
