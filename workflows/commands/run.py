"""The commands that run jobs: `run` and `resolve`."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.arguments import REPORT_TO_HELP
from jobs.masking_key import MASKING_KEY_HELP
from workflows.commands.options import (
    SAMPLE_WAREHOUSE,
    WAREHOUSE,
    DatasetArgument,
    DelimiterOption,
    EncodingOption,
    MaskingKeyOption,
    OptionalDatasetArgument,
    ParameterOption,
    QuietOption,
    QuoteOption,
    WarehouseOption,
    default_warehouse,
    help_text,
    suite_parameters,
    text_options,
)


def run(
    dataset: OptionalDatasetArgument = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help=help_text("Read this folder, file or quoted pattern.", default="samples"),
            show_default=False,
        ),
    ] = None,
    warehouse: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help=help_text(
                "Keep the tables in this folder.", default=f"{WAREHOUSE} with --data, otherwise {SAMPLE_WAREHOUSE}"
            ),
            show_default=False,
        ),
    ] = None,
    masking_key: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=help_text(MASKING_KEY_HELP, default="the key of the samples if --data is not given"),
            show_default=False,
        ),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help=help_text("Refine all rows of raw again.", default="new rows only"), show_default=False
        ),
    ] = False,
    report_to: Annotated[
        str | None,
        typer.Option(
            metavar="s3://…|DIR", help=help_text(REPORT_TO_HELP, default="publish no site"), show_default=False
        ),
    ] = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    quote: QuoteOption = None,
    parameter: ParameterOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run the workflows of datasets on this machine, and print the outcome on one screen."""
    if data and not dataset:
        raise typer.BadParameter(
            "--data is the landing folder of one dataset. Name the dataset: citylake run DATASET --data DIR"
        )
    formats = text_options(delimiter=delimiter, encoding=encoding, quote=quote)
    if not data and (warehouse or masking_key or rebuild or formats):
        raise typer.BadParameter(
            "--warehouse, --masking-key, --rebuild, --delimiter, --encoding and --quote are valid only for your own "
            "files. Give the files: --data DIR"
        )
    if parameter and not dataset:
        raise typer.BadParameter(
            "--parameter is a value for the suite of one dataset. Name the dataset: citylake run DATASET --parameter "
            "NAME=VALUE"
        )
    parameters = suite_parameters(parameter)
    from workflows.runs import Delivery, run_on_files, run_on_samples

    if dataset and data:
        delivery = Delivery(
            data, masking_key=masking_key, report_to=report_to, text_options=formats, suite_parameters=parameters
        )
        code = run_on_files(dataset, delivery, warehouse=warehouse or WAREHOUSE, rebuild=rebuild, quiet=quiet)
    else:
        names = [dataset] if dataset else None
        code = run_on_samples(names, report_to=report_to, suite_parameters=parameters, quiet=quiet)
    raise typer.Exit(code)


def resolve(
    dataset: DatasetArgument,
    warehouse: WarehouseOption = None,
    masking_key: MaskingKeyOption = None,
    parameter: ParameterOption = None,
    row_by_row: Annotated[
        bool,
        typer.Option(
            "--row-by-row",
            help=help_text(
                "Publish each row that passes, even if other rows fail. The rows that fail stay in quarantine, but no "
                "longer block the dataset.",
                default="publish the rows only if the parked rows as a whole meet the suite",
            ),
            show_default=False,
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Validate the parked rows of blocked increments again, and publish the rows if the suite is met."""
    parameters = suite_parameters(parameter)
    from workflows.runs import resolve_dataset

    code = resolve_dataset(
        dataset,
        warehouse=default_warehouse(warehouse),
        masking_key=masking_key,
        suite_parameters=parameters,
        row_by_row=row_by_row,
        quiet=quiet,
    )
    raise typer.Exit(code)
