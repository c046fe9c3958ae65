"""Find the events in the data of a Kinesis record. One record may hold many events."""

from __future__ import annotations

import hashlib

from aws_kinesis_agg import DIGEST_SIZE, MAGIC
from aws_kinesis_agg.deaggregator import messages_pb2  # this import also finds the module that messages_pb2 imports
from google.protobuf.message import DecodeError

from ingest.errors import PoisonError
from ingest.json_objects import find_records

_GZIP = b"\x1f\x8b"
_ERRORS = "surrogateescape"


def split_record(data: bytes) -> list[bytes]:
    r"""Return the events of a record, in their order in the record.

    The Kinesis Producer Library (KPL) may aggregate many events in one record. Otherwise the events are JSON objects
    one after another, on one line or on several lines, or the elements of JSON arrays. A damaged event is one of the
    returned events, and does not change the others. See `ingest.json_objects`.

    Raises:
        PoisonError: The record has no event, is compressed with gzip, or is damaged.

    >>> split_record(b'{"n": 1}{"n": oops}\n[{"n": 3}, {"n": 4}]')
    [b'{"n": 1}', b'{"n": oops}', b'{"n": 3}', b'{"n": 4}']
    """
    parts = _deaggregate(data)
    try:
        # `surrogateescape` keeps invalid bytes, so they damage only their own event.
        events = [text.encode("utf-8", _ERRORS) for part in parts for text in find_records([part], errors=_ERRORS)]
    except UnicodeError as error:
        raise PoisonError(f"the record starts with a byte order mark of UTF-16, but is damaged: {error}") from error
    if not events:
        raise PoisonError("the record has no event")
    return events


def _deaggregate(data: bytes) -> list[bytes]:
    if data.startswith(_GZIP):
        raise PoisonError("the record is compressed with gzip. Expected JSON that is not compressed")
    if not data.startswith(MAGIC):
        return [data]
    # The deaggregator of aws_kinesis_agg prints a record that it cannot read, and drops the rest of its events. So this
    # function uses only the format of the package.
    message, digest = data[len(MAGIC) : -DIGEST_SIZE], data[-DIGEST_SIZE:]
    if hashlib.md5(message, usedforsecurity=False).digest() != digest:
        raise PoisonError("the record starts as an aggregated record of the KPL, but its checksum is wrong")
    aggregated = messages_pb2.AggregatedRecord()
    try:
        aggregated.ParseFromString(message)
    except DecodeError as error:
        raise PoisonError(f"the record starts as an aggregated record of the KPL, but is damaged: {error}") from error
    return [record.data for record in aggregated.records]
