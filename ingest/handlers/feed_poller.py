"""A Lambda that polls a city's feed and puts what is new or has changed to Amazon Data Firehose, one JSON line a row.

Deploy this one file, zipped. Runtime python3.11 or later, handler `feed_poller.handler`, timeout 15 minutes, reserved
concurrency 1; a schedule of EventBridge runs it. A csv or an export is kept in /tmp while it is read: give the function
ephemeral storage for it. Its role may do `firehose:PutRecordBatch` on the stream, and `s3:GetObject`, `s3:PutObject`
and `s3:ListBucket` (else S3 does not tell what is absent from what is forbidden) on the bucket of its state.

Environment:
    FEED: `socrata`, `opendatasoft` or `csv`.
    FEED_URL: …/resource/98cc-bc7d.json, …/exports/jsonl, or a csv file's address.
    STREAM: The Firehose stream.
    STATE: `s3://BUCKET/KEY`: the object that says how far the feed was read. Without that object it is read from its
        start. Records that Firehose does not take go to `KEY.set_aside/`, each with the reason.
    CHANGED_COLUMN: For `opendatasoft`: the column that says when a row last changed. Not given: all of it each time.
    APP_TOKEN: Socrata's app token; not needed, but without one Socrata lets fewer requests through.

Rows come at least once: the state is written after Firehose has accepted the rows before it, and each run looks again
at the last ten minutes, for rows that became visible late. A csv is put anew, all of it, when its content has changed.
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

ATTEMPTS = 6
TIMEOUT = 60
LONGEST_WAIT = 120
OVERLAP = timedelta(minutes=10)
PAGE = 5_000
MOST_RECORDS, MOST_BYTES, LARGEST_RECORD = 500, 4 << 20, 1000 << 10  # Firehose's, of a PutRecordBatch
_CHUNK = 1 << 20
_LEAST_TIME = 90_000  # milliseconds: what a page more may take, with some waiting


class FeedError(RuntimeError):
    """A feed cannot be read, or a stream does not take its rows; what was accepted before stays, and so does the state.

    Attributes:
        where: The feed's address, or the stream.
        problem: What was found, what was expected, what to do.
    """

    def __init__(self, *, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class Feed:
    """A feed, and how it is read: `kind` is one of `socrata`, `opendatasoft`, `csv`."""

    kind: str
    url: str
    token: str = ""
    changed: str = ""


class Page(NamedTuple):
    """Some rows, and the state to write once they all are accepted."""

    rows: Iterable[Row]
    state: dict[str, Any]


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Poll the feed of the environment: from the state on, until all is read or the function's time is nearly up."""
    import boto3  # Here, so that whoever only downloads needs no boto3.

    logger.setLevel(logging.INFO)  # Lambda shows warnings only
    feed = Feed(_of("FEED"), _of("FEED_URL"), os.environ.get("APP_TOKEN", ""), os.environ.get("CHANGED_COLUMN", ""))
    state = S3State(boto3.client("s3"), _of("STATE"))
    send = firehose(boto3.client("firehose"), _of("STREAM"))
    return poll(feed, state, send, has_time=lambda: context.get_remaining_time_in_millis() > _LEAST_TIME)


def poll(
    feed: Feed,
    state: S3State,
    send: Callable[[Sequence[bytes]], Sequence[str | None]],
    *,
    has_time: Callable[[], bool] = lambda: True,
    sleep: Sleep = time.sleep,
) -> dict[str, Any]:
    """Send the rows of a feed page by page, and after each write how far it got."""
    rows = set_aside = 0
    is_complete = False
    for page in pages(feed, state.read(), sleep=sleep):
        too_large: list[bytes] = []
        for batch in batches(lines(page.rows), too_large=too_large.append, size=len):
            send_all(batch, send, sleep=sleep)
            rows += len(batch)
        for record in too_large:
            state.set_aside(record, f"{len(record):,} bytes; Firehose takes {LARGEST_RECORD:,}")
        set_aside += len(too_large)
        state.write(page.state)
        is_complete = page.state["complete"]
        if not has_time():
            break
    logger.info("%s: %d row(s) put, %d set aside, complete: %s", feed.url, rows, set_aside, is_complete)
    return {"rows": rows, "set_aside": set_aside, "complete": is_complete}


