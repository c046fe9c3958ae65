"""Replays a csv as events: each row a JSON line, put to a landing folder, to Firehose or to Kinesis, as of now.

python -m ingest.replay FILE --to DIR | firehose:STREAM | kinesis:STREAM

An event has the cells of its row that are not blank, as text under the csv's column names, and `row_ts`, the time at
which it was emitted, UTC, to the microsecond; no two events of a run have the same. A row with more or fewer cells than
the header is one cell, `_malformed_record`: whoever reads the events judges it, as raw does of a csv.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timezone
from itertools import islice
from json.encoder import encode_basestring
from pathlib import Path

from ingest.errors import IngestError, ReplayError
from ingest.header import Header
from ingest.storage import chunks, open_file, scheme_of
from ingest.targets import FirehoseStream, KinesisStream, LandingFolder, Progress, State, Target, settle
from ingest.text_file import read_header

logger = logging.getLogger(__name__)
_BURST = 500
_ROW_TS = "row_ts"


def replay(
    file: str,
    target: Target,
    *,
    to: str,
    state: str | Path,
    rate: float | None = None,
    partition_key: str | None = None,
    clock: Callable[[], int] = time.time_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Emit the rows of a csv as events, `rate` a second or as fast as they are taken, and return how many.

    `state` is a file that says how far a replay to `to` got: one that was ended goes on where it stopped, one that was
    complete emits nothing. A landing folder gets each row once, whenever the replay is killed; a stream at least once.
    `partition_key` is the column whose text Kinesis parts events by; without it each goes where its number says.

    Raises:
        ReplayError: The file is not there, or has no such column, or the rate is none; or the state is of another file
            or another target; or the stream refuses events.
        LandedFileError: The file is no csv that can be read.
    """
    if rate is not None and rate <= 0:
        raise ReplayError(where=file, problem=f"it cannot be replayed at {rate} events a second. Give more than 0.")
    try:
        header = read_header(Path(file).name, file, layouts={})
        progress = _state(Path(state), Progress(_digest(file), to))
    except OSError as error:
        raise ReplayError(
            where=file, problem=f"it cannot be read ({error.strerror}). Check path and rights."
        ) from error
    if partition_key not in (None, *header.columns):
        raise ReplayError(where=file, problem=f"it has no column {partition_key!r}, only {[*header.columns]}.")
    settle(progress)
    key_at = header.columns.index(partition_key) if partition_key else None
    event, stamps, emitted = _event_of(header), _stamps(clock), 0
    rows = islice(enumerate(_rows(file, header), 1), progress.progress.rows, None)
    for burst in _bursts(rows, rate, clock, sleep):
        lines = [event(cells, stamp).encode() for (_, cells), stamp in zip(burst, stamps, strict=False)]
        keys = [(cells[key_at] if key_at is not None and len(cells) > key_at else "") or str(n) for n, cells in burst]
        target.put(lines, keys, rows=burst[-1][0], state=progress)
        emitted += len(burst)
    target.finish(state=progress)
    return emitted


def main(argv: Sequence[str] | None = None) -> None:
    """Replay a file by arguments; exits with 1 and one line where that cannot be."""
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO)  # not all loggers: boto3's tell where it found credentials
    args = _parser().parse_args(argv)
    state = args.state or f"{Path(args.file).name}.replay.json"
    started = time.monotonic()
    try:
        target = _target(args)
        emitted = replay(args.file, target, to=args.to, state=state, rate=args.rate, partition_key=args.partition_key)
    except IngestError as error:
        logger.error("replay: %s", error)
        sys.exit(1)
    seconds = time.monotonic() - started
    logger.info("%s event(s) to %s in %.1f s; the state is in %s", f"{emitted:,}", args.to, seconds, state)


