from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from urllib3 import Retry

from ingest import feeds
from ingest.errors import FeedError
from ingest.feeds import Feed, Page, pages, to_json_lines

STATE = {"updated_at": "2024-07-10T12:00:00.000Z", "id": "row-0002", "complete": True}
CHANGED = {"changed": "2024-07-10T12:00:00Z", "complete": True}
SINCE = ":updated_at >= '2024-07-10T11:50:00.000Z'"
EXPORT = "/api/explore/v2.1/catalog/datasets/calls/exports/jsonl"


def row(number: int, at: str = "2024-07-10T12:00:00.000Z", **cells: Any) -> dict[str, Any]:
    return {":id": f"row-{number:04}", ":updated_at": at, "incident_id": str(number), **cells}


@pytest.fixture
def feed(web) -> Feed:
    return Feed("socrata", f"{web.url}/resource/98cc-bc7d.json", token="secret token")


@pytest.fixture
def export(web) -> Feed:
    return Feed("opendatasoft", f"{web.url}{EXPORT}", changed_column="changed")


def read_pages(feed: Feed, retries: Retry, state: dict[str, Any] | None = None) -> list[Page]:
    return [page._replace(rows=list(page.rows)) for page in pages(feed, state or {}, retries=retries)]


def read(feed: Feed, retries: Retry, state: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [row for page in read_pages(feed, retries, state) for row in page.rows]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["incident_id"] for row in rows]


def test_no_row_is_skipped_despite_changes_between_pages(feed: Feed, socrata, retries, monkeypatch) -> None:
    monkeypatch.setattr(feeds, "ROWS_IN_PAGE", 3)
    socrata.rows = [row(number) for number in range(1, 9)]

    def changes() -> None:
        # If the poller used $offset, the next page would now skip row 4.
        socrata.rows[0][":updated_at"] = "2024-07-10T12:05:00.000Z"
        socrata.rows.append(row(9, "2024-07-10T12:06:00.000Z"))

    socrata.events[1] = changes

    assert ids(read(feed, retries)) == ["1", "2", "3", "4", "5", "6", "7", "8", "1", "9"]


def test_poll_rereads_ten_minutes_before_the_watermark(feed: Feed, web, socrata, retries) -> None:
    socrata.rows = [row(0, "2024-07-10T11:49:59.000Z"), row(1, "2024-07-10T11:51:00.000Z"), row(2)]

    assert ids(read(feed, retries, STATE)) == ["1", "2"]
    assert web.queries[0]["$where"] == SINCE
    assert web.headers[0]["X-App-Token"] == "secret token"

    socrata.rows = []
    assert read_pages(feed, retries, STATE) == [Page([], STATE)]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", [("$where", SINCE)]),
        ("?", [("$where", SINCE)]),
        ("#table", [("$where", SINCE)]),
        ("?agency=NYPD", [("agency", "NYPD"), ("$where", SINCE)]),
        ("?agency=NYPD#table", [("agency", "NYPD"), ("$where", SINCE)]),
        ("?type=Noise+%26%20%2B&type=&x", [("type", "Noise & +"), ("type", ""), ("x", ""), ("$where", SINCE)]),
        ("?caf%E9=%E9", [("caf\udce9", "\udce9"), ("$where", SINCE)]),
        ("?$q=noise&$$app_token=t", [("$q", "noise"), ("$$app_token", "t"), ("$where", SINCE)]),
        ("?%24where=city='A'%20OR+city='B'", [("$where", f"(city='A' OR city='B') AND ({SINCE})")]),
        ("?$where=a=1&$where=b=2", [("$where", f"(a=1) AND (b=2) AND ({SINCE})")]),
        ("?$where=", [("$where", SINCE)]),
    ],
)
def test_query_of_the_address_is_kept(feed: Feed, web, socrata, retries, address: str, expected: list) -> None:
    web.respond(b"[]")

    read(replace(feed, url=feed.url + address), retries, STATE)

    parts = urlsplit(web.paths[0])
    query = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    own = [("$select", ":id,:updated_at,*"), ("$order", ":updated_at,:id"), ("$limit", "5000")]
    assert parts.path == "/resource/98cc-bc7d.json"
    assert [pair for pair in query if pair not in own] == expected
    assert [pair for pair in query if pair in own] == own


