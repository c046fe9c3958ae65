"""Draw the findings about the files of a new dataset, the written files and the next commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ingest.profile_columns import ColumnProfile
from reports.plain_table import plain_table
from workflows.new.doubts import UNSURE, column_doubts, general_doubts, key_doubts
from workflows.new.plan import NewDataset
from workflows.new.write import files_of


def screen(dataset: NewDataset, *, lines: Mapping[str, int]) -> Group:
    """Draw the findings and the written files. `lines` maps each written file to its number of lines."""
    profile = dataset.profile
    files = profile.files[0] if len(profile.files) == 1 else f"{len(profile.files)} files"
    count = f"{profile.rows:,} {'row' if profile.rows == 1 else 'rows'}"
    parts: list[RenderableType] = [
        f"[bold]{dataset.name}[/]: {count} and {len(dataset.columns)} columns read from {escape(files)}",
        "",
        _column_table(dataset.columns, dataset),
        "",
        _decisions(dataset),
    ]
    if doubts := [f"key: {doubt}" for doubt in key_doubts(dataset)] + [*general_doubts(dataset)]:
        parts += ["", f"[yellow]{UNSURE}[/]", *(f"- {escape(doubt)}" for doubt in doubts)]
    parts += ["", "[bold]Written[/]", *(f"{count:5} lines  {escape(path)}" for path, count in lines.items())]
    return Group(*parts, "", "[bold]Next[/]")


def next_commands(dataset: NewDataset, *, data: str) -> str:
    """Return the next commands, one in each line. `data` is the value of `--data`."""
    commands = [f"check {dataset.name}", f"run {dataset.name} --data {data}"]
    return "\n".join(
        [*(f"citylake {command}" for command in commands), f"python -m pytest {files_of(dataset.name)['test']}"]
    )


def _column_table(columns: Sequence[ColumnProfile], dataset: NewDataset) -> Table:
    table = plain_table()
    for header in ("Column", "Type"):
        table.add_column(header, overflow="fold")
    table.add_column("Note")
    for column in columns:
        table.add_row(escape(column.name), column.type, escape(", ".join(_notes(column, dataset))))
    return table


def _notes(column: ColumnProfile, dataset: NewDataset) -> Iterator[str]:
    if column.personal:
        yield f"masked with {column.personal.action}: {column.personal.reason}"
    if column.moments and column.moments.pattern:
        yield column.moments.pattern
    if column.bounds:
        yield " to ".join(column.bounds)
    if column.unit:
        yield column.unit
    if column.is_category:
        yield f"{column.distinct} categories"
    if column.blanks and not column.is_empty:
        yield f"{column.blanks:,} blank cells"
    for doubt in column_doubts(column, dataset):
        yield f"{UNSURE} {doubt}"


def _decisions(dataset: NewDataset) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row("[bold]Key[/]", escape(", ".join(dataset.key)))
    grid.add_row("[bold]Event time[/]", escape(dataset.event_time.name if dataset.event_time else "none"))
    grid.add_row("[bold]Masked[/]", escape(", ".join(column.name for column in dataset.masked) or "none"))
    for answer in dataset.answers:
        grid.add_row("[bold]Answer[/]", escape(f"{answer.name}: {answer.question}"))
    return grid
