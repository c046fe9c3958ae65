from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.errors import ExpectationsNotMetError
from ingest.errors import LandedFilesError, LandingError
from ingest.formats import EXPECTED_FORMATS
from jobs import answers, stages
from jobs.answers import publish_answers
from jobs.code_version import code_version
from jobs.job import Job, run_repeatedly
from jobs.stages import MAX_FILES_IN_NOTE, dataset_job
from lake.errors import NotPublishedError, OvertakenError
from lake.ledger import StageResult, runs
from lake.maintenance import compact
from lake.staging import Staged, find_staged, stage, stage_nothing
from lake.tables import DATA_VERSION, snapshot_id
from transforms.dataset import Answer, Dataset
from transforms.schema import Field

ERRORS_THAT_END_ONE_RUN = [
    ExpectationsNotMetError(suite="calls", failures=["x"], location="y"),
    OvertakenError(table="calls", branch="candidates_r"),
    LandingError(landing="landing", problem="it holds nothing."),
    LandedFilesError(dataset="calls", problems=["a.csv: it is cut off"]),
]
STOPPED = """
import time
from jobs.job import run_repeatedly, stop_requested

def iterate():
    print("begins", flush=True)
    time.sleep(0.5)
    print("ends", flush=True)

run_repeatedly(iterate, every=3600, stopped=stop_requested())
"""
TRUSTED, QUARANTINE = "lake.trusted.calls", "lake.quarantine.calls"


def total(calls: DataFrame) -> DataFrame:
    return calls.groupBy().agg(F.sum("n").alias("n"))


CALLS = Dataset(
    name="calls",
    description="How many calls are there?",
    layouts={"days": (Field("Date", "day", "date"), Field("CallsOffered", "n", "int"))},
    build=lambda raw: raw,
    key=("n",),
    revision_order=("n",),
    answers={"total": Answer(total)},
)


def test_a_repeated_job_continues_after_an_expected_error(caplog) -> None:
    stopped, turns = Event(), []

    def run() -> None:
        turns.append(len(turns))
        if len(turns) > len(ERRORS_THAT_END_ONE_RUN):
            stopped.set()
        else:
            raise ERRORS_THAT_END_ONE_RUN[len(turns) - 1]

    run_repeatedly(run, every=0, stopped=stopped)

    assert turns == [0, 1, 2, 3, 4]
    assert [record.getMessage() for record in caplog.records] == [str(error) for error in ERRORS_THAT_END_ONE_RUN]


def test_sigterm_lets_the_current_run_complete() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", STOPPED], env=environment, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "begins\n"
        job.send_signal(signal.SIGTERM)
        assert job.communicate(timeout=30)[0] == "ends\n"
    assert job.returncode == 0


def test_an_unexpected_error_stops_a_repeated_job() -> None:
    def run() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        run_repeatedly(run, every=3600, stopped=Event())


def test_repeated_job_can_be_stopped_while_it_waits() -> None:
    stopped = Event()
    run_repeatedly(stopped.set, every=3600, stopped=stopped)


def test_failed_stage_stops_later_stages(lake: SparkSession) -> None:
    began = []

    def succeed(spark: SparkSession, args: object) -> StageResult:
        began.append("succeed")
        return StageResult(rows_in=3)

    def fail(spark: SparkSession, args: object) -> StageResult:
        began.append("fail")
        return StageResult(verdict="blocked", rows_in=2, error=ValueError("day 3 is wrong"))

    job = Job("calls", {"first": succeed, "second": fail, "third": succeed}, title="{dataset}_nightly")
    argv = ["--WORKFLOW_RUN_ID", "r", "--WORKFLOW_NAME", "w"]
    with pytest.raises(ValueError, match="day 3 is wrong"):
        job.run(lake, job.parse(argv))

    assert began == ["succeed", "fail"]
    rows = runs(lake).orderBy("started").collect()
    assert [(row.run_id, row.workflow, row.job, row.stage, row.state, row.rows_in) for row in rows] == [
        ("r", "w", "calls_nightly", "first", "SUCCEEDED", 3),
        ("r", "w", "calls_nightly", "second", "BLOCKED", 2),
    ]
    (entry,) = job.run(lake, job.parse([*argv, "--stage", "third"]))
    assert (entry.stage, entry.state, entry.result.rows_in) == ("third", "SUCCEEDED", 3)


