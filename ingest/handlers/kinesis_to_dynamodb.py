"""A Lambda function that keeps the newest revision of each Denver service request in a DynamoDB table.

The function reads the revisions from a Kinesis stream. `make lambdas` builds `dist/kinesis_to_dynamodb.zip`. Deploy
this zip with the runtime python3.11 or later, the handler `ingest.handlers.kinesis_to_dynamodb.handler`, a timeout of
15 minutes, and a Kinesis event source mapping with ReportBatchItemFailures. The partition key of the table must be the
attribute `case_key` of type String. The function's role needs `dynamodb:PutItem` on the table, `s3:PutObject` under
SET_ASIDE, and `secretsmanager:GetSecretValue` on the secret. To read the stream and to write logs, the role also needs
AWS's policy AWSLambdaKinesisExecutionRole.

Environment:
    TABLE: The name of the DynamoDB table.
    SET_ASIDE: The S3 prefix `s3://BUCKET/PREFIX` for events that cannot become an item. Each of these events is
        written below the prefix with the reason. The events are not masked, so protect the bucket like landing.
    MASKING_KEY: The location of the masking key: `secretsmanager:NAME`, or `env:NAME` for an environment variable. The
        key must have 32 bytes or more. White space before and after the key is ignored. Use the masking key of the
        jobs. With another key, the case keys in this table differ from the case keys in the lake.

One record may hold several events: JSON objects one after another, a JSON array, or a record that the Kinesis Producer
Library aggregated. An event that can never become an item is set aside, so it does not block other events.

A revision never replaces a newer revision. So repeated, late and reordered records do not change the final content of
the table. If a record fails for a temporary reason, the function reports the record to Kinesis. Kinesis delivers the
reported record and all later records again.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ingest.case_items import KNOWN_FIELDS, make_item, parse
from ingest.errors import PoisonError, SettingError
from ingest.kinesis_events import split_record
from ingest.settings import read_s3_setting, read_setting

logger = logging.getLogger(__name__)

MIN_KEY_BYTES = 32
_MIN_MILLISECONDS_FOR_RECORD = 10_000  # time to write the events of a record
_WRONG_TABLE_KEY = re.compile(r"Missing the key|Type mismatch for key")
"""Matches DynamoDB's error message if the partition key of the table is not `case_key`.

A table with another partition key rejects every event.
"""


class Settings(NamedTuple):
    """The environment variables of the function. `set_aside` is a bucket and a prefix."""

    table: str
    set_aside: tuple[str, str]
    key: bytes


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Write the events of a batch of records.

    Stop at the first record whose write fails with an AWS error, or when the timeout is near. Report this record to
    Kinesis, which then delivers this record and all later records again.
    """
    logger.setLevel(logging.INFO)  # by default, Lambda logs only warnings and errors
    settings = _read_settings()
    counts = {"written": 0, "older": 0, "set_aside": 0, "unknown_fields": 0}
    failed: list[dict[str, str]] = []
    for index, record in enumerate(event["Records"]):
        number = record["kinesis"]["sequenceNumber"]
        # Each run writes at least one record. Otherwise Kinesis would deliver the same records for ever.
        if index and context.get_remaining_time_in_millis() < _MIN_MILLISECONDS_FOR_RECORD:
            logger.warning("no time is left for record %s. Kinesis will deliver the record again", number)
            failed = [{"itemIdentifier": number}]
            break
        try:
            _write_record(record, settings, counts)
        except (ClientError, BotoCoreError) as error:
            logger.error("record %s was not written: %s. Kinesis will deliver the record again", number, error)
            failed = [{"itemIdentifier": number}]
            break
    logger.info("%d record(s): %s", len(event["Records"]), counts)
    return {"batchItemFailures": failed}


def _write_record(record: Mapping[str, Any], settings: Settings, counts: dict[str, int]) -> None:
    """Write the events of a record, and add them to the counts. An event that cannot become an item is set aside."""
    data = base64.b64decode(record["kinesis"]["data"])
    try:
        events = split_record(data)
    except PoisonError as reason:
        _set_aside(settings, record, data, str(reason))
        counts["set_aside"] += 1
        return
    for position, event in enumerate(events, 1):
        try:
            row = parse(event)
            counts["unknown_fields"] += len(row.keys() - KNOWN_FIELDS)
            is_newer = _write_if_newer(settings.table, make_item(row, settings.key))
            counts["written" if is_newer else "older"] += 1
        except PoisonError as reason:
            damaged = event if len(events) > 1 else data
            _set_aside(settings, record, damaged, str(reason), position=position, count=len(events))
            counts["set_aside"] += 1


def _write_if_newer(table: str, values: Mapping[str, Any]) -> bool:
    dynamodb = _connect("dynamodb")
    try:
        dynamodb.put_item(
            TableName=table,
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
            problem = (
                f"the partition key is not the attribute case_key of type String ({message}). Create the table with "
                "this key, or correct TABLE."
            )
            raise SettingError(where=f"table {table}", problem=problem) from error
        # For example, the item has more than 400 KB, or a number has more than 38 digits. A retry cannot fix this.
        raise PoisonError(f"DynamoDB rejects the item: {message}") from error
    return True


def _set_aside(
    settings: Settings, record: Mapping[str, Any], data: bytes, reason: str, *, position: int = 1, count: int = 1
) -> None:
    """Write data of a record with the reason. If the record has several events, add the position of the event."""
    bucket, prefix = settings.set_aside
    # The name of the object is the event ID of Kinesis and the position. So if Kinesis delivers a record twice, each
    # event is stored only once.
    name = record["eventID"].replace(":", "-")
    body = {"reason": reason, "source": record["eventSourceARN"], "data": base64.b64encode(data).decode()}
    if count > 1:
        name = f"{name}-{position}"
        body["reason"] = f"event {position} of {count} in the record: {reason}"
    key = f"{prefix.rstrip('/')}/{name}.json".lstrip("/")
    logger.error("data of record %s was set aside as s3://%s/%s", record["kinesis"]["sequenceNumber"], bucket, key)
    _connect("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(body).encode())


@cache
def _connect(service: str) -> Any:
    return boto3.client(service)


def _read_settings() -> Settings:
    set_aside = read_s3_setting("SET_ASIDE", needs_key=False)
    return Settings(read_setting("TABLE"), set_aside, _read_masking_key(read_setting("MASKING_KEY")))


@cache
def _read_masking_key(location: str) -> bytes:
    kind, _, name = location.partition(":")
    if kind == "secretsmanager":
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=name)
        key = secret["SecretBinary"] if "SecretBinary" in secret else secret["SecretString"].encode()
    elif kind == "env":
        key = read_setting(name).encode()
    else:
        problem = "this is not the location of a key. Expected secretsmanager:NAME or env:NAME, not the key itself."
        raise SettingError(where="environment variable MASKING_KEY", problem=problem)
    key = bytes(key.strip())
    if len(key) < MIN_KEY_BYTES:
        problem = f"the key has {len(key)} bytes. Expected {MIN_KEY_BYTES} or more. Use the masking key of the jobs."
        raise SettingError(where="the masking key", problem=problem)
    return key
