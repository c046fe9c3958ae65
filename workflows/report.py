"""Write the reports of datasets: read the curated tables and the run ledger, draw the charts and write a site."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timezone
from multiprocessing import get_context
from pathlib import Path

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from jobs.code_version import code_version
from lake.errors import NotPublishedError
from lake.ledger import RUNS, runs
from lake.tables import exists, head, read_snapshot, table_name
from reports.errors import AnswerTooLargeError, MissingAnswersError
from reports.rows import AnswerRows, read_answers
from reports.site.facts import DatasetFacts, Validation
from reports.site.pages import render_site, start_drawing, vega_library
from reports.site.write import require_site_or_empty, write_site
from workflows.output import FINE, print_plain, working
from workflows.overview import count_rows, reasons_of
from workflows.parts import report_of
from workflows.session import short_session
from workflows.status import DatasetStatus, status_of

MAX_ROWS = 100_000
"""Maximum number of rows of an answer in a report."""

MAX_RUNS = 20
"""Maximum number of runs of a dataset on the quality page."""


def write_reports(names: Sequence[str], *, only_published: bool, to: str, warehouse: str, quiet: bool) -> int:
    """Write a site with the reports of datasets.

    If `only_published` is true, datasets without a published table are left out.

    Raises:
        TargetError: The folder has other files, or cannot be written.
        NotPublishedError: No run has published a dataset.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has more than `MAX_ROWS` rows.
    """
    require_site_or_empty(Path(to))
    # Processes draw the charts, because the library that draws keeps Python's lock.
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as workers:
        library = workers.submit(vega_library)
        spark = short_session(warehouse, quiet=quiet)
        with working("reading tables", quiet=quiet):
            published = _published(spark, names, only_published=only_published)
            with ThreadPoolExecutor(max_workers=2) as readers:
                statuses = readers.submit(status_of, spark, published)
                reading = {name: readers.submit(_read, spark, name) for name in published}
                validations = readers.submit(_validations, spark, published)
                answers = {name: rows.result() for name, rows in reading.items()}
                drawings = {name: [start_drawing(answer, workers) for answer in answers[name]] for name in published}
            datasets = [
                _facts(spark, status, answers[status.dataset], validations.result()[status.dataset])
                for status in statuses.result()
            ]
        with working("drawing charts", quiet=quiet):
            pictures = {
                name: [[drawing.result() for drawing in charts] for charts in drawings[name]] for name in published
            }
            site = render_site(
                datasets,
                pictures,
                library=library.result(),
                version=code_version("reports"),
                written=datetime.now(timezone.utc),
            )
    index = write_site(site, to)
    count = sum(len(dataset.answers) for dataset in datasets)
    print_plain(f"{count} answers of {len(datasets)} datasets are written. Open {index}")
    for name in names:
        if name not in published:
            print_plain(f"{name} is left out, because it has never run.")
    return FINE


def _published(spark: SparkSession, names: Sequence[str], *, only_published: bool) -> list[str]:
    published = [name for name in names if exists(spark, table_name("trusted", name))]
    missing = [name for name in names if name not in published]
    if missing and not (only_published and published):
        raise NotPublishedError(table=table_name("trusted", missing[0]))
    return published


def _facts(
    spark: SparkSession, status: DatasetStatus, answers: Sequence[AnswerRows], validations: Sequence[Validation]
) -> DatasetFacts:
    name = status.dataset
    return DatasetFacts(
        name=name,
        report=report_of(name),
        answers=answers,
        state=status.state,
        last_run=status.started,
        rows_in=count_rows(spark, "raw", name),
        trusted=status.trusted,
        quarantined=status.quarantined,
        attention=status.attention,
        reasons=reasons_of(spark, name) if status.quarantined else (),
        validations=validations,
    )


def _read(spark: SparkSession, dataset: str) -> list[AnswerRows]:
    """Read the rows of all answers of a dataset. Loads the metadata of each table once, and runs one Spark job."""
    report = report_of(dataset)
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
    return read_answers(report, curated)


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
