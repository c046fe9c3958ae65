"""A Lambda function that polls a city's feed. It sends new and changed rows to Amazon Data Firehose as JSON lines.

`make lambdas` builds `dist/feed_poller.zip`. Deploy this zip with the runtime python3.11 or later, the handler
`ingest.handlers.feed_poller.handler`, a timeout of 15 minutes and a reserved concurrency of 1. Run the function on an
EventBridge schedule. Exports are downloaded to /tmp, so give the function enough ephemeral storage. The function's role
needs `firehose:PutRecordBatch` on the stream. The role also needs `s3:GetObject`, `s3:PutObject` and `s3:ListBucket` on
the bucket of the state. If the role lacks `s3:ListBucket`, S3 reports a missing state as forbidden.

Environment:
    FEED: `socrata` or `opendatasoft`.
    FEED_URL: The address of the feed: …/resource/98cc-bc7d.json or …/exports/jsonl. The address may have a query that
        selects rows, such as `?agency=NYPD`.
    STREAM: The name of the Firehose stream.
    STATE: The address `s3://BUCKET/KEY` of the object that stores the feed's watermark. If the object does not exist,
        the whole feed is read. Records that are too large for Firehose are written to `KEY.set_aside/` with the reason.
    CHANGED_COLUMN: Only for `opendatasoft`: the column that has the time of a row's last change. If this variable is
        not set, each run sends all rows.
    APP_TOKEN: Socrata's app token. If this variable is not set, Socrata allows fewer requests.

Each row is sent at least once, because the state is written after Firehose has accepted the rows. A run starts ten
minutes before the watermark, because some rows appear late in the feed. For `socrata`, a run starts after the last sent
row instead if the previous run stopped early.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
from urllib3 import Retry

from ingest.downloads import RETRIES
from ingest.feeds import Feed, pages, to_json_lines
from ingest.settings import read_s3_setting, read_setting
from ingest.streams import MAX_RECORD_BYTES, batches, connect, firehose_sender, send_all

logger = logging.getLogger(__name__)

_MIN_MILLISECONDS_FOR_PAGE = 90_000  # time to read and send a page, including some waits before retries


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Poll the feed that the environment defines. Stop when all rows are read, or when the timeout is near."""
    logger.setLevel(logging.INFO)  # by default, Lambda logs only warnings and errors
    feed = Feed(
        read_setting("FEED"),
        read_setting("FEED_URL"),
        token=os.environ.get("APP_TOKEN", ""),
        changed_column=os.environ.get("CHANGED_COLUMN", ""),
    )
    state = S3State(boto3.client("s3"), *read_s3_setting("STATE"))
    send = firehose_sender(connect("firehose"), read_setting("STREAM"))
    return poll(feed, state, send, has_time=lambda: context.get_remaining_time_in_millis() > _MIN_MILLISECONDS_FOR_PAGE)


def poll(
    feed: Feed,
    state: S3State,
    send: Callable[[Sequence[bytes]], Sequence[str | None]],
    *,
    has_time: Callable[[], bool] = lambda: True,
    retries: Retry = RETRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Send the rows of a feed page by page, and write the state after each page."""
    rows = set_aside = 0
    is_complete = False
    for page in pages(feed, state.read(), retries=retries):
        too_large: list[bytes] = []
        for batch in batches(to_json_lines(page.rows), too_large=too_large.append, size=len):
            send_all(batch, send, to="the Firehose stream of STREAM", sleep=sleep)
            rows += len(batch)
        for record in too_large:
            state.set_aside(
                record, f"the record has {len(record):,} bytes, but Firehose takes at most {MAX_RECORD_BYTES:,}"
            )
        set_aside += len(too_large)
        state.write(page.state)
        is_complete = page.state["complete"]
        if not has_time():
            break
    logger.info("%s: %d row(s) sent, %d set aside, complete: %s", feed.url, rows, set_aside, is_complete)
    return {"rows": rows, "set_aside": set_aside, "complete": is_complete}


class S3State:
    """The state of a feed, stored as an object in S3. Write the state only after the stream has accepted the rows."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key

    def read(self) -> dict[str, Any]:
        """Return the state. Return {} if the object does not exist."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return {}
        return dict(json.loads(body))

    def write(self, state: Mapping[str, Any]) -> None:
        """Write the state."""
        self._client.put_object(Bucket=self._bucket, Key=self._key, Body=json.dumps(state).encode())

    def set_aside(self, record: bytes, reason: str) -> None:
        """Write a record and the reason to a separate object, because the stream cannot take the record."""
        key = f"{self._key}.set_aside/{hashlib.sha256(record).hexdigest()}.json"
        logger.error("a record was set aside as s3://%s/%s: %s", self._bucket, key, reason)
        body = {"reason": reason, "record": record.decode()}
        self._client.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(body, ensure_ascii=False).encode())
