from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import boto3
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ingest.handlers import kinesis_to_dynamodb as function
from ingest.handlers.kinesis_to_dynamodb import PoisonError, SettingError, case_key, clean, handler, make_item, parse
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


@pytest.fixture
def table(aws, monkeypatch: pytest.MonkeyPatch):
    function._connect.cache_clear()
    function._read_masking_key.cache_clear()
    settings = {"TABLE": "cases", "SET_ASIDE": "s3://city/set_aside", "MASKING_KEY": "env:KEY", "KEY": f"{KEY}\n"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    boto3.client("dynamodb").create_table(
        TableName="cases",
        KeySchema=[{"AttributeName": "case_key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "case_key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return boto3.resource("dynamodb").Table("cases")


def record(data: Any, number: int = 1) -> dict[str, Any]:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return {
        "eventID": f"shardId-000000000000:{number}",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/events",
        "kinesis": {"sequenceNumber": str(number), "data": base64.b64encode(content).decode()},
    }


def deliver(*rows: Any) -> list[dict[str, str]]:
    return handler({"Records": [record(row, number) for number, row in enumerate(rows, 1)]}, None)["batchItemFailures"]


def items(table) -> list[dict[str, Any]]:
    return sorted(table.scan()["Items"], key=lambda item: item["case_key"])


def set_aside(aws) -> dict[str, tuple[str, bytes]]:
    found = {key: json.loads(content) for key, content in aws.objects("set_aside/").items()}
    return {key: (each["reason"], base64.b64decode(each["data"])) for key, each in found.items()}


def masked(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_item_has_no_address_or_free_text(table) -> None:
    assert deliver({**CASE, "Agency": " Public\u00a0Works ", "Topic": "\u00a0", "Type": None, "Phone": "303"}) == []

    (case,) = items(table)
    assert case.pop("case_key") == masked(
        "denver\x1f2024-07-04T13:30:00\x1fPothole at my neighbour Ann's\x1fPhone\x1f80202\x1f1437 N BANNOCK ST"
        "\x1f\x1f\x1f\x1f00000"
    )
    assert case.pop("revision").startswith("2024-07-04T20:00:00.000001Z  ")
    assert case == {
        "Longitude": Decimal("-104.991"),
        "Latitude": Decimal("39.738"),
        "Agency": "Public Works",
        **{name: CASE[name] for name in ("Case Status", "Case Source", "Case Created dttm", "row_ts")},
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

    assert [Decimal(function.block_corner("Longitude", text)) for text in texts] == [row[1] for row in of_lake]


def revisions() -> list[dict[str, Any]]:
    """Return revisions of three cases. Some revisions have equal times but different content."""
    rows = []
    for number in range(3):
        case = {**CASE, "Case Summary": f"Case {number}"}
        rows += [{**case, "row_ts": f"2024-07-04T2{hour}:00:00Z", "Case Status": f"at {hour}"} for hour in range(3)]
        rows.append({**rows[-1], "Case Status": "Closed", "Case Closed dttm": "07/05/2024 09:00:00 AM"})
        rows += [{**rows[-1], "Agency": agency} for agency in ("A", "B")]
    return rows


def test_repeated_or_reordered_records_give_the_same_items(table) -> None:
    deliver(*revisions())
    expected = items(table)
    assert [case["Case Status"] for case in expected] == ["Closed"] * 3

    for seed in range(3):
        for case in items(table):
            table.delete_item(Key={"case_key": case["case_key"]})
        chance = random.Random(seed)
        rows = [*revisions(), *chance.choices(revisions(), k=6), b"{", {**CASE, "Case Created dttm": "soon"}]
        chance.shuffle(rows)
        deliver(*rows)
        assert items(table) == expected


def test_an_older_revision_never_overwrites_a_newer_revision(table) -> None:
    deliver({**CASE, "Case Status": "Closed", "row_ts": "2024-07-05T00:00:00Z"})
    deliver({**CASE, "Case Status": "Open", "row_ts": "2024-07-04T23:59:59.999999Z"})
    deliver({**CASE, "Case Status": "New", "row_ts": "2024-07-04T20:59:59-03:00"})  # 20:59:59-03:00 is 23:59:59 UTC

    assert [case["Case Status"] for case in items(table)] == ["Closed"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"Case Summary": "cut', "the record is not JSON in UTF-8"),
        (b"\xff\xfe{}", "the record is not JSON in UTF-8"),
        (b'{"Type": "\\ud83d"}', "the record is not JSON in UTF-8"),
        (b"[" * 100_000, "the record is not JSON in UTF-8"),
        (b'{"Longitude": NaN}', "NaN is not a JSON number"),
        (b"[1, 2]", "the record is a JSON list. Expected an object"),
        ({**CASE, "Case Created dttm": "2024-07-04T13:30:00"}, "so the case has no key"),
        ({"_malformed_record": "a,b,c", "row_ts": "2024-07-04T20:00:00Z"}, "so the case has no key"),
        ({**CASE, "row_ts": "yesterday"}, "'row_ts' is missing or is not a valid time"),
        ({**CASE, "row_ts": "0001-01-01T00:00:00+05:00"}, "'row_ts' is missing or is not a valid time"),
        ({**CASE, "Longitude": "west"}, "field 'Longitude' is not a number of degrees"),
        ({**CASE, "Longitude": "NaN"}, "field 'Longitude' is not a number of degrees"),
        ({**CASE, "Latitude": "3973899"}, "field 'Latitude' is not a number of degrees"),
        ({**CASE, "Agency": {"name": "x"}}, "['Agency'] are nested"),
        (json.dumps(CASE).replace('"Phone"', "1e200").encode(), "DynamoDB rejects the item: Number overflow"),
        ({**CASE, "Agency": "x" * 420_000}, "DynamoDB rejects the item: Item size"),
    ],
)
def test_invalid_records_are_set_aside(table, aws, data: Any, reason: str) -> None:
    """Later records are not blocked."""
    assert deliver(data, CASE) == []
    assert deliver(data, CASE) == []  # Kinesis may deliver a batch twice

    ((key, (message, content)),) = set_aside(aws).items()
    assert key == "set_aside/shardId-000000000000-1.json"
    assert reason in message
    assert content == (data if isinstance(data, bytes) else json.dumps(data).encode())
    assert len(items(table)) == 1


def test_unwritable_record_is_a_batch_item_failure(table) -> None:
    table.delete()

    assert deliver(b"poison", CASE, CASE) == [{"itemIdentifier": "2"}]


def test_failure_to_set_aside_a_record_is_reported(table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_ASIDE", "s3://no-such-bucket/x")

    assert deliver(CASE, b"poison") == [{"itemIdentifier": "2"}]


def test_record_with_repeated_fields_is_rejected() -> None:
    """An unknown field may be repeated."""
    with pytest.raises(PoisonError, match="the record repeats a field"):
        parse(b'{"Agency": "A", "Agency": "B"}')
    assert parse(b'{"Agency": "A", "x": 1, "x": 2}')["Agency"] == "A"


def test_wrong_partition_key_is_a_setting_error(table, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("dynamodb").create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setenv("TABLE", "other")

    with pytest.raises(
        SettingError, match="table other: the partition key is not the attribute case_key .*Missing the key"
    ):
        deliver(CASE)


def test_log_contains_no_text_from_records(table, caplog) -> None:
    """The log shows only the number of unknown fields."""
    deliver({**CASE, "Phone": "303 555 0123", "E-mail": "ann@example.org"}, {**CASE, "row_ts": "?"})

    assert "2 record(s): {'written': 1, 'older': 0, 'set_aside': 1, 'unknown_fields': 2}" in caplog.text
    assert not any(text in caplog.text for text in ("303 555", "ann@", "Phone", "BANNOCK", "Pothole"))


def test_the_masking_key_is_read_from_secrets_manager(table, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(CASE)
    (expected,) = items(table)
    manager = boto3.client("secretsmanager")
    manager.create_secret(Name="text", SecretString=KEY)
    manager.create_secret(Name="bytes", SecretBinary=KEY.encode())

    for name in ("text", "bytes"):
        table.delete_item(Key={"case_key": expected["case_key"]})
        monkeypatch.setenv("MASKING_KEY", f"secretsmanager:{name}")
        assert deliver(CASE) == []
        assert items(table) == [expected]


@pytest.mark.parametrize(
    ("where", "key", "problem"),
    [
        ("env:KEY", "short", "the masking key has 5 bytes. Expected 32 or more"),
        ("env:KEY", "", "the environment variable KEY is not set"),
        ("file.key", KEY, "MASKING_KEY is not valid. Expected secretsmanager:NAME or env:NAME"),
    ],
)
def test_an_invalid_masking_key_setting_is_an_error(
    table, monkeypatch: pytest.MonkeyPatch, where: str, key: str, problem: str
) -> None:
    monkeypatch.setenv("MASKING_KEY", where)
    monkeypatch.setenv("KEY", key)

    with pytest.raises(SettingError, match=problem):
        deliver(CASE)


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
    assert function.wall_clock(text) == clock


def test_skipped_local_times_in_spring_are_invalid() -> None:
    zone = ZoneInfo("America/Denver")
    hours = [datetime(year, 3, 1) + timedelta(hours=number) for year in range(1990, 2038) for number in range(24 * 61)]
    skipped = [
        hour
        for hour in hours
        if hour.replace(tzinfo=zone).astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) != hour
    ]

    assert [hour for hour in hours if not function.wall_clock(f"{hour:%m/%d/%Y %I:%M:%S %p}")] == skipped
    assert len(skipped) == 48


def test_revisions_before_year_1000_sort_first() -> None:
    early, late = (make_item({**CASE, "row_ts": f"{at}T00:00:00"}, KEY.encode()) for at in ("0999-01-01", "2024-01-01"))

    assert early["revision"]["S"] < late["revision"]["S"]


def test_json_numbers_become_exact_decimals() -> None:
    row = parse(json.dumps({**CASE, "Longitude": -104.9901, "Council District": 7.10}).encode())

    values = make_item(row, KEY.encode())

    assert values["Longitude"] == {"N": "-104.991"}
    assert values["Council District"] == {"N": "7.1"}
