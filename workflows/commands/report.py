"""The command that writes reports."""

from __future__ import annotations

from typing import Annotated

import typer

from workflows.commands.options import (
    DatasetsArgument,
    QuietOption,
    WarehouseOption,
    default_warehouse,
)
from workflows.parts import dataset_names

DEFAULT_SITE = "site"


def report(
    datasets: DatasetsArgument = None,
    to: Annotated[str, typer.Option(metavar="DIR", help="Write the site to this folder.")] = DEFAULT_SITE,
    warehouse: WarehouseOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a static site with the answers of datasets: charts, tables, csv files and the quality of the data."""
    from workflows.report import write_reports

    names = list(dict.fromkeys(datasets or dataset_names()))
    folder = default_warehouse(warehouse)
    raise typer.Exit(write_reports(names, only_published=not datasets, to=to, warehouse=folder, quiet=quiet))
