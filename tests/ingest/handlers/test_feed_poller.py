from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from ingest import feeds
from ingest.errors import FeedError, SettingError, StreamError
from ingest.feeds import Feed
from ingest.fetch import PUBLISHED_FILES, PublishedFile
from ingest.handlers import feed_poller
from ingest.handlers.feed_poller import S3State, poll
from ingest.streams import firehose_sender
from workflows.cli import main

STATE = ("city", "state/police.json")


def row(number: int, at: str = "2024-07-10T12:00:00.000Z", **cells: Any) -> dict[str, Any]:
    return {":id": f"row-{number:04}", ":updated_at": at, "incident_id": str(number), **cells}


@pytest.fixture
def feed(web) -> Feed:
    return Feed("socrata", web.url)


@pytest.fixture
def environment(web, aws, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    variables = {
        "FEED": "socrata",
        "FEED_URL": f"{web.url}/resource/98cc-bc7d.json?city=GAITHERSBURG",
        "STREAM": "events",
        "STATE": "s3://city/state/police.json",
        "APP_TOKEN": "secret",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def run() -> dict[str, Any]:
    return feed_poller.handler({}, SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000))


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["incident_id"] for row in rows]


def test_rows_are_sent_as_json_lines(web, aws, environment) -> None:
    """Each line has the field `row_ts`."""
    web.respond(json.dumps([row(1, city="GAITHERSBURG", geolocation={"type": "Point"}), row(2)]).encode())

    assert run() == {"rows": 2, "set_aside": 0, "complete": True}

    first, second = aws.landed()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first.pop("row_ts"))
    assert first == {"incident_id": "1", "city": "GAITHERSBURG", "geolocation": {"type": "Point"}}
    assert second["incident_id"] == "2"
    assert all(content.endswith(b"\n") for content in aws.objects("landing/").values())
    assert web.headers[0]["X-App-Token"] == "secret"
    assert web.queries[0]["city"] == "GAITHERSBURG"


@pytest.mark.parametrize("name", ["FEED", "FEED_URL", "STREAM", "STATE"])
def test_error_shows_the_missing_environment_variable(environment, name: str) -> None:
    """The docstring explains the variable, as the error says."""
    environment.delenv(name)

    with pytest.raises(SettingError, match=f"environment variable {name}: the variable is not set"):
        run()
    assert f"    {name}: " in feed_poller.__doc__


def test_a_wrong_address_is_not_a_complete_poll(web, aws, environment) -> None:
    """The state is not written, so the next run reads all rows."""
    web.respond(b'{"error": true}')

    with pytest.raises(FeedError, match="expected a list of rows"):
        run()
    assert aws.objects("state/") == {}

    web.respond(json.dumps([row(1)]).encode())
    assert run() == {"rows": 1, "set_aside": 0, "complete": True}
    web.respond(b"[]")
    assert run() == {"rows": 0, "set_aside": 0, "complete": True}


def test_an_export_is_sent(web, aws, environment) -> None:
    environment.setenv("FEED", "opendatasoft")
    environment.setenv("FEED_URL", f"{web.url}/exports/jsonl?lang=en")
    environment.setenv("CHANGED_COLUMN", "changed")
    web.respond(b'{"type": "A", "changed": "2024-07-10T12:00:00+00:00"}\n')
    web.respond(b"")

    assert [run()["rows"] for _ in range(2)] == [1, 0]

    assert [event["type"] for event in aws.landed()] == ["A"]
    where = "changed >= date'2024-07-10T11:50:00.000Z' or changed is null"
    assert web.queries == [{"lang": "en"}, {"lang": "en", "where": where}]


def test_a_csv_file_is_left_to_fetch(web, aws, environment, tmp_path, capsys) -> None:
    """The advice works: `citylake fetch` downloads the file."""
    environment.setenv("FEED", "csv")
    with pytest.raises(FeedError, match="a csv file cannot be polled.*Download the whole file with `citylake fetch`"):
        run()

    published = PublishedFile(publisher="denver", name="311.csv", url=f"{web.url}/311.csv")
    environment.setitem(PUBLISHED_FILES, "service_requests", (published,))
    web.respond(b"Case Summary\n")
    with pytest.raises(SystemExit) as ended:
        main(["fetch", "service_requests", "--to", str(tmp_path)])
    assert ended.value.code == 0
    assert (tmp_path / "311.csv").read_bytes() == b"Case Summary\n"


def test_next_run_continues_an_incomplete_run(feed: Feed, web, socrata, aws, monkeypatch) -> None:
    """A run is incomplete if its time runs out before it has read the last page."""
    monkeypatch.setattr(feeds, "ROWS_IN_PAGE", 2)
    socrata.rows = [row(number) for number in range(1, 6)]  # all with one `:updated_at`, as after a full load
    state, send = S3State(boto3.client("s3"), *STATE), firehose_sender(boto3.client("firehose"), "events")

    results = [poll(feed, state, send, has_time=lambda: False) for _ in range(3)]

    assert [result["complete"] for result in results] == [False, False, True]
    assert sorted(ids(aws.landed())) == ["1", "2", "3", "4", "5"]


def test_crashed_run_loses_no_rows(feed: Feed, web, socrata, aws, monkeypatch) -> None:
    """The run crashes after it has sent rows, but before it writes the state."""
    monkeypatch.setattr(feeds, "ROWS_IN_PAGE", 2)
    socrata.rows = [row(number, f"2024-07-10T{number + 10}:00:00.000Z") for number in range(1, 6)]
    s3, send = boto3.client("s3"), firehose_sender(boto3.client("firehose"), "events")
    sent: list[int] = []

    def send_once(records):
        if sent:
            raise ConnectionError("killed")
        sent.append(len(records))
        return send(records)

    with pytest.raises(ConnectionError):
        poll(feed, S3State(s3, *STATE), send_once)
    assert S3State(s3, *STATE).read()["id"] == "row-0002"
    # As if the run was killed before it wrote its first state:
    s3.put_object(Bucket="city", Key="state/police.json", Body=b"{}")

    poll(feed, S3State(s3, *STATE), send)

    assert sorted(ids(aws.landed())) == ["1", "1", "2", "2", "3", "4", "5"]
    assert S3State(s3, *STATE).read()["complete"]


def test_rejected_rows_do_not_change_the_state(feed: Feed, web, socrata, aws) -> None:
    """The advice works: the next run sends the rows."""
    socrata.rows = [row(1)]
    state = S3State(boto3.client("s3"), *STATE)

    with pytest.raises(StreamError, match="run again. The next run continues from the saved state"):
        poll(feed, state, lambda records: ["Throttled"] * len(records), sleep=web.sleep)
    assert state.read() == {}

    assert poll(feed, state, firehose_sender(boto3.client("firehose"), "events"))["rows"] == 1


def test_oversized_records_are_set_aside(feed: Feed, web, aws) -> None:
    web.respond(json.dumps([row(1), row(2, note="é" * 600_000), row(3)]).encode())

    result = poll(feed, S3State(boto3.client("s3"), *STATE), firehose_sender(boto3.client("firehose"), "events"))

    assert result == {"rows": 2, "set_aside": 1, "complete": True}
    assert ids(aws.landed()) == ["1", "3"]
    (kept,) = aws.objects("state/police.json.set_aside/").values()
    assert json.loads(kept)["reason"].endswith("bytes, but Firehose takes at most 1,024,000")
    assert json.loads(json.loads(kept)["record"])["incident_id"] == "2"
