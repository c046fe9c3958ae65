"""Check the file of a suite, and then compile its expectations. Only the compilation needs Java."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

from pyspark.sql import DataFrame

from expectations.errors import SuiteError
from expectations.gate import Gate, compile_gate
from expectations.parameters import is_parameter
from expectations.standard import suite_of
from expectations.suite import Expectation, Suite, parse_suite, read_document
from transforms.dataset import Dataset
from workflows.checks.declaration import Declaration
from workflows.checks.problems import Problem, unknown_name
from workflows.parts import dataset_names


def read_suite(declaration: Declaration, dataset: Dataset) -> tuple[Suite | None, list[Problem]]:
    """Read the suite of a dataset, and return the problems of its file. Each expectation is read separately."""
    problems = [_problem(declaration, error) for error in _entry_errors(declaration.name)]
    if problems:
        return None, problems
    if unowned := _unowned_suites(declaration.name):
        text = (
            f"the dataset has no suite. These suites belong to no dataset: {', '.join(unowned)}. Their "
            f"expectations are not validated. Rename the right file to {declaration.name}.json, or delete the files."
        )
        return None, [Problem(declaration.suite_file, "suite", text)]
    try:
        suite = suite_of(dataset)
    except SuiteError as error:
        return None, [_problem(declaration, error)]
    if suite.name != declaration.name:
        text = f"the name of the suite is {suite.name!r}, expected {declaration.name!r}. Correct the name."
        return suite, [Problem(declaration.suite_file, "name", text)]
    return suite, []


def compile_suite(
    declaration: Declaration, suite: Suite, candidates: DataFrame, *, reports_generated: bool
) -> tuple[Gate, list[Problem]]:
    """Compile a suite for the columns of the candidates. Leave out the expectations that have problems.

    If the arguments of an expectation have suite parameters, only the names of its columns are checked, because a run
    gives the values. A generated expectation has a problem only if the definition of the dataset has a problem.
    If the problem of the definition is already reported, `reports_generated` is False.
    """
    known = tuple(item for item in suite.expectations if not _has_parameters(item))
    parameterized = [item for item in suite.expectations if _has_parameters(item)]
    found = (_column_problem(declaration, expectation, candidates) for expectation in parameterized)
    problems, valid = [problem for problem in found if problem], []
    try:
        return compile_gate(candidates, suite=replace(suite, expectations=known)), problems
    except SuiteError:
        pass
    for expectation in known:
        problem = _compile_problem(declaration, suite, expectation, candidates)
        if problem is None:
            valid.append(expectation)
        elif reports_generated or not expectation.meta.get("generated"):
            problems.append(problem)
    return compile_gate(candidates, suite=replace(suite, expectations=tuple(valid))), problems


def _unowned_suites(name: str) -> list[str]:
    """Return the suite files that belong to no dataset. The list is empty if the dataset has a suite."""
    files = {file.name for file in resources.files("expectations.suites").iterdir() if file.name.endswith(".json")}
    if f"{name}.json" in files:
        return []
    return sorted(files - {f"{dataset}.json" for dataset in dataset_names()})


def _entry_errors(name: str) -> Iterator[SuiteError]:
    file = resources.files("expectations.suites").joinpath(f"{name}.json")
    if not file.is_file():
        return
    try:
        document = read_document(file.read_text(encoding="utf-8"), where=f"{name}.json")
    except SuiteError as error:
        yield error
        return
    for number, entry in enumerate(document["expectations"], start=1):
        try:
            parse_suite(json.dumps({**document, "expectations": [entry]}), where=f"{name}.json")
        except SuiteError as error:
            own = number if isinstance(error.expectation, int) else error.expectation
            yield SuiteError(suite=error.suite, expectation=own, problem=error.problem)


def _compile_problem(
    declaration: Declaration, suite: Suite, expectation: Expectation, candidates: DataFrame
) -> Problem | None:
    if problem := _column_problem(declaration, expectation, candidates):
        return problem
    try:
        compile_gate(candidates, suite=replace(suite, expectations=(expectation,)))
    except SuiteError as error:
        return _problem(declaration, error)
    return None


def _column_problem(declaration: Declaration, expectation: Expectation, candidates: DataFrame) -> Problem | None:
    """Return the problem of the first column that the candidates do not have. None if they have all columns."""
    if any(is_parameter(expectation.kwargs.get(name)) for name in ("column", "column_A", "column_B")):
        return None
    for column in expectation.columns:
        if column not in candidates.columns:
            dataset = declaration.dataset
            if dataset and any(rule.column == column and rule.action == "drop" for rule in dataset.masking_policy):
                hint = "Mask it with another action, or use another column."
                text = f"column {column!r} is dropped by masking_policy. {hint}"
            else:
                known = [name for name in candidates.columns if not name.startswith("_")]
                text = unknown_name("column", column, known)
            return Problem(declaration.suite_file, f"expectation {expectation.id!r}", text)
    return None


def _has_parameters(expectation: Expectation) -> bool:
    return any(map(is_parameter, expectation.kwargs.values()))


def _problem(declaration: Declaration, error: SuiteError) -> Problem:
    id_ = error.expectation
    subject = "suite" if id_ is None else f"expectation {f'number {id_}' if isinstance(id_, int) else repr(id_)}"
    return Problem(declaration.suite_file, subject, error.problem)
