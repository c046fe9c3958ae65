"""Run the stages of a job in order, and record each stage in the ledger."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

from pyspark.sql import SparkSession

from expectations.errors import ExpectationsNotMetError
from ingest.errors import IngestError
from jobs.arguments import Arguments, new_run_id, parse_arguments
from lake.errors import OvertakenError
from lake.ledger import StageResult, StageRun, record_stage
from lake.session import lake_session

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A Glue job.

    Attributes:
        name: The name of the job's module in `jobs/`, or the name of the only dataset that the job processes.
        stages: The function of each stage, by the name of the stage.
        title: The name of the job in the ledger. `{dataset}` stands for the name of the dataset.
    """

    name: str
    stages: Mapping[str, Callable[[SparkSession, Arguments], StageResult]]
    title: str = "{dataset}"

    def parse(self, argv: Sequence[str] | None = None) -> Arguments:
        """Parse the arguments of the job."""
        return parse_arguments(self.name, argv, stages=tuple(self.stages))

    def run(self, spark: SparkSession, args: Arguments) -> list[StageRun]:
        """Run the requested stages, record each stage in the ledger, and return the records.

        Raises:
            Exception: The error of the first stage that failed. Later stages do not start.
        """
        title = self.title.format(dataset=args.dataset)
        return [
            record_stage(
                spark,
                partial(self.stages[stage], spark, args),
                run_id=args.run_id,
                workflow=args.workflow,
                job=title,
                stage=stage,
            )
            for stage in args.stages
        ]

    def main(self, argv: Sequence[str] | None = None) -> None:
        """Run the job once. If `--every` is given, repeat the job until the process is stopped."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
        logging.getLogger("py4j").setLevel(logging.WARNING)
        args = self.parse(argv)
        spark = lake_session(args.warehouse, app_name=self.title.format(dataset=args.dataset))
        if args.every is None:
            self.run(spark, args)
        else:
            run_repeatedly(
                lambda: self.run(spark, replace(args, run_id=new_run_id())), every=args.every, stopped=stop_requested()
            )


def stop_requested() -> Event:
    """Return an event that is set on SIGTERM or SIGINT, so the loop can finish its current iteration."""
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def run_repeatedly(run: Callable[[], object], *, every: float, stopped: Event) -> None:
    """Repeat `run` until `stopped` is set. Each run starts `every` seconds after the start of the previous run.

    If a run takes longer than `every` seconds, the next run starts at once. Some errors do not end the loop: a blocked
    increment, a publish by another run, and each `IngestError`, such as an empty landing folder or an unreadable file.
    The loop logs these errors and continues. Any other error ends the loop.
    """
    while not stopped.is_set():
        started = time.monotonic()
        try:
            run()
        except (ExpectationsNotMetError, OvertakenError, IngestError) as error:
            logger.error("%s", error)
        stopped.wait(max(0.0, started + every - time.monotonic()))
