"""A dataset for tests of the publisher. Its incidents have only a few columns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.datasets import police_dispatch

POLICE = police_dispatch.DATASET
_COLUMNS = ("incident_id", "start_time", "city", "row_ts", "end_time", "initial_type", "priority", "dispatch_arrive")


def few_columns(rows: DataFrame) -> DataFrame:
    """Build incidents that have only the columns that the tests need, so that Spark plans the query faster."""
    dropped = [field.name for field in POLICE.fields if field.name not in (*_COLUMNS, "arrive_cleared")]
    columns = {"coordinates_are_valid": F.lit(True), "city": F.expr("nullif(city, '')")}
    return rows.drop(*dropped).withColumns(columns).withColumn("start_date", F.to_date("start_time"))


FEW = replace(
    POLICE,
    build=few_columns,
    complete=lambda rows: rows,
    columns=(),
    masking_policy=(),
    revision_order=("_is_current", "row_ts", "city", "start_time", "_source_file", "_row_number"),
)
STRICT = replace(FEW, min_rows_for_mostly=0)  # `mostly` thresholds can block an increment of any size


def event(number: int | None, *, at: int = 0, day: str | None = "2024-07-10", city: str = "ROCKVILLE") -> dict:
    """Return a revision of an incident.

    `at` is the minute of `row_ts`. If `day` or `number` is None, the row fails the suite.
    """
    return {
        "incident_id": None if number is None else f"P{number:04}",
        "start_time": day and f"{day}T13:05:22.000",
        "city": city,
        "row_ts": f"2024-08-01 00:{at:02}:00",
    }


GOOD = [event(7), event(8), event(9)]


def deliver(landing: Any, name: str, *events: dict | str) -> Path:
    """Write a file of JSON lines to landing."""
    lines = (item if isinstance(item, str) else json.dumps(item) for item in events)
    return landing.file(f"2024/08/01/00/{name}.json", "\n".join(lines).encode())
