"""Make the stale answers of a dataset from the same snapshots, stage them all, and then publish them."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from jobs.code_version import code_version
from lake.iceberg import columns_read
from lake.ledger import StageResult
from lake.staging import stage
from lake.tables import data_version, last_properties, read, row_count, table_name
from transforms.dataset import Answer, Dataset
from transforms.sql import quoted

MADE_FROM = "citylake.made-from"
"""Property of an answer: the versions of the tables and of the code that it was made from."""


def publish_answers(spark: SparkSession, dataset: Dataset, *, run_id: str, rebuild: bool = False) -> StageResult:
    """Make the answers that are stale, and publish them together.

    An answer is stale if the rows of a table that it reads, or the code, changed since it was made. All answers read
    the same snapshots. They are all staged before the first is published, so a failure leaves the previous set.

    Rows: trusted is read once for all answers, with only the columns that the answers read.

    Raises:
        NotPublishedError: The dataset has no trusted table yet.
    """
    stale = stale_answers(spark, dataset, rebuild=rebuild)
    zones = dict.fromkeys(zone for answer in stale.values() for zone in answer.reads)
    trusted = table_name("trusted", dataset.name)
    # Read the versions before the tables are pinned. If another run publishes in between, the answers count as stale.
    made_from = {name: _made_from(spark, dataset, answer) for name, answer in stale.items()}
    tables = {zone: read(spark, table_name(zone, dataset.name)) for zone in dict.fromkeys(["trusted", *zones])}
    if not stale:
        return StageResult(notes=("no answer is stale",))
    shared = _shared_columns(stale, tables)
    cached = {zone: rows.select(*map(quoted, shared[zone])).cache() for zone, rows in tables.items() if zone in zones}
    try:
        staged = {
            name: stage(
                spark,
                answer.build(*(cached[zone] for zone in answer.reads)),
                table=table_name("curated", dataset.name, name),
                run_id=run_id,
                properties={MADE_FROM: made_from[name]},
            )
            for name, answer in stale.items()
        }
    finally:
        for rows in cached.values():
            rows.unpersist()
    return StageResult(
        rows_in=row_count(spark, trusted),
        rows_out=sum(each.row_count() for each in staged.values()),
        snapshot_ids={each.table: each.publish() for each in staged.values()},
        notes=(f"{len(stale)} of {len(dataset.answers)} answers made",),
    )


def stale_answers(spark: SparkSession, dataset: Dataset, *, rebuild: bool = False) -> dict[str, Answer]:
    """Return the answers whose tables or code changed since they were made. Reads metadata only."""
    return {
        name: answer
        for name, answer in dataset.answers.items()
        if rebuild
        or last_properties(spark, table_name("curated", dataset.name, name), MADE_FROM).get(MADE_FROM)
        != _made_from(spark, dataset, answer)
    }


def _made_from(spark: SparkSession, dataset: Dataset, answer: Answer) -> str:
    versions = [data_version(spark, table_name(zone, dataset.name)) for zone in answer.reads]
    return " ".join([*versions, code_version("transforms")])


def _shared_columns(answers: Mapping[str, Answer], tables: Mapping[str, DataFrame]) -> dict[str, list[str]]:
    """Return the columns of each table that some answer reads."""
    shared = {}
    for zone, rows in tables.items():
        others = {name: tables[name].limit(0) for name in tables}
        read_by_some = set()
        for answer in answers.values():
            if zone in answer.reads:
                read_by_some |= columns_read(answer.build(*({**others, zone: rows}[name] for name in answer.reads)))
        shared[zone] = [name for name in rows.columns if name in read_by_some]
    return shared
