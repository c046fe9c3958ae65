"""Replay a csv as events: send each row as a JSON line to a landing folder, to Firehose or to Kinesis.

python -m ingest.replay FILE --to DIR | firehose:STREAM | kinesis:STREAM

The fields of an event are the cells of its row as text. The field names are the column names of the csv. Blank cells
are left out. The field `row_ts` is the time at which the event was sent (UTC, microseconds). No two events of a run
have the same `row_ts`. If a row has more or fewer cells than the header, the event has the whole row in the field
`_malformed_record`.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import islice
from json.encoder import encode_basestring
from pathlib import Path

from ingest.errors import IngestError, ReplayError
from ingest.header import Header
from ingest.storage import compute_checksum, scheme_of
from ingest.streams import connect
from ingest.targets import FirehoseStream, KinesisStream, LandingFolder, Progress, State, Target, finish_pending
from ingest.text_file import check_records, format_record, read_header, read_records
from transforms.text_format import DETECTED_FORMAT, ENCODINGS, TextFormat

logger = logging.getLogger(__name__)
_MAX_EVENTS_IN_BURST = 500
_ROW_TS = "row_ts"


def replay(
    file: str,
    target: Target,
    *,
    to: str,
    state: str | Path,
    rate: float | None = None,
    partition_key: str | None = None,
    text_format: TextFormat = DETECTED_FORMAT,
    clock: Callable[[], int] = time.time_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Send the rows of a csv as events, and return the number of events sent.

    If an earlier replay was stopped, this replay continues after the last stored row. If the earlier replay was
    complete, this replay sends nothing. A landing folder gets each row exactly once, even if a replay is killed. A
    stream gets each row at least once.

    Args:
        file: The path of the csv, on a disk or at `s3://…`.
        target: The target of the events.
        to: The address of the target. The state file stores this address.
        state: The file that holds the progress of the replay.
        rate: Events per second [default: as fast as possible].
        partition_key: Only for Kinesis: the column to use as partition key [default: the row number].
        text_format: The format of the csv [default: detected].
        clock: The function that returns the current time (nanoseconds since 1970).
        sleep: The function that waits.

    Raises:
        ReplayError: The file cannot be read, or lacks the column `partition_key`. Or the rate is 0 or less. Or the
            state file belongs to another csv or another target. Or the stream rejects events.
        LandedFileError: The file is not a valid csv.
    """
    if rate is not None and rate <= 0:
        raise ReplayError(where=file, problem=f"the rate is {rate:g} events a second. Expected a rate of more than 0.")
    try:
        header = read_header(Path(file).name, file, layouts={}, text_format=text_format)
        check_records(Path(file).name, file, header)
        saved = _load_state(Path(state), sha256=compute_checksum(file), to=to)
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}). Check its path and its permissions."
        raise ReplayError(where=file, problem=problem) from error
    if partition_key not in (None, *header.columns):
        problem = f"column {partition_key!r} is missing. Found: {[*header.columns]}. Check --partition-key."
        raise ReplayError(where=file, problem=problem)
    finish_pending(saved)
    key_index = header.columns.index(partition_key) if partition_key else None
    format_event, stamps, count = _event_formatter(header), _make_stamps(clock), 0
    rows = islice(enumerate(_read_rows(file, header), 1), saved.progress.rows, None)
    for burst in _make_bursts(rows, rate, clock, sleep):
        lines = [format_event(cells, stamp).encode() for (_, cells), stamp in zip(burst, stamps, strict=False)]
        keys = [_find_key(cells, key_index) or str(number) for number, cells in burst]
        target.put(lines, keys, last_row=burst[-1][0], state=saved)
        count += len(burst)
    target.finish(state=saved)
    return count


def main(argv: Sequence[str] | None = None) -> None:
    """Replay a file from the command line. If the replay fails, log one line and exit with code 1."""
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO)  # on the root logger, this level would make boto3 log where it found credentials
    args = _parser().parse_args(argv)
    state = args.state or f"{Path(args.file).name}.replay.json"
    started = time.monotonic()
    try:
        text_format = _parse_format(args)
        target = _make_target(args)
        count = replay(
            args.file,
            target,
            to=args.to,
            state=state,
            rate=args.rate,
            partition_key=args.partition_key,
            text_format=text_format,
        )
    except IngestError as error:
        logger.error("replay: %s", error)
        sys.exit(1)
    seconds = time.monotonic() - started
    logger.info("sent %s event(s) to %s in %.1f s. State: %s", f"{count:,}", args.to, seconds, state)


def _parse_format(args: argparse.Namespace) -> TextFormat:
    try:
        return DETECTED_FORMAT.with_options(delimiter=args.delimiter, encoding=args.encoding, quote=args.quote)
    except ValueError as error:
        raise ReplayError(where=args.file, problem=str(error)) from error


def _find_key(cells: list[str], index: int | None) -> str:
    return "" if index is None or len(cells) <= index else cells[index]


