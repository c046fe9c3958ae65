"""A Lambda function that polls a city's feed. It sends new and changed rows to Amazon Data Firehose as JSON lines.

To deploy the function, zip only this file. Use the runtime python3.11 or later, the handler `feed_poller.handler`, a
timeout of 15 minutes and a reserved concurrency of 1. Run the function on an EventBridge schedule. Files are downloaded
to /tmp, so give the function enough ephemeral storage. The function's role needs `firehose:PutRecordBatch` on the
stream. The role also needs `s3:GetObject`, `s3:PutObject` and `s3:ListBucket` on the bucket of the state. If the role
lacks `s3:ListBucket`, S3 reports a missing state as forbidden.

Environment:
    FEED: `socrata`, `opendatasoft` or `csv`.
    FEED_URL: The address of the feed: …/resource/98cc-bc7d.json, …/exports/jsonl, or a csv file.
    STREAM: The name of the Firehose stream.
    STATE: The address `s3://BUCKET/KEY` of the object that stores the feed's watermark. If the object does not exist,
        the whole feed is read. Records that are too large for Firehose are written to `KEY.set_aside/` with the reason.
    CHANGED_COLUMN: Only for `opendatasoft`: the column that has the time of a row's last change. If this variable is
        not set, each run sends all rows.
    APP_TOKEN: Socrata's app token. If this variable is not set, Socrata allows fewer requests.

Each row is sent at least once, because the state is written after Firehose has accepted the rows. For `socrata` and
`opendatasoft`, a run starts ten minutes before the watermark, because some rows appear late in the feed. For `socrata`,
a run starts after the last sent row instead if the previous run stopped early. If a csv file has changed, all its rows
are sent again.
"""

from __future__ import annotations

import csv
import hashlib
import http.client
import json
import logging
import os
import random
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import mktime_tz, parsedate_tz
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")
Row = dict[str, Any]
Sleep = Callable[[float], None]

MAX_ATTEMPTS = 6
TIMEOUT_SECONDS = 60
MAX_WAIT_SECONDS = 120
OVERLAP_OF_POLLS = timedelta(minutes=10)
ROWS_IN_PAGE = 5_000

# Firehose's limits for one PutRecordBatch.
MAX_RECORDS_IN_BATCH = 500
MAX_BYTES_IN_BATCH = 4 << 20
MAX_RECORD_BYTES = 1000 << 10

_CHUNK_BYTES = 1 << 20
_MIN_MILLISECONDS_FOR_PAGE = 90_000  # time to read and send a page, including some waits before retries


