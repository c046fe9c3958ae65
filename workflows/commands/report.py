"""The commands that write and publish reports."""

from __future__ import annotations

from typing import Annotated, Any

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
CSV_LOCATION = "s3://BUCKET/csv"
"""The folder of the csv files on S3, in the SQL files for Athena. A reader replaces BUCKET."""

_NOT_WRITTEN = "not written"


def _option(text: str, *, default: str = _NOT_WRITTEN, metavar: str = "DIR") -> Any:
    return typer.Option(metavar=metavar, help=help_text(text, default=default), show_default=False)


SiteOption = Annotated[
    str | None,
    _option("Write the site to this folder.", default=f"{DEFAULT_SITE}, or not written if another output is given"),
]
ExcelOption = Annotated[
    str | None,
    _option(
        "Write an Excel workbook to this file. For several datasets, write a workbook for each dataset to this folder.",
        metavar="FILE",
    ),
]
AthenaOption = Annotated[
    str | None,
    _option("Write SQL files for Amazon Athena to this folder: views, queries and tables on csv files."),
]
RedshiftOption = Annotated[
    str | None,
    _option("Write SQL files for Amazon Redshift to this folder: an external schema, views and queries."),
]
GrafanaOption = Annotated[
    str | None, _option("Write a dashboard for Grafana to DATASET.json in this folder, for each dataset.")
]
CsvFolderOption = Annotated[str | None, _option("Write a csv file for each answer to this folder.")]
CsvLocationOption = Annotated[
    str,
    _option("Define the Athena tables on the csv files in this S3 folder.", default=CSV_LOCATION, metavar="URI"),
]


def report(
    datasets: DatasetsArgument = None,
    to: SiteOption = None,
    excel: ExcelOption = None,
    athena: AthenaOption = None,
    redshift: RedshiftOption = None,
    grafana: GrafanaOption = None,
    csv: CsvFolderOption = None,
    csv_location: CsvLocationOption = CSV_LOCATION,
    warehouse: WarehouseOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the answers of datasets: as a static site, workbooks, SQL, dashboards or csv files.

    The site has charts, tables, csv files and the quality of the data. The dashboards are for Grafana, and query the
    tables with Amazon Athena.
    """
    from workflows.report import Outputs, write_reports

    if not csv_location.startswith("s3://"):
        raise typer.BadParameter(f"--csv-location is {csv_location!r}. Give a folder on S3, such as {CSV_LOCATION}.")
    names = list(dict.fromkeys(datasets or dataset_names()))
    site = to or (None if excel or athena or redshift or grafana or csv else DEFAULT_SITE)
    outputs = Outputs(site, excel, athena, redshift, grafana, csv, csv_location=csv_location)
    folder = default_warehouse(warehouse)
    raise typer.Exit(write_reports(names, outputs, only_published=not datasets, warehouse=folder, quiet=quiet))


def publish(
    to: Annotated[str, typer.Option(metavar="s3://…|DIR", help="Publish to this address on S3, or to this folder.")],
    datasets: DatasetsArgument = None,
    warehouse: WarehouseOption = None,
    quiet: QuietOption = False,
) -> None:
    """Publish the site of `citylake report`. Visitors see the old version until the new version is complete."""
    from workflows.report import publish_site_of

    names = list(dict.fromkeys(datasets or dataset_names()))
    folder = default_warehouse(warehouse)
    raise typer.Exit(publish_site_of(names, only_published=not datasets, target=to, warehouse=folder, quiet=quiet))
