"""Read what reports display: the answers, the state and the validations of datasets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from expectations.standard import load_suite
from jobs.status import DatasetStatus, status_of
from lake.errors import NotPublishedError
from lake.ledger import RUNS, runs
from lake.tables import exists, head, read, read_snapshot, row_count, table_name
from reports.console import Expectations
from reports.errors import AnswerTooLargeError, MissingAnswersError
from reports.facts import DatasetFacts, Validation
from reports.load import load_report
from reports.rows import AnswerRows, read_answers

MAX_ROWS = 100_000
"""Maximum number of rows of an answer in a report."""

MAX_REASONS = 3
"""Maximum number of reasons for quarantine that a report lists for each dataset."""

MAX_RUNS = 20
"""Maximum number of runs of a dataset on the quality page."""


def read_datasets(
    spark: SparkSession, names: Sequence[str], *, on_read: Callable[[str, list[AnswerRows]], None] | None = None
) -> list[DatasetFacts]:
    """Read the answers and the facts of published datasets.

    `on_read` is called for each dataset, after its answers have been read.

    Raises:
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has more than `MAX_ROWS` rows.
    """
    with ThreadPoolExecutor(max_workers=2) as readers, _cancel_after_error(readers):
        # Spark plans the queries of two threads in parallel. The dataset with the most answers comes first, because its
        # charts take the longest to draw.
        largest_first = sorted(names, key=lambda name: -len(load_report(name).answers))
        reading = {name: readers.submit(_read, spark, name) for name in largest_first}
        statuses = readers.submit(status_of, spark, names)
        validations = readers.submit(_validations, spark, names)
        reasons = readers.submit(reasons_of, spark, names)
        answers = {}
        for name in largest_first:
            answers[name] = reading[name].result()
            if on_read:
                on_read(name, answers[name])
        rows_in = {name: count_rows(spark, "raw", name) for name in names}
    return [
        _facts(
            status,
            answers[status.dataset],
            rows_in=rows_in[status.dataset],
            reasons=reasons.result().get(status.dataset, ()),
            validations=validations.result()[status.dataset],
        )
        for status in statuses.result()
    ]


@contextmanager
def _cancel_after_error(pool: ThreadPoolExecutor) -> Iterator[None]:
    """After an error, cancel the queued tasks. Otherwise, the pool would run them before the error is raised."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def find_published(spark: SparkSession, names: Sequence[str], *, only_published: bool) -> list[str]:
    """Return the datasets that have been published. If `only_published` is true, leave out all other datasets.

    Raises:
        NotPublishedError: No dataset has been published, or `only_published` is false and a dataset has not been
            published.
    """
    published = [name for name in names if exists(spark, table_name("trusted", name))]
    missing = [name for name in names if name not in published]
    if missing and not (only_published and published):
        raise NotPublishedError(table=table_name("trusted", missing[0]))
    return published


def missing_answers(spark: SparkSession, dataset: str) -> list[str]:
    """Return the names of the answer tables that the report of a dataset needs and that do not exist."""
    tables = [table_name("curated", dataset, answer.name) for answer in load_report(dataset).answers]
    return [table for table in tables if not exists(spark, table)]


def count_rows(spark: SparkSession, zone: str, dataset: str) -> int:
    """Return the number of rows of a dataset in a zone, or 0 if the table has never been published."""
    table = table_name(zone, dataset)
    return row_count(spark, table) if exists(spark, table) else 0


def expectations_of(dataset: str) -> Expectations:
    """Map the id of each expectation in a dataset's suite to the description and the columns of the expectation."""
    return {e.id: (e.description or e.id, e.columns) for e in load_suite(dataset).expectations}


