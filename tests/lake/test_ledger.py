import json
from collections.abc import Callable

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake.ledger import MAX_ERROR_LENGTH, RUNS, StageResult, StageRun, recent_validations, record_stage, runs


def record(
    lake: SparkSession,
    run: Callable[[], StageResult] = StageResult,
    *,
    run_id: str = "r1",
    job: str = "calls",
    stage: str = "refine",
) -> StageRun:
    return record_stage(lake, run, run_id=run_id, workflow="w", job=job, stage=stage)


def states(lake: SparkSession) -> list[str]:
    return [row["state"] for row in lake.table(RUNS).orderBy("ended").collect()]


def test_start_and_end_of_stages_are_recorded(lake: SparkSession, count_jobs) -> None:
    text = '{"é": "a \\"quote\\",\\n\u2028"}'

    def stage() -> StageResult:
        assert states(lake) == ["RUNNING"]
        count_jobs()
        return StageResult(
            rows_in=3,
            rows_out=2,
            rows_quarantined=1,
            snapshot_ids={"lake.trusted.calls": 42, "lake.quarantine.calls": None},
            verdict="met",
            validation_result=text,
            notes=("one", "two"),
        )

    entry = record(lake, stage)

    assert count_jobs() == 0
    assert states(lake) == ["RUNNING", "SUCCEEDED"]
    (done,) = runs(lake).collect()
    assert (done.run_id, done.workflow, done.job, done.stage, done.verdict) == ("r1", "w", "calls", "refine", "met")
    assert (done.rows_in, done.rows_out, done.rows_quarantined) == (3, 2, 1)
    assert done.snapshot_ids == {"lake.trusted.calls": 42, "lake.quarantine.calls": None}
    assert (done.validation_result, done.note, done.skipped_files) == (text, "one; two", {})
    times = runs(lake).select(F.unix_micros("started"), F.unix_micros("ended")).first()
    assert tuple(times) == tuple(round(time.timestamp() * 1_000_000) for time in (entry.started, entry.ended))


def test_large_numbers_are_recorded_exactly(lake: SparkSession) -> None:
    record(lake, lambda: StageResult(rows_in=1 << 40, rows_out=0, snapshot_ids={"t": 1 << 62}))

    (done,) = runs(lake).collect()
    assert (done.rows_in, done.rows_out, done.snapshot_ids) == (1 << 40, 0, {"t": 1 << 62})


def test_oversized_results_raise_an_error(lake: SparkSession) -> None:
    with pytest.raises(Py4JJavaError, match="String length .* exceeds the maximum"):
        record(lake, lambda: StageResult(validation_result="x" * 21_000_000))

    assert states(lake) == ["RUNNING"]


@pytest.mark.parametrize(("verdict", "state"), [("blocked", "BLOCKED"), ("met", "FAILED"), (None, "FAILED")])
def test_results_with_errors_are_recorded(lake: SparkSession, verdict: str | None, state: str) -> None:
    """The error is raised after the result is recorded."""
    error = ValueError("day 3 is wrong")
    with pytest.raises(ValueError, match="day 3") as raised:
        record(lake, lambda: StageResult(verdict=verdict, validation_result="{}", rows_in=5, error=error))

    assert raised.value is error
    (done,) = runs(lake).collect()
    assert (done.state, done.error, done.validation_result) == (state, "ValueError: day 3 is wrong", "{}")
    assert done.rows_in == 5


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_exceptions_in_stages_are_recorded(lake: SparkSession, error: type[BaseException]) -> None:
    """The exception is raised again after it is recorded."""

    def stage() -> StageResult:
        raise error("x" * 2 * MAX_ERROR_LENGTH)

    with pytest.raises(error):
        record(lake, stage)

    (done,) = runs(lake).collect()
    assert (done.state, done.ended is None) == ("FAILED", False)
    assert (done.error[: len(error.__name__) + 3], len(done.error)) == (f"{error.__name__}: x", MAX_ERROR_LENGTH)


def test_log_has_only_known_numbers_of_rows(lake: SparkSession, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        record(lake, lambda: StageResult(rows_in=1234, rows_out=0, notes=("a note",)))
        record(lake)

    stages = [line.split("of run r1: ")[1] for line in caplog.messages]
    assert stages == ["SUCCEEDED, 1,234 rows in, 0 out, a note", "SUCCEEDED"]


def test_skipped_files_are_recorded_with_their_reasons(lake: SparkSession) -> None:
    skipped = {"a.pdf": "unknown format", "b.xlsx": "the file is incomplete"}
    record(lake, lambda: StageResult(rows_in=1, skipped_files=skipped))

    (done,) = runs(lake).collect()
    assert (done.state, done.skipped_files) == ("SUCCEEDED_WITH_SKIPS", skipped)


def test_each_stage_run_has_a_separate_row(lake: SparkSession) -> None:
    for run_id in ("r1", "r2"):
        for stage in ("ingest", "refine"):
            record(lake, run_id=run_id, stage=stage)

    assert runs(lake).count() == 4
    assert {row["state"] for row in runs(lake).collect()} == {"SUCCEEDED"}


def test_older_ledgers_get_missing_columns(lake: SparkSession) -> None:
    record(lake, run_id="r0")
    lake.sql(f"ALTER TABLE {RUNS} DROP COLUMN skipped_files")
    record(lake)

    assert {(row.run_id, row.state) for row in runs(lake).collect()} == {("r0", "SUCCEEDED"), ("r1", "SUCCEEDED")}


def test_validation_results_are_sorted_latest_first(lake: SparkSession) -> None:
    """Only results of published rows are returned."""
    assert recent_validations(lake, "calls", min_rows=10) == []

    def validated(number: int, **more: object) -> None:
        error = more.get("error")
        result = StageResult(validation_result=json.dumps({"number": number}), **more)
        if error:
            with pytest.raises(type(error)):
                record(lake, lambda: result, run_id=f"{number}")
        else:
            record(lake, lambda: result, run_id=f"{number}")

    validated(1, verdict="met")
    validated(2, verdict="blocked", error=ValueError("x"))
    validated(3, verdict="met with warnings")
    validated(4, verdict="met", error=ValueError("x"))
    validated(5, verdict="met", skipped_files={"a": "b"})
    record(lake, lambda: StageResult(validation_result='{"number": 6}'), job="other")
    record(lake, run_id="7")

    assert [each["number"] for each in recent_validations(lake, "calls", min_rows=10)] == [5, 3, 1]
    assert [each["number"] for each in recent_validations(lake, "calls", min_rows=2)] == [5, 3]
