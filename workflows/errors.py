"""Errors of workflows and of the `citylake` command."""

from __future__ import annotations

from transforms.errors import CityLakeError


class WorkflowError(CityLakeError, ValueError):
    """A workflow is missing or not valid, or a parameter of the workflow is missing.

    Attributes:
        workflow: The name of the workflow.
    """

    def __init__(self, *, workflow: str, problem: str) -> None:
        self.workflow = workflow
        super().__init__(where=f"workflow {workflow}", problem=problem)


class ValidationInputError(CityLakeError, ValueError):
    """The table or file to validate does not exist or cannot be read. `where` is the table or path."""


class NewDatasetError(CityLakeError, ValueError):
    """A new dataset cannot be written. `where` is its name, or the file or folder with the problem."""
