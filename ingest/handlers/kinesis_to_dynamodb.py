"""A Lambda function that keeps the newest revision of each Denver service request in a DynamoDB table.

The function reads the revisions from a Kinesis stream. To deploy the function, zip only this file. Use the runtime
python3.11 or later, the handler `kinesis_to_dynamodb.handler`, and a Kinesis event source mapping with
ReportBatchItemFailures. The partition key of the table must be the attribute `case_key` of type String. The function's
role needs `dynamodb:PutItem` on the table, `s3:PutObject` under SET_ASIDE, and `secretsmanager:GetSecretValue` on the
secret. To read the stream and to write logs, the role also needs AWS's policy AWSLambdaKinesisExecutionRole.

Environment:
    TABLE: The name of the DynamoDB table.
    SET_ASIDE: The S3 prefix `s3://BUCKET/PREFIX` for records that cannot become an item. Each of these records is
        written below the prefix with the reason. The records are not masked, so protect the bucket like landing.
    MASKING_KEY: The location of the masking key: `secretsmanager:NAME`, or `env:NAME` for an environment variable. The
        key must have 32 bytes or more. White space before and after the key is ignored. Use the masking key of the
        jobs. With another key, the case keys in this table differ from the case keys in the lake.

A revision never replaces a newer revision. So repeated, late and reordered records do not change the final content of
the table. If a record fails for a temporary reason, the function reports the record to Kinesis. Kinesis delivers the
reported record and all later records again. A record that can never become an item is set aside, so the record does not
block later records.

An item has only the fields that the lake's masking policy allows. An item has no summary, no address, and no customer
ZIP code. Coordinates are rounded down to 0.001 degrees. The incident ZIP code has five digits. Fields that are not in
Denver's published data are dropped.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from math import nan
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger(__name__)

LAYOUT = "denver"
KEY_FIELDS = (
    *("Case Summary", "Case Source", "Customer Zip Code", "Incident Address 1", "Incident Address 2"),
    *("Incident Intersection 1", "Incident Intersection 2", "Incident Zip Code"),
)
"""These fields, the layout and the creation time together identify a case. No revision changes these fields."""

COORDINATES = ("Longitude", "Latitude")
COPIED_FIELDS = (
    *("Case Status", "Case Source", "Case Created Date", "Case Created dttm", "Case Closed Date", "Case Closed dttm"),
    *("First Call Resolution", "Agency", "Division", "Major Area", "Type", "Topic", "Council District"),
    *("Police District", "Neighborhood", "row_ts"),
)
_KNOWN_FIELDS = {*KEY_FIELDS, *COORDINATES, *COPIED_FIELDS}
_WALL_CLOCK = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):(\d\d) ([AP])M", re.ASCII | re.IGNORECASE)
_WHITE_SPACE_AROUND_TIME = " \t\r\n\u00a0"
_ZIP = re.compile(r"(?!00000)(\d{5})(-\d{4})?", re.ASCII)
MIN_KEY_BYTES = 32
_WRONG_TABLE_KEY = re.compile(r"Missing the key|Type mismatch for key")
"""Matches DynamoDB's error message if the partition key of the table is not `case_key`.

A table with another partition key rejects every record.
"""


class PoisonError(ValueError):
    """A record can never become an item. The message of the error is the reason."""


class SettingError(RuntimeError):
    """An environment variable of the function is not valid. No record is set aside."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Write the records of a batch.

    Stop at the first record whose write fails with an AWS error, and report this record to Kinesis.
    """
    logger.setLevel(logging.INFO)  # by default, Lambda logs only warnings and errors
    key, dynamodb, s3 = _read_masking_key(_read_setting("MASKING_KEY")), _connect("dynamodb"), _connect("s3")
    counts = {"written": 0, "older": 0, "set_aside": 0, "unknown_fields": 0}
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        number, data = record["kinesis"]["sequenceNumber"], base64.b64decode(record["kinesis"]["data"])
        try:
            try:
                row = parse(data)
                counts["unknown_fields"] += len(row.keys() - _KNOWN_FIELDS)
                counts["written" if _write_if_newer(dynamodb, make_item(row, key)) else "older"] += 1
            except PoisonError as reason:
                _set_aside(s3, record, data, str(reason))
                counts["set_aside"] += 1
        except (ClientError, BotoCoreError) as error:
            # Do not write later records, because Kinesis will deliver the failed record and all later records again.
            logger.error("record %s was not written: %s. Kinesis will deliver the record again", number, error)
            failed = [{"itemIdentifier": number}]
            break
    logger.info("%d record(s): %s", len(event["Records"]), counts)
    return {"batchItemFailures": failed}


def parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object of a record. Blank fields are removed. Numbers are exact decimals.

    Raises:
        PoisonError: The record is not a JSON object in UTF-8, or has a known field twice.
    """
    try:
        row = json.loads(
            data,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_reject_constant,
            object_pairs_hook=_reject_repeats,
        )
        data.decode("utf-8")
        # `encode` raises ValueError if a text has half of a surrogate pair.
        json.dumps(row, ensure_ascii=False, default=str).encode()
    except PoisonError:
        raise
    except (ValueError, RecursionError) as error:
        raise PoisonError(f"the record is not JSON in UTF-8: {error}") from error
    if not isinstance(row, dict):
        raise PoisonError(f"the record is a JSON {type(row).__name__}. Expected an object")
    return {name: value for name, value in row.items() if not (value is None or value == "" or clean(value) == "")}


