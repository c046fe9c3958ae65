from __future__ import annotations

import json
import re
import threading
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from urllib3 import Retry

from ingest import downloads
from ingest.downloads import download, read, reject_web_page
from ingest.errors import FeedError


def read_json(url: str, retries: Retry, **options: Any) -> Any:
    return read(url, lambda response: json.loads(response.read()), retries=retries, **options)


def test_a_request_is_repeated_after_a_temporary_failure(web, retries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT_SECONDS", 0.2)
    whole, released = b'["row"]', threading.Event()
    web.respond(status=503)
    web.respond(whole, missing=2)
    web.respond(whole, missing=2, chunked=True)
    web.respond(whole[:-2])
    web.respond(whole, after=released)
    web.respond(whole)

    try:
        assert read_json(web.url, retries) == ["row"]
    finally:
        released.set()

    assert len(web.paths) == 6


@pytest.mark.parametrize("status", [202, 408, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_repeated(web, retries, status: int) -> None:
    web.respond(status=status)
    web.respond(b"[]")

    assert read_json(web.url, retries) == []


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status": 500}, "HTTP 500 Internal Server Error"),
        ({"status": 202}, "HTTP 202 Accepted"),
        ({"body": b"[1, 2]", "missing": 3}, r"IncompleteRead\(3 bytes read, 3 more expected\)"),
        ({"body": b"[1, 2"}, "JSONDecodeError: Expecting ',' delimiter"),
        ({"body": b'["\xff"]'}, "UnicodeDecodeError: invalid start byte"),
    ],
)
def test_retries_are_limited(web, retries, response: dict[str, Any], reason: str) -> None:
    """The error shows the last reason. Its advice works: a later run succeeds."""
    for _ in range(6):
        web.respond(**response)

    with pytest.raises(
        FeedError, match=f"the request failed, and its retries too: {reason}.* Check the address. .*run again later"
    ):
        read_json(web.url, retries)
    assert len(web.paths) == 6

    web.respond(b"[]")
    assert read_json(web.url, retries) == []


def test_an_unreachable_server_is_an_error(web, retries) -> None:
    web.stop()

    with pytest.raises(FeedError, match="NewConnectionError: .*Failed to establish a new .*"):
        read_json(web.url, retries)


def test_waits_grow_without_a_request_of_the_server() -> None:
    left, waits = downloads.RETRIES, []
    for _ in range(5):
        left = left.increment("GET", "/", error=downloads.ProtocolError("cut off"))
        waits.append(left.get_backoff_time())

    assert waits == [0, 2, 4, 8, 16]


def wait_date(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize("requested", [lambda: "1", lambda: wait_date(2)])
def test_the_wait_that_the_server_requests_is_kept(web, retries, requested) -> None:
    web.respond(status=429, headers={"Retry-After": requested()})
    web.respond(b"[]")
    started = time.monotonic()

    assert read_json(web.url, retries) == []
    assert time.monotonic() - started >= 0.9


def test_an_invalid_wait_is_ignored(web, retries) -> None:
    web.respond(status=503, headers={"Retry-After": "soon"})
    web.respond(b"[]")

    assert read_json(web.url, retries) == []


@pytest.mark.parametrize("requested", [lambda: "3600", lambda: wait_date(3600)])
def test_a_long_wait_is_left_to_the_next_run(web, retries, requested) -> None:
    header = requested()
    web.respond(status=429, headers={"Retry-After": header})

    with pytest.raises(FeedError, match=rf"HTTP 429 .*requests a wait \(Retry-After: {header}\). Run again after"):
        read_json(web.url, retries)
    assert len(web.paths) == 1

    web.respond(b"[]")
    assert read_json(web.url, retries) == []


@pytest.mark.parametrize("missing", [0, 5])
def test_error_shows_the_message_of_the_server(web, retries, missing: int) -> None:
    """The server rejects an invalid query. The request is not repeated."""
    web.respond(b"no such column", status=400, missing=missing)

    with pytest.raises(FeedError, match="HTTP 400 Bad Request: .*. Check the address and its query") as raised:
        read_json(web.url, retries, headers={"X-App-Token": "secret token"})
    assert ("no such column" in str(raised.value)) == (missing == 0)
    assert "secret token" not in str(raised.value)
    assert len(web.paths) == 1


@pytest.mark.parametrize("url", ["ftp://city.example/x", "no address", "http://", "http://[x", "http://a:b:c/"])
def test_an_invalid_address_is_an_error(retries, url: str) -> None:
    with pytest.raises(FeedError, match="this is not a valid address .*starts with https:// or http://"):
        read_json(url, retries)


def test_token_is_not_sent_to_another_server(web, other_web, retries) -> None:
    web.respond(status=302, headers={"Location": f"{other_web.url}/moved"})
    other_web.respond(b"[]")

    assert read_json(web.url, retries, headers={"X-App-Token": "secret"}) == []
    assert web.headers[0]["X-App-Token"] == "secret"
    assert "X-App-Token" not in other_web.headers[0]


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_proxy_of_the_environment_is_used(web, retries, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", scheme + web.url.removeprefix("http://"))
    web.respond(b"[]")

    assert read_json("http://city.example/feed.json", retries) == []
    assert web.paths == ["http://city.example/feed.json"]

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    web.respond(b"[]")
    assert read_json(f"{web.url}/direct", retries) == []
    assert web.paths[-1] == "/direct"


def test_a_damaged_download_is_repeated(web, retries, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    for content in (b"\xef\xbb\xbf \n<!DOCTYPE html>", b"", b"too short", b"Case,Note\n"):
        web.respond(content)

    def check() -> int:
        if path.read_bytes() == b"too short":
            raise ValueError("too short")
        return path.stat().st_size

    assert download(web.url, path, check=check, retries=retries) == 10
    assert path.read_bytes() == b"Case,Note\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"<html>", "the server sent a web page instead of data"), (b"", "the server sent an empty file")],
)
def test_download_of_something_else_is_an_error(web, retries, tmp_path: Path, content: bytes, problem: str) -> None:
    web.respond_to = lambda query: content

    with pytest.raises(FeedError, match=f"{re.escape(web.url)}: .*{problem}. Check the address"):
        download(web.url, tmp_path / "file.csv", check=lambda: None, retries=retries)


def test_data_that_contains_a_bracket_is_not_a_web_page() -> None:
    reject_web_page(b"a<b\n")
