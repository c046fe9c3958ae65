"""Rows in quarantine are displayed with the cells of the landed files, except masked cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
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
from transforms.dates import parse_date_pattern
from transforms.lossless import lossless
from transforms.masking import MaskingRule, redact
from transforms.schema import Field, change_schema
from transforms.sql import quoted

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


def birth_year(column: str) -> Column:
    return F.year(F.to_date(quoted(column)))


@lossless
def parse_dotted_date(column: str) -> Column:
    return parse_date_pattern(column, pattern="d.M.yyyy")


def cells_of(
    lake: SparkSession,
    cells: Mapping[str, str],
    *fields: Field,
    policy: tuple[MaskingRule, ...] = (),
    **layouts: list[Field],
) -> Mapping[str, SourceCell]:
    """Return the displayed cells of one landed row, whose values are published as the layout `people` reads them."""
    lake.sql("CREATE NAMESPACE IF NOT EXISTS lake.raw")
    names = [*cells, "_source_file", "_row_number", "_ingested_at", "_layout"]
    raw = lake.createDataFrame([(*cells.values(), "a.csv", 2, AT, "people")], names)
    raw.withColumn("_row_number", F.col("_row_number").cast("int")).writeTo("lake.raw.people").createOrReplace()
    published = raw.transform(change_schema, fields=fields, keep=["_source_file", "_row_number", "_ingested_at"])
    dataset = Dataset(
        name="people",
        description="",
        layouts={"people": [*fields], **layouts},
        key=(),
        answers={},
        masking_policy=policy,
    )
    found = source_cells(lake, dataset, published)
    return next(iter(found.values())) if found else {}


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ("1985-07-14", Field("Cell", "birth_year", "int", birth_year)),
        ("1985-07-14", Field("Cell", "birth_year", "int", partial(birth_year))),
        (
            "Ann Lee, 5 Oak Rd, 54321",
            Field("Cell", "zip", "int", lambda name: F.expr(f"int(right({quoted(name)}, 5))")),
        ),
        ("39.0000000000000001234", Field("Cell", "latitude", "double")),
        ("39.12345678", Field("Cell", "latitude", "FLOAT")),
        ("Ann", Field("Cell", "name", "string")),
        ("n/a", Field("Cell", "count", "int")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_cell_that_can_show_more_than_its_value_is_left_out(lake: SparkSession, cell: str, field: Field) -> None:
    """The cells of text and of unreadable values are left out too, because quarantine itself has them."""
    shown = cells_of(lake, {"Cell": cell, "N": " 007"}, field, Field("N", "n", "int"))

    assert shown == {"n": SourceCell("N", " 007")}


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ("5.00", Field("Cell", "price", "DECIMAL(10, 2)")),
        ("1", Field("Cell", "is_open", "boolean")),
        ("2024-05-31T10:00:00-06:00", Field("Cell", "opened", "timestamp")),
        ("5/31/2024", Field("Cell", "day", "date", partial(parse_date_pattern, pattern="M/d/yyyy"))),
        ("31.5.2024", Field("Cell", "day", "date", parse_dotted_date)),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_cell_that_differs_from_its_value_only_in_form_is_displayed(
    lake: SparkSession, cell: str, field: Field
) -> None:
    assert cells_of(lake, {"Cell": cell}, field) == {field.name: SourceCell("Cell", cell)}


def test_a_cell_is_left_out_if_any_column_of_the_same_source_is_masked(lake: SparkSession) -> None:
    """The sources of the two columns differ in case. The masked column is in another layout."""
    born, masked = Field("Born", "born", "date"), Field("BORN", "birth_date", "date")
    policy = (MaskingRule("birth_date", redact, "personal"),)

    assert cells_of(lake, {"Born": "1985-07-14"}, born, other=[masked]) == {"born": SourceCell("Born", "1985-07-14")}
    assert cells_of(lake, {"Born": "1985-07-14"}, born, other=[masked], policy=policy) == {}


def test_a_row_is_read_with_its_own_layout(lake: SparkSession) -> None:
    """The other layout reads the same value from another column."""
    shown = cells_of(
        lake,
        {"Day": "2024-05-31", "Due": "2024-05-31T00:00"},
        Field("Day", "day", "date"),
        other=[Field("Due", "day", "date")],
    )

    assert shown == {"day": SourceCell("Day", "2024-05-31")}
