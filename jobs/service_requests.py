"""Job of the service requests: what people ask of a city's 3-1-1, from files and events to answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from pyspark.sql import SparkSession

from jobs.arguments import Arguments
from jobs.increments import refine_increment
from jobs.masking_key import fingerprint, read_masking_key
from jobs.refining import Refining
from jobs.stages import Stage, ingest_landing, publish_answers, run_stages, start
from lake.ledger import Entry
from transforms.datasets import service_requests

DATASET = "service_requests"
FORMS = {form: [field.source for field in fields] for form, fields in service_requests.SOURCE_FIELDS.items()}


def run(spark: SparkSession, args: Arguments) -> list[Entry]:
    """Run the stages asked for, and return what the run ledger says of each."""
    return run_stages(spark, args, job=DATASET, stages=STAGES)


def ingest(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Landing to raw."""
    ingest_landing(spark, args, entry, dataset=DATASET, forms=FORMS, skip_unreadable=True)


def refine(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Raw to trusted and quarantine: what raw has new, masked, judged and merged."""
    key = read_masking_key(args.masking_key)
    how = Refining(
        dataset=DATASET,
        build=partial(service_requests.build_requests, masking_key=key),
        key=service_requests.KEY[0],
        order=service_requests.ORDER,
        event_time=service_requests.EVENT_TIME,
        located_by=service_requests.EVENT_TIME,  # what clocks showed then is part of the key
        masked_with=fingerprint(key),
    )
    refine_increment(spark, how, entry, rebuild=args.rebuild)


def curate(spark: SparkSession, args: Arguments, entry: Entry) -> None:
    """Trusted to the answers, if trusted has changed since they were made."""
    answers = service_requests.ANSWERS
    publish_answers(spark, entry, dataset=DATASET, answers=answers, only_if_changed=not args.rebuild)


STAGES: Mapping[str, Stage] = {"ingest": ingest, "refine": refine, "curate": curate}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job from a command line, spark-submit or AWS Glue."""
    start(DATASET, run, argv, stages=STAGES)


if __name__ == "__main__":
    main()
