"""Read the new and changed rows of a feed from the API of Socrata or Opendatasoft."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from urllib3 import Retry

from ingest.downloads import RETRIES, download, read, reject_web_page, split_address
from ingest.errors import FeedError

Row = dict[str, Any]

OVERLAP_OF_POLLS = timedelta(minutes=10)
ROWS_IN_PAGE = 5_000
_FIELDS_OF_ERRORS = {"error", "error_code", "errorcode", "code", "message", "status", "data"}


@dataclass(frozen=True)
class Feed:
    """A feed that a city publishes. The API of the feed can select the rows that have changed.

    Attributes:
        kind: `socrata` or `opendatasoft`.
        url: The address of the feed. The address may have a query that selects rows.
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


def pages(feed: Feed, state: Mapping[str, Any], *, retries: Retry = RETRIES) -> Iterator[Page]:
    """Yield pages with the rows that are new or have changed since `state` was written.

    If `state` is `{}`, all rows of the feed are new.

    Raises:
        FeedError: The kind or the address of the feed is not valid. Or the feed cannot be read. Or all rows are
            requested, but the feed has no rows.
    """
    readers = {"socrata": _read_socrata, "opendatasoft": _read_opendatasoft}
    if feed.kind == "csv":
        problem = (
            "a csv file cannot be polled, because the publisher cannot select the rows that have changed. Download the "
            "whole file with `citylake fetch`."
        )
        raise FeedError(where=feed.url, problem=problem)
    if feed.kind not in readers:
        problem = f"{feed.kind!r} is not a valid kind of feed. Expected one of {[*readers]}. Set FEED."
        raise FeedError(where=feed.url, problem=problem)
    return readers[feed.kind](feed, state, retries)