def reasons_of(spark: SparkSession, names: Sequence[str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return the most frequent reasons for quarantine of each dataset, with the number of rows. Runs one Spark job."""
    tables = {name: table_name("quarantine", name) for name in names}
    return frequent_reasons({name: read(spark, table) for name, table in tables.items() if exists(spark, table)})


def frequent_reasons(quarantine: Mapping[str, DataFrame]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Map each dataset to its most frequent reasons. `quarantine` maps each dataset to its rows in quarantine.

    A reason is the description of an expectation. If the expectation is no longer in the suite, the reason is its id.
    The result has no entry for a dataset without rows in quarantine.
    """
    failed = [
        rows.select(F.lit(name).alias("dataset"), F.explode("_failed_expectations").alias("id"))
        for name, rows in quarantine.items()
    ]
    if not failed:
        return {}
    rows = reduce(DataFrame.unionAll, failed).groupBy("dataset", "id").count().collect()
    reasons: dict[str, tuple[tuple[str, int], ...]] = {}
    for row in sorted(rows, key=lambda row: (-row["count"], row["id"])):
        name, known = row["dataset"], reasons.get(row["dataset"], ())
        if len(known) < MAX_REASONS:
            description, _ = expectations_of(name).get(row["id"], (row["id"], ()))
            reasons[name] = (*known, (description, row["count"]))
    return reasons


def _facts(
    status: DatasetStatus,
    answers: Sequence[AnswerRows],
    *,
    rows_in: int,
    reasons: Sequence[tuple[str, int]],
    validations: Sequence[Validation],
) -> DatasetFacts:
    name, is_running = status.dataset, status.state == "RUNNING"
    return DatasetFacts(
        name=name,
        report=load_report(name),
        answers=answers,
        state=status.state,
        last_run=status.started,
        rows_in=rows_in,
        trusted=status.trusted,
        quarantined=status.quarantined,
        attention=status.public_attention
        + (("a run is in progress, so the row counts may change",) if is_running else ()),
        reasons=reasons,
        validations=validations,
    )


def _read(spark: SparkSession, dataset: str) -> list[AnswerRows]:
    """Read the rows of all answers of a dataset. Loads the metadata of each table once, and runs one Spark job."""
    report = load_report(dataset)
    tables = {answer.name: table_name("curated", dataset, answer.name) for answer in report.answers}
    snapshots = {name: head(spark, table) for name, table in tables.items()}
    if missing := [tables[name] for name, snapshot in snapshots.items() if snapshot is None]:
        raise MissingAnswersError(dataset=dataset, tables=missing)
    curated = {}
    for name, snapshot in snapshots.items():
        if snapshot:
            if (rows := int(snapshot.summary["total-records"])) > MAX_ROWS:
                raise AnswerTooLargeError(table=tables[name], rows=rows, max_rows=MAX_ROWS)
            curated[name] = read_snapshot(spark, tables[name], snapshot.id)
    return read_answers(report, curated, tables=tables)


def _validations(spark: SparkSession, names: Sequence[str]) -> dict[str, list[Validation]]:
    """Return the validated runs of each dataset, starting with the last run. Runs one Spark job."""
    found: dict[str, list[Validation]] = {name: [] for name in names}
    if not exists(spark, RUNS):
        return found
    latest = Window.partitionBy("job").orderBy(F.desc("started"))
    validated = runs(spark).where(F.col("job").isin([*names]) & F.col("verdict").isNotNull())
    ranked = validated.withColumn("_rank", F.row_number().over(latest)).where(F.col("_rank") <= MAX_RUNS)
    result = F.when(F.col("_rank") == 1, F.col("validation_result")).alias("validation_result")
    started = F.date_format("started", "yyyy-MM-dd HH:mm").alias("began")
    counts = ("rows_in", "rows_out", "rows_quarantined")
    for row in ranked.orderBy("job", "_rank").select("job", "run_id", "verdict", *counts, started, result).collect():
        rows_in, rows_out, quarantined = (row[name] or 0 for name in counts)
        results = json.loads(row["validation_result"])["results"] if row["validation_result"] else ()
        run = Validation(row["began"], row["run_id"], row["verdict"], rows_in, rows_out, quarantined, results)
        found[row["job"]].append(run)
    return found
