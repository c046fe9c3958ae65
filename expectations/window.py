"""Compute the `mostly` shares of small increments over a trailing window of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from expectations.validation_result import ValidationResult

_MIN_ROWS_TO_BLOCK_ALL = 2
_EVERY_ROW = "every_row_fails"


def blocking_failures(
    verdict: ValidationResult, *, earlier: Sequence[Mapping[str, Any]], min_rows: int
) -> dict[str, str]:
    """Return a line for each reason to block an increment, by the id of its expectation.

    In a small increment, one broken row is a large share, and chance decides which rows arrive together. If an
    increment has fewer than `min_rows` rows, expectations with `mostly` below 1 are validated over a trailing window.
    The window holds the rows of the increment, then rows of earlier increments, the latest first, up to `min_rows`
    rows. The last increment in the window counts in proportion. If there are fewer than `min_rows` rows so far, no
    share blocks.

    An increment of two or more rows in which every row fails is always blocked.

    Args:
        verdict: The validation of the increment.
        earlier: The results of earlier increments in Great Expectations' JSON form, the latest first.
        min_rows: Minimum number of rows for `mostly` thresholds to block a publish.
    """
    failures = verdict.failures()
    if verdict.rows < min_rows:
        window = list(_trailing(earlier, rows=min_rows - verdict.rows))
        is_full = verdict.rows + _rows(window) >= min_rows
        shares = {each.id: each.mostly for each in verdict.suite.expectations if each.mostly < 1}
        for result in verdict.results:
            name = result["expectation_config"]["id"]
            if name in failures and name in shares and "element_count" in result["result"]:
                counts = [(1.0, result["result"]), *((part, found[name]) for part, found in window if name in found)]
                if not is_full or _share(counts) >= shares[name]:
                    del failures[name]
    if verdict.rows >= _MIN_ROWS_TO_BLOCK_ALL and verdict.quarantined == verdict.rows:
        failures = {_EVERY_ROW: f"every one of the {verdict.rows:,} rows fails a critical expectation", **failures}
    return failures


def _trailing(earlier: Sequence[Mapping[str, Any]], *, rows: int) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """Yield the part of each earlier result that is in the window, and the result by expectation."""
    for document in earlier:
        results = {each["expectation_config"]["id"]: each["result"] for each in document["results"]}
        size = max((each.get("element_count", 0) for each in results.values()), default=0)
        if size and rows > 0:
            yield min(1.0, rows / size), results
            rows -= size


def _rows(window: Sequence[tuple[float, Mapping[str, Any]]]) -> int:
    sizes = [part * max(each.get("element_count", 0) for each in found.values()) for part, found in window]
    return round(float(sum(sizes)))


def _share(counts: Sequence[tuple[float, Mapping[str, Any]]]) -> float:
    """Return the share of expected values among the values that are not null."""
    present = sum(part * (each["element_count"] - each.get("missing_count", 0)) for part, each in counts)
    unexpected = sum(part * each["unexpected_count"] for part, each in counts)
    return (present - unexpected) / present if present else 1.0
