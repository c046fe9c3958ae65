from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ingest.case_items import block_corner, case_key, clean, make_item, parse, wall_clock
from ingest.errors import PoisonError
from transforms.datasets.service_requests.requests import MASKING_POLICY
from transforms.datasets.service_requests.sources.denver import SOURCE

KEY = "a key of the tests, of 32 bytes or more"
CASE = {
    "Case Summary": "Pothole at my neighbour Ann's",
    "Case Status": "Open",
    "Case Source": "Phone",
    "Case Created dttm": "07/04/2024 01:30:00 PM",
    "Customer Zip Code": "80202",
    "Incident Address 1": "1437 N BANNOCK ST",
    "Incident Zip Code": "00000",
    "Longitude": "-104.990312",
    "Latitude": "39.738999",
    "row_ts": "2024-07-04T20:00:00.000001Z",
}


def test_item_fields_follow_the_masking_policy() -> None:
    """Except `case_key` and `revision`, each field of an item is a field that the masking policy of the lake keeps."""
    dropped = {rule.column for rule in MASKING_POLICY if rule.action == "drop"}
    fields = SOURCE.layouts["denver_events"]
    row = {field.source: "1" for field in fields} | {"row_ts": CASE["row_ts"], "Incident Zip Code": "80202-1234"}

    item = make_item(row | {"Case Created dttm": CASE["Case Created dttm"]}, KEY.encode())

    assert item.keys() == {field.source for field in fields if field.name not in dropped} | {"case_key", "revision"}
    assert item["Incident Zip Code"] == {"S": "80202"}


def test_coordinates_are_rounded_as_in_the_lake(spark: SparkSession) -> None:
    texts = ["-104.990312", "39.738999", "39.739", "-104.991", "0.3", "-0.0000001", "-104.9909995", "1.0009999", "-180"]
    texts += [f"{random.Random(number).uniform(-180, 180):.7f}" for number in range(300)]
    (block,) = [rule.action for rule in MASKING_POLICY if rule.column == "longitude"]
    rows = spark.createDataFrame([(n, text) for n, text in enumerate(texts)], "n int, degrees string")

    of_lake = rows.select("n", block(F.col("degrees").cast("double"))).orderBy("n").collect()

    assert [Decimal(block_corner("Longitude", text)) for text in texts] == [row[1] for row in of_lake]


def test_event_with_repeated_fields_is_rejected() -> None:
    """An unknown field may be repeated."""
    with pytest.raises(PoisonError, match="the event repeats a field"):
        parse(b'{"Agency": "A", "Agency": "B"}')
    assert parse(b'{"Agency": "A", "x": 1, "x": 2}')["Agency"] == "A"


def test_status_and_spaces_do_not_change_the_key() -> None:
    key = KEY.encode()
    later = {**CASE, "Case Status": "Closed", "Case Closed dttm": "07/05/2024 09:00:00 AM", "Latitude": "0"}
    padded = {name: f"\u00a0 {value}\u00a0\n".replace(" N ", " \t N\u2003 ") for name, value in CASE.items()}

    assert case_key(later, key) == case_key(padded, key) == case_key(CASE, key)
    moved = {**CASE, "Incident Address 2": CASE["Incident Address 1"], "Incident Address 1": ""}
    assert case_key(moved, key) != case_key(CASE, key)
    with pytest.raises(PoisonError, match="the case has no key"):
        case_key({}, key)


def test_unicode_white_space_becomes_one_space() -> None:
    """The function `clean` also trims the text."""
    white = "".join(
        map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029])
    )

    assert clean(f"{white}\u202fa{white}\u205f\u3000b\u200b") == "a b\u200b"


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("07/04/2024 12:00:00 AM", "2024-07-04T00:00:00"),
        ("07/04/2024 12:30:00 pm", "2024-07-04T12:30:00"),
        ("7/4/2024 1:30:59 PM", "2024-07-04T13:30:59"),
        ("02/30/2024 01:00:00 PM", ""),
        ("07/04/2024 13:00:00 PM", ""),
        ("07/04/2024 00:00:00 AM", ""),
        ("07/04/2024 01:60:00 PM", ""),
        ("٠٧/04/2024 01:00:00 PM", ""),
        ("07/04/2024", ""),
        ("\u00a007/04/2024 01:30:00 PM \n", "2024-07-04T13:30:00"),
        ("07/04/2024  01:30:00 PM", ""),
        ("03/10/2024 02:30:00 AM", ""),
        ("03/10/2024 02:30:00 PM", "2024-03-10T14:30:00"),
        (None, ""),
    ],
)
def test_only_valid_local_times_are_parsed(text: str, clock: str) -> None:
    assert wall_clock(text) == clock


def test_skipped_local_times_in_spring_are_invalid() -> None:
    zone = ZoneInfo("America/Denver")
    hours = [datetime(year, 3, 1) + timedelta(hours=number) for year in range(1990, 2038) for number in range(24 * 61)]
    skipped = [
        hour
        for hour in hours
        if hour.replace(tzinfo=zone).astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) != hour
    ]

    assert [hour for hour in hours if not wall_clock(f"{hour:%m/%d/%Y %I:%M:%S %p}")] == skipped
    assert len(skipped) == 48


def test_revisions_before_year_1000_sort_first() -> None:
    early, late = (make_item({**CASE, "row_ts": f"{at}T00:00:00"}, KEY.encode()) for at in ("0999-01-01", "2024-01-01"))

    assert early["revision"]["S"] < late["revision"]["S"]


def test_json_numbers_become_exact_decimals() -> None:
    row = parse(json.dumps({**CASE, "Longitude": -104.9901, "Council District": 7.10}).encode())

    values = make_item(row, KEY.encode())

    assert values["Longitude"] == {"N": "-104.991"}
    assert values["Council District"] == {"N": "7.1"}
