"""Decide whether a small increment is blocked. `mostly` thresholds apply to a trailing window of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from expectations.validation_result import ValidationResult

_MIN_ROWS_TO_BLOCK_ALL = 2
_EVERY_ROW = "every_row_fails"

_WeightedResult = tuple[float, Mapping[str, Any]]
"""The fraction of an increment's rows that is in the window, and the result of the increment."""


def blocking_failures(
    validation: ValidationResult, *, earlier_results: Sequence[Mapping[str, Any]], min_rows: int
) -> dict[str, str]:
    """Map the id of each expectation that blocks an increment to a line that states the reason.

    A single failed row is a large fraction of a small increment. Therefore, if an increment has fewer than `min_rows`
    rows, `mostly` thresholds below 1 apply to a trailing window of rows. The window has the rows of the increment, and
    rows of earlier increments up to a total of `min_rows` rows. Among the earlier increments, the latest is added
    first. If the last added increment fits only partly in the window, its counts are reduced in proportion. If the
    window has fewer than `min_rows` rows, no `mostly` threshold below 1 blocks the increment.

    If an increment has two or more rows, and every row fails a critical expectation, the increment is always blocked.

    Args:
        validation: The validation result of the increment.
        earlier_results: The validation results of earlier increments in GX's JSON form, the latest result first.
        min_rows: Minimum number of rows for `mostly` thresholds to block a publish.
    """
    failures = validation.failures()
    if validation.rows < min_rows:
        window = list(_fill_window(earlier_results, rows=min_rows - validation.rows))
        is_full = validation.rows + _count_rows(window) >= min_rows
        thresholds = {item.id: item.mostly for item in validation.suite.expectations if item.mostly < 1}
        for result in validation.results:
            id_ = result["expectation_config"]["id"]
            if id_ in failures and id_ in thresholds and "element_count" in result["result"]:
                counts = [(1.0, result["result"])]
                counts += [(part, results[id_]) for part, results in window if id_ in results]
                if not is_full or _expected_share(counts) >= thresholds[id_]:
                    del failures[id_]
    if validation.rows >= _MIN_ROWS_TO_BLOCK_ALL and validation.quarantined == validation.rows:
        failures = {_EVERY_ROW: f"all {validation.rows:,} rows fail a critical expectation", **failures}
    return failures


def _fill_window(earlier_results: Sequence[Mapping[str, Any]], *, rows: int) -> Iterator[_WeightedResult]:
    """For each earlier increment, yield the fraction of rows in the window, and the results by expectation id."""
    for document in earlier_results:
        results = {item["expectation_config"]["id"]: item["result"] for item in document["results"]}
        size = max((result.get("element_count", 0) for result in results.values()), default=0)
        if size and rows > 0:
            yield min(1.0, rows / size), results
            rows -= size


def _count_rows(window: Sequence[_WeightedResult]) -> int:
    sizes = [part * max(result.get("element_count", 0) for result in results.values()) for part, results in window]
    return round(float(sum(sizes)))


def _expected_share(counts: Sequence[_WeightedResult]) -> float:
    """Return the fraction of expected values among the values that are not null."""
    present = sum(part * (result["element_count"] - result.get("missing_count", 0)) for part, result in counts)
    unexpected = sum(part * result["unexpected_count"] for part, result in counts)
    return (present - unexpected) / present if present else 1.0
