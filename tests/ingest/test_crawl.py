import json
import logging
from datetime import datetime, timezone

import pytest
from pyspark.sql import SparkSession

from ingest.crawl import Crawl, crawl
from ingest.raw import ingest

LAYOUTS = {"calls": ("Date", "CallsOffered")}


def crawl_calls(lake: SparkSession, landing) -> Crawl:
    return crawl(lake, dataset="calls", landing=str(landing), layouts=LAYOUTS, run_id="r")


def ingest_calls(lake: SparkSession, landing) -> None:
    now = datetime(2024, 10, 1, tzinfo=timezone.utc)
    ingest(lake, dataset="calls", landing=str(landing), layouts=LAYOUTS, run_id="r", now=now)


def test_new_files_are_checked_for_schema_drift(lake: SparkSession, landing) -> None:
    """The result also lists the folders of the new files."""
    first = {"Date": "2024-01-01", "CallsOffered": 5, "place": {"lat": 1.5}}
    landing.file("2024/01/01/00/a.json", json.dumps(first).encode() + b"\nbroken")
    landing.csv("b.csv", [["2024-01-02", 1]], columns=("Date", "CallsOffered"))
    crawled = crawl_calls(lake, landing)

    assert (crawled.files, crawled.partitions, crawled.drift) == (2, ("", "2024/01/01/00"), ())
    assert crawled.schema.simpleString() == "struct<CallsOffered:bigint,Date:string,place:struct<lat:double>>"

    ingest_calls(lake, landing)
    second = {"Date": "2024-01-03", "CallsOffered": "n/a", "place": {"lat": 1.5, "lon": 2}}
    landing.file("2024/01/02/07/c.json", json.dumps(second).encode())
    crawled = crawl_calls(lake, landing)
    assert str(crawled) == "1 new files in 1 folders, 3 columns, CallsOffered retyped, place.lon added"

    ingest_calls(lake, landing)
    assert (crawl_calls(lake, landing).files, crawl_calls(lake, landing).drift) == (0, ())
    landing.file("2024/01/02/08/d.json", json.dumps({"Date": "2024-01-03", "CallsOffered": "1"}).encode())
    assert [(each.column, each.change) for each in crawl_calls(lake, landing).drift] == [
        *(("place", "removed"), ("place.lat", "removed"), ("place.lon", "removed")),
    ]
    lines = lake.table("lake.ops.calls_crawls").orderBy("crawled").collect()
    assert [line.files for line in lines] == [2, 1, 0, 0, 1]
    assert [(part.path, part.files) for part in lines[0].partitions] == [("", 1), ("2024/01/01/00", 1)]


def test_field_names_are_case_sensitive(lake: SparkSession, landing) -> None:
    landing.file("a.json", b'{"Date": "2024-01-01", "place": {"lat": 1.5}}')
    crawl_calls(lake, landing)
    ingest_calls(lake, landing)
    landing.file("b.json", b'{"Date": "2024-01-02", "place": {"lat": 1.5}}\n{"date": 3, "place": {"Lat": 1.5}}\n')
    landing.file("c.json", b'{"DATE": "2024-01-02"}\n{"Date": "2024-01-03"}\n{"date": 3}\n')

    assert str(crawl_calls(lake, landing)) == (
        "2 new files in 1 folders, 4 columns, DATE added, date added, place.Lat added"
    )
    ingest_calls(lake, landing)
    assert crawl_calls(lake, landing).drift == ()
    assert lake.conf.get("spark.sql.caseSensitive") == "false"


def test_schema_of_a_json_array_is_inferred(lake: SparkSession, landing) -> None:
    landing.file("one line.json", b'[{"Date": "2024-01-01"}, {"CallsOffered": 5}]')
    landing.file("lines.json", b'\xef\xbb\xbf[{"first": 1},\n{"second": {"a": 1.5}}]')
    landing.file("written out.json", json.dumps([{"third": "a"}, {"fourth": 2}], indent=2).encode())

    schema = crawl_calls(lake, landing).schema

    assert schema is not None
    assert schema.simpleString() == (
        "struct<CallsOffered:bigint,Date:string,first:bigint,fourth:bigint,second:struct<a:double>,third:string>"
    )


def test_failed_inference_of_a_schema_is_logged(lake: SparkSession, landing, caplog: pytest.LogCaptureFixture) -> None:
    landing.file("a.json", b'{"Date": "2024-01-01", "Date": "2024-01-02"}')

    with caplog.at_level(logging.WARNING):
        assert str(crawl_calls(lake, landing)) == "1 new files in 1 folders, unknown columns"

    assert "calls: Spark cannot infer the columns of 1 files" in caplog.text
    ingest_calls(lake, landing)
    landing.file("b.json", b'{"Date": "2024-01-03"}')
    assert crawl_calls(lake, landing).drift == ()
    lines = lake.table("lake.ops.calls_crawls").orderBy("crawled").collect()
    assert [(line.files, line.schema is None) for line in lines] == [(1, True), (1, False)]


def test_an_unreadable_file_causes_no_schema_drift(lake: SparkSession, landing) -> None:
    landing.file("a.json", b'{"Date": "2024-01-01", "CallsOffered": 1}')
    crawl_calls(lake, landing)
    ingest_calls(lake, landing)
    landing.file("broken.json.gz", b"no gzip")
    landing.file("broken.xlsx", b"no workbook")

    crawled = crawl_calls(lake, landing)

    assert (crawled.files, crawled.schema, crawled.drift) == (2, None, ())
