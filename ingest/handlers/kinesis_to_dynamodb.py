"""A Lambda that keeps the newest revision of each of Denver's service requests in a DynamoDB table, from Kinesis.

Deploy this one file, zipped. Runtime python3.11 or later, handler `kinesis_to_dynamodb.handler`; a Kinesis event source
mapping with ReportBatchItemFailures runs it. The table's partition key is `case_key`, a text. Its role may do
`dynamodb:PutItem` on the table, `s3:PutObject` under SET_ASIDE, `secretsmanager:GetSecretValue` on the secret, and what
AWS's policy AWSLambdaKinesisExecutionRole has: reading the stream, and writing logs.

Environment:
    TABLE: The DynamoDB table.
    SET_ASIDE: `s3://BUCKET/PREFIX`: where records go that can be no item, each with the reason. They are as they came,
        unmasked: guard the bucket as landing is guarded.
    MASKING_KEY: `secretsmanager:NAME`, or `env:NAME` for an environment variable. 32 bytes or more, without blanks and
        line ends around it; the one that the jobs mask with, else keys and pseudonyms are others than in the lake.

Whatever comes twice, late or out of order gives the same table: a revision is written only over an older one. A record
that fails for a passing reason is reported, and Kinesis delivers from it on again; one that can never be an item is
set aside, and no record waits for it.

An item has what the lake's policy lets through: no summary, no address, no ZIP code of who asked; coordinates are those
of a block's south-west corner, ZIP codes five digits. Fields that are not Denver's are left out.
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

FORM = "denver"
KEY_FIELDS = (
    *("Case Summary", "Case Source", "Customer Zip Code", "Incident Address 1", "Incident Address 2"),
    *("Incident Intersection 1", "Incident Intersection 2", "Incident Zip Code"),
)
"""What, with the form and the time created, tells one case from another: it never changes."""

OF_BLOCK = ("Longitude", "Latitude")
KEPT = (
    *("Case Status", "Case Source", "Case Created Date", "Case Created dttm", "Case Closed Date", "Case Closed dttm"),
    *("First Call Resolution", "Agency", "Division", "Major Area", "Type", "Topic", "Council District"),
    *("Police District", "Neighborhood", "row_ts"),
)
_KNOWN = {*KEY_FIELDS, *OF_BLOCK, *KEPT}
_CLOCK = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):(\d\d) ([AP])M", re.ASCII | re.IGNORECASE)
_AROUND = " \t\r\n\u00a0"  # of a time; white space in it makes it none, as in the lake
_ZIP = re.compile(r"(?!00000)(\d{5})(-\d{4})?", re.ASCII)
_LEAST_KEY = 32
_KEYED_OTHERWISE = re.compile(r"Missing the key|Type mismatch for key")
"""What DynamoDB says where the table has another key than ours: so it would of every record."""


class PoisonError(ValueError):
    """A record that can never be an item; the message is the reason."""


class SettingError(RuntimeError):
    """The function's environment is not as the module's docstring says; no record is set aside for that."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Write the records of a batch; report the one from which Kinesis is to deliver again, if any."""
    logger.setLevel(logging.INFO)  # Lambda shows warnings only
    key, dynamodb, s3 = _masking_key(_of("MASKING_KEY")), _client("dynamodb"), _client("s3")
    counts = {"written": 0, "older": 0, "set_aside": 0, "unknown_fields": 0}
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        number, data = record["kinesis"]["sequenceNumber"], base64.b64decode(record["kinesis"]["data"])
        try:
            try:
                row = parse(data)
                counts["unknown_fields"] += len(row.keys() - _KNOWN)
                counts["written" if _put(dynamodb, item(row, key)) else "older"] += 1
            except PoisonError as reason:
                _set_aside(s3, record, data, str(reason))
                counts["set_aside"] += 1
        except (ClientError, BotoCoreError) as error:
            # Lambda delivers again from the first failure on, whatever comes of those behind it.
            logger.error("record %s is not written, and comes again: %s", number, error)
            failed = [{"itemIdentifier": number}]
            break
    logger.info("%d record(s): %s", len(event["Records"]), counts)
    return {"batchItemFailures": failed}


