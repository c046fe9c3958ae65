"""Errors of workflows and of the `citylake` command. This module imports fast, because `citylake --help` needs it."""

from __future__ import annotations

from expectations.errors import ExpectationError
from ingest.errors import IngestError
from ingest.samples import SampleError
from jobs.masking_key import MaskingKeyError
from lake.errors import LakeError
from transforms.errors import TransformError


class WorkflowError(ValueError):
    """AWS Glue would accept the workflow, but not run it as intended.

    Attributes:
        workflow: The name of the workflow.
        problem: The problem, and how to fix it.
    """

    def __init__(self, *, workflow: str, problem: str) -> None:
        self.workflow, self.problem = workflow, problem
        super().__init__(f"workflow {workflow}: {problem}")


class ValidationInputError(ValueError):
    """The table or file to validate does not exist or cannot be read.

    Attributes:
        source: The table or path.
        problem: The problem, the expected input, and how to fix it.
    """

    def __init__(self, *, source: str, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"{source}: {problem}")


USER_ERRORS = (
    *(TransformError, ExpectationError, LakeError, IngestError, MaskingKeyError, SampleError),
    *(WorkflowError, ValidationInputError),
)
"""Errors with a complete message. Any other error is shown with its traceback."""
