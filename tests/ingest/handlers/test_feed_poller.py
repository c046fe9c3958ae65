from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Sequence
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from ingest.handlers import feed_poller
from ingest.handlers.feed_poller import (
    Feed,
    FeedError,
    S3State,
    batches,
    csv_rows,
    firehose_sender,
    pages,
    poll,
    send_all,
)

STATE = "s3://city/state/police.json"


def row(number: int, at: str = "2024-07-10T12:00:00.000Z", **cells: Any) -> dict[str, Any]:
    return {":id": f"row-{number:04}", ":updated_at": at, "incident_id": str(number), **cells}


class Dataset:
    """A fake of the part of Socrata's API that the poller uses.

    `events` maps the number of a page to a function. The function changes the rows after the page was read.
    """

    _AFTER = re.compile(r":updated_at >= '(.*)'|:updated_at > '(.*)' OR \(:updated_at = '\2' AND :id > '(.*)'\)")

    def __init__(self, web, rows: list[dict[str, Any]]) -> None:
        self.rows, self.events = rows, dict[int, Callable[[], None]]()
        self.pages = 0
        web.respond_to = self.page

    def page(self, query: dict[str, str]) -> bytes:
        rows = sorted(self.rows, key=lambda row: (row[":updated_at"], row[":id"]))
        if "$where" in query:
            since, at, row_id = self._AFTER.fullmatch(query["$where"]).groups()
            start = (since, "") if since else (at, row_id)
            rows = [row for row in rows if (row[":updated_at"], row[":id"]) > start]
        self.pages += 1
        page = json.dumps(rows[: int(query["$limit"])]).encode()
        self.events.pop(self.pages, lambda: None)()
        return page


@pytest.fixture
def feed(web) -> Feed:
    return Feed("socrata", web.url, token="secret token")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["incident_id"] for row in rows]