def make_item(row: Mapping[str, Any], key: bytes) -> dict[str, dict[str, Any]]:
    """Convert a row to an item of DynamoDB. The item has `case_key`, `revision` and the masked fields.

    Raises:
        PoisonError: The row has no valid `Case Created dttm` or no valid `row_ts`. Or a known field is nested. Or a
            coordinate is not valid.
    """
    if nested := [name for name, value in row.items() if name in _KNOWN_FIELDS and isinstance(value, dict | list)]:
        raise PoisonError(f"the fields {nested} are nested. Expected texts and numbers")
    values: dict[str, dict[str, Any]] = {name: _encode(row[name]) for name in COPIED_FIELDS if name in row}
    for name in COORDINATES:
        if name in row:
            values[name] = {"N": block_corner(name, row[name])}
    if zip_code := _ZIP.fullmatch(clean(row.get("Incident Zip Code"))):
        values["Incident Zip Code"] = {"S": zip_code[1]}
    values["case_key"] = {"S": case_key(row, key)}
    values["revision"] = {"S": _make_revision(row, values)}
    return values


def case_key(row: Mapping[str, Any], key: bytes) -> str:
    """Return the key of a row's case. The lake computes the same key.

    Raises:
        PoisonError: `Case Created dttm` is missing or is not a valid time.
    """
    created = wall_clock(row.get("Case Created dttm"))
    if not created:
        problem = (
            "'Case Created dttm' is missing or is not a valid time, so the case has no key. Expected a time such as"
        )
        raise PoisonError(f"{problem} 07/04/2024 01:30:00 PM")
    return keyed_hash("\x1f".join((LAYOUT, created, *(clean(row.get(name, "")) for name in KEY_FIELDS))), key)


