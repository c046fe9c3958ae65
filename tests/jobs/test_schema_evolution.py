"""A publish can change the columns of a dataset, but a blocked run does not change any column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.errors import ExpectationsNotMetError
from jobs import answers, publisher
from jobs.answers import AnswerBuildError, publish_answers
from jobs.arguments import Arguments
from jobs.blocked import resolve
from jobs.publisher import Publisher
from jobs.stages import dataset_job
from lake.errors import NarrowedColumnError, NotStagedError
from lake.ledger import StageResult
from lake.tables import snapshot_id
from tests.jobs.incidents import FEW, POLICE, STRICT, deliver, event, few_columns
from transforms.dataset import Answer, Dataset
from transforms.datasets import contact_centre


def columns(lake: SparkSession, zone: str, dataset: Dataset) -> set[str]:
    return set(lake.table(f"lake.{zone}.{dataset.name}").columns)


@pytest.fixture
def new_code(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that sets the code version that the jobs see."""

    def install(version: str) -> None:
        for module in (answers, publisher):
            monkeypatch.setattr(module, "code_version", lambda *packages: version)

    return install


def test_renamed_column_can_be_renamed_back(lake: SparkSession, landing, new_code) -> None:
    """The dataset is not incremental."""

    def renamed(rows: DataFrame) -> DataFrame:
        return contact_centre.DATASET.build(rows).withColumnRenamed("bi_id", "export_number")

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


PLACE = replace(STRICT, build=lambda raw: few_columns(raw).withColumn("place", F.col("city")))
TOWN = replace(STRICT, build=lambda raw: few_columns(raw).withColumn("town", F.col("city")))


def arguments(landing, run_id: str) -> Arguments:
    return dataset_job(POLICE).parse(["--landing", str(landing), "--WORKFLOW_RUN_ID", run_id])


def ingest(lake: SparkSession, landing, dataset: Dataset, run_id: str) -> None:
    job = dataset_job(dataset)
    job.run(lake, replace(arguments(landing, run_id), stages=("ingest",)))


def refine(lake: SparkSession, landing, dataset: Dataset, run_id: str) -> StageResult:
    ingest(lake, landing, dataset, run_id)
    return Publisher(lake, dataset, run_id).refine()


def incidents(lake: SparkSession, *names: str) -> list[tuple]:
    return sorted(tuple(row) for row in lake.table("lake.trusted.police_dispatch").select(*names).collect())


def test_renamed_incremental_column_can_be_renamed_back(lake: SparkSession, landing) -> None:
    steps = [(PLACE, "place", 1), (TOWN, "town", 2), (PLACE, "place", 3), (PLACE, "place", 1)]
    for number, (dataset, column, rows_in) in enumerate(steps):
        deliver(landing, f"{number}", event(number))
        result = refine(lake, landing, dataset, f"{number}")
        assert (result.error, result.rows_in) == (None, rows_in)
        is_refreshed = result.notes == ("full refresh, because the columns of trusted change",)
        assert is_refreshed is (number in (1, 2))
        assert incidents(lake, "incident_id", column) == [(f"P{n:04}", "ROCKVILLE") for n in range(number + 1)]
        assert columns(lake, "trusted", PLACE) & {"place", "town"} == {column}


def test_rows_staged_by_old_code_are_rejected(lake: SparkSession, landing, new_code) -> None:
    deliver(landing, "a", event(1))
    ingest(lake, landing, PLACE, "r")
    new_code("old")
    Publisher(lake, PLACE, "r").stage()
    new_code("new")
    again = Publisher(lake, PLACE, "r")
    for step in (again.validate, again.publish):
        with pytest.raises(NotStagedError, match="raw has new rows, but no run has staged them"):
            step()
    again.stage()
    again.validate()
    assert again.publish().rows_out == 1


def test_blocked_increment_does_not_change_columns(lake: SparkSession, landing) -> None:
    deliver(landing, "a", event(1))
    refine(lake, landing, PLACE, "first")
    before = columns(lake, "trusted", PLACE)
    deliver(landing, "b", event(2, day=None), event(3, day=None))
    result = refine(lake, landing, TOWN, "blocked")

    assert result.state == "BLOCKED"
    assert (columns(lake, "trusted", PLACE), incidents(lake, "incident_id", "place")) == (
        before,
        [("P0001", "ROCKVILLE")],
    )
    parked = lake.table("lake.quarantine.police_dispatch").where("_blocked_by IS NOT NULL")
    assert sorted(row.incident_id for row in parked.collect()) == ["P0002", "P0003"]

    deliver(landing, "c", event(4))
    assert refine(lake, landing, PLACE, "put back").state == "SUCCEEDED"
    assert incidents(lake, "incident_id") == [("P0001",), ("P0004",)]
    known_start = F.coalesce("start_time", "row_ts")
    fixed = replace(TOWN, build=lambda rows: TOWN.build(rows).withColumn("start_time", known_start))
    assert resolve(Publisher(lake, fixed, "resolved")).state == "SUCCEEDED"
    assert incidents(lake, "incident_id", "town") == [(f"P{n:04}", "ROCKVILLE") for n in range(1, 5)]
    assert lake.table("lake.quarantine.police_dispatch").count() == 0