def read(feed: Feed, web, state: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [row for page in pages(feed, state or {}, sleep=web.sleep) for row in page.rows]


def test_rows_are_sent_as_json_lines(web, aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line has the field `row_ts`."""
    web.respond(json.dumps([row(1, city="GAITHERSBURG", geolocation={"type": "Point"}), row(2)]).encode())
    environment = {"FEED": "socrata", "FEED_URL": web.url, "STREAM": "events", "STATE": STATE, "APP_TOKEN": "secret"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)

    assert feed_poller.handler({}, context) == {"rows": 2, "set_aside": 0, "complete": True}

    first, second = aws.landed()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first.pop("row_ts"))
    assert first == {"incident_id": "1", "city": "GAITHERSBURG", "geolocation": {"type": "Point"}}
    assert second["incident_id"] == "2"
    assert all(content.endswith(b"\n") for content in aws.objects("landing/").values())
    assert web.headers[0]["X-App-Token"] == "secret"


def test_error_shows_the_missing_environment_variable(monkeypatch: pytest.MonkeyPatch, aws) -> None:
    monkeypatch.delenv("FEED", raising=False)

    with pytest.raises(FeedError, match="environment variable FEED: the variable is not set"):
        feed_poller.handler({}, None)


def test_no_row_is_skipped_despite_changes_between_pages(feed: Feed, web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_poller, "ROWS_IN_PAGE", 3)
    dataset = Dataset(web, [row(number) for number in range(1, 9)])

    def changes() -> None:
        # If the poller used $offset, the next page would now skip row 4.
        dataset.rows[0][":updated_at"] = "2024-07-10T12:05:00.000Z"
        dataset.rows.append(row(9, "2024-07-10T12:06:00.000Z"))

    dataset.events[1] = changes

    assert ids(read(feed, web)) == ["1", "2", "3", "4", "5", "6", "7", "8", "1", "9"]


def test_poll_rereads_ten_minutes_before_the_watermark(feed: Feed, web) -> None:
    late = row(1, "2024-07-10T11:51:00.000Z")
    Dataset(web, [row(0, "2024-07-10T11:49:59.000Z"), late, row(2)])
    state = {"updated_at": "2024-07-10T12:00:00.000Z", "id": "row-0002", "complete": True}

    assert ids(read(feed, web, state)) == ["1", "2"]
    assert web.queries[0]["$where"] == ":updated_at >= '2024-07-10T11:50:00.000Z'"

    Dataset(web, [])
    (page,) = pages(feed, state, sleep=web.sleep)
    assert (list(page.rows), page.state) == ([], state)


def test_next_run_continues_an_incomplete_run(feed: Feed, web, aws, monkeypatch) -> None:
    """A run is incomplete if its time runs out before it has read the last page."""
    monkeypatch.setattr(feed_poller, "ROWS_IN_PAGE", 2)
    Dataset(web, [row(number) for number in range(1, 6)])  # all rows have the same `:updated_at`, as after a full load
    state, send = S3State(boto3.client("s3"), STATE), firehose_sender(boto3.client("firehose"), "events")

    results = [poll(feed, state, send, has_time=lambda: False, sleep=web.sleep) for _ in range(3)]

    assert [result["complete"] for result in results] == [False, False, True]
    assert sorted(ids(aws.landed())) == ["1", "2", "3", "4", "5"]


def test_crashed_run_loses_no_rows(feed: Feed, web, aws, monkeypatch) -> None:
    """The run crashes after it has sent rows, but before it writes the state."""
    monkeypatch.setattr(feed_poller, "ROWS_IN_PAGE", 2)
    Dataset(web, [row(number, f"2024-07-10T{number + 10}:00:00.000Z") for number in range(1, 6)])
    s3, send = boto3.client("s3"), firehose_sender(boto3.client("firehose"), "events")
    sent: list[int] = []

    def send_once(records):
        if sent:
            raise ConnectionError("killed")
        sent.append(len(records))
        return send(records)

    with pytest.raises(ConnectionError):
        poll(feed, S3State(s3, STATE), send_once, sleep=web.sleep)
    assert S3State(s3, STATE).read()["id"] == "row-0002"
    s3.put_object(
        Bucket="city", Key="state/police.json", Body=b"{}"
    )  # as if the run was killed before it wrote its first state

    poll(feed, S3State(s3, STATE), send, sleep=web.sleep)

    assert sorted(ids(aws.landed())) == ["1", "1", "2", "2", "3", "4", "5"]
    assert S3State(s3, STATE).read()["complete"]


def test_a_request_is_retried_after_a_temporary_error(feed: Feed, web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_poller, "TIMEOUT_SECONDS", 0.2)
    whole, released = json.dumps([row(1)]).encode(), threading.Event()
    web.respond(status=429, headers={"Retry-After": "7"})
    web.respond(whole, missing=5)
    web.respond(whole, missing=5, chunked=True)
    web.respond(whole[:-5])
    web.respond(whole, after=released)
    web.respond(whole)

    try:
        assert ids(read(feed, web)) == ["1"]
    finally:
        released.set()

    assert len(web.queries) == 6
    assert web.waits[0] >= 7
    assert all(0 <= wait <= 2**number for number, wait in enumerate(web.waits[1:], 2))


def test_retry_after_header_may_contain_a_date(feed: Feed, web) -> None:
    """Invalid text in the header `Retry-After` is ignored."""
    import time

    web.respond(status=503, headers={"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    web.respond(status=503, headers={"Retry-After": "soon"})
    web.respond(b"[]")

    assert read(feed, web) == []
    assert 50 < web.waits[0] <= 60
    assert web.waits[1] <= 4


def test_request_with_long_wait_is_not_retried(feed: Feed, web) -> None:
    """The server sets the wait in the header `Retry-After`."""
    web.respond(status=429, headers={"Retry-After": "3600"})

    with pytest.raises(FeedError, match="HTTP 429 .*, after 1 attempt.s.. Run again in 3600 s"):
        read(feed, web)
    assert web.waits == []


def test_the_error_of_the_last_attempt_is_raised(feed: Feed, web) -> None:
    for _ in range(feed_poller.MAX_ATTEMPTS):
        web.respond(status=500)

    with pytest.raises(FeedError, match="HTTP 500 .*, after 6 attempt.s."):
        read(feed, web)
    assert len(web.waits) == 5


def test_error_shows_the_message_of_the_server(feed: Feed, web) -> None:
    """The server rejects an invalid query. The request is not retried."""
    web.respond(b"no such column", status=400)

    with pytest.raises(FeedError, match="HTTP 400 .*no such column. Check the address and the query") as raised:
        read(feed, web)
    assert web.waits == []
    assert "secret token" not in str(raised.value)


def test_response_without_a_list_is_an_error(feed: Feed, web) -> None:
    web.respond(b'{"error": "moved"}')

    with pytest.raises(FeedError, match=r"expected a list of rows, got {'error': 'moved'}"):
        read(feed, web)


def test_pages_with_equal_last_rows_are_an_error(feed: Feed, web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_poller, "ROWS_IN_PAGE", 1)
    web.respond_to = lambda query: json.dumps([row(1)]).encode()

    with pytest.raises(FeedError, match="two pages end with the same row"):
        read(feed, web)


def test_an_unknown_kind_of_feed_is_an_error() -> None:
    with pytest.raises(FeedError, match="'rss' is not a valid kind of feed. Expected one of"):
        pages(Feed("rss", "http://x"), {})


def test_next_export_rereads_rows_before_the_last_change(web) -> None:
    """The second poll requests rows again if they changed in the ten minutes before the last change."""
    feed = Feed("opendatasoft", web.url, changed_column="last_modified_timestamp")
    rows = [
        {"type": "A", "last_modified_timestamp": "2024-07-10T12:00:00-08:00", "geom": {"lon": -123.1}},
        {"type": "B", "last_modified_timestamp": "2024-07-10T13:00:00+00:00", "note": "line\nend"},
        {"type": "C", "last_modified_timestamp": None},
    ]
    whole = b"\n".join(json.dumps(row).encode() for row in rows) + b"\n"
    web.respond(whole, missing=60)
    web.respond(whole[:-30])  # Content-Length is correct, but the JSON is cut off
    web.respond(whole)

    (page,) = [page._replace(rows=list(page.rows)) for page in pages(feed, {}, sleep=web.sleep)]

    assert page.rows == rows
    assert page.state == {"changed": "2024-07-10T12:00:00-08:00", "complete": True}

    web.respond(b"")
    (page,) = [page._replace(rows=list(page.rows)) for page in pages(feed, page.state, sleep=web.sleep)]

    where = "last_modified_timestamp >= date'2024-07-10T19:50:00.000Z' or last_modified_timestamp is null"
    assert web.queries[-1] == {"where": where}
    assert (page.rows, page.state["changed"]) == ([], "2024-07-10T12:00:00-08:00")


def test_error_for_missing_time_column_shows_the_setting(web) -> None:
    """The setting is CHANGED_COLUMN."""
    web.respond(b'{"type": "A"}\n')

    with pytest.raises(FeedError, match="column 'changed' is missing from a row. Set CHANGED_COLUMN"):
        read(Feed("opendatasoft", web.url, changed_column="changed"), web)


def test_incomplete_export_is_retried(web) -> None:
    """The retry works without the setting CHANGED_COLUMN."""
    web.respond(b'{"type": "A"}\n{"type":')
    web.respond(b'{"type": "A"}\n{"type": "B"}\n')

    assert [row["type"] for row in read(Feed("opendatasoft", web.url), web)] == ["A", "B"]


def test_rows_of_a_damaged_csv_are_not_sent(web, aws) -> None:
    web.respond(b"Case,Note\n" + b"1,a\n" * 600 + b'2,"never closed\n')

    with pytest.raises(FeedError, match="closing quote for each opening quote"):
        poll(Feed("csv", f"{web.url}/311.csv"), S3State(boto3.client("s3"), STATE), send=not_sent, sleep=web.sleep)


def not_sent(batch: Sequence[bytes]) -> list[None]:
    raise AssertionError(batch)


def test_an_unchanged_csv_is_not_sent_again(web, aws) -> None:
    feed = Feed("csv", f"{web.url}/311.csv")
    state, send = S3State(boto3.client("s3"), STATE), firehose_sender(boto3.client("firehose"), "events")
    first, second = b"Case,Note\r\n1,\r\n", b"Case,Note\r\n1,\r\n2,x\r\n"
    for content in (b"<html>We are down</html>", first, first, second):
        web.respond(content)

    assert [poll(feed, state, send, sleep=web.sleep)["rows"] for _ in range(3)] == [1, 0, 2]

    assert sorted((event["Case"], "Note" in event) for event in aws.landed()) == [("1", False)] * 2 + [("2", True)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("\ufeffName,Note\n É ,\u00a0\n".encode(), [{"Name": " É "}]),
        ("Name;Note\r\nCafé\u00a0;a\r\n".encode("windows-1252"), [{"Name": "Café\u00a0", "Note": "a"}]),
        (b'Name,Note\n"two\nlines","say ""hi"""\n,\n\n', [{"Name": "two\nlines", "Note": 'say "hi"'}]),
        (b"Name,\na,b,c\nd,e\n", [{"_malformed_record": "a,b,c"}, {"Name": "d", "unnamed_2": "e"}]),
        (b"", []),
    ],
)  # fmt: skip
def test_csv_rows_are_read_as_dictionaries(tmp_path: Path, content: bytes, rows: list[dict[str, str]]) -> None:
    (tmp_path / "x.csv").write_bytes(content)

    assert list(csv_rows(tmp_path / "x.csv")) == rows


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a,b\n1,\x81\n", "cannot be read after line . .*Expected UTF-8 or Windows-1252"),
        (b'a,b\n1,"never closed\n', "cannot be read after .*closing quote for each opening quote"),
        (b"a,a\n1,2\n", "two columns have the same name"),
    ],
)
def test_unreadable_csv_is_an_error(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)

    with pytest.raises(FeedError, match=problem):
        list(csv_rows(tmp_path / "x.csv"))


