"""The command that writes reports."""

from __future__ import annotations

from typing import Annotated

import typer

from workflows.commands.options import (
    DatasetsArgument,
    QuietOption,
    WarehouseOption,
    default_warehouse,
    help_text,
)
from workflows.parts import dataset_names

DEFAULT_SITE = "site"


def report(
    datasets: DatasetsArgument = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help=help_text("Write the site to this folder.", default=f"{DEFAULT_SITE}, unless --excel is given"),
            show_default=False,
        ),
    ] = None,
    excel: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=help_text(
                "Write an Excel workbook to this file. For several datasets, write a workbook for each dataset to this "
                "folder.",
                default="no workbook",
            ),
            show_default=False,
        ),
    ] = None,
    warehouse: WarehouseOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a static site with the answers of datasets: charts, tables, csv files and the quality of the data."""
    from workflows.report import Outputs, write_reports

    names = list(dict.fromkeys(datasets or dataset_names()))
    outputs = Outputs(site=to or (None if excel else DEFAULT_SITE), excel=excel)
    folder = default_warehouse(warehouse)
    raise typer.Exit(write_reports(names, outputs, only_published=not datasets, warehouse=folder, quiet=quiet))
