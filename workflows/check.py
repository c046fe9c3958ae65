"""Check the files of datasets: first without Java, and then with a Spark session that analyses the functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import SparkSession

from workflows.checks.analysis import analyse_all
from workflows.checks.dataset import check_definition, check_workflow
from workflows.checks.declaration import Declaration, load_declaration
from workflows.checks.problems import CheckError, Problem, counted
from workflows.checks.report import check_report
from workflows.checks.suite import read_suite
from workflows.output import FAILED, FINE, print_error, print_plain, working
from workflows.session import analysis_session


def check_declaration(name: str) -> tuple[Declaration, list[Problem]]:
    """Load the files of a dataset, and return their problems. Does not start Java."""
    declaration, problems = load_declaration(name)
    problems += check_workflow(declaration)
    dataset = declaration.dataset
    if dataset is None:
        return declaration, problems
    problems += check_definition(declaration, dataset)
    if _can_be_analysed(declaration, problems):
        suite, found = read_suite(declaration, dataset)
        declaration, problems = replace(declaration, suite=suite), problems + found
    if declaration.report:
        problems += check_report(declaration, dataset, declaration.report)
    return declaration, problems


def require_valid_files(names: Sequence[str]) -> list[Declaration]:
    """Check the files of datasets without Java, and return their declarations.

    Raises:
        CheckError: The files have mistakes. The error has the mistakes of all datasets.
    """
    checked = [check_declaration(name) for name in names]
    _raise([problem for _, problems in checked for problem in problems])
    return [declaration for declaration, _ in checked]


def require_valid_functions(spark: SparkSession, declarations: Sequence[Declaration]) -> None:
    """Analyse the functions of datasets. Starts no Spark job.

    Raises:
        CheckError: The functions, the suites or the reports have mistakes. The error has the mistakes of all datasets.
    """
    _raise([problem for problems in analyse_all(spark, declarations).values() for problem in problems])


def check_datasets(names: Sequence[str], *, quiet: bool) -> int:
    """Check datasets, and print a line for each dataset and each problem.

    Returns:
        1 if a dataset has a problem, otherwise 0. Warnings are not problems.
    """
    counts, ready = {}, []
    for name in names:
        declaration, problems = check_declaration(name)
        counts[name] = _print(problems)
        if _can_be_analysed(declaration, problems):
            ready.append(declaration)
    if ready:
        with working("analysing", quiet=quiet):
            spark = analysis_session()
            found = analyse_all(spark, ready)
        for name, problems in found.items():
            counts[name] += _print(problems)
    for name, count in counts.items():
        print_plain(f"{name}: {counted(count) if count else 'no problems'}")
    return FAILED if any(counts.values()) else FINE


def _print(problems: Sequence[Problem]) -> int:
    """Print problems, and return their number without warnings."""
    for problem in problems:
        print_error(f"warning: {problem}" if problem.is_warning else problem)
    return sum(not problem.is_warning for problem in problems)


def _can_be_analysed(declaration: Declaration, problems: Sequence[Problem]) -> bool:
    """Return True if the definition has no mistakes. With mistakes, its functions would raise misleading errors."""
    return declaration.dataset is not None and all(
        problem.file != declaration.dataset_file or problem.is_warning for problem in problems
    )


def _raise(problems: Sequence[Problem]) -> None:
    if errors := [problem for problem in problems if not problem.is_warning]:
        raise CheckError(errors)
