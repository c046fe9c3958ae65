"""The commands for Great Expectations suites: `suite`, `validate` and `docs`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from workflows.commands.options import (
    SUITE_HELP,
    CsvOption,
    JsonOption,
    QuietOption,
    SuiteArgument,
    WarehouseOption,
    default_warehouse,
    help_text,
    output_format,
)


class ResultLevel(StrEnum):
    """The levels of detail that Great Expectations has for a result."""

    BOOLEAN_ONLY = "BOOLEAN_ONLY"
    BASIC = "BASIC"
    SUMMARY = "SUMMARY"
    COMPLETE = "COMPLETE"


def suite(name: SuiteArgument, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Print the expectations of a suite, and how each expectation is validated."""
    output = output_format(as_json=as_json, as_csv=as_csv)
    from workflows.suites import print_suite

    print_suite(name, output=output)


def validate(
    suite_name: Annotated[str, typer.Option("--suite", metavar="SUITE", help=SUITE_HELP, show_default=False)],
    table: Annotated[
        str | None,
        typer.Option(help="Validate this table of the lake, such as lake.trusted.contact_centre.", show_default=False),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(
            help="Validate this .csv, .tsv, .txt or .parquet file, or a folder of such files. The column types of "
            "text files are inferred.",
            show_default=False,
        ),
    ] = None,
    result_format: Annotated[ResultLevel, typer.Option(help="Print this level of detail.")] = ResultLevel.SUMMARY,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    quiet: QuietOption = False,
) -> None:
    """Validate files or a table of the lake with a suite. The exit code is 1 if a critical expectation is not met."""
    output = output_format(as_json=as_json, as_csv=as_csv)
    if (table is None) == (path is None):
        raise typer.BadParameter("Give the rows to validate: either --table NAME or --path PATH.")
    from workflows.suites import validate_rows

    code = validate_rows(
        suite_name,
        table=table,
        path=path,
        warehouse=default_warehouse(warehouse),
        result_format=result_format.value,
        output=output,
        quiet=quiet,
    )
    raise typer.Exit(code)


def docs(
    warehouse: WarehouseOption = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help=help_text("Write the pages to this folder.", default="the folder docs in the warehouse"),
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write Great Expectations Data Docs of all saved validation results, and print the path of the home page."""
    from workflows.suites import make_data_docs

    make_data_docs(default_warehouse(warehouse), to=to, quiet=quiet)