def parse(data: bytes) -> dict[str, Any]:
    """Return the object that a record holds, without blank fields, its numbers exact.

    Raises:
        PoisonError: It holds none.
    """
    try:
        row = json.loads(
            data, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
        data.decode("utf-8")
        json.dumps(row, ensure_ascii=False, default=str).encode()  # half of a surrogate pair is no text
    except PoisonError:
        raise
    except (ValueError, RecursionError) as error:
        raise PoisonError(f"it is no JSON in UTF-8: {error}") from error
    if not isinstance(row, dict):
        raise PoisonError(f"it is JSON, but a {type(row).__name__}; expected an object")
    return {name: value for name, value in row.items() if not (value is None or value == "" or clean(value) == "")}


def item(row: Mapping[str, Any], key: bytes) -> dict[str, dict[str, Any]]:
    """Return the item of a row as DynamoDB's API takes it: `case_key`, `revision`, and the fields as they may be shown.

    Raises:
        PoisonError: The row has no key or no `row_ts`, or a field of it is nested or no number of degrees.
    """
    if nested := [name for name, value in row.items() if name in _KNOWN and isinstance(value, dict | list)]:
        raise PoisonError(f"{nested} are nested; expected texts and numbers")
    values: dict[str, dict[str, Any]] = {name: _value(row[name]) for name in KEPT if name in row}
    for name in OF_BLOCK:
        if name in row:
            values[name] = {"N": corner(name, row[name])}
    if found := _ZIP.fullmatch(clean(row.get("Incident Zip Code"))):
        values["Incident Zip Code"] = {"S": found[1]}
    values["case_key"] = {"S": case_key(row, key)}
    values["revision"] = {"S": _revision(row, values)}
    return values


def case_key(row: Mapping[str, Any], key: bytes) -> str:
    """Return the key of the case that a row is a revision of, as the lake has it.

    Raises:
        PoisonError: `Case Created dttm` is missing or no time.
    """
    created = wall_clock(row.get("Case Created dttm"))
    if not created:
        raise PoisonError("it has no key: 'Case Created dttm' is missing, or no time such as 07/04/2024 01:30:00 PM")
    return keyed_hash("\x1f".join((FORM, created, *(clean(row.get(name, "")) for name in KEY_FIELDS))), key)


def keyed_hash(text: str, key: bytes) -> str:
    """Return the HMAC-SHA-256 of a text, in hexadecimal digits."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def clean(value: Any) -> str:
    """Return a value as text, each run of white space in it (Python's: no-break spaces too) one space, none around."""
    return " ".join(str(value).split())


def wall_clock(value: Any) -> str:
    """Return `MM/dd/yyyy hh:mm:ss a` as `yyyy-MM-ddTHH:mm:ss`; nothing if it is no time that Denver's clocks show."""
    found = _CLOCK.fullmatch(str(value).strip(_AROUND))
    if not found or not 1 <= int(found[4]) <= 12:
        return ""
    hour = int(found[4]) % 12 + (12 if found[7] in "pP" else 0)
    try:
        shown = datetime(int(found[3]), int(found[1]), int(found[2]), hour, int(found[5]), int(found[6]))
    except ValueError:
        return ""
    return "" if _is_skipped(shown) else shown.isoformat()


def _is_skipped(shown: datetime) -> bool:
    """Whether it is in the hour that Denver's clocks skip in spring. Lambda need not have time zones; since 1987."""
    month, first = (3, 8) if shown.year >= 2007 else (4, 1)
    is_sunday = shown.weekday() == 6 and first <= shown.day < first + 7
    return is_sunday and (shown.month, shown.hour) == (month, 2)


def corner(name: str, value: Any) -> str:
    """Return the line of the grid of 0.001 degrees to the south or west of a coordinate, computed as the lake does.

    Raises:
        PoisonError: It is no number of degrees.
    """
    try:
        degrees = float(clean(value))
    except ValueError:
        degrees = nan
    if not abs(degrees) <= 180:
        raise PoisonError(f"{name!r} is no number of degrees")
    millionths = Decimal(repr(degrees * 1_000_000)).quantize(Decimal(1), ROUND_HALF_UP)
    return str(Decimal(int(millionths) // 1000).scaleb(-3))


def _revision(row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return what is greater the newer a revision is; the content last: of two of one time the same one always wins."""
    try:
        emitted = datetime.fromisoformat(str(row.get("row_ts", "")))
        utc = emitted.astimezone(timezone.utc) if emitted.tzinfo else emitted
    except (ValueError, OverflowError) as error:  # in UTC it may be a year before the first
        raise PoisonError("it has no revision: 'row_ts' is missing or no time such as 2024-07-04T13:30:00Z") from error
    content = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    closed = wall_clock(row.get("Case Closed dttm"))
    at = utc.replace(tzinfo=None).isoformat(timespec="microseconds")  # a year has four digits, of strftime not always
    return f"{at}Z {closed} {content[:16]}"


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, Decimal) else {"S": clean(value)}


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _once(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in fields if name in _KNOWN]
    if len(set(names)) < len(names):
        raise PoisonError("it says a field twice, and nobody can tell which of the two counts")
    return dict(fields)


def _put(dynamodb: Any, values: Mapping[str, Any]) -> bool:
    try:
        dynamodb.put_item(
            TableName=_of("TABLE"),
            Item=values,
            ConditionExpression="attribute_not_exists(case_key) OR revision < :revision",
            ExpressionAttributeValues={":revision": values["revision"]},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    except ClientError as error:
        refused, why = error.response["Error"]["Code"] == "ValidationException", error.response["Error"]["Message"]
        if refused and _KEYED_OTHERWISE.search(why):
            raise SettingError(f"the table {_of('TABLE')} has another key than the text case_key: {why}") from error
        # An item over 400 KB, a number of more than 38 digits: it would be refused however often it came.
        if refused:
            raise PoisonError(f"DynamoDB refuses it: {why}") from error
        raise
    return True


def _set_aside(s3: Any, record: Mapping[str, Any], data: bytes, reason: str) -> None:
    bucket, _, prefix = _of("SET_ASIDE").removeprefix("s3://").partition("/")
    # Its name is the record's own: what is delivered again takes its place.
    key = f"{prefix.rstrip('/')}/{record['eventID'].replace(':', '-')}.json".lstrip("/")
    logger.error("record %s was set aside as s3://%s/%s", record["kinesis"]["sequenceNumber"], bucket, key)
    body = {"reason": reason, "source": record["eventSourceARN"], "data": base64.b64encode(data).decode()}
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(body).encode())


@cache
def _client(name: str) -> Any:
    return boto3.client(name)


@cache
def _masking_key(where: str) -> bytes:
    kind, _, name = where.partition(":")
    if kind == "secretsmanager":
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=name)
        key = secret["SecretBinary"] if "SecretBinary" in secret else secret["SecretString"].encode()
    elif kind == "env":
        key = _of(name).encode()
    else:
        raise SettingError("MASKING_KEY is neither secretsmanager:NAME nor env:NAME")
    if len(key.strip()) < _LEAST_KEY:
        raise SettingError(f"the masking key has {len(key.strip())} bytes; expected {_LEAST_KEY} or more")
    return bytes(key.strip())


def _of(name: str) -> str:
    if not os.environ.get(name):
        raise SettingError(f"the environment variable {name} is not set; the module's docstring says what it is")
    return os.environ[name]