def keyed_hash(text: str, key: bytes) -> str:
    """Return the HMAC-SHA-256 of a text, in hexadecimal digits."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def clean(value: Any) -> str:
    """Return a value as text. Replace consecutive white space with one space, and trim the text.

    White space is defined as in Python, so it includes no-break spaces.
    """
    return " ".join(str(value).split())


def wall_clock(value: Any) -> str:
    """Convert `MM/dd/yyyy hh:mm:ss a` to `yyyy-MM-ddTHH:mm:ss`. Return '' if the time is not valid in Denver."""
    match = _WALL_CLOCK.fullmatch(str(value).strip(_WHITE_SPACE_AROUND_TIME))
    if not match or not 1 <= int(match[4]) <= 12:
        return ""
    hour = int(match[4]) % 12 + (12 if match[7] in "pP" else 0)
    try:
        time = datetime(int(match[3]), int(match[1]), int(match[2]), hour, int(match[5]), int(match[6]))
    except ValueError:
        return ""
    return "" if _is_skipped_in_spring(time) else time.isoformat()


def _is_skipped_in_spring(time: datetime) -> bool:
    """Return True if a local time is in the hour that Denver's clocks skip in spring.

    The function computes the date of the clock change, because Lambda may have no time zone database. The date is
    correct for 1987 and later years.
    """
    month, first_day = (3, 8) if time.year >= 2007 else (4, 1)
    is_sunday = time.weekday() == 6 and first_day <= time.day < first_day + 7
    return is_sunday and (time.month, time.hour) == (month, 2)


def block_corner(name: str, value: Any) -> str:
    """Round a coordinate down to 0.001 degrees. The lake rounds coordinates in the same way.

    Raises:
        PoisonError: The value is not a number of degrees.
    """
    try:
        degrees = float(clean(value))
    except ValueError:
        degrees = nan
    if not abs(degrees) <= 180:
        raise PoisonError(f"field {name!r} is not a number of degrees. Expected -180 to 180")
    millionths = Decimal(repr(degrees * 1_000_000)).quantize(Decimal(1), ROUND_HALF_UP)
    return str(Decimal(int(millionths) // 1000).scaleb(-3))


def _make_revision(row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return a text that sorts revisions from old to new.

    If two revisions have the same `row_ts`, the close time decides the order. If the close times are also equal, a hash
    of the content decides.
    """
    try:
        time = datetime.fromisoformat(str(row.get("row_ts", "")))
        utc = time.astimezone(timezone.utc) if time.tzinfo else time
    except (ValueError, OverflowError) as error:  # `astimezone` overflows if the UTC time is before the year 1
        problem = "'row_ts' is missing or is not a valid time. Expected a time such as 2024-07-04T13:30:00Z"
        raise PoisonError(problem) from error
    content = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    closed = wall_clock(row.get("Case Closed dttm"))
    text = utc.replace(tzinfo=None).isoformat(timespec="microseconds")  # strftime does not pad the year to four digits
    return f"{text}Z {closed} {content[:16]}"


def _encode(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, Decimal) else {"S": clean(value)}


def _reject_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _reject_repeats(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in fields if name in _KNOWN_FIELDS]
    if len(set(names)) < len(names):
        raise PoisonError("the record repeats a field, so the value of the field is ambiguous")
    return dict(fields)


def _write_if_newer(dynamodb: Any, values: Mapping[str, Any]) -> bool:
    try:
        dynamodb.put_item(
            TableName=_read_setting("TABLE"),
            Item=values,
            ConditionExpression="attribute_not_exists(case_key) OR revision < :revision",
            ExpressionAttributeValues={":revision": values["revision"]},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code != "ValidationException":
            raise
        if _WRONG_TABLE_KEY.search(message):
            problem = f"table {_read_setting('TABLE')}: the partition key is not the attribute case_key of type String"
            raise SettingError(f"{problem} ({message}). Create the table with this key, or correct TABLE.") from error
        # For example, the item has more than 400 KB, or a number has more than 38 digits. A retry cannot fix this.
        raise PoisonError(f"DynamoDB rejects the item: {message}") from error
    return True


def _set_aside(s3: Any, record: Mapping[str, Any], data: bytes, reason: str) -> None:
    bucket, _, prefix = _read_setting("SET_ASIDE").removeprefix("s3://").partition("/")
    # The name of the object is the event ID. So a record that Kinesis delivers twice is stored only once.
    key = f"{prefix.rstrip('/')}/{record['eventID'].replace(':', '-')}.json".lstrip("/")
    logger.error("record %s was set aside as s3://%s/%s", record["kinesis"]["sequenceNumber"], bucket, key)
    body = {"reason": reason, "source": record["eventSourceARN"], "data": base64.b64encode(data).decode()}
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(body).encode())


@cache
def _connect(service: str) -> Any:
    return boto3.client(service)


# This function does not call `jobs.masking_key.read_masking_key`, because this file is deployed alone.
@cache
def _read_masking_key(location: str) -> bytes:
    kind, _, name = location.partition(":")
    if kind == "secretsmanager":
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=name)
        key = secret["SecretBinary"] if "SecretBinary" in secret else secret["SecretString"].encode()
    elif kind == "env":
        key = _read_setting(name).encode()
    else:
        raise SettingError("MASKING_KEY is not valid. Expected secretsmanager:NAME or env:NAME, not the key itself.")
    if len(key.strip()) < MIN_KEY_BYTES:
        problem = f"the masking key has {len(key.strip())} bytes. Expected {MIN_KEY_BYTES} or more."
        raise SettingError(f"{problem} Use the masking key of the jobs.")
    return bytes(key.strip())


def _read_setting(name: str) -> str:
    if not os.environ.get(name):
        raise SettingError(
            f"the environment variable {name} is not set. The docstring of this module explains all variables."
        )
    return os.environ[name]