def test_condition_of_the_address_holds_on_all_pages(feed: Feed, web, retries, monkeypatch) -> None:
    """On later pages, the condition of the reader contains OR."""
    monkeypatch.setattr(feeds, "ROWS_IN_PAGE", 1)
    web.respond(json.dumps([row(1)]).encode())
    web.respond(b"[]")

    read(replace(feed, url=f"{feed.url}?$where=a=1 or b=2"), retries)

    after = (
        ":updated_at > '2024-07-10T12:00:00.000Z' OR (:updated_at = '2024-07-10T12:00:00.000Z' AND :id > 'row-0001')"
    )
    assert [query["$where"] for query in web.queries] == ["a=1 or b=2", f"(a=1 or b=2) AND ({after})"]


@pytest.mark.parametrize("name", ["$limit", "$offset", "$order", "$select", "$group", "$having", "$query", "%24limit"])
def test_query_that_conflicts_with_paging_is_refused(feed: Feed, web, socrata, retries, name: str) -> None:
    """The advice works: without the parameter, the feed is read."""
    socrata.rows = [row(1)]
    plain = name.replace("%24", "$").replace("$", r"\$")
    with pytest.raises(
        FeedError, match=f"the address has {plain}, but only the reader .* Remove {plain} from the addr"
    ):
        read(replace(feed, url=f"{feed.url}?{name}=1&x=y"), retries)
    assert web.paths == []

    assert ids(read(replace(feed, url=f"{feed.url}?x=y"), retries)) == ["1"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<!DOCTYPE html><p>Police", "the server sent a web page instead of data"),
        (b"incident_id,city\n1,X\n", "JSONDecodeError"),
        (b"", "JSONDecodeError"),
        (b'{"error": true, "message": "moved"}', "expected a list of rows, got {'error': True, .*/resource/….json"),
        (b'{"type": "FeatureCollection", "features": []}', "expected a list of rows, got {'type': 'FeatureCollection'"),
        (b"null", "expected a list of rows, got None"),
        (b'["a"]', "expected rows with :id and :updated_at, got a. Check that this is Socrata's API"),
        (b'[{"id": 1}]', "expected rows with :id and :updated_at, got {'id': 1}"),
        (b'[{":id": "row-1", ":updated_at": null}]', "expected rows with :id and :updated_at"),
        (b"[]", "all rows were requested, but the feed has no rows. Check the address and its query"),
    ],
)
def test_a_response_that_is_not_a_feed_is_an_error(
    feed: Feed, web, socrata, retries, body: bytes, problem: str
) -> None:
    """The advice works: with another address, the feed is read."""
    for _ in range(6):
        web.respond(body)

    with pytest.raises(FeedError, match=problem):
        read(replace(feed, url=f"{web.url}/page"), retries)

    web.responses, socrata.rows = [], [row(1)]
    assert ids(read(feed, retries)) == ["1"]


def test_pages_with_equal_last_rows_are_an_error(feed: Feed, web, socrata, retries, monkeypatch) -> None:
    monkeypatch.setattr(feeds, "ROWS_IN_PAGE", 1)
    for _ in range(2):
        web.respond(json.dumps([row(1)]).encode())

    with pytest.raises(FeedError, match="two pages end with the same row.* Check that this is an address of Socrata"):
        read(feed, retries)

    socrata.rows = [row(1)]
    assert ids(read(feed, retries)) == ["1"]


@pytest.mark.parametrize("url", ["data.example.org/x.json", "file:///etc/passwd", "https://", "http://[x"])
def test_an_invalid_address_is_an_error(feed: Feed, socrata, retries, url: str) -> None:
    with pytest.raises(FeedError, match="this is not a valid address .*starts with https:// or http://"):
        read(replace(feed, url=url), retries)

    socrata.rows = [row(1)]
    assert feed.url.startswith("http://")
    assert ids(read(feed, retries)) == ["1"]


def test_an_unknown_kind_of_feed_is_an_error() -> None:
    with pytest.raises(FeedError, match=r"'rss' is not a .*Expected one of \['socrata', 'opendatasoft'\]. Set FEED"):
        pages(Feed("rss", "http://x"), {})


