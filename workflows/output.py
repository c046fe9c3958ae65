"""Print results to standard output, and progress and errors to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

from rich.console import Console, RenderableType

FINE = 0
FAILED = 1
WRONG_USAGE = 2
NEEDS_ATTENTION = 3


class OutputFormat(Enum):
    """The format of a result on standard output."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def result_console() -> Console:
    """Return a console on standard output, as wide as the terminal."""
    return Console(highlight=False, emoji=False)


def progress_console() -> Console:
    """Return a console on standard error, as wide as the terminal."""
    return Console(stderr=True, highlight=False, emoji=False)


def print_result(*renderables: RenderableType) -> None:
    """Print tables, or texts that contain rich markup, to standard output."""
    console = result_console()
    for renderable in renderables:
        console.print(renderable)


def print_plain(text: str) -> None:
    """Print a text to standard output as it is, without wrapping or markup."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def print_records(records: Sequence[Mapping[str, Any]], columns: Sequence[str], output: OutputFormat) -> None:
    """Print records to standard output as JSON or CSV."""
    from reports.records import to_csv, to_json  # Import this module here, because it loads Spark.

    print_plain(to_json(records) if output is OutputFormat.JSON else to_csv(records, columns))


def print_error(message: object) -> None:
    """Print an error to standard error."""
    progress_console().print(f"citylake: {message}", markup=False, soft_wrap=True)


@contextmanager
def working(text: str, *, quiet: bool = False) -> Iterator[None]:
    """If standard error is a terminal, show a text while a step runs."""
    if quiet:
        yield
        return
    with progress_console().status(text):
        yield
