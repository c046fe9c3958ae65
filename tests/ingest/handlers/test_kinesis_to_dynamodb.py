from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_kinesis_agg.aggregator import RecordAggregator

from ingest.errors import SettingError
from ingest.handlers import kinesis_to_dynamodb as function
from ingest.handlers.kinesis_to_dynamodb import handler

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


def deliver(*rows: Any, milliseconds: int = 60_000) -> list[dict[str, str]]:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
    records = [record(row, number) for number, row in enumerate(rows, 1)]
    return handler({"Records": records}, context)["batchItemFailures"]


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
        (b'{"Case Summary": "cut', "the event is not JSON in UTF-8"),
        (b"\xff\xfe{}", "the event is not JSON in UTF-8"),
        (b'{"Type": "\\ud83d"}', "the event is not JSON in UTF-8"),
        (b"[" * 100_000, "the event is not JSON in UTF-8"),
        (b'{"Longitude": NaN}', "NaN is not a JSON number"),
        (b"5", "the event is a JSON Decimal. Expected an object"),
        (b"[[1, 2]]", "the event is a JSON list. Expected an object"),
        (b"  ", "the record has no event"),
        (b"[]", "the record has no event"),
        (b"\x1f\x8b\x08", "the record is compressed with gzip"),
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


def aggregated(*parts: bytes) -> bytes:
    """Aggregate user records as the Kinesis Producer Library does."""
    aggregator = RecordAggregator()
    for part in parts:
        aggregator.add_user_record("key", part)
    return aggregator.clear_and_get().get_contents()[2]


@pytest.mark.parametrize(
    "combine",
    [b"\n".join, b"".join, lambda texts: b"[" + b", ".join(texts) + b"]", lambda texts: aggregated(*texts)],
    ids=["lines", "concatenated", "array", "KPL"],
)
def test_all_events_of_a_record_are_written(table, aws, combine) -> None:
    """Only invalid events are set aside, each under its own name."""
    texts = [json.dumps({**CASE, "Case Summary": f"Case {number}"}).encode() for number in range(3)]
    invalid = [b'{"Case Summary": oops}', json.dumps({**CASE, "row_ts": "?"}).encode(), b'{"Longitude": NaN}']

    for _ in range(2):  # Kinesis may deliver a batch twice
        assert deliver(combine([texts[0], invalid[0], texts[1], invalid[1], invalid[2], texts[2]]), b"poison") == []

    assert len(items(table)) == 3
    found = set_aside(aws)
    assert {key: content for key, (_, content) in found.items()} == {
        "set_aside/shardId-000000000000-1-2.json": invalid[0],
        "set_aside/shardId-000000000000-1-4.json": invalid[1],
        "set_aside/shardId-000000000000-1-5.json": invalid[2],
        "set_aside/shardId-000000000000-2.json": b"poison",
    }
    reasons = [reason for reason, _ in found.values()]
    assert reasons[0].startswith("event 2 of 6 in the record: the event is not JSON in UTF-8")
    assert reasons[1].startswith("event 4 of 6 in the record: 'row_ts' is missing")
    assert reasons[2].startswith("event 5 of 6 in the record: the event is not JSON in UTF-8: NaN")


def test_a_damaged_aggregated_record_is_set_aside(table, aws) -> None:
    data = aggregated(json.dumps(CASE).encode())[:-1] + b"?"

    assert deliver(data, CASE) == []

    ((key, (reason, content)),) = set_aside(aws).items()
    assert (key, content) == ("set_aside/shardId-000000000000-1.json", data)
    assert reason == "the record starts as an aggregated record of the KPL, but its checksum is wrong"
    assert len(items(table)) == 1


def test_a_record_is_delivered_again_if_a_later_event_of_it_fails(table, aws, monkeypatch) -> None:
    """The first events of the record are then written again, which changes nothing."""
    monkeypatch.setenv("SET_ASIDE", "s3://no-such-bucket/x")
    record = json.dumps(CASE).encode() + b"\n{cut"
    assert deliver(record) == [{"itemIdentifier": "1"}]
    expected = items(table)

    monkeypatch.setenv("SET_ASIDE", "s3://city/set_aside")
    assert deliver(record) == []
    assert items(table) == expected
    assert len(set_aside(aws)) == 1


def test_records_are_delivered_again_if_no_time_is_left(table) -> None:
    """The first record is written, so each delivery has fewer records."""
    other = {**CASE, "Case Summary": "Another case"}

    assert deliver(CASE, other, milliseconds=9_999) == [{"itemIdentifier": "2"}]
    assert len(items(table)) == 1
    assert deliver(other, milliseconds=9_999) == []
    assert len(items(table)) == 2


@pytest.mark.parametrize("name", ["TABLE", "SET_ASIDE", "MASKING_KEY"])
def test_a_missing_setting_is_an_error(table, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The docstring explains the variable, as the error says."""
    monkeypatch.delenv(name)

    with pytest.raises(SettingError, match=f"environment variable {name}: the variable is not set"):
        deliver(CASE)
    assert f"    {name}: " in function.__doc__


def test_unwritable_record_is_a_batch_item_failure(table) -> None:
    table.delete()

    assert deliver(b"poison", CASE, CASE) == [{"itemIdentifier": "2"}]


def test_failure_to_set_aside_a_record_is_reported(table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_ASIDE", "s3://no-such-bucket/x")

    assert deliver(CASE, b"poison") == [{"itemIdentifier": "2"}]


def test_wrong_partition_key_is_a_setting_error(table, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("dynamodb").create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setenv("TABLE", "other")

    with pytest.raises(
        SettingError, match="table other: the partition key is not .* case_key .*Missing the key.*TABLE"
    ):
        deliver(CASE)

    monkeypatch.setenv("TABLE", "cases")
    assert deliver(CASE) == []


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
        (
            "env:KEY",
            "short",
            "the masking key: the key has 5 bytes. Expected 32 or more.* Use the masking key of the jobs",
        ),
        ("env:KEY", "", "environment variable KEY: the variable is not set"),
        ("file.key", KEY, "MASKING_KEY: this is not the location of a key. Expected secretsmanager:NAME or env:NAME"),
    ],
)
def test_an_invalid_masking_key_setting_is_an_error(
    table, monkeypatch: pytest.MonkeyPatch, where: str, key: str, problem: str
) -> None:
    monkeypatch.setenv("MASKING_KEY", where)
    monkeypatch.setenv("KEY", key)

    with pytest.raises(SettingError, match=problem):
        deliver(CASE)