def test_oversized_records_are_set_aside(feed: Feed, web, aws) -> None:
    web.respond(json.dumps([row(1), row(2, note="é" * 600_000), row(3)]).encode())

    result = poll(
        feed, S3State(boto3.client("s3"), STATE), firehose_sender(boto3.client("firehose"), "events"), sleep=web.sleep
    )

    assert result == {"rows": 2, "set_aside": 1, "complete": True}
    assert ids(aws.landed()) == ["1", "3"]
    (kept,) = aws.objects("state/police.json.set_aside/").values()
    assert json.loads(kept)["reason"].endswith("bytes, but Firehose takes at most 1,024,000")
    assert json.loads(json.loads(kept)["record"])["incident_id"] == "2"


def test_an_unpaired_surrogate_is_kept_in_json_text() -> None:
    (line,) = feed_poller.to_json_lines([{"note": "\ud83d"}])

    assert json.loads(line)["note"] == "\ud83d"


def test_only_rejected_records_are_sent_again(web) -> None:
    client = boto3.client("firehose", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    refused = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}
    with Stubber(client) as stub:
        for records, refusals in (("abcd", "bd"), ("bd", "d"), ("d", "")):
            answers = [refused if record in refusals else {"RecordId": record} for record in records]
            stub.add_response(
                "put_record_batch",
                {"FailedPutCount": len(refusals), "RequestResponses": answers},
                {"DeliveryStreamName": "events", "Records": [{"Data": record.encode()} for record in records]},
            )

        send_all([b"a", b"b", b"c", b"d"], firehose_sender(client, "events"), sleep=web.sleep)

        stub.assert_no_pending_responses()
    assert [wait <= 2**number for number, wait in enumerate(web.waits, 1)] == [True, True]


def test_repeatedly_rejected_record_is_an_error(web) -> None:
    with pytest.raises(FeedError, match=r"1 of 2 record\(s\) were rejected 6 times \(Throttled\)"):
        send_all(["a", "b"], lambda some: ["Throttled" if each == "b" else None for each in some], sleep=web.sleep)
    assert len(web.waits) == feed_poller.MAX_ATTEMPTS - 1


@given(st.lists(st.integers(0, 12)), st.integers(1, 5), st.integers(10, 30))
def test_batches_respect_the_limits(sizes: list[int], max_records: int, max_bytes: int) -> None:
    """Batches keep the order of the records. Records that are too large are set aside."""
    records, aside = list(enumerate(sizes)), list[tuple[int, int]]()
    made = list(
        batches(
            records,
            too_large=aside.append,
            size=lambda record: record[1],
            max_records=max_records,
            max_bytes=max_bytes,
            max_record_bytes=10,
        )
    )

    assert [record for batch in made for record in batch] == [record for record in records if record[1] <= 10]
    assert aside == [record for record in records if record[1] > 10]
    assert all(0 < len(batch) <= max_records for batch in made)
    assert all(sum(size for _, size in batch) <= max_bytes for batch in made)
