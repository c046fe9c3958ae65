"""Fixtures for a web server that sends scripted responses, and for AWS services from moto."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer
from urllib3 import Retry

from ingest.downloads import RETRIES


@dataclass
class Response:
    """A response of the web server.

    The server omits the last `missing` bytes of `body`. If the response has an event `after`, the server waits for this
    event before it responds.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0
    chunked: bool = False
    after: threading.Event | None = None


class Web:
    """A web server. It first sends the scripted responses in order.

    After the last scripted response, it sends the results of `respond_to`.
    """

    def __init__(self) -> None:
        self.responses: list[Response] = []
        self.respond_to: Callable[[dict[str, str]], bytes] | None = None
        self.queries: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.waits: list[float] = []
        self.url = ""
        self.stop: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        """Record the seconds to wait, but do not wait."""
        self.waits.append(seconds)

    def respond(self, body: bytes = b"", **options: Any) -> None:
        """Add a response to the script."""
        self.responses.append(Response(body, **options))

    def send(self, request: BaseHTTPRequestHandler) -> None:
        query = dict(parse_qsl(urlsplit(request.path).query))
        self.queries.append(query)
        self.paths.append(request.path)
        self.headers.append(dict(request.headers))
        if self.responses:
            response = self.responses.pop(0)
        else:
            response = Response(self.respond_to(query)) if self.respond_to else Response(b"not here", status=404)
        if response.after:
            response.after.wait(10)
        request.send_response(response.status)
        request.send_header("Connection", "close")
        for name, value in response.headers.items():
            request.send_header(name, value)
        body = response.body[: len(response.body) - response.missing]
        if response.chunked:
            request.send_header("Transfer-Encoding", "chunked")
            request.end_headers()
            request.wfile.write(b"%x\r\n%s\r\n" % (len(body), body) + (b"" if response.missing else b"0\r\n\r\n"))
        else:
            request.send_header("Content-Length", str(len(response.body)))
            request.end_headers()
            request.wfile.write(body)


@contextmanager
def serve() -> Iterator[Web]:
    script = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            with suppress(BrokenPipeError):  # the client may have closed the connection
                script.send(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    script.stop = stop
    yield script
    if thread.is_alive():
        stop()


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as script:
        yield script


@pytest.fixture
def other_web() -> Iterator[Web]:
    with serve() as script:
        yield script


class SocrataDataset:
    """A fake of the part of Socrata's API that the reader of feeds uses.

    `events` maps the number of a page to a function. The function changes the rows after the page was read.
    """

    _AFTER = re.compile(r":updated_at >= '(.*)'|:updated_at > '(.*)' OR \(:updated_at = '\2' AND :id > '(.*)'\)")

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.events: dict[int, Callable[[], None]] = {}
        self.pages = 0

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
def socrata(web: Web) -> SocrataDataset:
    """Return an empty dataset, whose rows the web server sends."""
    dataset = SocrataDataset()
    web.respond_to = dataset.page
    return dataset


@pytest.fixture
def retries() -> Retry:
    """Return the retries of a download, but without waits that the server does not request."""
    return RETRIES.new(backoff_factor=0)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


class Aws:
    """AWS with an empty bucket `city`, an empty Firehose stream `events` and an empty Kinesis stream `events`."""

    def __init__(self, url: str) -> None:
        self.url = url
        boto3.client("s3").create_bucket(Bucket="city")
        boto3.client("kinesis").create_stream(StreamName="events", ShardCount=2)
        boto3.client("firehose").create_delivery_stream(
            DeliveryStreamName="events",
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::city",
                "Prefix": "landing/",
            },
        )

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return the content of each object under the prefix, by key."""
        s3 = boto3.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="city", Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return {key: s3.get_object(Bucket="city", Key=key)["Body"].read() for key in keys}

    def landed(self) -> list[dict[str, Any]]:
        """Return the events that Firehose has delivered."""
        return [json.loads(line) for content in self.objects("landing/").values() for line in content.splitlines()]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield an S3 client for an account that has only the empty bucket `city`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="city")
        yield client


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> Aws:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    urlopen(Request(f"{moto_server}/moto-api/reset", method="POST")).close()
    return Aws(moto_server)