def test_the_ingest_result_lists_skipped_and_redelivered_files(lake: SparkSession, landing) -> None:
    job = dataset_job(CALLS)

    def ingest() -> StageResult:
        return job.run(lake, job.parse(["--stage", "ingest", "--landing", str(landing)]))[0].result

    for number in range(7):
        landing.csv(f"{number}.csv", landing.days(f"2024-0{number + 1}-01", count=2))
    first = ingest()
    assert (first.rows_in, first.notes, first.skipped_files, first.state) == (14, (), {}, "SUCCEEDED")
    assert first.snapshot_ids == {"lake.raw.calls": snapshot_id(lake, "lake.raw.calls")}
    assert (ingest().rows_in, ingest().notes) == (0, ())
    for number in range(7):
        landing.csv(f"{number}.csv", landing.days(f"2024-0{number + 1}-01", count=3), delivered=60)
        landing.file(f"{number}.pdf", b"%PDF")
    result = ingest()
    again = [f"{number}.csv was delivered again with different content" for number in range(MAX_FILES_IN_NOTE)]
    assert result.notes == (*again, "and 2 more files, see the log")
    assert result.skipped_files == {
        f"{number}.pdf": f"unknown format. Expected {EXPECTED_FORMATS}" for number in range(7)
    }
    states = [row.state for row in runs(lake).orderBy("started").collect()]
    assert states == [*["SUCCEEDED"] * 3, "SUCCEEDED_WITH_SKIPS"]


def test_old_branches_of_earlier_runs_are_dropped(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Test the stage `clear`."""
    job = dataset_job(CALLS)

    def clear() -> StageResult:
        return job.run(lake, job.parse(["--stage", "clear"]))[0].result

    assert clear().notes == ("0 branches of earlier runs dropped",)
    trust(lake, 3)
    answer(lake, CALLS)
    left_behind = [(TRUSTED, "n"), (TRUSTED, "other"), ("lake.curated.calls_total", "n")]
    for table, column in left_behind:
        stage(lake, lake.range(9).toDF(column), table=table, run_id="left behind")
    assert clear().notes == ("0 branches of earlier runs dropped",)
    monkeypatch.setattr(stages, "ABANDONED_AFTER", timedelta(0))

    assert clear().notes == ("3 branches of earlier runs dropped",)
    assert clear().notes == ("0 branches of earlier runs dropped",)
    assert find_staged(lake, TRUSTED, run_id="left behind") is None
    for table, _ in left_behind:
        assert [row["name"] for row in lake.table(f"{table}.refs").collect()] == ["main"]
    assert published(lake, "total") == [3]


def trust(lake: SparkSession, number: int, *, table: str = TRUSTED) -> None:
    """Publish the numbers from 0 to `number` - 1, each in a separate data file."""
    stage(lake, lake.range(0, number, 1, number).toDF("n"), table=table, run_id="r").publish()


def answer(lake: SparkSession, dataset: Dataset, **options: bool) -> tuple[str, ...]:
    return publish_answers(lake, dataset, run_id="r", **options).notes


def published(lake: SparkSession, *names: str) -> list[int]:
    return [lake.table(f"lake.curated.calls_{name}").collect()[0][0] for name in names]


def with_answers(**builds: Callable[..., DataFrame] | Answer) -> Dataset:
    made = {name: build if isinstance(build, Answer) else Answer(build) for name, build in builds.items()}
    return replace(CALLS, answers=made)


NONE_STALE = ("no answer is stale",)


def test_answers_are_rebuilt_only_after_row_changes(lake: SparkSession) -> None:
    with pytest.raises(NotPublishedError, match="lake.trusted.calls: no run has published this table"):
        answer(lake, CALLS)
    trust(lake, 3)
    result = publish_answers(lake, CALLS, run_id="r")
    assert (result.notes, result.rows_in, result.rows_out) == (("1 of 1 answers built",), 3, 1)
    before = snapshot_id(lake, "lake.curated.calls_total")
    assert (result.snapshot_ids, published(lake, "total")) == ({"lake.curated.calls_total": before}, [3])
    assert (answer(lake, CALLS), snapshot_id(lake, "lake.curated.calls_total")) == (NONE_STALE, before)
    trust(lake, 6)
    assert (answer(lake, CALLS), published(lake, "total")) == (("1 of 1 answers built",), [15])
    before = snapshot_id(lake, "lake.curated.calls_total")

    trusted = stage_nothing(lake, TRUSTED, run_id="unchanged")
    version = f"{snapshot_id(lake, TRUSTED)}"
    trusted.publish(properties={DATA_VERSION: version})  # as the publisher does for a blocked increment
    assert answer(lake, CALLS) == NONE_STALE
    assert compact(lake, TRUSTED) == 6
    assert (answer(lake, CALLS), snapshot_id(lake, "lake.curated.calls_total")) == (NONE_STALE, before)
    assert answer(lake, CALLS, rebuild=True) == ("1 of 1 answers built",)


def test_answers_are_rebuilt_after_a_code_change(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    trust(lake, 3)
    answer(lake, CALLS)
    monkeypatch.setattr(answers, "code_version", lambda *packages: "another")
    changed = with_answers(total=lambda calls: total(calls).selectExpr("n + 100 AS n"))

    assert (answer(lake, changed), published(lake, "total")) == (("1 of 1 answers built",), [103])
    assert answer(lake, changed) == NONE_STALE


def test_code_version_depends_on_source_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "package_of_a_test" / "inner" / "answers.py"
    module.parent.mkdir(parents=True)
    (tmp_path / "package_of_a_test" / "__init__.py").touch()
    versions = []
    for name, content in [("answers.py", "a = 1"), ("answers.py", "a = 2"), ("x.json", "{}"), ("x.pyc", "compiled")]:
        (module.parent / name).write_text(content)
        code_version.cache_clear()
        versions.append(code_version("package_of_a_test"))
    code_version.cache_clear()
    assert len(set(versions)) == 3
    assert versions[2] == versions[3]


def test_failed_build_keeps_all_previous_answers(lake: SparkSession) -> None:
    def largest(calls: DataFrame) -> DataFrame:
        return calls.agg(F.max("n").alias("n"))

    def broken(calls: DataFrame) -> DataFrame:
        return largest(calls).withColumn("n", F.expr("cast(raise_error('no such street') AS bigint)"))

    both = with_answers(total=total, largest=largest)
    trust(lake, 3)
    answer(lake, both)
    trust(lake, 6)
    with pytest.raises(Exception, match="no such street"):
        answer(lake, with_answers(total=total, largest=broken))

    assert published(lake, "total", "largest") == [3, 2]
    assert (answer(lake, both), published(lake, "total", "largest")) == (("2 of 2 answers built",), [15, 5])


def test_next_run_builds_only_unpublished_answers(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The previous run was killed after it had published one of two answers."""

    class Killed(BaseException):
        pass

    publish = Staged.publish

    def killed(staged: Staged) -> int | None:
        if staged.table.endswith("_again"):
            raise Killed
        return publish(staged)

    both = with_answers(total=total, again=total)
    trust(lake, 3)
    answer(lake, both)
    trust(lake, 6)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Staged, "publish", killed)
        answer(lake, both)
    assert published(lake, "total", "again") == [15, 3]
    before = snapshot_id(lake, "lake.curated.calls_total")

    assert (answer(lake, both), published(lake, "total", "again")) == (("1 of 2 answers built",), [15, 15])
    assert snapshot_id(lake, "lake.curated.calls_total") == before


