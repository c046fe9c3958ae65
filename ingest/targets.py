"""Where events are put: a landing folder as Firehose fills it, a Firehose stream, a Kinesis stream."""

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

from ingest.errors import ReplayError
from ingest.handlers.feed_poller import FeedError, batches, firehose, send_all

_logger = logging.getLogger(__name__)
_KINESIS = {"most_records": 500, "most_bytes": 5 << 20, "largest": 1 << 20}
_LONGEST_KEY = 256


@dataclass(frozen=True)
class Progress:
    """How far a replay got.

    Attributes:
        sha256: The content of the file that is replayed.
        to: Where to.
        rows: How many of its rows need not be emitted any more.
        pending: The landing file that holds those up to `pending_rows`, if it is there.
        pending_rows: The number of the last row in it.
    """

    sha256: str
    to: str
    rows: int = 0
    pending: str = ""
    pending_rows: int = 0


@dataclass
class State:
    """A replay's progress, in a file that is replaced at once, or not at all."""

    path: Path
    progress: Progress

    def save(self, **changes: Any) -> None:
        """Write the progress with some changes."""
        self.progress = replace(self.progress, **changes)
        hidden = self.path.with_name(f".{self.path.name}.part")
        hidden.write_text(json.dumps(asdict(self.progress), indent=1), encoding="utf-8")
        hidden.replace(self.path)

    def set_aside(self, event: bytes, reason: str) -> Path:
        """Keep an event that cannot be put, beside the state, and return where."""
        path = self.path.with_name(f"{self.path.name}.set_aside")
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"reason": reason, "event": event.decode()}, ensure_ascii=False) + "\n")
        return path


class Target(Protocol):
    """What takes events, and says in the state which are taken for good."""

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, rows: int, state: State) -> None:
        """Take the lines of a file up to a row; `keys` are what their partition goes by."""

    def finish(self, *, state: State) -> None:
        """Take for good what was put."""


@dataclass
class LandingFolder:
    """A folder that is filled as Firehose fills a bucket: `yyyy/MM/dd/HH/<stream>-<version>-<time>-<uuid>`, in UTC.

    A file has a hidden name until it is whole. Its name is in the state before it is there: whoever was killed in
    between finds out by looking, so that each event is in one file exactly.

    Attributes:
        folder: The landing folder.
        stream: What the files are named after.
        most_bytes: A file ends with the event that makes it so large, before compression; and so on with
        most_events: so many, and
        seconds: so long after its first.
        compress: Whether they are compressed with gzip.
        clock: Seconds since 1970.
    """

    folder: Path
    stream: str
    most_bytes: int = 5 << 20
    most_events: int = 1_000_000
    seconds: float = 300
    compress: bool = False
    clock: Callable[[], float] = time.time
    _lines: list[bytes] = field(default_factory=list)
    _bytes: int = 0
    _since: float = 0
    _rows: int = 0

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, rows: int, state: State) -> None:
        """Add lines to the file that is being made, and write it when it is due."""
        for row, line in enumerate(lines, rows - len(lines) + 1):
            if not self._lines:
                self._since = self.clock()
            self._lines.append(line)
            self._bytes += len(line)
            self._rows = row
            if self._bytes >= self.most_bytes or len(self._lines) >= self.most_events:
                self.finish(state=state)
        if self._lines and self.clock() - self._since >= self.seconds:
            self.finish(state=state)

    def finish(self, *, state: State) -> None:
        """Write what was put to a file."""
        if self._lines:
            moment = datetime.fromtimestamp(self._since, timezone.utc)
            name = f"{self.stream}-1-{moment:%Y-%m-%d-%H-%M-%S}-{uuid4()}{'.gz' if self.compress else ''}"
            path = Path(self.folder, f"{moment:%Y/%m/%d/%H}", name).absolute()
            state.save(pending=str(path), pending_rows=self._rows)
            path.parent.mkdir(parents=True, exist_ok=True)
            content = b"".join(self._lines)
            _hidden(path).write_bytes(gzip.compress(content, 6) if self.compress else content)
            _hidden(path).replace(path)
        state.save(rows=max(self._rows, state.progress.rows), pending="", pending_rows=0)
        self._lines, self._bytes = [], 0


def settle(state: State) -> None:
    """Find out whether the file that was being written when a replay ended is there, and remove what is half of it."""
    path = Path(state.progress.pending)
    if state.progress.pending:
        rows = state.progress.pending_rows if path.exists() else state.progress.rows
        _hidden(path).unlink(missing_ok=True)
        state.save(rows=rows, pending="", pending_rows=0)


def _hidden(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


@dataclass
class FirehoseStream:
    """A Firehose stream. At least once: what was accepted and not yet in the state comes again after a crash."""

    client: Any
    stream: str
    sleep: Callable[[float], None] = time.sleep

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, rows: int, state: State) -> None:
        """Send lines, and write that they were."""
        send = firehose(self.client, self.stream)
        for batch in batches(lines, too_large=lambda line: _set_aside(state, line, "1,000 KiB"), size=len):
            _send(batch, send, to=f"firehose:{self.stream}", sleep=self.sleep)
        state.save(rows=rows)

    def finish(self, *, state: State) -> None:
        """Do nothing: what was put is sent."""


@dataclass
class KinesisStream:
    """A Kinesis stream. At least once, as with Firehose; those of one partition key mostly in their order."""

    client: Any
    stream: str
    sleep: Callable[[float], None] = time.sleep

    def put(self, lines: Sequence[bytes], keys: Sequence[str], *, rows: int, state: State) -> None:
        """Send lines, each by its key, and write that they were."""
        records = [(line, key[:_LONGEST_KEY]) for line, key in zip(lines, keys, strict=True)]

        def too_large(record: tuple[bytes, str]) -> None:
            _set_aside(state, record[0], "1 MiB, with its partition key")

        for batch in batches(records, too_large=too_large, size=lambda r: len(r[0]) + len(r[1].encode()), **_KINESIS):
            _send(batch, self._send, to=f"kinesis:{self.stream}", sleep=self.sleep)
        state.save(rows=rows)

    def finish(self, *, state: State) -> None:
        """Do nothing: what was put is sent."""

    def _send(self, records: Sequence[tuple[bytes, str]]) -> list[str | None]:
        entries = [{"Data": line, "PartitionKey": key} for line, key in records]
        answer = self.client.put_records(StreamName=self.stream, Records=entries)
        return [each.get("ErrorCode") for each in answer["Records"]]


def _set_aside(state: State, event: bytes, limit: str) -> None:
    path = state.set_aside(event, f"{len(event):,} bytes; the stream takes {limit}")
    _logger.error("an event of %s bytes was set aside in %s: the stream takes %s", f"{len(event):,}", path, limit)


def _send(batch: Sequence[Any], send: Callable[[Sequence[Any]], list[str | None]], **how: Any) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # whoever has a client has it

    to = how.pop("to")
    try:
        send_all(batch, send, **how)
    except FeedError as error:
        raise ReplayError(where=to, problem=error.problem) from error
    except (BotoCoreError, ClientError) as error:
        raise ReplayError(
            where=to, problem=f"AWS takes nothing ({error}). Is it there, and may you put to it?"
        ) from error
