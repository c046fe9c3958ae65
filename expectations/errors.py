"""Errors of the gate: a suite that cannot be read, and data that does not meet its suite."""

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
        expectation: The id of the expectation at fault, or None if the suite itself is at fault.
    """

    def __init__(self, *, suite: str, problem: str, expectation: str | None = None) -> None:
        self.suite, self.expectation = suite, expectation
        where = f"suite {suite}" + (f", expectation {expectation!r}" if expectation else "")
        super().__init__(where=where, problem=problem)


class ExpectationsNotMetError(ExpectationError):
    """Data fails a critical expectation, so it is not published. Trusted has not changed.

    Attributes:
        suite: The suite's name.
        failures: One line for each critical expectation that is not met.
        kept_at: The place of the failed rows.
        hint: How to fix it.
    """

    def __init__(self, *, suite: str, failures: Sequence[str], kept_at: str, hint: str = _HINT) -> None:
        self.suite, self.failures, self.kept_at, self.hint = suite, tuple(failures), kept_at, hint
        lines = "".join(f"\n  - {failure}" for failure in failures)
        super().__init__(
            where=f"suite {suite}",
            problem=f"{len(failures)} critical expectation(s) not met. Nothing is published, and trusted has not "
            f"changed.{lines}\nThe rows, with file and row number, are in {kept_at}. The whole result is in "
            f"lake.ops.runs. {hint}",
        )
