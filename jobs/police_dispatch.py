"""Job of the dispatched incidents: events that come all day, late, twice and corrected, to answers that are right.

Its steps have the names that such a workflow has where it empties a table and fills it again: crawl, clear, create,
check quality, publish. Here no step empties what people read: `create` and `check_quality` work on a branch, `clear`
drops old branches that earlier runs have left, and `publish` moves the tables in one commit each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from pyspark.sql import SparkSession

from ingest.crawl import crawl as crawl_landing
from jobs.arguments import Arguments
from jobs.increments import Increment
from jobs.refining import Refining
from jobs.stages import Stage, ingest_landing, publish_answers, run_stages, start
from lake.ledger import Entry
from lake.publish import drop_branches
from lake.tables import table_name
from transforms.datasets import police_dispatch

DATASET = "police_dispatch"
FORMS = {DATASET: [field.source for field in police_dispatch.SOURCE_FIELDS]}
REFINING = Refining(
    dataset=DATASET,
    build=police_dispatch.build_incidents,
    key=police_dispatch.KEY[0],
    order=police_dispatch.ORDER,
    event_time=police_dispatch.EVENT_TIME,
    located_by=police_dispatch.KEY[0],  # the county numbers incidents as they come
)

LEFT = timedelta(days=1)
"""How old a branch is that nobody works on any more."""


def run(spark: SparkSession, args: Arguments) -> list[Entry]:
    """Run the stages asked for, and return what the run ledger says of each."""
    return run_stages(spark, args, job=DATASET, stages=STAGES)


def crawl(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Look through what is new in landing: folders, columns, and what has changed since the last crawl."""
    found = crawl_landing(spark, dataset=DATASET, landing=args.landing, forms=FORMS, run_id=args.run_id)
    entry.note = str(found)


def clear(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Drop the branches that earlier runs have left, which were refused, failed or killed: those older than a day.

    A younger one may be that of a run at work, or somebody may be looking for what was refused.
    """
    tables, before = (table_name(zone, DATASET) for zone in ("raw", "trusted", "quarantine")), entry.started - LEFT
    dropped = sum(drop_branches(spark, table, older_than=before) for table in tables)
    entry.note = f"{dropped} branches of earlier runs dropped"


def create(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Landing to raw, and what raw has new to a branch of trusted."""
    ingest_landing(spark, args, entry, dataset=DATASET, forms=FORMS, skip_unreadable=True)
    Increment(spark, REFINING, entry).create(rebuild=args.rebuild)


def check_quality(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Judge the branch by the suite."""
    Increment(spark, REFINING, entry).check_quality()


def publish(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Branch to trusted and quarantine, and trusted to the answers."""
    Increment(spark, REFINING, entry).publish()
    answers = police_dispatch.ANSWERS
    publish_answers(spark, entry, dataset=DATASET, answers=answers, only_if_changed=not args.rebuild)


STAGES: Mapping[str, Stage] = {
    "crawl": crawl,
    "clear": clear,
    "create": create,
    "check_quality": check_quality,
    "publish": publish,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job from a command line, spark-submit or AWS Glue."""
    start(DATASET, run, argv, stages=STAGES)


if __name__ == "__main__":
    main()
