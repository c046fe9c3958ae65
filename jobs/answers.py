"""Build and publish the stale answers of a dataset. All stale answers are staged before any answer is published."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from jobs.code_version import code_version
from lake.iceberg import columns_read, error_message
from lake.ledger import StageResult
from lake.staging import REFRESH, REQUESTED, stage
from lake.tables import data_version, last_properties, read, row_count, table_name
from transforms.dataset import Answer, Dataset
from transforms.errors import CityLakeError
from transforms.sql import quoted

MADE_FROM = "citylake.made-from"
"""Snapshot property of an answer: the versions of the tables and of the code from which the answer was built."""


class AnswerBuildError(CityLakeError, ValueError):
    """An answer cannot be built from the columns of its tables. No answer has changed. `where` is the answer's table.

    Attributes:
        reason: The message of Spark. It names the column or the expression.
    """

    def __init__(self, *, dataset: str, answer: str, reason: str, tables: Mapping[str, DataFrame]) -> None:
        self.reason = reason.rstrip(".;")
        found = ". ".join(
            f"{table_name(zone, dataset)} has the columns {', '.join(f'{name} {type_}' for name, type_ in rows.dtypes)}"
            for zone, rows in tables.items()
        )
        super().__init__(
            where=table_name("curated", dataset, answer),
            problem=f"the answer cannot be built. {self.reason}. Found: {found}. If newer code has changed the "
            "columns, run the job with --stage all. Otherwise, correct the function that builds the answer.",
        )


def publish_answers(spark: SparkSession, dataset: Dataset, *, run_id: str, rebuild: bool = False) -> StageResult:
    """Build and stage the stale answers, and then publish the staged answers.

    An answer is stale if the code or one of the answer's tables has changed since the answer was last built. All
    answers of a run read the same snapshots of the tables. No answer is published until all stale answers are staged.
    So if a build fails, the previous versions of all answers stay published.

    Spark reads each table once for all answers, and reads only the columns that the answers use.

    Raises:
        NotPublishedError: No run has published the dataset's trusted table.
        AnswerBuildError: An answer reads a column that its tables lack, or that has another type.
        NarrowedColumnError: A column of an answer would get a type that cannot hold its published values, and `rebuild`
            is False.
    """
    stale = stale_answers(spark, dataset, rebuild=rebuild)
    zones = dict.fromkeys(zone for answer in stale.values() for zone in answer.reads)
    trusted = table_name("trusted", dataset.name)
    # Read the versions of the tables first, and the tables second. If another run publishes a table after its version
    # is read, the answers are stale again in the next run.
    versions = _read_versions(spark, dataset)
    tables = {zone: read(spark, table_name(zone, dataset.name)) for zone in dict.fromkeys(["trusted", *zones])}
    if not stale:
        return StageResult(notes=("no answer is stale",))
    columns = _find_columns_read(dataset.name, stale, tables)
    cached = {zone: rows.select(*map(quoted, columns[zone])).cache() for zone, rows in tables.items() if zone in zones}
    try:
        staged = {
            name: stage(
                spark,
                answer.build(*(cached[zone] for zone in answer.reads)),
                table=table_name("curated", dataset.name, name),
                run_id=run_id,
                properties={MADE_FROM: versions[name]} | ({REQUESTED: REFRESH} if rebuild else {}),
            )
            for name, answer in stale.items()
        }
    finally:
        for rows in cached.values():
            rows.unpersist()
    return StageResult(
        rows_in=row_count(spark, trusted),
        rows_out=sum(rows.row_count() for rows in staged.values()),
        snapshot_ids={rows.table: rows.publish() for rows in staged.values()},
        notes=(f"{len(stale)} of {len(dataset.answers)} answers built",),
    )


def stale_answers(spark: SparkSession, dataset: Dataset, *, rebuild: bool = False) -> dict[str, Answer]:
    """Return the answers whose tables or code have changed since the last build. Reads only metadata.

    Returns all answers if `rebuild` is True.
    """
    versions = _read_versions(spark, dataset)
    return {
        name: answer
        for name, answer in dataset.answers.items()
        if rebuild
        or last_properties(spark, table_name("curated", dataset.name, name), MADE_FROM).get(MADE_FROM) != versions[name]
    }


def _read_versions(spark: SparkSession, dataset: Dataset) -> dict[str, str]:
    """Return the versions of the tables and of the code from which each answer would be built now."""
    zones = dict.fromkeys(zone for answer in dataset.answers.values() for zone in answer.reads)
    tables = {zone: data_version(spark, table_name(zone, dataset.name)) for zone in zones}
    code = code_version("transforms")
    return {
        name: " ".join([*(tables[zone] for zone in answer.reads), code]) for name, answer in dataset.answers.items()
    }


def _find_columns_read(
    dataset: str, answers: Mapping[str, Answer], tables: Mapping[str, DataFrame]
) -> dict[str, list[str]]:
    """Map each zone to the columns that at least one answer reads from the zone's table."""
    columns = {}
    known = {name for rows in tables.values() for name in rows.columns}
    for zone, rows in tables.items():
        empty = {name: tables[name].limit(0) for name in tables}
        names = set()
        for answer_name, answer in answers.items():
            if zone in answer.reads:
                frames = {name: rows if name == zone else empty[name] for name in answer.reads}
                found = columns_read(_build(dataset, answer_name, answer, frames))
                # Iceberg computes the totals of a table from metadata. The plan then has the totals as columns, and not
                # the columns that the answer needs.
                names |= found if found <= known else {*rows.columns}
        columns[zone] = [name for name in rows.columns if name in names]
    return columns


def _build(dataset: str, name: str, answer: Answer, tables: Mapping[str, DataFrame]) -> DataFrame:
    try:
        return answer.build(*tables.values())
    except AnalysisException as error:
        raise AnswerBuildError(dataset=dataset, answer=name, reason=error_message(error), tables=tables) from error
