"""The parts of a dataset outside `transforms/`: modules with the dataset's name in other packages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from reports.answer import Answer
from workflows.model import Workflow, WorkflowError


def workflow_of(dataset: str) -> Workflow:
    """Return the workflow of a dataset."""
    workflow: Workflow = _part("workflows", dataset, "WORKFLOW")
    return workflow


def displayed_answers(dataset: str) -> tuple[Answer, ...]:
    """Return the display settings of a dataset's answers."""
    answers: tuple[Answer, ...] = _part("reports", dataset, "ANSWERS")
    return answers


def sample_writer(dataset: str) -> Callable[..., None]:
    """Return the function that writes sample files of a dataset."""
    write: Callable[..., None] = _part("ingest.samples", dataset, "write")
    return write


def _part(package: str, dataset: str, name: str) -> Any:
    module = f"{package}.{dataset}"
    try:
        return getattr(import_module(module), name)
    except (AttributeError, ModuleNotFoundError) as error:
        if error.name not in (module, name):  # the module itself fails to import something
            raise
        problem = (
            f"the dataset is in transforms/datasets/, but there is no {module.replace('.', '/')}.py with {name}. Write "
            f"it: docs/datasets.md lists the parts of a dataset."
        )
        raise WorkflowError(workflow=dataset, problem=problem) from error
