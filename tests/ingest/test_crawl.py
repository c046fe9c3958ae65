import json
import logging
from datetime import datetime, timezone

import pytest
from pyspark.sql import SparkSession

from ingest.crawl import Crawl, crawl
from ingest.raw import ingest

LAYOUTS = {"calls": ("Date", "CallsOffered")}


def look(lake: SparkSession, landing) -> Crawl:
    return crawl(lake, dataset="calls", landing=str(landing), layouts=LAYOUTS, run_id="r")


def bring_in(lake: SparkSession, landing) -> None:
    now = datetime(2024, 10, 1, tzinfo=timezone.utc)
    ingest(lake, dataset="calls", landing=str(landing), layouts=LAYOUTS, run_id="r", now=now)


def test_a_crawl_tells_folders_and_columns_of_what_is_new_and_what_has_changed(lake: SparkSession, landing) -> None:
    first = {"Date": "2024-01-01", "CallsOffered": 5, "place": {"lat": 1.5}}
    landing.file("2024/01/01/00/a.json", json.dumps(first).encode() + b"\nbroken")
    landing.csv("b.csv", [["2024-01-02", 1]], columns=("Date", "CallsOffered"))
    found = look(lake, landing)

    assert (found.files, found.partitions, found.drift) == (2, ("", "2024/01/01/00"), ())
    assert found.schema.simpleString() == "struct<CallsOffered:bigint,Date:string,place:struct<lat:double>>"

    bring_in(lake, landing)
    second = {"Date": "2024-01-03", "CallsOffered": "n/a", "place": {"lat": 1.5, "lon": 2}}
    landing.file("2024/01/02/07/c.json", json.dumps(second).encode())
    found = look(lake, landing)
    assert str(found) == "1 new files in 1 folders, 3 columns, CallsOffered retyped, place.lon added"

    bring_in(lake, landing)
    assert (look(lake, landing).files, look(lake, landing).drift) == (0, ())
    landing.file("2024/01/02/08/d.json", json.dumps({"Date": "2024-01-03", "CallsOffered": "1"}).encode())
    assert [(each.column, each.change) for each in look(lake, landing).drift] == [
        *(("place", "removed"), ("place.lat", "removed"), ("place.lon", "removed")),
    ]
    lines = lake.table("lake.ops.calls_crawls").orderBy("crawled").collect()
    assert [line.files for line in lines] == [2, 1, 0, 0, 1]
    assert [(part.path, part.files) for part in lines[0].partitions] == [("", 1), ("2024/01/01/00", 1)]


def test_fields_that_differ_in_capitals_alone_are_told_as_two(lake: SparkSession, landing) -> None:
    landing.file("a.json", b'{"Date": "2024-01-01", "place": {"lat": 1.5}}')
    look(lake, landing)
    bring_in(lake, landing)
    landing.file("b.json", b'{"Date": "2024-01-02", "place": {"lat": 1.5}}\n{"date": 3, "place": {"Lat": 1.5}}\n')
    landing.file("c.json", b'{"DATE": "2024-01-02"}\n{"Date": "2024-01-03"}\n{"date": 3}\n')

    assert str(look(lake, landing)) == ("2 new files in 1 folders, 4 columns, DATE added, date added, place.Lat added")
    bring_in(lake, landing)
    assert look(lake, landing).drift == ()
    assert lake.conf.get("spark.sql.caseSensitive") == "false"


def test_a_file_that_is_one_array_is_looked_into(lake: SparkSession, landing) -> None:
    landing.file("one line.json", b'[{"Date": "2024-01-01"}, {"CallsOffered": 5}]')
    landing.file("lines.json", b'\xef\xbb\xbf[{"first": 1},\n{"second": {"a": 1.5}}]')
    landing.file("written out.json", json.dumps([{"third": "a"}, {"fourth": 2}], indent=2).encode())

    schema = look(lake, landing).schema

    assert schema is not None
    assert schema.simpleString() == (
        "struct<CallsOffered:bigint,Date:string,first:bigint,fourth:bigint,second:struct<a:double>,third:string>"
    )


def test_columns_that_cannot_be_told_are_a_warning(
    lake: SparkSession, landing, caplog: pytest.LogCaptureFixture
) -> None:
    landing.file("a.json", b'{"Date": "2024-01-01", "Date": "2024-01-02"}')

    with caplog.at_level(logging.WARNING):
        assert str(look(lake, landing)) == "1 new files in 1 folders, columns that cannot be told"

    assert "calls: the columns of 1 files cannot be told" in caplog.text
    bring_in(lake, landing)
    landing.file("b.json", b'{"Date": "2024-01-03"}')
    assert look(lake, landing).drift == ()
    lines = lake.table("lake.ops.calls_crawls").orderBy("crawled").collect()
    assert [(line.files, line.schema is None) for line in lines] == [(1, True), (1, False)]


def test_what_cannot_be_read_is_no_drift(lake: SparkSession, landing) -> None:
    landing.file("a.json", b'{"Date": "2024-01-01", "CallsOffered": 1}')
    look(lake, landing)
    bring_in(lake, landing)
    landing.file("broken.json.gz", b"no gzip")
    landing.file("broken.xlsx", b"no workbook")

    found = look(lake, landing)

    assert (found.files, found.schema, found.drift) == (2, None, ())
