"""Shares of small increments over a trailing window of 10 rows. Half of the values must be present."""

from __future__ import annotations

import pytest

from expectations.suite import Expectation, Suite
from expectations.validation_result import ResultFormat, ValidationResult, row_result, table_result
from expectations.window import blocking_failures

MIN_ROWS = 10
HALF = Expectation("half_present", "expect_column_values_to_not_be_null", {"column": "n", "mostly": 0.5})
ALL = Expectation("day_present", "expect_column_values_to_not_be_null", {"column": "day"})
SOME_ROWS = Expectation("some_rows", "expect_table_row_count_to_be_between", {"min_value": 5})


def verdict(
    rows: int, failed: int, *, quarantined: int | None = None, without_day: int = 0, missing: int = 0
) -> ValidationResult:
    """Return a validation of `rows` rows: `failed` of them fail `half_present`, `without_day` fail `day_present`."""
    shown = ResultFormat()
    results = (row_result(HALF, rows, failed, missing, [], shown), row_result(ALL, rows, without_day, None, [], shown))
    bad = max(failed, without_day) if quarantined is None else quarantined
    return ValidationResult(Suite("calls", (HALF, ALL), {}), rows=rows, quarantined=bad, results=results)


def blocked(current: ValidationResult, *earlier: ValidationResult) -> set[str]:
    """Return the reasons to block an increment that comes after others, the latest first."""
    documents = [each.to_json_dict() for each in earlier]
    return set(blocking_failures(current, earlier=documents, min_rows=MIN_ROWS))


@pytest.mark.parametrize(("rows", "failed", "is_blocked"), [(10, 5, False), (10, 6, True), (400, 201, True)])
def test_an_increment_with_enough_rows_is_judged_by_itself(rows: int, failed: int, is_blocked: bool) -> None:
    only_good, only_bad = verdict(100, 0), verdict(100, 100)
    for earlier in ([], [only_good], [only_bad]):
        assert blocked(verdict(rows, failed), *earlier) == ({"half_present"} if is_blocked else set())


def test_a_small_increment_is_judged_with_the_rows_of_earlier_ones() -> None:
    assert blocked(verdict(4, 3), verdict(6, 2)) == set()  # 5 of 10
    assert blocked(verdict(4, 3), verdict(6, 3)) == {"half_present"}  # 6 of 10
    assert blocked(verdict(4, 3), verdict(2, 2), verdict(4, 1)) == {"half_present"}
    assert blocked(verdict(4, 3), verdict(2, 2), verdict(4, 0)) == set()


def test_a_share_that_is_met_does_not_block_whatever_the_earlier_rows_were() -> None:
    assert blocked(verdict(4, 2), verdict(6, 6)) == set()


def test_until_the_window_is_full_no_share_blocks() -> None:
    assert blocked(verdict(4, 3)) == set()
    assert blocked(verdict(4, 3), verdict(5, 5)) == set()
    assert blocked(verdict(4, 3), verdict(5, 5), verdict(1, 0)) == {"half_present"}


def test_of_a_result_that_the_window_ends_in_a_proportional_part_counts() -> None:
    """5 rows of 20 fit: a quarter of their failures counts."""
    assert blocked(verdict(5, 3), verdict(20, 8)) == set()  # 3 + 2 of 10
    assert blocked(verdict(5, 3), verdict(20, 9)) == {"half_present"}  # 3 + 2.25 of 10


def test_results_older_than_the_window_do_not_count() -> None:
    assert blocked(verdict(4, 3), verdict(6, 2), verdict(100, 100)) == set()
    assert blocked(verdict(4, 3), verdict(6, 3), verdict(100, 0)) == {"half_present"}


def test_missing_values_take_rows_of_the_window_but_are_not_part_of_the_share() -> None:
    assert blocked(verdict(4, 3), verdict(6, 1, missing=4)) == {"half_present"}  # 4 of 6
    assert blocked(verdict(4, 3), verdict(6, 0, missing=4)) == set()  # 3 of 6


def test_an_earlier_result_of_another_suite_fills_the_window_without_a_share() -> None:
    other = Expectation("another", "expect_column_values_to_not_be_null", {"column": "x", "mostly": 0.5})
    result = row_result(other, 6, 6, None, [], ResultFormat())
    earlier = ValidationResult(Suite("calls", (other,), {}), rows=6, quarantined=6, results=(result,))
    assert blocked(verdict(4, 3), earlier) == {"half_present"}  # 3 of 4
    assert blocked(verdict(4, 2), earlier) == set()


def test_an_expectation_about_every_row_blocks_however_few_rows_there_are() -> None:
    assert blocked(verdict(2, 0, without_day=1)) == {"day_present"}


def test_an_expectation_about_the_table_blocks_however_few_rows_there_are() -> None:
    result = table_result(SOME_ROWS, False, {"observed_value": 1}, ResultFormat())
    assert blocked(ValidationResult(Suite("calls", (SOME_ROWS,), {}), rows=1, quarantined=0, results=(result,))) == {
        "some_rows"
    }


def test_two_rows_or_more_that_all_fail_are_blocked_also_if_their_share_is_not() -> None:
    for rows in (2, 9):
        found = blocking_failures(verdict(rows, rows), earlier=[], min_rows=MIN_ROWS)
        assert found == {"every_row_fails": f"every one of the {rows} rows fails a critical expectation"}
    assert blocked(verdict(2, 2), verdict(8, 0)) == {"every_row_fails"}
    assert blocked(verdict(2, 1), verdict(8, 0)) == set()
    assert blocked(verdict(10, 10)) == {"every_row_fails", "half_present"}


def test_of_one_row_nothing_is_said_by_itself() -> None:
    assert blocked(verdict(1, 1)) == set()
    assert blocked(verdict(1, 1), verdict(9, 4)) == set()  # 5 of 10
    assert blocked(verdict(1, 1), verdict(9, 5)) == {"half_present"}


def test_without_rows_nothing_is_blocked() -> None:
    assert blocked(verdict(0, 0), verdict(20, 20)) == set()


def test_with_no_minimum_every_share_blocks() -> None:
    assert set(blocking_failures(verdict(2, 2, quarantined=1), earlier=[], min_rows=0)) == {"half_present"}


def test_a_line_says_which_expectation_is_not_met_and_by_how_much() -> None:
    found = blocking_failures(verdict(10, 6), earlier=[], min_rows=MIN_ROWS)
    assert found["half_present"].startswith("half_present: 6 of 10 rows are not as expected, at least 50 % must be")
