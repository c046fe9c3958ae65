"""Test which increments are blocked.

The window has 10 rows. In the expectation `half_present`, `mostly` is 0.5: at least half of the values must be present.
"""

from __future__ import annotations

import pytest

from expectations.suite import Expectation, Suite
from expectations.validation_result import ResultFormat, ValidationResult, row_result, table_result
from expectations.window import blocking_failures

MIN_ROWS = 10
HALF = Expectation("half_present", "expect_column_values_to_not_be_null", {"column": "n", "mostly": 0.5})
ALL = Expectation("day_present", "expect_column_values_to_not_be_null", {"column": "day"})
SOME_ROWS = Expectation("some_rows", "expect_table_row_count_to_be_between", {"min_value": 5})


def make_validation(
    rows: int, failed: int, *, quarantined: int | None = None, without_day: int = 0, missing: int = 0
) -> ValidationResult:
    """Return the result of an increment.

    `failed` is the number of rows that fail `half_present`. `without_day` is the number of rows that fail
    `day_present`.
    """
    half = row_result(HALF, rows, failed, missing, [], ResultFormat())
    results = (half, row_result(ALL, rows, without_day, None, [], ResultFormat()))
    quarantined = max(failed, without_day) if quarantined is None else quarantined
    return ValidationResult(Suite("calls", (HALF, ALL), {}), rows=rows, quarantined=quarantined, results=results)


def blocked_by(current: ValidationResult, *earlier: ValidationResult, min_rows: int = MIN_ROWS) -> set[str]:
    """Return the reasons to block an increment. `earlier` has the results of earlier increments, the latest first."""
    documents = [validation.to_json_dict() for validation in earlier]
    return set(blocking_failures(current, earlier_results=documents, min_rows=min_rows))


@pytest.mark.parametrize(("rows", "failed", "is_blocked"), [(10, 5, False), (10, 6, True), (400, 201, True)])
def test_a_large_increment_is_validated_without_earlier_increments(rows: int, failed: int, is_blocked: bool) -> None:
    for earlier in ([], [make_validation(100, 0)], [make_validation(100, 100)]):
        assert blocked_by(make_validation(rows, failed), *earlier) == ({"half_present"} if is_blocked else set())


def test_small_increments_are_combined_with_earlier_increments() -> None:
    increment = make_validation(4, 3)
    assert blocked_by(increment, make_validation(6, 2)) == set()  # 5 of 10 values fail
    assert blocked_by(increment, make_validation(6, 3)) == {"half_present"}  # 6 of 10 values fail
    assert blocked_by(increment, make_validation(2, 2), make_validation(4, 1)) == {"half_present"}
    assert blocked_by(increment, make_validation(2, 2), make_validation(4, 0)) == set()


def test_earlier_failures_do_not_block_a_passing_increment() -> None:
    assert blocked_by(make_validation(4, 2), make_validation(6, 6)) == set()


def test_thresholds_apply_only_to_a_full_window() -> None:
    increment = make_validation(4, 3)
    assert blocked_by(increment) == set()
    assert blocked_by(increment, make_validation(5, 5)) == set()
    assert blocked_by(increment, make_validation(5, 5), make_validation(1, 0)) == {"half_present"}


def test_failures_are_scaled_if_earlier_increment_exceeds_window() -> None:
    """The window has room for 5 of the 20 earlier rows, so a quarter of the failures among the 20 rows is counted."""
    assert blocked_by(make_validation(5, 3), make_validation(20, 8)) == set()  # 3 + 2 of 10 values fail
    assert blocked_by(make_validation(5, 3), make_validation(20, 9)) == {"half_present"}  # 3 + 2.25 of 10 values fail


def test_increments_older_than_the_window_are_ignored() -> None:
    assert blocked_by(make_validation(4, 3), make_validation(6, 2), make_validation(100, 100)) == set()
    assert blocked_by(make_validation(4, 3), make_validation(6, 3), make_validation(100, 0)) == {"half_present"}


def test_missing_values_fill_the_window_without_failing() -> None:
    assert blocked_by(make_validation(4, 3), make_validation(6, 1, missing=4)) == {"half_present"}  # 4 of 6 values fail
    assert blocked_by(make_validation(4, 3), make_validation(6, 0, missing=4)) == set()  # 3 of 6 values fail


def test_increments_without_the_expectation_fill_the_window() -> None:
    other = Expectation("another", "expect_column_values_to_not_be_null", {"column": "x", "mostly": 0.5})
    result = row_result(other, 6, 6, None, [], ResultFormat())
    earlier = ValidationResult(Suite("calls", (other,), {}), rows=6, quarantined=6, results=(result,))
    assert blocked_by(make_validation(4, 3), earlier) == {"half_present"}  # 3 of 4 values fail
    assert blocked_by(make_validation(4, 2), earlier) == set()


def test_strict_expectations_also_block_small_increments() -> None:
    """Table-level expectations and expectations with `mostly` 1 do not need a full window."""
    assert blocked_by(make_validation(2, 0, without_day=1)) == {"day_present"}
    result = table_result(SOME_ROWS, False, {"observed_value": 1}, ResultFormat())
    table = ValidationResult(Suite("calls", (SOME_ROWS,), {}), rows=1, quarantined=0, results=(result,))
    assert blocked_by(table) == {"some_rows"}


def test_increment_is_blocked_if_all_rows_fail() -> None:
    """The rule applies to increments with two or more rows."""
    for rows in (2, 9):
        failures = blocking_failures(make_validation(rows, rows), earlier_results=[], min_rows=MIN_ROWS)
        assert failures == {"every_row_fails": f"all {rows} rows fail a critical expectation"}
    assert blocked_by(make_validation(2, 2), make_validation(8, 0)) == {"every_row_fails"}
    assert blocked_by(make_validation(2, 1), make_validation(8, 0)) == set()
    assert blocked_by(make_validation(10, 10)) == {"every_row_fails", "half_present"}


def test_single_row_is_blocked_only_in_full_windows() -> None:
    """An increment with one row is not blocked before the window is full."""
    assert blocked_by(make_validation(1, 1)) == set()
    assert blocked_by(make_validation(1, 1), make_validation(9, 4)) == set()  # 5 of 10 values fail
    assert blocked_by(make_validation(1, 1), make_validation(9, 5)) == {"half_present"}


def test_an_increment_without_rows_is_not_blocked() -> None:
    assert blocked_by(make_validation(0, 0), make_validation(20, 20)) == set()


def test_small_increments_are_blocked_if_min_rows_is_0() -> None:
    """If `min_rows` is 0, a `mostly` threshold can block an increment of any size."""
    assert blocked_by(make_validation(2, 2, quarantined=1), min_rows=0) == {"half_present"}
