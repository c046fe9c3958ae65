import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake.ledger import RUNS, recorded, runs


def record(lake: SparkSession, run_id: str = "r1", stage: str = "refine"):
    return recorded(lake, run_id=run_id, workflow="w", job="calls", stage=stage)


def states(lake: SparkSession) -> list[str]:
    return [row["state"] for row in lake.table(RUNS).orderBy("ended").collect()]


def test_a_stage_is_recorded_when_it_starts_and_when_it_ends(lake: SparkSession) -> None:
    with record(lake) as entry:
        assert states(lake) == ["RUNNING"]
        entry.rows_in, entry.rows_out, entry.rows_quarantined = 3, 2, 1
        entry.snapshot_ids["lake.trusted.calls"] = 42
        entry.verdict, entry.validation_result = "met", '{"é": "a \\"quote\\",\\n\u2028"}'

    assert states(lake) == ["RUNNING", "SUCCEEDED"]
    done = runs(lake).collect()
    assert len(done) == 1
    assert (done[0].rows_in, done[0].rows_out, done[0].rows_quarantined) == (3, 2, 1)
    assert done[0].snapshot_ids == {"lake.trusted.calls": 42}
    assert done[0].validation_result == entry.validation_result
    times = runs(lake).select(F.unix_micros("started"), F.unix_micros("ended")).first()
    assert tuple(times) == tuple(round(time.timestamp() * 1_000_000) for time in (entry.started, entry.ended))


def test_what_the_ledger_cannot_take_is_an_error_and_no_row_of_nulls(lake: SparkSession) -> None:
    with pytest.raises(Py4JJavaError, match="Malformed records"), record(lake) as entry:
        entry.validation_result = "x" * 21_000_000

    assert states(lake) == ["RUNNING"]


@pytest.mark.parametrize(("verdict", "state"), [("refused", "REFUSED"), ("met", "FAILED"), (None, "FAILED")])
def test_what_is_raised_is_recorded_and_raised_on(lake: SparkSession, verdict: str | None, state: str) -> None:
    with pytest.raises(ValueError, match="day 3"), record(lake) as entry:
        entry.verdict, entry.validation_result = verdict, "{}"
        raise ValueError("day 3 is wrong")

    done = runs(lake).collect()[0]
    assert (done.state, done.error, done.validation_result) == (state, "ValueError: day 3 is wrong", "{}")


def test_stages_and_runs_are_kept_apart(lake: SparkSession) -> None:
    for run_id in ("r1", "r2"):
        for stage in ("ingest", "refine"):
            with record(lake, run_id, stage):
                pass

    assert runs(lake).count() == 4
    assert {row["state"] for row in runs(lake).collect()} == {"SUCCEEDED"}
