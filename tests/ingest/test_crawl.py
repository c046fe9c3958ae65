import json
from datetime import datetime, timezone

from pyspark.sql import SparkSession

from ingest.crawl import Crawl, crawl
from ingest.raw import ingest

FORMS = {"calls": ("Date", "CallsOffered")}


def look(lake: SparkSession, landing) -> Crawl:
    return crawl(lake, dataset="calls", landing=str(landing), forms=FORMS, run_id="r")


def bring_in(lake: SparkSession, landing) -> None:
    now = datetime(2024, 10, 1, tzinfo=timezone.utc)
    ingest(lake, dataset="calls", landing=str(landing), forms=FORMS, run_id="r", now=now)


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