def test_all_answers_read_the_same_snapshot(lake: SparkSession) -> None:
    def total_and_publish(calls: DataFrame) -> DataFrame:
        trust(lake, 6)
        return total(calls)

    trust(lake, 3)
    answer(lake, with_answers(first=total_and_publish, second=total, third=total))
    assert published(lake, "first", "second", "third") == [3, 3, 3]
    assert answer(lake, with_answers(first=total, second=total, third=total)) == ("3 of 3 answers built",)
    assert published(lake, "first", "second", "third") == [15, 15, 15]


def test_concurrently_published_rows_reach_the_next_answers(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_publish(spark: SparkSession, table: str) -> DataFrame:
        rows = read(spark, table)
        trust(lake, 6)
        return rows

    read = answers.read
    trust(lake, 3)
    with monkeypatch.context() as patch:
        patch.setattr(answers, "read", read_and_publish)
        answer(lake, CALLS)
    assert published(lake, "total") == [3]
    assert (answer(lake, CALLS), published(lake, "total")) == (("1 of 1 answers built",), [15])


def test_answers_with_a_changed_input_are_rebuilt(lake: SparkSession) -> None:
    def both(calls: DataFrame, rejected: DataFrame) -> DataFrame:
        return total(calls.select("n").unionByName(rejected.select("n")))

    dataset = with_answers(total=total, both=Answer(both, reads=("trusted", "quarantine")))
    trust(lake, 3)
    trust(lake, 2, table=QUARANTINE)
    answer(lake, dataset)
    assert published(lake, "total", "both") == [3, 4]
    trust(lake, 5, table=QUARANTINE)
    assert answer(lake, dataset) == ("1 of 2 answers built",)
    assert published(lake, "total", "both") == [3, 13]


def test_unused_columns_are_not_cached(lake: SparkSession) -> None:
    rows = lake.range(3).selectExpr("id `a b.c`", "id n", "if(id < 0, 0, 1) unused")
    stage(lake, rows, table=TRUSTED, run_id="r").publish()

    def plan(calls: DataFrame) -> DataFrame:
        plans.append(calls._jdf.queryExecution().optimizedPlan().toString())
        return total(calls)

    plans: list[str] = []
    odd = with_answers(total=plan, odd=lambda calls: calls.agg(F.sum("`a b.c`").alias("n")))
    answer(lake, odd)
    assert published(lake, "total", "odd") == [3, 3]
    assert "InMemoryRelation" in plans[-1]
    assert "unused" not in plans[-1]