def with_code(value: Callable[[], Column], dataset: Dataset = STRICT) -> Dataset:
    """Return a dataset whose rows and answer have a column `code`."""
    first_code = Answer(lambda incidents: incidents.groupBy("city").agg(F.max("code").alias("code")))

    def build(raw: DataFrame) -> DataFrame:
        return few_columns(raw).withColumn("code", value())

    return replace(dataset, build=build, answers={"codes": first_code})


def types(lake: SparkSession) -> list[str]:
    tables = ("trusted.police_dispatch", "quarantine.police_dispatch", "curated.police_dispatch_codes")
    return [dict(lake.table(f"lake.{table}").dtypes)["code"] for table in tables]


@pytest.mark.parametrize("after", ["int", "array<int>"])
def test_a_rebuild_replaces_the_type_of_a_column(lake: SparkSession, landing, new_code, after: str) -> None:
    old = with_code(lambda: F.lit("n/a"), FEW)
    new = with_code(lambda: (F.lit(7) if after == "int" else F.array(F.lit(7))).cast(after), FEW)
    deliver(landing, "a", event(1), event(2, day=None))
    refine(lake, landing, old, "old")
    publish_answers(lake, old, run_id="old")
    deliver(landing, "b", event(3))
    new_code("new")

    message = rf"lake\.trusted\.police_dispatch: column 'code' would change from string to {after}.* with --rebuild"
    with pytest.raises(NarrowedColumnError, match=message):
        refine(lake, landing, new, "new")
    assert types(lake) == ["string"] * 3

    assert Publisher(lake, new, "rebuild").refine(full_refresh=True).error is None
    with pytest.raises(NarrowedColumnError, match=r"lake\.curated\.police_dispatch_codes: column 'code'"):
        publish_answers(lake, new, run_id="rebuild")
    publish_answers(lake, new, run_id="rebuild", rebuild=True)
    assert types(lake) == [after] * 3
    assert lake.table("lake.quarantine.police_dispatch").where("code IS NOT NULL").count() == 1


def test_a_blocked_increment_may_have_new_types(lake: SparkSession, landing, new_code) -> None:
    """The parked rows of an earlier increment get the new types. Spark cannot cast the old type to the new type."""
    old, new = with_code(lambda: F.lit(None).cast("int")), with_code(lambda: F.array(F.lit(7)))
    deliver(landing, "a", event(1))
    refine(lake, landing, old, "first")
    deliver(landing, "b", event(2, day=None))
    assert refine(lake, landing, old, "blocked").state == "BLOCKED"
    new_code("new")
    deliver(landing, "c", event(3, day=None))
    assert refine(lake, landing, new, "blocked again").state == "BLOCKED"
    parked = lake.table("lake.quarantine.police_dispatch").orderBy("incident_id").select("incident_id", "code")
    assert [tuple(row) for row in parked.collect()] == [("P0002", None), ("P0003", [7])]

    assert resolve(Publisher(lake, new, "resolved"), row_by_row=True).state == "SUCCEEDED"
    assert incidents(lake, "incident_id", "code") == [("P0001", [7])]


def test_resolve_may_change_columns(lake: SparkSession, landing, new_code) -> None:
    deliver(landing, "a", event(1))
    refine(lake, landing, STRICT, "first")
    deliver(landing, "b", event(2, day=None))
    assert refine(lake, landing, STRICT, "blocked").state == "BLOCKED"
    new_code("new")
    known_start = F.coalesce("start_time", "row_ts")
    fixed = replace(PLACE, build=lambda raw: PLACE.build(raw).withColumn("start_time", known_start))

    assert resolve(Publisher(lake, fixed, "resolved")).state == "SUCCEEDED"
    assert incidents(lake, "incident_id", "place") == [("P0001", "ROCKVILLE"), ("P0002", "ROCKVILLE")]


def test_an_answer_that_reads_a_missing_column_is_an_error(lake: SparkSession, landing) -> None:
    """The code of the answer is newer than the trusted table."""
    deliver(landing, "a", event(1))
    refine(lake, landing, STRICT, "old")
    new = with_code(lambda: F.lit(7))
    message = (
        r"lake\.curated\.police_dispatch_codes: the answer cannot be built\. .*`code` cannot be resolved.* Found: "
        r"lake\.trusted\.police_dispatch has the columns .*incident_id string.*run the job with --stage all"
    )
    with pytest.raises(AnswerBuildError, match=message):
        publish_answers(lake, new, run_id="new")

    Publisher(lake, new, "new").refine(full_refresh=True)
    assert publish_answers(lake, new, run_id="new").rows_out == 1
