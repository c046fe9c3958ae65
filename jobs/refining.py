"""What makes trusted rows of a dataset's raw rows, and the verdict on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame

from expectations.compile import RowCheck
from expectations.gate import Judged, judge
from expectations.suite import load_suite
from expectations.verdict import Verdict


@dataclass(frozen=True)
class Refining:
    """What makes trusted rows of a dataset's raw rows.

    Attributes:
        dataset: The dataset.
        build: Raw rows to candidates for trusted, row by row: what it makes of a row depends on no other.
        key: The text column that tells what a row is about.
        order: The columns that order the rows of one key, the one that counts last; whatever came first.
        event_time: The time by whose months trusted is partitioned.
        located_by: The column by whose range trusted's rows of a key are found. It follows from the key.
        masked_with: The masking key's `fingerprint`, where rows are masked: by another key none would be found again.
        shares_from: Of how many rows on a share counts that a suite wants of them (`mostly`, if it is less than 1): of
            a handful one broken row is a large share, and which rows come together is chance. Of fewer, those that fail
            go to quarantine and the others are published.
    """

    dataset: str
    build: Callable[[DataFrame], DataFrame]
    key: str
    order: Sequence[str]
    event_time: str
    located_by: str
    masked_with: str | None = None
    shares_from: int = 100

    def judge(self, raw: DataFrame) -> Judged:
        """Build rows and mark what they fail; of each key the latest counts."""
        return judge(self.build(raw), suite=load_suite(self.dataset), key=[self.key], order_by=self.order)

    def verdict(self, judged: Judged, written: DataFrame) -> Verdict:
        """Judge what was written. Of few rows no share is critical."""
        verdict = judged.verdict(written)
        if verdict.rows >= self.shares_from:
            return verdict
        rows_are_routed = {check.expectation.id for check in judged.checks if isinstance(check, RowCheck)}
        expectations = (
            replace(each, severity="warning")
            if each.severity == "critical" and each.mostly < 1 and each.id in rows_are_routed
            else each
            for each in verdict.suite.expectations
        )
        return replace(verdict, suite=replace(verdict.suite, expectations=tuple(expectations)))
