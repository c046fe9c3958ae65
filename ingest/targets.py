"""The targets of a replay: a landing folder, a Firehose stream, or a Kinesis stream."""

from __future__ import annotations

import gzip
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from ingest.errors import ReplayError, StreamError
from ingest.streams import batches, firehose_sender, send_all

logger = logging.getLogger(__name__)
_KINESIS_LIMITS = {"max_records": 500, "max_bytes": 5 << 20, "max_record_bytes": 1 << 20}
_MAX_PARTITION_KEY_LENGTH = 256


@dataclass(frozen=True)
class Progress:
    """The progress of a replay.

    Attributes:
        sha256: The SHA-256 checksum of the replayed file.
        to: The address of the target.
        rows: Number of rows that the target has stored.
        pending: The path of the landing file that is being written. Empty if no file is being written. The path exists
            only after the file is complete.
        pending_rows: The value of `rows` after the pending file is complete.
    """

    sha256: str
    to: str
    rows: int = 0
    pending: str = ""
    pending_rows: int = 0


@dataclass
class State:
    """The progress of a replay, and the file that stores this progress. Each save replaces the file atomically."""

    path: Path
    progress: Progress

    def save(self, **changes: Any) -> None:
        """Change fields of the progress, and write the progress to the file."""
        self.progress = replace(self.progress, **changes)
        hidden = _hidden_path(self.path)
        hidden.write_text(json.dumps(asdict(self.progress), indent=1), encoding="utf-8")
        hidden.replace(self.path)

    def set_aside(self, event: bytes, reason: str) -> Path:
        """Write an oversized event to a file beside the state file. Return the path."""
        path = self.path.with_name(f"{self.path.name}.set_aside")
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"reason": reason, "event": event.decode()}, ensure_ascii=False) + "\n")
        return path


class Target(Protocol):
    """A target stores events, and records the number of stored rows in the state."""

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, last_row: int, state: State) -> None:
        """Accept events. `keys` has the partition key of each event. `last_row` is the row number of the last event."""

    def finish(self, *, state: State) -> None:
        """Store all events that `put` has accepted."""


@dataclass
class LandingFolder:
    """A folder whose files have Firehose names: `yyyy/MM/dd/HH/<stream>-<version>-<time>-<uuid>`, in UTC.

    A file has a hidden name until it is complete. The final name of the file is stored in the state before the file is
    written. If the replay is killed, the next replay calls `finish_pending`, which checks whether a file with this name
    exists. So each event is in exactly one file.

    Attributes:
        folder: The landing folder.
        stream: The stream name at the start of each file name.
        max_bytes: A file is complete when it has this size in bytes, before compression.
        max_events: A file is complete when it has this number of events.
        max_seconds: A file is complete this number of seconds after its first event was added.
        compress: Whether to compress the files with gzip.
        clock: The function that returns the current time (seconds since 1970).
    """

    folder: Path
    stream: str
    max_bytes: int = 5 << 20
    max_events: int = 1_000_000
    max_seconds: float = 300
    compress: bool = False
    clock: Callable[[], float] = time.time
    _lines: list[bytes] = field(default_factory=list)
    _bytes: int = 0
    _started: float = 0
    _last_row: int = 0

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, last_row: int, state: State) -> None:
        """Add lines to the current file, and write the file if it is complete."""
        for row, line in enumerate(lines, last_row - len(lines) + 1):
            if not self._lines:
                self._started = self.clock()
            self._lines.append(line)
            self._bytes += len(line)
            self._last_row = row
            if self._bytes >= self.max_bytes or len(self._lines) >= self.max_events:
                self.finish(state=state)
        if self._lines and self.clock() - self._started >= self.max_seconds:
            self.finish(state=state)

    def finish(self, *, state: State) -> None:
        """Write the current file."""
        if self._lines:
            moment = datetime.fromtimestamp(self._started, timezone.utc)
            name = f"{self.stream}-1-{moment:%Y-%m-%d-%H-%M-%S}-{uuid4()}{'.gz' if self.compress else ''}"
            path = Path(self.folder, f"{moment:%Y/%m/%d/%H}", name).absolute()
            state.save(pending=str(path), pending_rows=self._last_row)
            path.parent.mkdir(parents=True, exist_ok=True)
            content = b"".join(self._lines)
            _hidden_path(path).write_bytes(gzip.compress(content, 6) if self.compress else content)
            _hidden_path(path).replace(path)
        state.save(rows=max(self._last_row, state.progress.rows), pending="", pending_rows=0)
        self._lines, self._bytes = [], 0


