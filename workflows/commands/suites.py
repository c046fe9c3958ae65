"""The commands for Great Expectations suites: `suite`, `validate` and `docs`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from workflows.commands.options import (
    SUITE_HELP,
    CsvOption,
    DelimiterOption,
    EncodingOption,
    JsonOption,
    ParameterOption,
    QuietOption,
    QuoteOption,
    SuiteArgument,
    WarehouseOption,
    default_warehouse,
    help_text,
    output_format,
    suite_parameters,
    text_options,
)


class ResultLevel(StrEnum):
    """The levels of detail that Great Expectations has for a result."""

    BOOLEAN_ONLY = "BOOLEAN_ONLY"
    BASIC = "BASIC"
    SUMMARY = "SUMMARY"
    COMPLETE = "COMPLETE"


def suite(
    name: SuiteArgument,
    convert: Annotated[
        bool,
        typer.Option(
            "--convert",
            help="Print the suite as JSON in the form of Great Expectations 1.24. The suite can have the form of a "
            "release from 0.12 on.",
            show_default=False,
        ),
    ] = False,
    parameter: ParameterOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the expectations of a suite, and how each expectation is validated."""
    output = output_format(as_json=as_json, as_csv=as_csv)
    if convert and (parameter or as_json or as_csv):
        raise typer.BadParameter("--convert prints the whole suite as JSON. Remove the other options.")
    parameters = suite_parameters(parameter)
    from workflows.suites import print_converted, print_suite

    if convert:
        print_converted(name)
    else:
        print_suite(name, parameters=parameters, output=output)


def validate(
    suite_name: Annotated[str, typer.Option("--suite", metavar="SUITE", help=SUITE_HELP, show_default=False)],
    table: Annotated[
        str | None,
        typer.Option(help="Validate this table of the lake, such as lake.trusted.contact_centre.", show_default=False),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(
            help="Validate this .csv, .tsv, .txt or .parquet file, or a folder of such files. A text file can be a .gz "
            "or .zip file. The columns of text files are text, unless an expectation needs numbers.",
            show_default=False,
        ),
    ] = None,
    infer_types: Annotated[
        bool,
        typer.Option(
            "--infer-types",
            help=help_text("Infer the column types of text files, once for all files.", default="columns are text"),
            show_default=False,
        ),
    ] = False,
    schema: Annotated[
        str | None,
        typer.Option(
            metavar="DDL|FILE",
            help=help_text(
                'Give the column types of text files: Spark DDL such as "id INT, zip STRING", or a file with this '
                "DDL or with the JSON of a Spark schema. Columns that the schema does not name are text.",
                default="columns are text",
            ),
            show_default=False,
        ),
    ] = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    quote: QuoteOption = None,
    parameter: ParameterOption = None,
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
    if infer_types and schema is not None:
        raise typer.BadParameter("--infer-types and --schema cannot be combined. Give only one of these options.")
    formats = text_options(delimiter=delimiter, encoding=encoding, quote=quote)
    if table is not None and (infer_types or schema is not None or formats):
        raise typer.BadParameter(
            "A table has its own column types. Remove --infer-types, --schema, --delimiter, --encoding and --quote."
        )
    parameters = suite_parameters(parameter)
    from workflows.column_types import ColumnTypes
    from workflows.suites import validate_rows

    code = validate_rows(
        suite_name,
        table=table,
        path=path,
        types=ColumnTypes(schema=schema, is_inferred=infer_types),
        text_options=formats,
        parameters=parameters,
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
