"""Run the job on an event, and then on a later export that contains the same request."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.stages import dataset_job
from transforms.datasets.service_requests import DATASET
from transforms.schema import Field

pytestmark = pytest.mark.compiled

JOB = dataset_job(DATASET)

REQUEST = {
    "Case Summary": "Pothole on the corner",
    "Case Source": "Phone",
    "Case Created Date": "07/04/2024",
    "Case Created dttm": "07/04/2024 01:00:00 PM",
    "Agency": "Public Works",
}


def run(lake: SparkSession, landing: Any) -> list[tuple[str, datetime]]:
    key = str(landing.file("_key", b"k" * 32))
    for stage in ("ingest", "refine"):
        JOB.run(lake, JOB.parse(["--stage", stage, "--landing", str(landing), "--masking-key", key]))
    rows = lake.table("lake.trusted.service_requests").selectExpr("status", "string(revised_at)").collect()
    return [tuple(row) for row in rows]


def test_later_export_does_not_reopen_closed_request(lake: SparkSession, landing) -> None:
    closed = {**REQUEST, "Case Status": "Closed", "row_ts": "2024-07-04T13:30:00-06:00"}
    landing.file("2024/07/04/13/event.json", json.dumps(closed).encode())
    assert run(lake, landing) == [("Closed", "2024-07-04 19:30:00")]

    text = io.StringIO()
    export = csv.DictWriter(text, DATASET.source_columns["denver"])
    export.writeheader()
    export.writerow({**REQUEST, "Case Status": "New"})
    path = landing.file("export.csv", text.getvalue().encode())
    for hour in (14, 15):  # the export is polled twice
        path.write_text(text.getvalue() + "\n" * hour)
        saved = datetime(2024, 7, 4, hour + 6, tzinfo=timezone.utc).timestamp()
        os.utime(path, (saved, saved))
        assert run(lake, landing) == [("Closed", "2024-07-04 19:30:00")]


def test_a_new_city_changes_nothing_before_its_first_file(lake: SparkSession, landing) -> None:
    """A city is added to the code. Then trusted is built again, although no file of the city has landed."""
    closed = {**REQUEST, "Case Status": "Closed", "row_ts": "2024-07-04T13:30:00-06:00"}
    landing.file("2024/07/04/13/event.json", json.dumps(closed).encode())
    assert run(lake, landing) == [("Closed", "2024-07-04 19:30:00")]
    key = str(landing.file("_key", b"k" * 32))
    new_city = (*DATASET.layouts["vancouver"], Field("unique_key", "unique_key", "string"))
    job = dataset_job(replace(DATASET, layouts={"boston": new_city, **DATASET.layouts}))

    for options in (["--rebuild"], []):
        for stage in ("ingest", "refine"):
            job.run(lake, job.parse(["--stage", stage, "--landing", str(landing), "--masking-key", key, *options]))
        assert [row.status for row in lake.table("lake.trusted.service_requests").collect()] == ["Closed"]