def finish_pending(state: State) -> None:
    """If the pending file of a stopped replay exists, record its rows as stored. Remove its hidden `.part` file."""
    path = Path(state.progress.pending)
    if state.progress.pending:
        rows = state.progress.pending_rows if path.exists() else state.progress.rows
        _hidden_path(path).unlink(missing_ok=True)
        state.save(rows=rows, pending="", pending_rows=0)


def _hidden_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


@dataclass
class FirehoseStream:
    """A Firehose stream. The stream gets each event at least once. After a crash, the last events may be sent again."""

    client: Any
    stream: str
    sleep: Callable[[float], None] = time.sleep

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, last_row: int, state: State) -> None:
        """Send lines, and record in the state that the lines are stored."""
        send = firehose_sender(self.client, self.stream)
        for batch in batches(lines, too_large=lambda line: _set_aside(state, line, "1,000 KiB"), size=len):
            _send(batch, send, to=f"firehose:{self.stream}", sleep=self.sleep)
        state.save(rows=last_row)

    def finish(self, *, state: State) -> None:
        """Do nothing, because `put` has sent all events."""


@dataclass
class KinesisStream:
    """A Kinesis stream. The stream gets each event at least once. Events with the same key usually keep their order."""

    client: Any
    stream: str
    sleep: Callable[[float], None] = time.sleep

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, last_row: int, state: State) -> None:
        """Send lines with their partition keys, and record in the state that the lines are stored."""
        records = [(line, key[:_MAX_PARTITION_KEY_LENGTH]) for line, key in zip(lines, keys, strict=True)]

        def too_large(record: tuple[bytes, str]) -> None:
            _set_aside(state, record[0], "1 MiB for an event and its partition key together")

        def size(record: tuple[bytes, str]) -> int:
            return len(record[0]) + len(record[1].encode())

        for batch in batches(records, too_large=too_large, size=size, **_KINESIS_LIMITS):
            _send(batch, self._put_records, to=f"kinesis:{self.stream}", sleep=self.sleep)
        state.save(rows=last_row)

    def finish(self, *, state: State) -> None:
        """Do nothing, because `put` has sent all events."""

    def _put_records(self, records: Sequence[tuple[bytes, str]]) -> list[str | None]:
        entries = [{"Data": line, "PartitionKey": key} for line, key in records]
        response = self.client.put_records(StreamName=self.stream, Records=entries)
        return [result.get("ErrorCode") for result in response["Records"]]


def _set_aside(state: State, event: bytes, limit: str) -> None:
    reason = f"the event has {len(event):,} bytes, but the stream takes at most {limit}"
    path = state.set_aside(event, reason)
    logger.error("an event was set aside in %s: %s", path, reason)


def _send(
    batch: Sequence[Any],
    send: Callable[[Sequence[Any]], list[str | None]],
    *,
    to: str,
    sleep: Callable[[float], None],
) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # only streams need boto3

    try:
        send_all(batch, send, to=to, sleep=sleep)
    except StreamError as error:
        raise ReplayError(where=error.where, problem=error.problem) from error
    except (BotoCoreError, ClientError) as error:
        service, _, name = to.partition(":")
        action = f"{service}:{'PutRecordBatch' if service == 'firehose' else 'PutRecords'}"
        problem = (
            f"cannot write to the stream ({error}). Check that stream {name!r} exists and your role allows {action}."
        )
        raise ReplayError(where=to, problem=problem) from error