def _load_state(path: Path, *, sha256: str, to: str) -> State:
    if not path.exists():
        return State(path, Progress(sha256, to))
    try:
        progress = Progress(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        problem = "the file is not the state file of a replay. Give another --state."
        raise ReplayError(where=str(path), problem=problem) from error
    if (progress.sha256, progress.to) != (sha256, to):
        owner = f"a replay to {progress.to}" if progress.to != to else "a replay of a file with different content"
        problem = f"the state file belongs to {owner}. Give another --state, or remove the state file to start again."
        raise ReplayError(where=str(path), problem=problem)
    return State(path, progress)


def _read_rows(file: str, header: Header) -> Iterator[list[str]]:
    for cells in read_records(Path(file).name, file, header):
        if any(cells) and not "".join(cells).isspace():  # skip blank rows, as Spark does
            yield cells


def _make_bursts(
    rows: Iterator[tuple[int, list[str]]], rate: float | None, clock: Callable[[], int], sleep: Callable[[float], None]
) -> Iterator[list[tuple[int, list[str]]]]:
    """Split rows into bursts. If a rate is given, wait before each burst, and yield about ten bursts a second."""
    started, count = clock(), 0
    size = _MAX_EVENTS_IN_BURST if rate is None else max(1, min(_MAX_EVENTS_IN_BURST, int(rate / 10)))
    while burst := list(islice(rows, size)):
        if rate is not None:
            sleep(max(0.0, count / rate - (clock() - started) / 1e9))
        yield burst
        count += len(burst)


def _event_formatter(header: Header) -> Callable[[list[str], str], str]:
    """Return a function that formats cells as a JSON line.

    Formatting takes half of the run time of a replay. To save time, the column names are encoded only once.
    """
    names = [f"{encode_basestring(name)}:" for name in header.columns]
    width = len(names)
    own_row_ts = header.columns.index(_ROW_TS) if _ROW_TS in header.columns else None

    def format_event(cells: list[str], stamp: str) -> str:
        if len(cells) != width:
            record = encode_basestring(format_record(cells, header))
            return f'{{"_malformed_record":{record},"{_ROW_TS}":"{stamp}"}}\n'
        if own_row_ts is not None:
            cells[own_row_ts] = ""
        members = [
            name + encode_basestring(cell)
            for name, cell in zip(names, cells, strict=True)
            if cell and not cell.isspace()
        ]
        members.append(f'"{_ROW_TS}":"{stamp}"')
        return "{" + ",".join(members) + "}\n"

    return format_event


def _make_stamps(clock: Callable[[], int]) -> Iterator[str]:
    """Yield the current time. If the clock has not advanced, yield the previous time plus one microsecond."""
    last, second, text = 0, -1, ""
    while True:
        last = max(clock() // 1000, last + 1)
        if last // 1_000_000 != second:
            second = last // 1_000_000
            text = datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        yield f"{text}.{last % 1_000_000:06}Z"


def _make_target(args: argparse.Namespace) -> Target:
    kind, name = scheme_of(args.to), args.to.partition(":")[2]
    if kind not in ("", "firehose", "kinesis"):
        problem = "this is not a valid target. Give a folder on this machine, firehose:STREAM or kinesis:STREAM."
        raise ReplayError(where=args.to, problem=problem)
    if not kind:
        return LandingFolder(
            Path(args.to),
            args.stream or Path(args.file).stem,
            max_bytes=args.file_bytes,
            max_events=args.file_events,
            max_seconds=args.file_seconds,
            compress=args.gzip,
        )
    try:
        from botocore.exceptions import BotoCoreError  # only streams need boto3

        client = connect(kind, endpoint_url=args.endpoint_url)
    except ImportError as error:
        raise ReplayError(where=args.to, problem="boto3 is not installed. Run: pip install boto3") from error
    except (BotoCoreError, ValueError) as error:
        problem = f"cannot connect to AWS ({error}). Check --endpoint-url and AWS_DEFAULT_REGION."
        raise ReplayError(where=args.to, problem=problem) from error
    return FirehoseStream(client, name) if kind == "firehose" else KinesisStream(client, name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.replay", description="Replay a csv as events.")
    parser.add_argument("file", metavar="FILE", help="Replay the csv at this path or s3:// address.")
    parser.add_argument(
        "--to", required=True, help="Send events to a landing folder, to firehose:STREAM or to kinesis:STREAM."
    )
    parser.add_argument(
        "--rate", type=float, help="Send this number of events per second [default: as fast as possible]."
    )
    parser.add_argument(
        "--state", metavar="STATE", help="Store the progress in this file [default: ./FILE.replay.json]."
    )
    parser.add_argument(
        "--partition-key",
        metavar="COLUMN",
        help="Use this column as the partition key of Kinesis [default: the row number].",
    )
    parser.add_argument(
        "--endpoint-url", metavar="URL", help="Send events to this AWS endpoint, such as moto [default: AWS]."
    )
    parser.add_argument(
        "--stream", metavar="NAME", help="Start the names of landing files with NAME [default: name of FILE]."
    )
    for option, text in (
        ("--delimiter", "Split the csv at this character. You can write comma, semicolon, tab, pipe or space"),
        ("--encoding", f"Read the csv in this encoding: {', '.join(ENCODINGS)}"),
    ):
        parser.add_argument(option, help=f"{text} [default: detected].")
    parser.add_argument("--quote", help='Expect this character around quoted cells, or none [default: "].')
    limits = {
        "--file-bytes": (
            int,
            5 << 20,
            "Start a new landing file at this number of bytes, before compression [default: %(default)s].",
        ),
        "--file-events": (int, 1_000_000, "Start a new landing file at this number of events [default: %(default)s]."),
        "--file-seconds": (
            float,
            300.0,
            "Start a new landing file after this number of seconds [default: %(default)g].",
        ),
    }
    for option, (kind, default, text) in limits.items():
        parser.add_argument(option, type=kind, default=default, help=text)
    parser.add_argument("--gzip", action="store_true", help="Compress landing files [default: false].")
    return parser


if __name__ == "__main__":
    main()
