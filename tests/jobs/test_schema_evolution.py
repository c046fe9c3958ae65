"""Columns of a dataset are renamed, and renamed back: both runs publish, and a blocked run changes no column."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.errors import ExpectationsNotMetError
from jobs import publisher
from jobs.arguments import Arguments
from jobs.blocked import resolve
from jobs.publisher import Publisher
from jobs.stages import dataset_job
from lake.errors import NotStagedError
from lake.ledger import StageResult
from lake.tables import snapshot_id
from transforms.dataset import Dataset
from transforms.datasets import contact_centre, police_dispatch
from transforms.dedupe import LINEAGE_COLUMNS
from transforms.schema import change_schema

POLICE = police_dispatch.DATASET


def columns(lake: SparkSession, zone: str, dataset: Dataset) -> set[str]:
    return set(lake.table(f"lake.{zone}.{dataset.name}").columns)


@pytest.fixture
def new_code(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes the code another version."""

    def install(version: str) -> None:
        monkeypatch.setattr(publisher, "code_version", lambda *packages: version)

    return install


def test_a_column_of_a_batch_is_renamed_and_renamed_back(lake: SparkSession, landing, new_code) -> None:
    def renamed(raw: DataFrame) -> DataFrame:
        return contact_centre.DATASET.build(raw).withColumnRenamed("bi_id", "export_number")

    def run(dataset: Dataset, *, run_id: str) -> None:
        job = dataset_job(dataset)
        job.run(lake, job.parse(["--landing", str(landing), "--WORKFLOW_RUN_ID", run_id]))

    old, new = contact_centre.DATASET, replace(contact_centre.DATASET, build=renamed)
    landing.workbook("2024.xlsx", [*landing.days(), ["2024-02-01", None, 1, 0, 1.0, 0.8, 31]])
    for version, (dataset, column) in enumerate([(old, "bi_id"), (new, "export_number"), (old, "bi_id")]):
        new_code(f"{version}")
        run(dataset, run_id=f"{version}")
        for zone, rows in [("trusted", 30), ("quarantine", 1)]:
            assert columns(lake, zone, dataset) & {"bi_id", "export_number"} == {column}
            assert lake.table(f"lake.{zone}.contact_centre").where(f"{column} IS NOT NULL").count() == rows
        answer = lake.table("lake.curated.contact_centre_calls_handled").collect()
        assert [(row.year, row.calls_offered) for row in answer] == [(2024, 3000)]

    landing.workbook("2025.xlsx", [["2025-01-01", None, 1, 0, 1.0, 0.8, day] for day in range(9)], delivered=60)
    before = snapshot_id(lake, "lake.trusted.contact_centre"), columns(lake, "trusted", old)
    new_code("blocked")
    with pytest.raises(ExpectationsNotMetError, match=r"are in lake\.staging\.trusted_contact_centre"):
        run(new, run_id="blocked")
    assert (snapshot_id(lake, "lake.trusted.contact_centre"), columns(lake, "trusted", old)) == before
    assert "bi_id" in columns(lake, "quarantine", old)


def few_columns(raw: DataFrame) -> DataFrame:
    """Make incidents of the columns that the suite needs, and a column that it does not need: `place`."""
    needed = ("incident_id", "start_time", "city", "row_ts", "end_time", "initial_type", "priority")
    needed += ("dispatch_arrive", "arrive_cleared")
    fields = [field for field in POLICE.layouts["police_dispatch"] if field.name in needed]
    rows = change_schema(raw, fields=fields, keep=LINEAGE_COLUMNS, malformed="_malformed_record")
    return rows.withColumns({"coordinates_are_valid": F.lit(True), "place": F.col("city")})


ORDER = ("_is_current", "row_ts", "_source_file", "_row_number")
PLACE = replace(POLICE, build=few_columns, revision_order=ORDER, min_rows_for_mostly=0)
TOWN = replace(PLACE, build=lambda raw: few_columns(raw).withColumnRenamed("place", "town"))


