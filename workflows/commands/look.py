"""The commands that print the state of datasets and their answers: `list`, `show` and `status`."""

from __future__ import annotations

from typing import Annotated

import typer

from workflows.commands.options import (
    AnswerArgument,
    CsvOption,
    DatasetArgument,
    JsonOption,
    OptionalDatasetArgument,
    QuietOption,
    WarehouseOption,
    answer_names,
    default_warehouse,
    output_format,
    require_known,
)
from workflows.output import OutputFormat, print_plain, print_records
from workflows.parts import dataset_names


def list_datasets(as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Print each dataset and the questions that the dataset answers."""
    from transforms.datasets import load_dataset

    output = output_format(as_json=as_json, as_csv=as_csv)
    descriptions = {name: load_dataset(name).description for name in dataset_names()}
    if output is OutputFormat.TEXT:
        for name, description in descriptions.items():
            print_plain(f"{name:20} {description}")
        return
    records = [{"dataset": name, "description": description} for name, description in descriptions.items()]
    print_records(records, ["dataset", "description"], output)


def show(
    dataset: DatasetArgument,
    answer: AnswerArgument = None,
    rows: Annotated[int, typer.Option(min=1, help="Display at most this many rows of the answer or view.")] = 24,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print an overview of a dataset, or one of its answers. With --json or --csv, print all rows and columns."""
    output = output_format(as_json=as_json, as_csv=as_csv)
    if answer is not None:
        require_known(answer, answer_names(dataset), kind=f"answer of {dataset}")
    from workflows.show import show_answer, show_overview

    folder = default_warehouse(warehouse)
    if answer is None:
        raise typer.Exit(show_overview(dataset, warehouse=folder, output=output, quiet=quiet))
    show_answer(dataset, answer, warehouse=folder, max_rows=rows, output=output, quiet=quiet)


def status(
    dataset: OptionalDatasetArgument = None,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print the state of the datasets. The exit code is 3 while a dataset needs attention."""
    output = output_format(as_json=as_json, as_csv=as_csv)
    from workflows.show import show_status

    names = [dataset] if dataset else dataset_names()
    raise typer.Exit(show_status(names, warehouse=default_warehouse(warehouse), output=output, quiet=quiet))
