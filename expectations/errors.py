"""Errors of suites and of the gate."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.errors import CityLakeError

_HINT = "Deliver a corrected file under the same name, and run again."


class ExpectationError(CityLakeError, ValueError):
    """A suite is not valid, rows do not meet a suite, or saved results cannot be rendered."""


class ParameterError(ExpectationError):
    """The value of an option `--parameter` is not valid. `where` has the text of the option."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(where=f"--parameter {text}", problem=problem)


class TextColumnError(ValueError):
    """An expectation needs a column of numbers, dates or times, but the column is text.

    Attributes:
        column: The name of the column.
    """

    def __init__(self, column: str, problem: str) -> None:
        self.column = column
        super().__init__(problem)


class SuiteError(ExpectationError):
    """A suite cannot be read or compiled. Nothing was written.

    Attributes:
        suite: The name or the file of the suite.
        expectation: The id of the invalid expectation. If the id is missing, the number of the expectation in the
            suite. None if the suite itself is invalid.
        text_column: The column that is text, if the expectation needs a column of another type. Otherwise None.
    """

    def __init__(
        self, *, suite: str, problem: str, expectation: str | int | None = None, text_column: str | None = None
    ) -> None:
        self.suite, self.expectation, self.text_column = suite, expectation, text_column
        where = f"suite {suite}"
        if expectation:
            where += ", expectation " + (f"number {expectation}" if isinstance(expectation, int) else repr(expectation))
        super().__init__(where=where, problem=problem)


class ExpectationsNotMetError(ExpectationError):
    """A critical expectation is not met, so the rows are not published. Trusted has not changed.

    Attributes:
        suite: The suite's name.
        failures: One line for each critical expectation that is not met.
        location: The table or branch that has the failed rows.
        hint: A sentence that says how to fix the problem.
    """

    def __init__(self, *, suite: str, failures: Sequence[str], location: str, hint: str = _HINT) -> None:
        self.suite, self.failures, self.location, self.hint = suite, tuple(failures), location, hint
        lines = "".join(f"\n  - {failure}" for failure in failures)
        super().__init__(
            where=f"suite {suite}",
            problem=f"{len(failures)} critical expectation(s) are not met. Nothing is published, and trusted has not "
            f"changed.{lines}\nThe rows are in {location}. Each row has its file and row number. The complete "
            f"result is in the table lake.ops.runs. {hint}",
        )
