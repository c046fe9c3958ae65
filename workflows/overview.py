"""Collect the facts about a dataset that fit on one screen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.report_data import count_rows, expectations_of, reasons_of
from jobs.status import DatasetStatus, status_of
from lake.ledger import RUNS, runs
from lake.tables import exists, read, table_name
from reports.console import warning_lines
from reports.rows import read_answers
from workflows.parts import report_of


@dataclass(frozen=True)
class Overview:
    """The facts about a dataset.

    Attributes:
        status: The last run, the row counts of trusted and quarantine, and everything that needs attention.
        raw: Number of rows in raw.
        headline: A sentence with the figures of the first answer.
        reasons: The most frequent reasons why rows are in quarantine, and the number of rows for each reason.
        warnings: Number of expectations that published rows do not meet.
    """

    status: DatasetStatus
    raw: int
    headline: str
    reasons: tuple[tuple[str, int], ...] = ()
    warnings: int = 0


def overviews_of(spark: SparkSession, names: Sequence[str]) -> list[Overview]:
    """Collect the row counts and headlines of datasets. Each headline costs one Spark job."""
    return [
        Overview(status, raw=count_rows(spark, "raw", status.dataset), headline=_headline(spark, status.dataset))
        for status in status_of(spark, names)
    ]


def detailed_overview(spark: SparkSession, name: str) -> Overview:
    """Collect all facts about a dataset, including `reasons` and `warnings`."""
    (overview,) = overviews_of(spark, [name])
    reasons = reasons_of(spark, [name]).get(name, ())
    warnings = len(warnings_of(spark, name))
    return Overview(overview.status, overview.raw, overview.headline, reasons, warnings)


def warnings_of(spark: SparkSession, dataset: str) -> list[str]:
    """Return a line for each expectation that published rows do not meet."""
    table = table_name("trusted", dataset)
    if not exists(spark, table):
        return []
    results = _last_results(spark, dataset)
    return warning_lines(read(spark, table), expectations=expectations_of(dataset), results=results)


def _headline(spark: SparkSession, dataset: str) -> str:
    report = report_of(dataset)
    first = report.answers[0]
    table = table_name("curated", dataset, first.name)
    if not exists(spark, table):
        return f"{first.question} There is no answer yet."
    return read_answers(report, {first.name: read(spark, table)}, tables={first.name: table})[0].sentence


def _last_results(spark: SparkSession, dataset: str) -> list[Mapping[str, Any]]:
    if not exists(spark, RUNS):
        return []
    validated = F.col("validation_result").isNotNull() & F.col("state").startswith("SUCCEEDED")
    published = runs(spark).where((F.col("job") == dataset) & validated)
    last = published.orderBy(F.desc("started")).select("validation_result").first()
    return json.loads(last.validation_result)["results"] if last else []