def pages(feed: Feed, state: Mapping[str, Any], *, sleep: Sleep = time.sleep) -> Iterator[Page]:
    """Read what a feed has that is new since a state ({} is the start), page by page.

    Raises:
        FeedError: Its kind is none, or it could not be read, however often it was tried.
    """
    readers = {"socrata": _socrata, "opendatasoft": _opendatasoft, "csv": _csv}
    if feed.kind not in readers:
        raise FeedError(where=feed.url, problem=f"the kind {feed.kind!r} is none. Expected one of {[*readers]}.")
    return readers[feed.kind](feed, state, sleep)


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """Make of each row a JSON line with `row_ts`, the time of this moment. Firehose puts records end to end."""
    for row in rows:
        stamped = {**row, "row_ts": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        text = json.dumps(stamped, ensure_ascii=False, separators=(",", ":")) + "\n"
        yield text.encode(errors="backslashreplace")  # half of a surrogate pair, which JSON may say, has no UTF-8


def batches(
    records: Iterable[T],
    *,
    too_large: Callable[[T], None],
    size: Callable[[T], int],
    most_records: int = MOST_RECORDS,
    most_bytes: int = MOST_BYTES,
    largest: int = LARGEST_RECORD,
) -> Iterator[list[T]]:
    """Part records, in order, into batches that one call may send; those that no call may go to `too_large`."""
    batch: list[T] = []
    total = 0
    for record in records:
        length = size(record)
        if length > largest:
            too_large(record)
            continue
        if batch and (len(batch) == most_records or total + length > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(record)
        total += length
    if batch:
        yield batch


def firehose(client: Any, stream: str) -> Callable[[Sequence[bytes]], list[str | None]]:
    """Return what sends a batch to Firehose, and for each record gives its error, or None."""

    def send(records: Sequence[bytes]) -> list[str | None]:
        answer = client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": record} for record in records])
        return [each.get("ErrorCode") for each in answer["RequestResponses"]]

    return send


def send_all(
    records: Sequence[T], send: Callable[[Sequence[T]], Sequence[str | None]], *, sleep: Sleep = time.sleep
) -> None:
    """Send a batch; of what is refused exactly that again, after a while, until all is accepted.

    Raises:
        FeedError: Some is still refused after six times.
    """
    left = list(records)
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(_backoff(attempt))
        refusals = send(left)
        left = [record for record, error in zip(left, refusals, strict=True) if error]
        if not left:
            return
    reasons = sorted({error for error in refusals if error})
    problem = f"{len(left)} of {len(records)} record(s) were refused {ATTEMPTS} times ({', '.join(reasons)})"
    raise FeedError(where="the stream", problem=f"{problem}. Has it the capacity? Run again: the state is as it was.")


class S3State:
    """How far a feed was read: an object in S3, written only after what it says is true."""

    def __init__(self, client: Any, uri: str) -> None:
        self._client, self._bucket, self._key = client, *uri.removeprefix("s3://").split("/", 1)

    def read(self) -> dict[str, Any]:
        """Return the state; {} if there is none."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return {}
        return dict(json.loads(body))

    def write(self, state: Mapping[str, Any]) -> None:
        """Write the state."""
        self._client.put_object(Bucket=self._bucket, Key=self._key, Body=json.dumps(state).encode())

    def set_aside(self, record: bytes, reason: str) -> None:
        """Keep a record that the stream cannot take, beside the state, with the reason."""
        key = f"{self._key}.set_aside/{hashlib.sha256(record).hexdigest()}.json"
        logger.error("a record was set aside as s3://%s/%s: %s", self._bucket, key, reason)
        body = {"reason": reason, "record": record.decode()}
        self._client.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(body, ensure_ascii=False).encode())


def download(url: str, path: str | Path, *, check: Callable[[], Any] = lambda: None, sleep: Sleep = time.sleep) -> None:
    """Download a file whole. If it is shorter than its Content-Length, or `check` raises ValueError, it is tried again.

    Raises:
        FeedError: It could not be read, however often it was tried.
    """

    def attempt() -> None:
        with _open(url) as answer, Path(path).open("wb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
            expected = answer.headers["Content-Length"]
            if expected is not None and file.tell() != int(expected):  # `read` with a size does not look at it
                raise http.client.IncompleteRead(b"", int(expected) - file.tell())
        with Path(path).open("rb") as file:
            if file.read(100).lstrip().startswith(b"<"):
                raise ValueError("a web page instead of data")
        check()

    _retried(url, attempt, sleep)


def _socrata(feed: Feed, state: Mapping[str, Any], sleep: Sleep) -> Iterator[Page]:
    # Not by $offset: where a row that was read changes while paging, it moves to the end, and the next page skips one.
    at, row_id = state.get("updated_at"), state.get("id")
    where = f":updated_at >= '{_earlier(at)}'" if at else ""
    if at and row_id and not state.get("complete"):
        where = _behind(at, row_id)
    while True:
        query = {"$select": ":id,:updated_at,*", "$order": ":updated_at,:id", "$limit": str(PAGE)}
        rows = _json(feed, query | ({"$where": where} if where else {}), sleep)
        is_last = len(rows) < PAGE
        if rows:
            if where == _behind(rows[-1][":updated_at"], rows[-1][":id"]):
                raise FeedError(where=feed.url, problem="the next page ends with the row that the last one ended with.")
            at, row_id = rows[-1][":updated_at"], rows[-1][":id"]
            where = _behind(at, row_id)
        cells = [{name: cell for name, cell in row.items() if name not in (":id", ":updated_at")} for row in rows]
        yield Page(cells, {"updated_at": at, "id": row_id, "complete": is_last})
        if is_last:
            return


def _behind(at: str, row_id: Any) -> str:
    return f":updated_at > '{at}' OR (:updated_at = '{at}' AND :id > '{row_id}')"


def _earlier(time_text: str) -> str:
    return (_time(time_text) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


def _time(text: str) -> datetime:
    time_ = datetime.fromisoformat(text)
    return time_.astimezone(timezone.utc) if time_.tzinfo else time_.replace(tzinfo=timezone.utc)


def _opendatasoft(feed: Feed, state: Mapping[str, Any], sleep: Sleep) -> Iterator[Page]:
    url, latest = feed.url, state.get("changed", "")
    if feed.changed and latest:  # Rows without a time of change come each time: nothing tells whether they changed.
        where = f"{feed.changed} >= date'{_earlier(latest)}' or {feed.changed} is null"
        url += "?" + urllib.parse.urlencode({"where": where})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.jsonl")

        def rows() -> Iterator[Row]:
            with path.open("rb") as file:
                yield from (json.loads(line) for line in file if line.strip())

        def look() -> None:
            nonlocal latest
            try:
                for row in rows():  # all of them, so that one that is cut is seen before any is put
                    if feed.changed and (changed := row[feed.changed]):
                        latest = max(filter(None, (latest, changed)), key=_time)
            except KeyError as error:
                raise FeedError(where=url, problem=f"a row has no {error}. Is CHANGED_COLUMN right?") from error

        download(url, path, check=look, sleep=sleep)
        yield Page(rows(), {"changed": latest, "complete": True})


def _csv(feed: Feed, state: Mapping[str, Any], sleep: Sleep) -> Iterator[Page]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "feed.csv")
        download(feed.url, path, sleep=sleep)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        is_new = digest != state.get("sha256")
        deque(csv_rows(path) if is_new else (), maxlen=0)  # what cannot be read is seen before any row is put
        yield Page(csv_rows(path) if is_new else (), {"sha256": digest, "complete": True})


def csv_rows(path: Path) -> Iterator[Row]:
    """Read a csv, UTF-8 or else Windows-1252: a row's cells by name, without blank ones.

    What has more or fewer cells than the header is one cell, `_malformed_record`, for those who read it to judge.

    Raises:
        FeedError: The text is of neither encoding, or its quotes are not in order.
    """
    encoding = "utf-8-sig"
    try:
        with path.open(encoding=encoding) as file:
            first = file.readline()
            while file.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        encoding = "windows-1252"
        with path.open(encoding=encoding, errors="replace") as file:
            first = file.readline()
    delimiter = max(",;", key=first.count)
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            names = [name.strip() or f"unnamed_{number}" for number, name in enumerate(next(reader, []), 1)]
            if len(set(names)) < len(names):
                raise FeedError(where=path.name, problem=f"two columns have one name; it has {names}.")
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) == len(names):
                    yield {name: cell for name, cell in zip(names, cells, strict=True) if cell and not cell.isspace()}
                else:
                    yield {"_malformed_record": delimiter.join(cells)}
    except (csv.Error, UnicodeDecodeError) as error:
        problem = (
            f"after line {reader.line_num} it cannot be read ({error}). Expected UTF-8 or Windows-1252, and quotes"
        )
        raise FeedError(where=path.name, problem=f"{problem} that are closed. Tell whoever publishes it.") from error


def _json(feed: Feed, query: Mapping[str, str], sleep: Sleep) -> list[Row]:
    url = f"{feed.url}?{urllib.parse.urlencode(query)}"

    def attempt() -> Any:
        with _open(url, feed.token) as answer:
            return json.loads(answer.read())

    rows = _retried(url, attempt, sleep)
    if not isinstance(rows, list):
        raise FeedError(
            where=url, problem=f"expected a list of rows, got {str(rows)[:200]}. Is it a …/resource/….json?"
        )
    return rows


def _open(url: str, token: str = "") -> Any:
    request = urllib.request.Request(url, headers={"X-App-Token": token} if token else {})
    return urllib.request.urlopen(request, timeout=TIMEOUT)


def _retried(url: str, attempt: Callable[[], T], sleep: Sleep) -> T:
    """Try to read, again where a later try may go well, and not before the server wants to be asked again."""
    for number in range(1, ATTEMPTS + 1):
        asked = 0.0
        try:
            return attempt()
        except urllib.error.HTTPError as error:
            problem = f"HTTP {error.code} {error.reason}"
            if error.code < 500 and error.code not in (408, 429):
                told = error.read(500).decode(errors="replace")
                raise FeedError(where=url, problem=f"{problem}: {told}. Check address and query.") from error
            asked = _retry_after(error.headers["Retry-After"])
        except (OSError, http.client.HTTPException, ValueError) as error:  # cut off, too slow, cut JSON
            problem = f"{type(error).__name__}: {error}"
        if number == ATTEMPTS or asked > LONGEST_WAIT:
            break
        logger.warning("%s: %s; try %d of %d comes", url, problem, number + 1, ATTEMPTS)
        sleep(max(asked, _backoff(number)))
    wait = f" It asks to wait {asked:.0f} s." if asked else ""
    raise FeedError(where=url, problem=f"{problem}, after {number} tries.{wait} Run again later: no row is lost.")


def _retry_after(text: str | None) -> float:
    if text and text.strip().isdigit():
        return float(text)
    date = parsedate_tz(text or "")
    return mktime_tz(date) - time.time() if date else 0.0


def _backoff(attempt: int) -> float:
    return random.uniform(0, min(LONGEST_WAIT, 2.0**attempt))


def _of(name: str) -> str:
    if not os.environ.get(name):
        raise FeedError(
            where=f"environment variable {name}", problem="it is not set. The module's docstring says what."
        )
    return os.environ[name]