def deliver(landing, name: str, *, start: str | None = "2024-07-10T13:05:22.000", count: int = 1) -> None:
    events = [
        {"incident_id": f"{name}{number}", "start_time": start, "city": "OLNEY", "row_ts": "2024-08-01 00:00:00"}
        for number in range(count)
    ]
    landing.file(f"2024/08/01/00/{name}.json", "\n".join(map(json.dumps, events)).encode())


def arguments(landing, run_id: str) -> Arguments:
    return dataset_job(POLICE).parse(["--landing", str(landing), "--WORKFLOW_RUN_ID", run_id])


def ingest(lake: SparkSession, landing, dataset: Dataset, run_id: str) -> None:
    job = dataset_job(dataset, stages=("ingest",))
    job.run(lake, replace(arguments(landing, run_id), stages=("ingest",)))


def refine(lake: SparkSession, landing, dataset: Dataset, run_id: str) -> StageResult:
    ingest(lake, landing, dataset, run_id)
    return Publisher(lake, dataset, run_id).refine()


def incidents(lake: SparkSession, *names: str) -> list[tuple]:
    return sorted(tuple(row) for row in lake.table("lake.trusted.police_dispatch").select(*names).collect())


def test_a_column_of_an_incremental_dataset_is_renamed_and_renamed_back(lake: SparkSession, landing) -> None:
    found = []
    steps = [(PLACE, "place", "A", 1), (TOWN, "town", "B", 2), (PLACE, "place", "C", 3), (PLACE, "place", "D", 1)]
    for dataset, column, name, rows_in in steps:
        deliver(landing, name)
        result = refine(lake, landing, dataset, name)
        found.append((f"{name}0", "OLNEY"))
        assert (result.error, result.rows_in) == (None, rows_in)
        is_refreshed = result.notes == ("full refresh, because the columns of trusted change",)
        assert is_refreshed is (name in "BC")
        assert incidents(lake, "incident_id", column) == found
        assert columns(lake, "trusted", PLACE) & {"place", "town"} == {column}


def test_rows_that_another_version_of_the_code_has_marked_are_not_published(
    lake: SparkSession, landing, new_code
) -> None:
    deliver(landing, "A")
    ingest(lake, landing, PLACE, "r")
    new_code("old")
    Publisher(lake, PLACE, "r").stage()
    new_code("new")
    again = Publisher(lake, PLACE, "r")
    for step in (again.validate, again.publish):
        with pytest.raises(NotStagedError, match="raw has new rows that no run has staged"):
            step()
    again.stage()
    again.validate()
    assert again.publish().rows_out == 1


def test_a_blocked_increment_with_other_columns_changes_no_column_of_trusted(lake: SparkSession, landing) -> None:
    deliver(landing, "A")
    refine(lake, landing, PLACE, "first")
    before = columns(lake, "trusted", PLACE)
    deliver(landing, "B", start=None, count=2)
    result = refine(lake, landing, TOWN, "blocked")

    assert result.state == "BLOCKED"
    assert (columns(lake, "trusted", PLACE), incidents(lake, "incident_id", "place")) == (before, [("A0", "OLNEY")])
    parked = lake.table("lake.quarantine.police_dispatch").where("_blocked_by IS NOT NULL")
    assert sorted(row.incident_id for row in parked.collect()) == ["B0", "B1"]

    deliver(landing, "C")
    assert refine(lake, landing, PLACE, "put back").state == "SUCCEEDED"
    assert incidents(lake, "incident_id", "place") == [("A0", "OLNEY"), ("C0", "OLNEY")]
    known_start = F.coalesce("start_time", "row_ts")
    fixed = replace(TOWN, build=lambda raw: TOWN.build(raw).withColumn("start_time", known_start))
    assert resolve(Publisher(lake, fixed, "resolved")).state == "SUCCEEDED"
    assert incidents(lake, "incident_id", "town") == [(name, "OLNEY") for name in ("A0", "B0", "B1", "C0")]
    assert lake.table("lake.quarantine.police_dispatch").count() == 0
