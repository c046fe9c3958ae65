"""The facts about a dataset that reports display in addition to the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.answer import Report
from reports.rows import AnswerRows


@dataclass(frozen=True)
class Validation:
    """A validated run of a dataset.

    Attributes:
        started: The start time of the stage (UTC), such as `2024-07-10 12:00`.
        run_id: The id of the run.
        verdict: `met`, `met with warnings` or `blocked`.
        rows_in: Rows read.
        rows_out: Rows published or staged.
        quarantined: Rows that failed a critical expectation.
        results: The results of the expectations, in GX's JSON form. Empty for all runs except the last run.
    """

    started: str
    run_id: str
    verdict: str
    rows_in: int
    rows_out: int
    quarantined: int
    results: Sequence[Mapping[str, Any]] = ()

    @property
    def quarantined_pct(self) -> float:
        """The percentage of quarantined rows among the published and quarantined rows."""
        return 100 * self.quarantined / (self.rows_out + self.quarantined or 1)


@dataclass(frozen=True)
class DatasetFacts:
    """The facts about a dataset.

    Attributes:
        name: The name of the dataset.
        report: The declaration of the report.
        answers: The rows of the answers, in the order of the report.
        state: The state of the last run.
        last_run: The start time of the last run (UTC), such as `2024-07-10 12:00`. None before the first run.
        rows_in: Number of rows in raw.
        trusted: Number of rows in trusted.
        quarantined: Number of rows in quarantine.
        attention: One line for each thing that needs attention.
        reasons: The most frequent reasons why rows are in quarantine, and the number of rows for each reason.
        validations: The validated runs, starting with the last run.
    """

    name: str
    report: Report
    answers: Sequence[AnswerRows]
    state: str
    last_run: str | None
    rows_in: int
    trusted: int
    quarantined: int
    attention: Sequence[str] = ()
    reasons: Sequence[tuple[str, int]] = ()
    validations: Sequence[Validation] = ()

    @property
    def verdict(self) -> str:
        """The outcome of the last validation."""
        return self.validations[0].verdict if self.validations else "not validated"

    @property
    def headline(self) -> str:
        """The first answer in one to three sentences."""
        return self.answers[0].sentence if self.answers else "There is no answer yet."
