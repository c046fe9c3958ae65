from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from aws_kinesis_agg import MAGIC
from aws_kinesis_agg.aggregator import RecordAggregator
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import PoisonError
from ingest.kinesis_events import split_record


def aggregate(*parts: bytes) -> bytes:
    """Aggregate user records as the Kinesis Producer Library does."""
    aggregator = RecordAggregator()
    for number, part in enumerate(parts):
        aggregator.add_user_record(f"key {number}", part)
    return aggregator.clear_and_get().get_contents()[2]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b'{"n": 1}', [b'{"n": 1}']),
        (b'{"n": 1}\n{"n": 2}\r\n\n', [b'{"n": 1}', b'{"n": 2}']),
        (b'\xef\xbb\xbf{"n": 1}{"n": "}{"} {"n": 3}', [b'{"n": 1}', b'{"n": "}{"}', b'{"n": 3}']),
        (b'{\n  "n": 1,\n  "m": [\n{"x": "]"}]\n}\n{"n": 2}', [b'{\n  "n": 1,\n  "m": [\n{"x": "]"}]\n}', b'{"n": 2}']),
        (b'[{"n": 1.50}, {"n": 2}]', [b'{"n": 1.50}', b'{"n": 2}']),
        (b'[\n{"n": 1},\n{"n": 2}\n]\n[{"n": 3}]{"n": 4}', [b'{"n": 1}', b'{"n": 2}', b'{"n": 3}', b'{"n": 4}']),
        (b'[1, "a,]", [2], null]', [b"1", b'"a,]"', b"[2]", b"null"]),
    ],
)
def test_each_form_of_several_events_is_split(data: bytes, events: list[bytes]) -> None:
    assert split_record(data) == events
    assert split_record(aggregate(data, b'{"last": 1}')) == [*events, b'{"last": 1}']


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b'{"n": 1}\n{"n": cut\n{"n": 3}\n', [b'{"n": 1}', b'{"n": cut', b'{"n": 3}']),
        (b'{"n": 1}\n{"n": "cut\n{"n": 3}\n', [b'{"n": 1}', b'{"n": "cut', b'{"n": 3}']),
        (b'{"n": 1}{"n": oops, "m": {}}{"n": 3}', [b'{"n": 1}', b'{"n": oops, "m": {}}', b'{"n": 3}']),
        (b'{"n": "\xff\xfe"}{"n": 2}', [b'{"n": "\xff\xfe"}', b'{"n": 2}']),
        (b'garbage, 5\n12,Case,Note\n{"n": 2}\nlast', [b"garbage, 5", b"12", b"Case,Note", b'{"n": 2}', b"last"]),
        (b'{"n": "two\nlines"}{"n": 2}', [b'{"n": "two\nlines"}', b'{"n": 2}']),
        (b'[{"n": 1}, {"n": oops}, {"n": 3}]', [b'{"n": 1}', b'{"n": oops}', b'{"n": 3}']),
        (b'[\n{"n": 1},\n{"n": cut,\n{"n": 3}\n]\n', [b'{"n": 1}', b'{"n": cut,', b'{"n": 3}']),
        (b'[{"n": 1}, oops, {"n": 3}]', [b'{"n": 1}', b"oops", b'{"n": 3}']),
        (b'[{"n": 1}, {"n": cut', [b'{"n": 1}', b'{"n": cut']),
        (b'[{"n": 1}, {"n": 2}', [b'{"n": 1}', b'{"n": 2}', b"["]),
        (b"[", [b"["]),
        (b'{"n": 1}]', [b'{"n": 1}', b"]"]),
    ],
)
def test_a_damaged_event_does_not_damage_its_neighbours(data: bytes, events: list[bytes]) -> None:
    """An array that is not closed may lack events. So its bracket is an event, which is then set aside."""
    assert split_record(data) == events


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=3), min_size=1, max_size=5), st.data())
def test_all_objects_are_found_in_each_form(objects: list[dict[str, Any]], data: st.DataObject) -> None:
    indent, ascii_only = data.draw(st.sampled_from([None, 0, 2])), data.draw(st.booleans())
    texts = [json.dumps(item, indent=indent, ensure_ascii=ascii_only).encode() for item in objects]
    array = json.dumps(objects, indent=indent, ensure_ascii=ascii_only).encode()

    forms = [b"".join(texts), b"\n".join(texts), b" \r\n".join(texts), array, aggregate(*texts), aggregate(array)]

    assert [[json.loads(event) for event in split_record(form)] for form in forms] == [objects] * len(forms)


@given(st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b",", b"\n", b"a", b'{"n": 1}', b"\\", b"\xff"])))
def test_all_bytes_of_damaged_records_are_kept(pieces: list[bytes]) -> None:
    """Only white space, commas and the brackets of arrays are not in an event."""
    try:
        events = split_record(b"".join(pieces))
    except PoisonError:
        events = []

    assert b"".join(events).count(b"a") >= pieces.count(b"a")
    assert b"".join(events).count(b"\xff") >= pieces.count(b"\xff")


def test_deeply_nested_data_is_one_event() -> None:
    assert split_record(b"[" * 100_000) == [b"[" * 99_999]
    assert split_record(b'{"a":' * 100_000) == [b'{"a":' * 100_000]


def signed(message: bytes) -> bytes:
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "the record has no event"),
        (b" \r\n", "the record has no event"),
        (b"[ ]", "the record has no event"),
        (signed(b""), "the record has no event"),
        (b"\x1f\x8b\x08\x00", "the record is compressed with gzip. Expected JSON that is not compressed"),
        (b"\xff\xfe{", "starts with a byte order mark of UTF-16, but is damaged"),
        (MAGIC, "an aggregated record of the KPL, but its checksum is wrong"),
        (aggregate(b'{"n": 1}')[:-1], "an aggregated record of the KPL, but its checksum is wrong"),
        (signed(b"\xff\xff"), "an aggregated record of the KPL, but is damaged: "),
    ],
)
def test_the_reason_says_what_the_record_is(data: bytes, problem: str) -> None:
    with pytest.raises(PoisonError, match=problem):
        split_record(data)


def test_aggregated_events_keep_the_order_of_1000_user_records() -> None:
    parts = [json.dumps({"n": number}).encode() for number in range(1000)]

    assert split_record(aggregate(*parts)) == parts
