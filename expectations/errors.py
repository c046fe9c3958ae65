"""Errors of suites and of the gate."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.errors import CityLakeError

_HINT = "Deliver a corrected file under the same name, and run again."


class ExpectationError(CityLakeError, ValueError):
    """A suite is not valid, or data does not meet its suite."""


class SuiteError(ExpectationError):
    """A suite cannot be read or compiled. Nothing was written.

    Attributes:
        suite: The suite's name or file.
        expectation: The id of the invalid expectation, or the number of the expectation if it has no id. None if the
            suite itself is invalid.
    """

    def __init__(self, *, suite: str, problem: str, expectation: str | int | None = None) -> None:
        self.suite, self.expectation = suite, expectation
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
            f"changed.{lines}\nThe rows, with file and row number, are in {location}. The complete result is in "
            f"the table lake.ops.runs. {hint}",
        )
