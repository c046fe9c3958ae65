from __future__ import annotations

import pytest

from reports.describe import describe_expectation

CASES = [
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "mostly": 0.9}, "n ≥ 0"),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "strict_min": True}, "n > 0"),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "max_value": 1}, "0 ≤ n ≤ 1"),
    (
        "expect_column_value_lengths_to_be_between",
        {"column": "s", "max_value": 3, "strict_max": True},
        "length of s < 3",
    ),
    ("expect_column_values_to_not_be_null", {"column": "day"}, "day is not null"),
    ("expect_column_values_to_be_in_set", {"column": "s", "value_set": ["a", "b"]}, "s is in set: a, b"),
    ("expect_column_values_to_not_match_regex", {"column": "s", "regex": "^x"}, "s does not match regex: ^x"),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", "or_equal": True}, "a ≥ b"),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}, "a > b"),
    ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, "(a, b) is unique"),
    ("expect_table_row_count_to_be_between", {"min_value": 1}, "table row count ≥ 1"),
    ("expect_column_sum_to_be_between", {"column": "n", "max_value": 9}, "sum of n ≤ 9"),
    ("expect_column_to_exist", {"column": "n"}, "column n exists"),
    ("expect_column_values_to_be_unique", {"column": "n", "row_condition": "m > 1"}, "n is unique, where m > 1"),
    ("expect_table_columns_to_match_set", {"column_set": [*"abcdefghij"]}, "a, b, c, d, e, f, g, h, … (10)"),
    ("expect_something_of_ones_own", {"x": 1, "y": 2}, "something of ones own: x 1, y 2"),
]


@pytest.mark.parametrize(("type_", "kwargs", "words"), CASES)
def test_an_expectation_is_described_in_words(type_, kwargs, words):
    assert describe_expectation(type_, kwargs).endswith(words)
    assert describe_expectation(type_, kwargs) == words or type_ == "expect_table_columns_to_match_set"
