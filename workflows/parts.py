"""Find the modules of a dataset outside `transforms/`. Each module has the dataset's name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from reports.answer import Report
from workflows.errors import WorkflowError

if TYPE_CHECKING:
    from workflows.model import Workflow  # This import loads Spark, which `citylake --help` does not need.


def dataset_names() -> list[str]:
    """Return the names of all datasets in alphabetical order. Imports neither the datasets nor Spark.

    >>> "contact_centre" in dataset_names()
    True
    """
    package = find_spec("transforms.datasets")
    folders = package.submodule_search_locations if package else None
    return sorted(module.name for module in iter_modules(folders))


def workflow_of(dataset: str) -> Workflow:
    """Return the workflow of a dataset: `WORKFLOW` of the module in `workflows/`, or a linear workflow by default."""
    from transforms.datasets import load_dataset
    from workflows.model import linear_workflow

    if find_spec(f"workflows.{dataset}") is None:
        return linear_workflow(load_dataset(dataset))
    workflow: Workflow = _part("workflows", dataset, "WORKFLOW")
    return workflow


def report_of(dataset: str) -> Report:
    """Return the declaration of a dataset's report."""
    report: Report = _part("reports", dataset, "REPORT")
    return report


def sample_writer(dataset: str) -> Callable[..., None] | None:
    """Return the function that makes up sample files of a dataset. Return None if the dataset has no such function."""
    if find_spec(f"ingest.samples.{dataset}") is None:
        return None
    write: Callable[..., None] = _part("ingest.samples", dataset, "write")
    return write


def missing_sample(dataset: str) -> str:
    """Return the message for a dataset that has neither a sample nor a generator of samples."""
    return (
        f"{dataset} has no sample, and no generator in ingest/samples/{dataset}.py. To draw a sample from your file, "
        f"run: citylake sample {dataset} --from FILE"
    )


def _part(package: str, dataset: str, name: str) -> Any:
    module = f"{package}.{dataset}"
    try:
        return getattr(import_module(module), name)
    except (AttributeError, ModuleNotFoundError) as error:
        if error.name not in (module, name):  # The module exists, but one of its own imports fails.
            raise
        problem = (
            f"{name} is missing from {module.replace('.', '/')}.py. Define it in this module. "
            "docs/how-to/add-a-dataset.md lists the modules of a dataset."
        )
        raise WorkflowError(workflow=dataset, problem=problem) from error
