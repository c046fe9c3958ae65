"""Test the conversion of a table to JSON and to CSV."""

from __future__ import annotations

import csv
import io
import json

from pyspark.sql import SparkSession

from reports.records import records_of, to_csv, to_json

SCHEMA = "day date, at timestamp, n int, rate double, open boolean, names array<string>"


def test_dates_and_timestamps_in_records_become_iso_text(spark: SparkSession) -> None:
    rows = spark.sql(
        "SELECT DATE'2024-03-10' AS day, TIMESTAMP'2024-03-10 07:30:00Z' AS at, 1 AS n, 0.5D AS rate, true AS open, "
        "array('a', 'é') AS names, CAST(NULL AS INT) AS missing"
    )

    assert records_of(rows) == [
        {
            "day": "2024-03-10",
            "at": "2024-03-10T07:30:00.000000Z",
            "n": 1,
            "rate": 0.5,
            "open": True,
            "names": ["a", "é"],
            "missing": None,
        }
    ]


def test_empty_csv_output_has_a_header(spark: SparkSession) -> None:
    empty = spark.createDataFrame([], SCHEMA)
    assert to_csv(records_of(empty), empty.columns) == "day,at,n,rate,open,names\n"

    text = to_csv([{"a": 'x, "y"', "b": ["z"], "c": None}], ["a", "b", "c"])
    assert [*csv.reader(io.StringIO(text))] == [["a", "b", "c"], ['x, "y"', '["z"]', ""]]


def test_json_does_not_escape_letters_outside_ascii() -> None:
    assert json.loads(to_json([{"name": "é"}])) == [{"name": "é"}]
    assert "é" in to_json([{"name": "é"}])
