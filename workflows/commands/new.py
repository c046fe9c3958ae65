"""The command that adds a dataset: `new`."""

from __future__ import annotations

from typing import Annotated

import typer

from workflows.commands.options import QuietOption
from workflows.output import print_plain, print_result, working


def new(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Name the new dataset, such as library_visits.", show_default=False),
    ],
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Read more files with the same columns.", show_default=False),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Read this file or folder: csv, tsv, Excel, JSON or Parquet. Required.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write a complete dataset for files: the dataset, its report, its suite and its tests. Asks no questions."""
    if not source:
        raise typer.BadParameter(f"the files are missing. Give them with --from: citylake new {name} --from FILE")
    from workflows.new.dataset import add_dataset

    with working(f"reading {source[0]}", quiet=quiet):
        screen, commands = add_dataset(name, [*source, *(more or ())])
    print_result(screen)
    print_plain(commands)  # without wrapping, so that long commands can be copied
