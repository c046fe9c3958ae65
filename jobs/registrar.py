"""Job of the registrar: landed workbooks to application completion rates, with nobody's name in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import SparkSession

from expectations.gate import judge
from expectations.suite import load_suite
from ingest.raw import read_raw
from jobs.arguments import Arguments
from jobs.masking_key import read_masking_key
from jobs.publishing import publish_answer, publish_judged
from jobs.stages import Stage, ingest_landing, publish_answers, run_stages, start
from lake.ledger import Entry
from lake.tables import read
from transforms.datasets import registrar
from transforms.dedupe import LATEST

DATASET = "registrar"


def run(spark: SparkSession, args: Arguments) -> list[Entry]:
    """Run the stages asked for, and return what the run ledger says of each."""
    return run_stages(spark, args, job=DATASET, stages=STAGES)


def ingest(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Landing to raw."""
    forms = {form: [field.source for field in fields] for form, fields in registrar.SOURCE_FIELDS.items()}
    ingest_landing(spark, args, entry, dataset=DATASET, forms=forms)


def refine(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Raw to trusted and quarantine: the nodes of the registrar's graph in Glue Studio, under their names there."""
    key = read_masking_key(args.masking_key)
    raw = read_raw(spark, DATASET)
    entry.rows_in = raw.count
    # Detect Sensitive Data, by the dataset's policy, and the first half of Change Schema: a date is judged as a date.
    records = registrar.build_records(raw.rows, masking_key=key)
    # Evaluate Data Quality, whose rowLevelOutcomes mark each row.
    outcomes = judge(records, suite=load_suite(DATASET), key=registrar.KEY, order_by=LATEST)
    # Conditional Router: rows that passed to trusted, those of the default group to quarantine.
    publish_judged(spark, outcomes, dataset=DATASET, entry=entry)


def curate(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Trusted to the answers: the second half of Change Schema, and Curated."""
    publish_answers(spark, entry, dataset=DATASET, answers=registrar.ANSWERS)
    all_records = [read(spark, zone, DATASET) for zone in ("trusted", "quarantine")]
    for name, build in registrar.ANSWERS_OF_ALL.items():
        publish_answer(spark, build(*all_records), dataset=DATASET, name=name, entry=entry)


STAGES: Mapping[str, Stage] = {"ingest": ingest, "refine": refine, "curate": curate}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job from a command line, spark-submit or AWS Glue."""
    start(DATASET, run, argv, stages=STAGES)


if __name__ == "__main__":
    main()
