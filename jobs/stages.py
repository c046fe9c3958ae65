"""The stages of a job: run on record, and what ingest and curate do in every job."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Event

from pyspark.sql import DataFrame, SparkSession

from expectations.errors import ExpectationsNotMetError
from ingest.errors import IngestError
from ingest.header import Forms
from ingest.raw import ingest
from jobs.arguments import STAGES, Arguments, new_run_id, parse_arguments
from jobs.publishing import publish_answer
from lake.errors import OvertakenError
from lake.ledger import Entry, recorded
from lake.session import lake_session
from lake.tables import last_change, last_note, read, row_count, table_name

logger = logging.getLogger(__name__)

Stage = Callable[[SparkSession, Arguments, Entry], None]

_MADE_OF = "citylake.made-of"
"""In an answer's history: the snapshot in which those rows of trusted that it was made of last changed."""

_TOLD = 5
"""How many files the ledger names."""


def run_stages(spark: SparkSession, args: Arguments, *, job: str, stages: Mapping[str, Stage]) -> list[Entry]:
    """Run the stages asked for, each on record, and return what the run ledger says of each."""
    entries = []
    for stage in args.stages:
        with recorded(spark, run_id=args.run_id, workflow=args.workflow, job=job, stage=stage) as entry:
            stages[stage](spark, args, entry)
        entries.append(entry)
    return entries


def ingest_landing(
    spark: SparkSession, args: Arguments, entry: Entry, *, dataset: str, forms: Forms, skip_unreadable: bool = False
) -> None:
    """Landing to raw: the rows of all files that raw does not have yet. See `ingest` for what cannot be read."""
    done = ingest(
        spark,
        dataset=dataset,
        landing=args.landing,
        forms=forms,
        run_id=args.run_id,
        skip_unreadable=skip_unreadable,
    )
    entry.rows_in = entry.rows_out = done.rows
    entry.snapshot_ids[done.table] = done.snapshot
    told = [f"{name} skipped: {why}" for name, why in done.skipped.items()]
    told += [f"{name} came before with other content" for name in done.redelivered]
    more = [f"and {len(told) - _TOLD} more, see the log"] if len(told) > _TOLD else []
    entry.note = "; ".join(told[:_TOLD] + more) or None


def publish_answers(
    spark: SparkSession,
    entry: Entry,
    *,
    dataset: str,
    answers: Mapping[str, Callable[[DataFrame], DataFrame]],
    only_if_changed: bool = False,
) -> None:
    """Trusted to curated: build each answer from the trusted rows, and publish it.

    With `only_if_changed` none is built that was made of these very rows.
    """
    trusted, table = read(spark, "trusted", dataset), table_name("trusted", dataset)
    made_of = str(last_change(spark, table))
    if only_if_changed:
        tables = {name: table_name("curated", dataset, name) for name in answers}
        answers = {name: answers[name] for name in answers if last_note(spark, tables[name], _MADE_OF) != made_of}
        if not answers:
            entry.say("the answers are those of what is trusted")
            return
    entry.rows_in = row_count(spark, table)
    for name, build in answers.items():
        publish_answer(spark, build(trusted), dataset=dataset, name=name, entry=entry, notes={_MADE_OF: made_of})


def start(
    job: str,
    run: Callable[[SparkSession, Arguments], Sequence[Entry]],
    argv: Sequence[str] | None = None,
    *,
    stages: Iterable[str] = STAGES,
) -> None:
    """Run a job from a command line, spark-submit or AWS Glue: once, or with `--every` until it is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    args = parse_arguments(job, argv, stages=tuple(stages))
    spark = lake_session(args.warehouse, app_name=job)
    if args.every is None:
        run(spark, args)
        return
    run_repeatedly(lambda: run(spark, replace(args, run_id=new_run_id())), every=args.every, stopped=told_to_stop())


def told_to_stop() -> Event:
    """Return what is set when the process is told to stop, which it then does not by itself: it ends its turn."""
    stopped = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    return stopped


def run_repeatedly(run: Callable[[], object], *, every: float, stopped: Event) -> None:
    """Run until stopped, each time so many seconds after the last start, or at once if that took longer.

    What a suite refuses is logged, and does not hold up what comes next; so is a turn in which another run was at work,
    nothing had been delivered, or a file could not be read. Anything else that is raised ends it.
    """
    while not stopped.is_set():
        began = time.monotonic()
        try:
            run()
        except (ExpectationsNotMetError, OvertakenError, IngestError) as error:
            logger.error("%s", error)
        stopped.wait(max(0.0, began + every - time.monotonic()))