def test_next_export_rereads_rows_before_the_last_change(export: Feed, web, retries) -> None:
    """The second poll requests rows again if they changed in the ten minutes before the last change."""
    rows = [
        {"type": "A", "changed": "2024-07-10T12:00:00-08:00", "geom": {"lon": -123.1}},
        {"type": "B", "changed": "2024-07-10T13:00:00+00:00", "note": "line\nend"},
        {"type": "C", "changed": None},
    ]
    whole = b"\n".join(json.dumps(row).encode() for row in rows) + b"\n"
    web.respond(whole, missing=60)
    web.respond(whole[:-30])  # Content-Length is correct, but the JSON is cut off
    web.respond(whole)

    (page,) = read_pages(export, retries)

    assert page == Page(rows, {"changed": "2024-07-10T12:00:00-08:00", "complete": True})

    web.respond(b"")
    assert read_pages(export, retries, page.state) == [Page([], page.state)]
    where = "changed >= date'2024-07-10T19:50:00.000Z' or changed is null"
    assert web.queries[-1] == {"where": where}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("?lang=en&timezone=America%2FVancouver#x", [("lang", "en"), ("timezone", "America/Vancouver")]),
        ("?refine=a:1&refine=b:2&select=a,changed", [("refine", "a:1"), ("refine", "b:2"), ("select", "a,changed")]),
    ],
)
def test_query_of_an_export_is_kept(export: Feed, web, retries, address: str, expected: list) -> None:
    web.respond(b"")

    read(replace(export, url=export.url + address), retries, CHANGED)

    where = "changed >= date'2024-07-10T11:50:00.000Z' or changed is null"
    assert urlsplit(web.paths[0]).path == EXPORT
    assert parse_qsl(urlsplit(web.paths[0]).query) == [*expected, ("where", where)]


def test_condition_of_an_export_is_kept(export: Feed, web, retries) -> None:
    web.respond(b'{"changed": null}\n')
    web.respond(b"")
    filtered = replace(export, url=f"{export.url}?where=type%3D%22A%22+or+type%3D%22B%22")

    read(filtered, retries)
    read(filtered, retries, CHANGED)

    condition, since = 'type="A" or type="B"', "changed >= date'2024-07-10T11:50:00.000Z' or changed is null"
    assert [query["where"] for query in web.queries] == [condition, f"({condition}) AND ({since})"]


@pytest.mark.parametrize("name", ["limit", "offset", "group_by"])
def test_export_of_a_part_is_refused(export: Feed, web, retries, name: str) -> None:
    with pytest.raises(FeedError, match=f"the address has {name}, .*Remove {name} from the address"):
        read(replace(export, url=f"{export.url}?{name}=100"), retries)
    assert web.paths == []


@pytest.mark.parametrize("path", ["", "/explore/dataset/calls/table/", f"{EXPORT[:-5]}json", f"{EXPORT[:-14]}/records"])
def test_address_that_is_not_an_export_is_an_error(export: Feed, web, retries, path: str) -> None:
    with pytest.raises(FeedError, match="this is not the address of an export. .*a path that ends in /exports/jsonl"):
        read(replace(export, url=f"{web.url}{path}"), retries)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>", "the server sent a web page instead of data"),
        (
            b'{"error_code": "ODSQLError", "message": "x"}',
            "expected a row in each line, got {'error_code': 'ODSQLError'",
        ),
        (b'{"error": "moved"}', "expected a row in each line, got {'error': 'moved'}. Check the address and its query"),
        (b'[{"changed": null}]\n', "expected a row in each line, got "),
        (b'{"changed": null}\nStreaming interrupted due to an error', "JSONDecodeError: Expecting value"),
        (b"", "all rows were requested, but the feed has no rows"),
        (b'{"type": "A"}\n', "column 'changed' is missing from a row. Set CHANGED_COLUMN to a column of the feed"),
        (b'{"changed": "soon"}\n', "column 'changed' has 'soon', which is not a time. Set CHANGED_COLUMN to a column"),
        (b'{"changed": 5}\n', "column 'changed' has 5, which is not a time"),
    ],
)
def test_a_response_that_is_not_an_export_is_an_error(export: Feed, web, retries, body: bytes, problem: str) -> None:
    web.respond_to = lambda query: body

    with pytest.raises(FeedError, match=problem):
        read(export, retries)

    web.respond_to = lambda query: b'{"changed": "2024-07-10T12:00:00Z"}\n'
    assert len(read(export, retries)) == 1


def test_export_without_a_changed_column_has_all_rows(export: Feed, web, retries) -> None:
    """A row may have a column with the name `error`."""
    web.respond(b'{"type": "A"}\n{"type":')
    web.respond(b'{"type": "A"}\n{"type": "B", "error": "x"}\n')

    (page,) = read_pages(replace(export, changed_column=""), retries)

    assert [row["type"] for row in page.rows] == ["A", "B"]
    assert page.state == {"changed": "", "complete": True}


def test_an_unpaired_surrogate_is_kept_in_json_text() -> None:
    (line,) = to_json_lines([{"note": "\ud83d"}])

    assert json.loads(line)["note"] == "\ud83d"
