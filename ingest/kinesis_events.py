"""Find the events in the data of a Kinesis record. One record may hold many events."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator

from aws_kinesis_agg import DIGEST_SIZE, MAGIC
from aws_kinesis_agg.deaggregator import messages_pb2  # this import also finds the module that messages_pb2 imports
from google.protobuf.message import DecodeError

from ingest.errors import PoisonError

_GZIP = b"\x1f\x8b"
_SPACE = re.compile(r"[ \t\r\n]*")
_SPACE_AND_COMMAS = re.compile(r"[ \t\r\n,]*")
_END_OF_SCALAR = re.compile(r"[,\]]")
_NEXT_LINE = re.compile(r"\n(?=[{\[])")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_DEPTH = {"{": 1, "[": 1, "}": -1, "]": -1}
_DECODER = json.JSONDecoder()


def split_record(data: bytes) -> list[bytes]:
    r"""Return the events of a record, in their order in the record.

    The Kinesis Producer Library (KPL) may aggregate many events in one record. Otherwise the events are JSON objects
    one after another, on one line or on several lines, or the elements of JSON arrays. A damaged event is one of the
    returned events, and does not change the others. If the end of a damaged event is not clear, the event ends before
    the next line that starts with `{` or `[`.

    Raises:
        PoisonError: The record has no event. The message says what the record is.

    >>> split_record(b'{"n": 1}{"n": oops}\n[{"n": 3}, {"n": 4}]')
    [b'{"n": 1}', b'{"n": oops}', b'{"n": 3}', b'{"n": 4}']
    """
    events = [event for part in _deaggregate(data) for event in _split_json(part)]
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


def _split_json(data: bytes) -> Iterator[bytes]:
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")  # an invalid byte damages only its own event
    start = _skip(_SPACE, text, 0)
    while start < len(text):
        if text[start] == "[":
            end = yield from _split_array(text, start)
        else:
            end = _find_end(text, start) if text[start] == "{" else _find(_NEXT_LINE, text, start)
            yield _encode(text[start:end])
        start = _skip(_SPACE, text, end)


def _split_array(text: str, start: int) -> Generator[bytes, None, int]:
    """Yield the elements of an array, and return the end of the array.

    If the array is not closed after a valid element, also yield the array, because it is damaged.
    """
    element, end = "", start + 1
    while (begin := _skip(_SPACE_AND_COMMAS, text, end)) < len(text):
        if text[begin] == "]":
            return begin + 1
        end = _find_end(text, begin)
        element = text[begin:end]
        yield _encode(element)
    if not element or _find_end_of_json(element, 0):
        yield _encode(text[start:])
    return len(text)


def _find_end(text: str, start: int) -> int:
    """Return the end of an object, or of an element of an array."""
    if end := _find_end_of_json(text, start):
        return end
    if text[start] not in "{[":
        return _find(_END_OF_SCALAR, text, start)
    depth, limit = 0, _find(_NEXT_LINE, text, start)
    for token in _TOKEN.finditer(text, start, limit):
        depth += _DEPTH.get(token[0], 0)
        if depth == 0:
            return token.end()
    return limit


def _find_end_of_json(text: str, start: int) -> int:
    """Return the end of the JSON value at `start`. If there is no valid value, return 0."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return 0


def _find(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.search(text, start)
    return match.start() if match else len(text)


def _skip(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _encode(text: str) -> bytes:
    return text.rstrip(" \t\r\n").encode("utf-8", "surrogateescape")
