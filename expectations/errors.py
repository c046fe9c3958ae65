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
        expectation: The id of the expectation at fault, or its number if it has no id. None if the suite itself is at
            fault.
    """

    def __init__(self, *, suite: str, problem: str, expectation: str | int | None = None) -> None:
        self.suite, self.expectation = suite, expectation
        where = f"suite {suite}"
        if expectation:
            where += ", expectation " + (f"number {expectation}" if isinstance(expectation, int) else repr(expectation))
        super().__init__(where=where, problem=problem)


class ExpectationsNotMetError(ExpectationError):
    """Data fails a critical expectation, so it is not published. Trusted has not changed.

    Attributes:
        suite: The suite's name.
        failures: One line for each critical expectation that is not met.
        location: The table or branch that has the failed rows.
        hint: How to fix it.
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
