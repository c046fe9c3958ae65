"""Compute the expected answers of the dataset `registrar` from the truth file of a sample, without Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from itertools import chain
from statistics import median
from typing import Any

from tests.inquiry_volume_truth import group_counts

Rows = Iterable[tuple]
KEYS: dict[str, Callable[[str], list]] = {
    "year": lambda key: [int(key)],
    "month": lambda key: [date.fromisoformat(f"{key}-01")],
    "programme": lambda key: key.split(", "),
    "record": str.split,
}
"""Maps the first column of an answer to the function that splits a key of the truth file into column values."""


def join_columns(truth: dict[str, Any], answer: str, columns: str) -> Rows:
    """Return the expected rows of an answer. Each column of figures has one entry in the truth file."""
    names = columns.split()
    values = [(truth["answers"] | truth["rates"]).get(f"{answer} {name}", {}) for name in names]
    for key in dict.fromkeys(chain(*values)):
        key_cells = KEYS[names[0]](key)
        yield *key_cells, *(value.get(key, 0) for value in values[len(key_cells) :])


def completion_by_year(truth: dict[str, Any]) -> Rows:
    exact = {}
    for year, received, completed, rate in sorted(join_columns(truth, "completion_by_year", f"year {RATE}")):
        exact[year] = 100 * completed / received
        yield year, received, completed, rate, round(exact[year] - exact[year - 1], 2) if year - 1 in exact else None


def withdrawal_rates(truth: dict[str, Any]) -> Rows:
    days = group_counts(truth["answers"].get("withdrawal_rates days", {}), ": ")
    for row in join_columns(truth, "withdrawal_rates", WITHDRAWN):
        counts = Counter({int(number): count for number, count in days[", ".join(row[:2])].items()})
        yield *row, *((median(counts.elements()), min(counts), max(counts)) if counts else (None, None, None))


def completeness(truth: dict[str, Any]) -> Rows:
    for record, field, *filled in join_columns(truth, "completeness", "record field filled completeness_pct"):
        yield record, field, truth["answers"]["completeness rows"][record], *filled


def from_columns(answer: str, columns: str) -> tuple[str, Callable[[dict[str, Any]], Rows]]:
    return columns, partial(join_columns, answer=answer, columns=columns)


ACTIVITY = "applications enrolments withdrawals"
COURSE = "programme intake"
WITHDRAWN = f"{COURSE} enrolled withdrawn withdrawal_rate_pct"
RATE = "received completed completion_rate_pct"
ANSWERS: dict[str, tuple[str, Callable[[dict[str, Any]], Rows]]] = {
    "completion_by_year": (f"year {RATE} change_pct_points", completion_by_year),
    "completion_by_programme": from_columns("completion_by_programme", f"{COURSE} {RATE}"),
    "activity_by_month": from_columns("activity_by_month", f"month {ACTIVITY}"),
    "activity_by_year": from_columns("activity_by_year", f"year {ACTIVITY}"),
    "yield": from_columns("yield", f"{COURSE} completed enrolled yield_pct enrolled_otherwise"),
    "withdrawal_rates": (f"{WITHDRAWN} median_days min_days max_days", withdrawal_rates),
    "completeness": ("record field rows filled completeness_pct", completeness),
}
"""Maps each answer to its column names and to the function that computes its expected rows."""