class FeedError(RuntimeError):
    """A feed cannot be read, or a stream rejects rows. The state covers only accepted rows, so no row is lost.

    This class does not derive from `CityLakeError`, because this file is deployed alone.

    Attributes:
        where: The address of the feed, the stream, or the environment variable.
        problem: The problem, the expected value, the actual value, and how to fix the problem.
    """

    def __init__(self, *, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class Feed:
    """A feed that a city publishes.

    Attributes:
        kind: `socrata`, `opendatasoft` or `csv`.
        url: The address of the feed.
        token: Socrata's app token.
        changed_column: Only for `opendatasoft`: the column that has the time of a row's last change.
    """

    kind: str
    url: str
    token: str = ""
    changed_column: str = ""


class Page(NamedTuple):
    """Some rows of a feed, and the state to write after the stream has accepted all rows of the page."""

    rows: Iterable[Row]
    state: dict[str, Any]


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Poll the feed that the environment defines. Stop when all rows are read, or when the timeout is near."""
    import boto3  # imported here, because `citylake fetch` uses this module without boto3

    logger.setLevel(logging.INFO)  # by default, Lambda logs only warnings and errors
    feed = Feed(
        _read_setting("FEED"),
        _read_setting("FEED_URL"),
        token=os.environ.get("APP_TOKEN", ""),
        changed_column=os.environ.get("CHANGED_COLUMN", ""),
    )
    state = S3State(boto3.client("s3"), _read_setting("STATE"))
    send = firehose_sender(boto3.client("firehose"), _read_setting("STREAM"))
    return poll(feed, state, send, has_time=lambda: context.get_remaining_time_in_millis() > _MIN_MILLISECONDS_FOR_PAGE)


def poll(
    feed: Feed,
    state: S3State,
    send: Callable[[Sequence[bytes]], Sequence[str | None]],
    *,
    has_time: Callable[[], bool] = lambda: True,
    sleep: Sleep = time.sleep,
) -> dict[str, Any]:
    """Send the rows of a feed page by page, and write the state after each page."""
    rows = set_aside = 0
    is_complete = False
    for page in pages(feed, state.read(), sleep=sleep):
        too_large: list[bytes] = []
        for batch in batches(to_json_lines(page.rows), too_large=too_large.append, size=len):
            send_all(batch, send, sleep=sleep)
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


def pages(feed: Feed, state: Mapping[str, Any], *, sleep: Sleep = time.sleep) -> Iterator[Page]:
    """Yield pages with the rows that are new or have changed since `state` was written.

    If `state` is `{}`, all rows of the feed are new.

    Raises:
        FeedError: The kind of the feed is unknown, or the feed cannot be read.
    """
    readers = {"socrata": _read_socrata, "opendatasoft": _read_opendatasoft, "csv": _read_csv}
    if feed.kind not in readers:
        raise FeedError(
            where=feed.url,
            problem=f"{feed.kind!r} is not a valid kind of feed. Expected one of {[*readers]}. Set FEED.",
        )
    return readers[feed.kind](feed, state, sleep)


def to_json_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """Format each row as a JSON line with the current time in `row_ts` (UTC).

    Each line ends with a newline, because Firehose writes records without a separator.
    """
    for row in rows:
        stamped = {**row, "row_ts": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        text = json.dumps(stamped, ensure_ascii=False, separators=(",", ":")) + "\n"
        yield text.encode(errors="backslashreplace")  # UTF-8 cannot encode half of a surrogate pair, so escape it


def batches(
    records: Iterable[T],
    *,
    too_large: Callable[[T], None],
    size: Callable[[T], int],
    max_records: int = MAX_RECORDS_IN_BATCH,
    max_bytes: int = MAX_BYTES_IN_BATCH,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Iterator[list[T]]:
    """Split records into batches that fit into one call. Call `too_large` for each record that is too large."""
    batch: list[T] = []
    total = 0
    for record in records:
        length = size(record)
        if length > max_record_bytes:
            too_large(record)
            continue
        if batch and (len(batch) == max_records or total + length > max_bytes):
            yield batch
            batch, total = [], 0
        batch.append(record)
        total += length
    if batch:
        yield batch


def firehose_sender(client: Any, stream: str) -> Callable[[Sequence[bytes]], list[str | None]]:
    """Return a function that sends a batch to Firehose.

    The function returns one item for each record: the error code, or None if Firehose has accepted the record.
    """

    def send(records: Sequence[bytes]) -> list[str | None]:
        response = client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": record} for record in records])
        return [result.get("ErrorCode") for result in response["RequestResponses"]]

    return send


def send_all(
    records: Sequence[T], send: Callable[[Sequence[T]], Sequence[str | None]], *, sleep: Sleep = time.sleep
) -> None:
    """Send a batch. If records are rejected, wait and send only these records again.

    Raises:
        FeedError: Some records are still rejected after `MAX_ATTEMPTS` attempts.
    """
    rejected = list(records)
    for attempt in range(MAX_ATTEMPTS):
        if attempt:
            sleep(_draw_wait(attempt))
        errors = send(rejected)
        rejected = [record for record, error in zip(rejected, errors, strict=True) if error]
        if not rejected:
            return
    codes = sorted({error for error in errors if error})
    problem = (
        f"{len(rejected)} of {len(records)} record(s) were rejected {MAX_ATTEMPTS} times ({', '.join(codes)}). Check "
        "the capacity of the stream, and run again. The next run continues from the saved state, so no row is lost."
    )
    raise FeedError(where="the stream", problem=problem)


class S3State:
    """The state of a feed, stored as an object in S3. Write the state only after the stream has accepted the rows."""

    def __init__(self, client: Any, uri: str) -> None:
        self._client, self._bucket, self._key = client, *uri.removeprefix("s3://").split("/", 1)

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


def download(url: str, path: str | Path, *, check: Callable[[], Any] = lambda: None, sleep: Sleep = time.sleep) -> None:
    """Download a file completely.

    The download is retried if the file is shorter than its Content-Length, or if `check` raises ValueError.

    Raises:
        FeedError: No attempt succeeded.
    """

    def attempt() -> None:
        with _open(url) as response, Path(path).open("wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
            expected = response.headers["Content-Length"]
            if expected is not None and file.tell() != int(expected):  # `read(size)` does not check Content-Length
                raise http.client.IncompleteRead(b"", int(expected) - file.tell())
        with Path(path).open("rb") as file:
            if file.read(100).lstrip().startswith(b"<"):
                raise ValueError("the server sent a web page instead of data")
        check()

    _retry(url, attempt, sleep)


def _read_socrata(feed: Feed, state: Mapping[str, Any], sleep: Sleep) -> Iterator[Page]:
    # Do not use $offset for pages. If a row changes between the reads of two pages, the row moves to the end of the
    # feed, and all rows after its old position move up. With $offset, the next page would skip one of these rows.
    updated_at, row_id = state.get("updated_at"), state.get("id")
    where = f":updated_at >= '{_subtract_overlap(updated_at)}'" if updated_at else ""
    if updated_at and row_id and not state.get("complete"):
        where = _after_row(updated_at, row_id)
    while True:
        query = {"$select": ":id,:updated_at,*", "$order": ":updated_at,:id", "$limit": str(ROWS_IN_PAGE)}
        rows = _read_json(feed, query | ({"$where": where} if where else {}), sleep)
        is_last = len(rows) < ROWS_IN_PAGE
        if rows:
            if where == _after_row(rows[-1][":updated_at"], rows[-1][":id"]):
                problem = (
                    "two pages end with the same row, so no new rows can be read. Check that this is an address of "
                    "Socrata's API."
                )
                raise FeedError(where=feed.url, problem=problem)
            updated_at, row_id = rows[-1][":updated_at"], rows[-1][":id"]
            where = _after_row(updated_at, row_id)
        cells = [{name: cell for name, cell in row.items() if name not in (":id", ":updated_at")} for row in rows]
        yield Page(cells, {"updated_at": updated_at, "id": row_id, "complete": is_last})
        if is_last:
            return


def _after_row(updated_at: str, row_id: Any) -> str:
    return f":updated_at > '{updated_at}' OR (:updated_at = '{updated_at}' AND :id > '{row_id}')"


def _subtract_overlap(text: str) -> str:
    return (_parse_time(text) - OVERLAP_OF_POLLS).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


def _parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _read_opendatasoft(feed: Feed, state: Mapping[str, Any], sleep: Sleep) -> Iterator[Page]:
    url, column, latest = feed.url, feed.changed_column, state.get("changed", "")
    if column and latest:  # also read the rows with a null in `column`, because these rows may have changed
        url += "?" + urllib.parse.urlencode(
            {"where": f"{column} >= date'{_subtract_overlap(latest)}' or {column} is null"}
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.jsonl")

        def rows() -> Iterator[Row]:
            with path.open("rb") as file:
                yield from (json.loads(line) for line in file if line.strip())

        def check() -> None:
            nonlocal latest
            try:
                for row in rows():  # parse all rows before the first row is sent, because the last row may be cut off
                    if column and row[column]:
                        latest = max(filter(None, (latest, row[column])), key=_parse_time)
            except KeyError as error:
                problem = f"column {error} is missing from a row. Set CHANGED_COLUMN to a column of the feed."
                raise FeedError(where=url, problem=problem) from error

        download(url, path, check=check, sleep=sleep)
        yield Page(rows(), {"changed": latest, "complete": True})


def _read_csv(feed: Feed, state: Mapping[str, Any], sleep: Sleep) -> Iterator[Page]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "feed.csv")
        download(feed.url, path, sleep=sleep)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        is_new = digest != state.get("sha256")
        # Parse all rows before the first row is sent, because a later row may be invalid.
        deque(csv_rows(path) if is_new else (), maxlen=0)
        yield Page(csv_rows(path) if is_new else (), {"sha256": digest, "complete": True})


def csv_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a csv. If the file is not valid UTF-8, read it as Windows-1252.

    Rows: one dictionary for each row. The keys are column names, and the values are cells. Blank cells and blank rows
    are dropped. If a row has more or fewer cells than the header, the whole row is in `_malformed_record`.

    Raises:
        FeedError: The file is neither valid UTF-8 nor valid Windows-1252. Or a quote is not closed. Or two columns have
            the same name.
    """
    encoding = "utf-8-sig"
    try:
        with path.open(encoding=encoding) as file:
            header = file.readline()
            while file.read(_CHUNK_BYTES):
                pass
    except UnicodeDecodeError:
        encoding = "windows-1252"
        with path.open(encoding=encoding, errors="replace") as file:
            header = file.readline()
    delimiter = max(",;", key=header.count)
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            names = [name.strip() or f"unnamed_{number}" for number, name in enumerate(next(reader, []), 1)]
            if len(set(names)) < len(names):
                problem = f"two columns have the same name. Found: {names}. Ask the publisher to rename a column."
                raise FeedError(where=path.name, problem=problem)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) == len(names):
                    yield {name: cell for name, cell in zip(names, cells, strict=True) if cell and not cell.isspace()}
                else:
                    yield {"_malformed_record": delimiter.join(cells)}
    except (csv.Error, UnicodeDecodeError) as error:
        problem = (
            f"the file cannot be read after line {reader.line_num} ({error}). Expected UTF-8 or Windows-1252, and a "
            "closing quote for each opening quote. Ask the publisher to correct the file."
        )
        raise FeedError(where=path.name, problem=problem) from error


