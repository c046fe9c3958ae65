"""The screens of `citylake run`, `citylake show DATASET` and `citylake status`. The screens fit 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from jobs.status import DatasetStatus
from reports.answer import Answer
from reports.plain_table import plain_table
from workflows.overview import Overview

WIDTH = 80  # characters
_STATE_COLORS = {"SUCCEEDED": "green", "BLOCKED": "red", "FAILED": "red"}


def run_screen(overviews: Sequence[Overview], *, warehouse: str, show_command: str) -> Group:
    """Draw the outcome of a run: the headline, row counts and state of each dataset, then the next command."""
    table = plain_table()
    table.add_column("Dataset", no_wrap=True)
    for header in ("Rows in", "Trusted", "Quarantine"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("State")
    for overview in overviews:
        status = overview.status
        counts = (f"{count:,}" for count in (overview.raw, status.trusted, status.quarantined))
        table.add_row(f"[bold]{status.dataset}[/]", *counts, _state(status))
    headlines = Table.grid(padding=(0, 2, 0, 0))
    headlines.add_column(no_wrap=True)
    headlines.add_column()
    for overview in overviews:
        headlines.add_row(f"[bold]{overview.status.dataset}[/]", escape(overview.headline))
    return Group(
        table,
        "",
        headlines,
        "",
        attention_lines([overview.status for overview in overviews]),
        "",
        f"Tables: {escape(warehouse)}  Details: [bold]{escape(show_command)}[/]",
    )


def overview_screen(overview: Overview, answers: Sequence[Answer], *, warehouse: str) -> Group:
    """Draw one screen about a dataset: the headline, row counts, last run, answers, quarantine reasons and warnings."""
    status, name = overview.status, overview.status.dataset
    share = "" if status.quarantined_pct is None else f" ({status.quarantined_pct:.2f} %)"
    counts = f"raw {overview.raw:,}, trusted {status.trusted:,}, quarantine {status.quarantined:,}{share}"
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_row("Rows", counts)
    facts.add_row("Last run", f"{status.started or 'never'} UTC, {_state(status)}" if status.started else "never")
    facts.add_row("Warehouse", escape(warehouse))
    parts: list[RenderableType] = [f"[bold]{name}[/]: {escape(overview.headline)}", facts, ""]
    parts += [f"[bold]Answers[/]: citylake show {name} ANSWER", _answer_list(answers)]
    if overview.reasons:
        parts += ["", f"[bold]Quarantine[/]: citylake show {name} quarantine", _reason_list(overview.reasons)]
    if overview.warnings:
        expectations = count_of(overview.warnings, "expectation")
        parts.append(f"[bold]Warnings[/]: {expectations} not met. citylake show {name} warnings")
    return Group(*parts, "", attention_lines([status]))


def attention_lines(statuses: Sequence[DatasetStatus]) -> RenderableType:
    """Draw everything that needs attention."""
    lines = [(status.dataset, line) for status in statuses for line in status.attention]
    if not lines:
        return "[green]Nothing needs attention.[/]"
    texts = (f"[bold]{dataset}[/] {escape(line)}" for dataset, line in lines)
    return Group("[yellow]Needs attention[/]", *(Padding(text, (0, 0, 0, 2)) for text in texts))


def status_table(statuses: Sequence[DatasetStatus]) -> Table:
    """Draw the state of datasets."""
    table = plain_table()
    for header in ("Dataset", "Last run, UTC"):
        table.add_column(header, no_wrap=True)
    table.add_column("State")  # This column may wrap between words in a narrow terminal.
    for header in ("Trusted", "Quarantine", "%"):
        table.add_column(header, justify="right", no_wrap=True)
    for status in statuses:
        share = "-" if status.quarantined_pct is None else f"{status.quarantined_pct:.2f}"
        counts = (f"{status.trusted:,}", f"{status.quarantined:,}", share)
        table.add_row(status.dataset, status.started or "-", _state(status), *counts)
    return table


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count_of(1, "expectation"), count_of(1200, "row")
    ('1 expectation', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _state(status: DatasetStatus) -> str:
    color = _STATE_COLORS.get(status.state, "yellow")
    return f"[{color}]{status.state.replace('_', ' ')}[/]"


def _answer_list(answers: Sequence[Answer]) -> Table:
    grid = Table.grid(padding=(0, 0, 0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for answer in answers:
        grid.add_row(answer.name, escape(answer.question))
    return grid


def _reason_list(reasons: Sequence[tuple[str, int]]) -> Table:
    grid = Table.grid(padding=(0, 0, 0, 2))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    width = max(Console().width, WIDTH) - 4 - max(len(f"{count:,}") for _, count in reasons)
    for reason, count in reasons:
        grid.add_row(f"{count:,}", escape(shorten(reason, width, placeholder=" …")))
    return grid
