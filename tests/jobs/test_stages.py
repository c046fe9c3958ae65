from threading import Event

import pytest
from pyspark.sql import DataFrame, SparkSession

from expectations.errors import ExpectationsNotMetError
from jobs.stages import publish_answers, run_repeatedly
from lake.ledger import Entry
from lake.publish import Staged
from lake.tables import snapshot_id

REFUSED = ExpectationsNotMetError(suite="calls", failures=["x"], kept_at="y")


def test_a_job_goes_on_until_it_is_stopped_and_a_refusal_does_not_hold_it_up(caplog) -> None:
    stopped, runs = Event(), []

    def run() -> None:
        runs.append(len(runs))
        if len(runs) == 3:
            stopped.set()
        if len(runs) < 3:
            raise REFUSED

    run_repeatedly(run, every=0, stopped=stopped)

    assert runs == [0, 1, 2]
    assert caplog.text.count("suite calls: 1 critical expectation(s) not met") == 2


def test_what_else_is_raised_ends_it() -> None:
    def run() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        run_repeatedly(run, every=3600, stopped=Event())


def test_it_is_stopped_while_it_waits_for_the_next_turn() -> None:
    stopped = Event()
    run_repeatedly(stopped.set, every=3600, stopped=stopped)


def test_answers_are_made_again_only_where_trusted_has_changed(lake: SparkSession) -> None:
    def total(calls: DataFrame) -> DataFrame:
        return calls.groupBy().sum("n").withColumnRenamed("sum(n)", "n")

    def trust(number: int) -> None:
        with Staged(lake, lake.range(number).withColumnRenamed("id", "n"), table="lake.trusted.calls", run_id="r") as s:
            s.publish()

    def answer(**answers) -> tuple[str | None, list]:
        entry = Entry("r", None, "calls", "curate")
        publish_answers(lake, entry, dataset="calls", answers=answers, only_if_changed=True)
        return entry.note, [tuple(row) for row in lake.table("lake.curated.calls_total").collect()]

    trust(3)
    assert answer(total=total) == (None, [(3,)])
    before = snapshot_id(lake, "lake.curated.calls_total")
    assert answer(total=total) == ("the answers are those of what is trusted", [(3,)])
    assert snapshot_id(lake, "lake.curated.calls_total") == before
    assert answer(total=total, again=total) == (None, [(3,)])  # a run that was killed had made only the first
    assert snapshot_id(lake, "lake.curated.calls_total") == before
    trust(4)
    assert answer(total=total) == (None, [(6,)])
