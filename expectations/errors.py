"""Errors of the gate: a suite that cannot be judged, and data that does not meet its suite."""

from __future__ import annotations

from collections.abc import Sequence

_HINT = "Deliver a corrected file under the same name, and run again."


class ExpectationError(ValueError):
    """Something is wrong with a suite or with the data that it judges."""


class SuiteError(ExpectationError):
    """A suite cannot be read or judged; nothing was written.

    Attributes:
        suite: The suite's name or file.
        expectation: The id of the expectation at fault; None where it is the suite itself.
        problem: What is wrong, and what to do.
    """

    def __init__(self, *, suite: str, problem: str, expectation: str | None = None) -> None:
        self.suite, self.expectation, self.problem = suite, expectation, problem
        where = f"suite {suite}" + (f", expectation {expectation!r}" if expectation else "")
        super().__init__(f"{where}: {problem}")


class ExpectationsNotMetError(ExpectationError):
    """Data fails a critical expectation, so it is not published; what was published before stays.

    Attributes:
        suite: The suite's name.
        failures: One line for each critical expectation that is not met.
        kept_at: Where the rows that were refused can be looked at.
        hint: What to do.
    """

    def __init__(self, *, suite: str, failures: Sequence[str], kept_at: str, hint: str = _HINT) -> None:
        self.suite, self.failures, self.kept_at, self.hint = suite, tuple(failures), kept_at, hint
        lines = "".join(f"\n  - {failure}" for failure in failures)
        super().__init__(
            f"suite {suite}: {len(failures)} critical expectation(s) not met, nothing is published; trusted is as it "
            f"was.{lines}\nThe rows, with file and row number, are in {kept_at}; the whole result is in "
            f"lake.ops.runs. {hint}"
        )