def _state(path: Path, wanted: Progress) -> State:
    if not path.exists():
        return State(path, wanted)
    try:
        found = Progress(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ReplayError(where=str(path), problem="it is no state of a replay. Give another --state.") from error
    if (found.sha256, found.to) != (wanted.sha256, wanted.to):
        what = f"of a replay to {found.to}" if found.to != wanted.to else "of a file with another content"
        raise ReplayError(where=str(path), problem=f"it is {what}. Give another --state, or remove it to begin again.")
    return State(path, found)


def _digest(file: str) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _rows(file: str, header: Header) -> Iterator[list[str]]:
    encoding = "utf-8-sig" if header.encoding == "UTF-8" else header.encoding
    with closing(open_file(file)) as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
        reader = csv.reader(text, delimiter=header.delimiter, strict=True)
        next(reader)
        for cells in reader:
            if any(cells) and not "".join(cells).isspace():  # else Spark reads no row either
                yield cells


def _bursts(
    rows: Iterator[tuple[int, list[str]]], rate: float | None, clock: Callable[[], int], sleep: Callable[[float], None]
) -> Iterator[list[tuple[int, list[str]]]]:
    """Part rows into bursts, each when it is due: at a rate, some ten a second."""
    started, given = clock(), 0
    size = _BURST if rate is None else max(1, min(_BURST, int(rate / 10)))
    while burst := list(islice(rows, size)):
        if rate is not None:
            sleep(max(0.0, given / rate - (clock() - started) / 1e9))
        yield burst
        given += len(burst)


def _event_of(header: Header) -> Callable[[list[str], str], str]:
    """Return what makes a JSON line of cells. It is half of a replay's work: names are written once, not per row."""
    names = [f"{encode_basestring(name)}:" for name in header.columns]
    width = len(names)
    replaced = header.columns.index(_ROW_TS) if _ROW_TS in header.columns else None

    def event(cells: list[str], stamp: str) -> str:
        if len(cells) != width:
            record = encode_basestring(header.delimiter.join(cells))
            return f'{{"_malformed_record":{record},"{_ROW_TS}":"{stamp}"}}\n'
        if replaced is not None:
            cells[replaced] = ""
        members = [
            name + encode_basestring(cell)
            for name, cell in zip(names, cells, strict=True)
            if cell and not cell.isspace()
        ]
        members.append(f'"{_ROW_TS}":"{stamp}"')
        return "{" + ",".join(members) + "}\n"

    return event


def _stamps(clock: Callable[[], int]) -> Iterator[str]:
    """Tell the time, each time a later one: it says which of two revisions of a case is the newer."""
    last, second, shown = 0, -1, ""
    while True:
        last = max(clock() // 1000, last + 1)
        if last // 1_000_000 != second:
            second = last // 1_000_000
            shown = datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        yield f"{shown}.{last % 1_000_000:06}Z"


def _target(args: argparse.Namespace) -> Target:
    kind, name = scheme_of(args.to), args.to.partition(":")[2]
    if kind not in ("", "firehose", "kinesis"):
        problem = "events do not go there. Give a folder of this machine, firehose:STREAM or kinesis:STREAM."
        raise ReplayError(where=args.to, problem=problem)
    if not kind:
        return LandingFolder(
            Path(args.to),
            args.stream or Path(args.file).stem,
            most_bytes=args.file_bytes,
            most_events=args.file_events,
            seconds=args.file_seconds,
            compress=args.gzip,
        )
    try:
        import boto3  # Only streams need it; a laptop does not have to have it.
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ReplayError(where=args.to, problem="boto3 is not installed. Run: pip install boto3") from error
    try:
        client = boto3.client(kind, endpoint_url=args.endpoint_url)
    except (BotoCoreError, ValueError) as error:
        raise ReplayError(where=args.to, problem=f"there is no way to it ({error}). Set AWS_DEFAULT_REGION?") from error
    return FirehoseStream(client, name) if kind == "firehose" else KinesisStream(client, name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.replay", description="Replay a csv as events.")
    parser.add_argument("file", metavar="FILE", help="a csv, of a disk or s3://…")
    parser.add_argument("--to", required=True, help="a landing folder, firehose:STREAM or kinesis:STREAM")
    parser.add_argument("--rate", type=float, help="events a second; as fast as possible if not given")
    parser.add_argument("--state", metavar="FILE", help="says how far it got; FILE's name and .replay.json here")
    parser.add_argument("--partition-key", metavar="COLUMN", help="of Kinesis: events of one text keep together")
    parser.add_argument("--endpoint-url", metavar="URL", help="another AWS, such as a local moto's")
    parser.add_argument("--stream", metavar="NAME", help="what landing files are named after; FILE's name")
    parser.add_argument("--file-bytes", type=int, default=5 << 20, help="size of a landing file; %(default)s")
    parser.add_argument("--file-events", type=int, default=1_000_000, help="most events in one; %(default)s")
    parser.add_argument("--file-seconds", type=float, default=300, help="longest wait for one; %(default)s")
    parser.add_argument("--gzip", action="store_true", help="compress landing files")
    return parser


if __name__ == "__main__":
    main()
