"""The command that checks the files of datasets: `check`."""

from __future__ import annotations

import typer

from workflows.commands.options import OptionalDatasetArgument, QuietOption
from workflows.parts import dataset_names


def check(dataset: OptionalDatasetArgument = None, quiet: QuietOption = False) -> None:
    """Check the files of datasets without data, and print each mistake. Starts no Spark job."""
    from workflows.check import check_datasets

    raise typer.Exit(check_datasets([dataset] if dataset else dataset_names(), quiet=quiet))
