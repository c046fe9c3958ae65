"""Load the files of a dataset: `DATASET`, `REPORT`, the suite and the workflow. Does not start Java."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import transforms
from expectations.suite import Suite
from reports.answer import Report
from transforms.dataset import Dataset
from workflows.checks.problems import Problem, explain, file_of
from workflows.errors import WorkflowError
from workflows.model import Workflow
from workflows.parts import workflow_of

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Declaration:
    """The declarations in the files of a dataset. A declaration is None if its file has a problem.

    Attributes:
        name: The name of the dataset.
        dataset: The definition of the dataset.
        report: The report.
        workflow: The workflow.
        suite: The suite. The checks of the suite add it.
    """

    name: str
    dataset: Dataset | None = None
    report: Report | None = None
    workflow: Workflow | None = None
    suite: Suite | None = None

    @property
    def dataset_file(self) -> str:
        """The path of the file with `DATASET`."""
        return file_of("transforms.datasets", self.name)

    @property
    def report_file(self) -> str:
        """The path of the file with `REPORT`."""
        return file_of("reports", self.name)

    @property
    def suite_file(self) -> str:
        """The path of the suite."""
        return f"expectations/suites/{self.name}.json"

    @property
    def workflow_file(self) -> str:
        """The path of the file with `WORKFLOW`."""
        return f"workflows/{self.name}.py"


def load_declaration(name: str) -> tuple[Declaration, list[Problem]]:
    """Load the files of a dataset. An error of a file is a problem."""
    problems: list[Problem] = []
    empty = Declaration(name)
    dataset = _load("transforms.datasets", name, "DATASET", Dataset, problems)
    report = _load("reports", name, "REPORT", Report, problems)
    workflow = None
    if dataset:
        workflow = _call(lambda: workflow_of(name), "WORKFLOW", file=empty.workflow_file, problems=problems)
    if not _has_tests(name):
        text = f"the dataset has no tests. Add the file tests/transforms/datasets/test_{name}.py."
        problems.append(Problem("tests/transforms/datasets", name, text, is_warning=True))
    return Declaration(name, dataset, report, workflow), problems


def _load(package: str, name: str, attribute: str, kind: type[_Value], problems: list[Problem]) -> _Value | None:
    """Import a module, and return one of its values. Add a problem if the module or the value is missing."""
    file = file_of(package, name)
    if find_spec(f"{package}.{name}") is None:
        problems.append(Problem(file, attribute, f"the file does not exist. Write it, and define {attribute}."))
        return None
    module = _call(lambda: import_module(f"{package}.{name}"), attribute, file=file, problems=problems)
    if module is None:
        return None
    value = getattr(module, attribute, None)
    if isinstance(value, kind):
        return value
    found = "no such value" if value is None else f"a value of the type {type(value).__name__}"
    similar = get_close_matches(attribute, vars(module), n=1, cutoff=0.7) if value is None else []
    fix = f"Rename {similar[0]} to {attribute}." if similar else f"Add {attribute} = {kind.__name__}(...) to the file."
    problems.append(Problem(file, attribute, f"expected a value of the type {kind.__name__}, found {found}. {fix}"))
    return None


def _call(load: Callable[[], _Value], attribute: str, *, file: str, problems: list[Problem]) -> _Value | None:
    try:
        return load()
    except WorkflowError as error:
        problems.append(Problem(file, attribute, error.problem))
    except Exception as error:  # noqa: BLE001 - each error in the code of a dataset is a problem of the dataset.
        problems.append(Problem(file, attribute, f"the file cannot be imported. {explain(error, file=file)}"))
    return None


def _has_tests(name: str) -> bool:
    """Return whether the dataset has tests. An installed wheel has no tests, so the result is then True."""
    folder = Path(transforms.__path__[0]).parent / "tests/transforms/datasets"
    return not folder.is_dir() or any(folder.glob(f"test_{name}*.py"))