def to_json_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """Format each row as a JSON line with the current time in `row_ts` (UTC).

    Each line ends with a newline, because Firehose writes records without a separator.
    """
    for row in rows:
        stamped = {**row, "row_ts": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        text = json.dumps(stamped, ensure_ascii=False, separators=(",", ":")) + "\n"
        yield text.encode(errors="backslashreplace")  # UTF-8 cannot encode half of a surrogate pair, so escape it


def _read_socrata(feed: Feed, state: Mapping[str, Any], retries: Retry) -> Iterator[Page]:
    # Do not use $offset for pages. If a row changes between the reads of two pages, the row moves to the end of the
    # feed, and all rows after its old position move up. With $offset, the next page would skip one of these rows.
    updated_at, row_id = state.get("updated_at"), state.get("id")
    where = f":updated_at >= '{_subtract_overlap(updated_at)}'" if updated_at else ""
    if updated_at and row_id and not state.get("complete"):
        where = _after_row(updated_at, row_id)
    while True:
        rows = _read_socrata_page(feed, where, retries)
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
        elif not updated_at:
            raise _no_rows(feed)
        cells = [{name: cell for name, cell in row.items() if name not in (":id", ":updated_at")} for row in rows]
        yield Page(cells, {"updated_at": updated_at, "id": row_id, "complete": is_last})
        if is_last:
            return


def _read_socrata_page(feed: Feed, where: str, retries: Retry) -> list[Row]:
    query = {"$select": ":id,:updated_at,*", "$order": ":updated_at,:id", "$limit": str(ROWS_IN_PAGE)}
    url = _add_query(feed, query, where=("$where", where), refused=("$offset", "$group", "$having", "$query"))

    def parse(response: Any) -> Any:
        body = response.read()
        reject_web_page(body[:100])
        return json.loads(body)

    rows = read(url, parse, headers={"X-App-Token": feed.token} if feed.token else None, retries=retries)
    if not isinstance(rows, list):
        problem = f"expected a list of rows, got {_shorten(rows)}. Check that the address ends in /resource/….json."
        raise FeedError(where=url, problem=problem)
    for row in rows:
        if not isinstance(row, dict) or not row.get(":id") or not row.get(":updated_at"):
            problem = f"expected rows with :id and :updated_at, got {_shorten(row)}. Check that this is Socrata's API."
            raise FeedError(where=url, problem=problem)
    return rows


def _after_row(updated_at: str, row_id: Any) -> str:
    return f":updated_at > '{updated_at}' OR (:updated_at = '{updated_at}' AND :id > '{row_id}')"


def _subtract_overlap(text: str) -> str:
    return (_parse_time(text) - OVERLAP_OF_POLLS).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


def _parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _read_opendatasoft(feed: Feed, state: Mapping[str, Any], retries: Retry) -> Iterator[Page]:
    column, latest = feed.changed_column, state.get("changed", "")
    where = ""
    if column and latest:  # also read the rows with a null in `column`, because these rows may have changed
        where = f"{column} >= date'{_subtract_overlap(latest)}' or {column} is null"
    url = _add_query(feed, {}, where=("where", where), refused=("limit", "offset", "group_by"))
    if not urlsplit(url).path.endswith("/exports/jsonl"):
        problem = "this is not the address of an export. Expected a path that ends in /exports/jsonl."
        raise FeedError(where=feed.url, problem=problem)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.jsonl")
        # Read all rows before the first row is sent, because the last row may be cut off.
        count, changed = download(
            url, path, check=lambda: _check_export(url, path, column), is_empty_valid=True, retries=retries
        )
        if not count and not latest:
            raise _no_rows(feed)
        latest = _latest(url, column, latest, changed) if changed else latest
        yield Page(_read_lines(path), {"changed": latest, "complete": True})


def _check_export(url: str, path: Path, column: str) -> tuple[int, str]:
    """Return the number of rows, and the latest time in `column`.

    Raises:
        ValueError: A line is not JSON, for example because the line is cut off.
        FeedError: A line is not a row, or has no time in `column`.
    """
    count, latest = 0, ""
    for row in _read_lines(path):
        count += 1
        if not isinstance(row, dict) or (row.keys() <= _FIELDS_OF_ERRORS and row.keys() & {"error", "error_code"}):
            problem = f"expected a row in each line, got {_shorten(row)}. Check the address and its query."
            raise FeedError(where=url, problem=problem)
        if column and column not in row:
            problem = f"column {column!r} is missing from a row. Set CHANGED_COLUMN to a column of the feed."
            raise FeedError(where=url, problem=problem)
        if column and row[column]:
            latest = _latest(url, column, latest, row[column])
    return count, latest


def _latest(url: str, column: str, latest: str, value: str) -> str:
    try:
        return max(filter(None, (latest, value)), key=_parse_time)
    except (TypeError, ValueError) as error:
        problem = f"column {column!r} has {value!r}, which is not a time. Set CHANGED_COLUMN to a column of times."
        raise FeedError(where=url, problem=problem) from error


def _read_lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _add_query(feed: Feed, query: Mapping[str, str], *, where: tuple[str, str], refused: Collection[str]) -> str:
    """Add parameters to the query of an address. The parameters in the address are kept.

    `where` is the name of the parameter for conditions, and a condition. A row must meet this condition and the
    conditions in the address. A fragment is removed, because it is not a part of a request.

    Raises:
        FeedError: The address is not valid, or has a parameter in `refused`.
    """
    parts = split_address(feed.url)
    given = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    if conflicts := ", ".join(sorted({name for name, _ in given} & {*query, *refused})):
        problem = (
            f"the address has {conflicts}, but only the reader of the feed may set the order, the columns and the "
            f"number of rows. Remove {conflicts} from the address."
        )
        raise FeedError(where=feed.url, problem=problem)
    name, condition = where
    conditions = [text for text in (*(value for key, value in given if key == name), condition) if text.strip()]
    if len(conditions) > 1:
        conditions = [" AND ".join(f"({text})" for text in conditions)]
    kept = [pair for pair in given if pair[0] != name]
    pairs = [*kept, *query.items(), *((name, text) for text in conditions)]
    return urlunsplit((*parts[:3], urlencode(pairs, errors="surrogateescape"), ""))


def _no_rows(feed: Feed) -> FeedError:
    problem = "all rows were requested, but the feed has no rows. Check the address and its query."
    return FeedError(where=feed.url, problem=problem)


def _shorten(value: object) -> str:
    return str(value)[:200]
