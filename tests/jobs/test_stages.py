import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from pyspark.sql import DataFrame, SparkSession

from expectations.errors import ExpectationsNotMetError
from ingest.errors import LandedFilesError, LandingError
from ingest.formats import EXPECTED
from jobs.arguments import parse_arguments
from jobs.stages import ingest_landing, publish_answers, run_repeatedly
from lake.errors import OvertakenError
from lake.ledger import Entry
from lake.publish import Branch, Staged
from lake.tables import snapshot_id
from lake.upkeep import compact

HOLD_UP_NOTHING = [
    ExpectationsNotMetError(suite="calls", failures=["x"], kept_at="y"),
    OvertakenError(table="calls", branch="audit_r"),
    LandingError(landing="landing", problem="it holds nothing."),
    LandedFilesError(dataset="calls", problems=["a.csv: it is cut off"]),
]
STOPPED = """
import time
from jobs.stages import run_repeatedly, told_to_stop

def turn():
    print("begins", flush=True)
    time.sleep(0.5)
    print("ends", flush=True)

run_repeatedly(turn, every=3600, stopped=told_to_stop())
"""


def test_a_job_goes_on_until_it_is_stopped_and_a_refusal_does_not_hold_it_up(caplog) -> None:
    stopped, runs = Event(), []

    def run() -> None:
        runs.append(len(runs))
        if len(runs) > len(HOLD_UP_NOTHING):
            stopped.set()
        else:
            raise HOLD_UP_NOTHING[len(runs) - 1]

    run_repeatedly(run, every=0, stopped=stopped)

    assert runs == [0, 1, 2, 3, 4]
    assert [record.getMessage() for record in caplog.records] == [str(error) for error in HOLD_UP_NOTHING]


def test_a_job_that_is_terminated_ends_its_turn_and_succeeds() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", STOPPED], env=environment, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "begins\n"
        job.send_signal(signal.SIGTERM)
        assert job.communicate(timeout=30)[0] == "ends\n"
    assert job.returncode == 0


def test_what_else_is_raised_ends_it() -> None:
    def run() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        run_repeatedly(run, every=3600, stopped=Event())


def test_it_is_stopped_while_it_waits_for_the_next_turn() -> None:
    stopped = Event()
    run_repeatedly(stopped.set, every=3600, stopped=stopped)


def test_the_ledger_names_files_that_were_not_read_and_those_that_came_with_other_content(
    lake: SparkSession, landing
) -> None:
    def note() -> str | None:
        args, entry = parse_arguments("calls", ["--landing", str(landing)]), Entry("r", None, "calls", "ingest")
        ingest_landing(lake, args, entry, dataset="calls", forms={"days": ("Date", "CallsOffered")})
        return entry.note

    landing.csv("a.csv", landing.days(count=2))
    assert note() is None
    assert note() is None
    landing.csv("a.csv", landing.days(count=3), delivered=60)
    for number in range(6):
        landing.file(f"{number}.pdf", b"%PDF")
    skipped = "; ".join(f"{number}.pdf skipped: not one of {EXPECTED}" for number in range(5))
    assert note() == f"{skipped}; and 2 more, see the log"
    for number in range(1, 6):
        (landing.folder / f"{number}.pdf").unlink()
    landing.csv("a.csv", landing.days(count=4), delivered=120)
    assert note() == f"0.pdf skipped: not one of {EXPECTED}; a.csv came before with other content"


def test_answers_are_made_again_only_where_trusted_has_changed(lake: SparkSession) -> None:
    def total(calls: DataFrame) -> DataFrame:
        return calls.groupBy().sum("n").withColumnRenamed("sum(n)", "n")

    def trust(number: int) -> None:
        calls = lake.range(0, number, 1, number).withColumnRenamed("id", "n")  # each in a file of its own
        with Staged(lake, calls, table="lake.trusted.calls", run_id="r") as staged:
            staged.publish()

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
    trust(6)
    assert answer(total=total) == (None, [(15,)])
    with Branch(lake, table="lake.trusted.calls", run_id="refused") as branch:
        branch.note({"citylake.refused-in": "refused"})
        branch.publish()
    assert compact(lake, "lake.trusted.calls") == 6
    assert answer(total=total) == ("the answers are those of what is trusted", [(15,)])