def _read_json(feed: Feed, query: Mapping[str, str], sleep: Sleep) -> list[Row]:
    url = f"{feed.url}?{urllib.parse.urlencode(query)}"

    def attempt() -> Any:
        with _open(url, feed.token) as response:
            return json.loads(response.read())

    rows = _retry(url, attempt, sleep)
    if not isinstance(rows, list):
        problem = f"expected a list of rows, got {str(rows)[:200]}. Check that the address ends in /resource/….json."
        raise FeedError(where=url, problem=problem)
    return rows


def _open(url: str, token: str = "") -> Any:
    request = urllib.request.Request(url, headers={"X-App-Token": token} if token else {})
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)


def _retry(url: str, attempt: Callable[[], T], sleep: Sleep) -> T:
    """Repeat an attempt until it succeeds, at most `MAX_ATTEMPTS` times.

    Before a retry, wait at least as long as the server requests. Do not retry if the server requests a wait of more
    than `MAX_WAIT_SECONDS`, or if a retry cannot fix the error.
    """
    for number in range(1, MAX_ATTEMPTS + 1):
        retry_after = 0.0
        try:
            return attempt()
        except urllib.error.HTTPError as error:
            problem = f"HTTP {error.code} {error.reason}"
            if error.code < 500 and error.code not in (408, 429):
                body = error.read(500).decode(errors="replace")
                problem = f"{problem}: {body}. Check the address and the query."
                raise FeedError(where=url, problem=problem) from error
            retry_after = _parse_retry_after(error.headers["Retry-After"])
        except (OSError, http.client.HTTPException, ValueError) as error:  # lost connection, timeout or truncated JSON
            problem = f"{type(error).__name__}: {error}"
        if number == MAX_ATTEMPTS or retry_after > MAX_WAIT_SECONDS:
            break
        logger.warning("%s: %s. Retrying with attempt %d of %d", url, problem, number + 1, MAX_ATTEMPTS)
        sleep(max(retry_after, _draw_wait(number)))
    hint = f"Run again in {retry_after:.0f} s" if retry_after else "Run again later"
    raise FeedError(where=url, problem=f"{problem}, after {number} attempt(s). {hint}. No row is lost.")


def _parse_retry_after(text: str | None) -> float:
    """Return the seconds to wait. The header Retry-After has seconds or a date. If neither is found, return 0."""
    if text and text.strip().isdigit():
        return float(text)
    date = parsedate_tz(text or "")
    return mktime_tz(date) - time.time() if date else 0.0


def _draw_wait(attempt: int) -> float:
    return random.uniform(0, min(MAX_WAIT_SECONDS, 2.0**attempt))


def _read_setting(name: str) -> str:
    if not os.environ.get(name):
        problem = "the variable is not set. The docstring of ingest/handlers/feed_poller.py explains all variables."
        raise FeedError(where=f"environment variable {name}", problem=problem)
    return os.environ[name]
