"""The commands that write and publish reports."""

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
            help=help_text("Write the site to this folder.", default=f"{DEFAULT_SITE}, if no other output is given"),
            show_default=False,
        ),
    ] = None,
    grafana: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help=help_text(
                "Write a dashboard for Grafana to DATASET.json in this folder, for each dataset. Replaces only these "
                "files.",
                default="no dashboards",
            ),
            show_default=False,
        ),
    ] = None,
    warehouse: WarehouseOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the answers of datasets as a static site or as dashboards.

    The site has charts, tables, csv files and the quality of the data. The dashboards are for Grafana, and query the
    tables with Amazon Athena.
    """
    from workflows.report import Outputs, write_reports

    names = list(dict.fromkeys(datasets or dataset_names()))
    outputs = Outputs(site=to or (None if grafana else DEFAULT_SITE), grafana=grafana)
    folder = default_warehouse(warehouse)
    raise typer.Exit(write_reports(names, outputs, only_published=not datasets, warehouse=folder, quiet=quiet))


def publish(
    to: Annotated[str, typer.Option(metavar="s3://…|DIR", help="Publish to this address on S3, or to this folder.")],
    datasets: DatasetsArgument = None,
    warehouse: WarehouseOption = None,
    quiet: QuietOption = False,
) -> None:
    """Publish the site of `citylake report`. Visitors see the old version until the new version is complete."""
    from workflows.report import publish_reports

    names = list(dict.fromkeys(datasets or dataset_names()))
    folder = default_warehouse(warehouse)
    raise typer.Exit(publish_reports(names, only_published=not datasets, target=to, warehouse=folder, quiet=quiet))
