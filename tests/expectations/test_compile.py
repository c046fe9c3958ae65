"""What a suite asks and its rows cannot give is said before any Spark job starts."""

from __future__ import annotations

import json

import pytest

from expectations.compile import DelegatedToGX, compile_suite
from expectations.core import DELEGATED_TO_GX, NOT_ON_SPARK, ROW_LEVEL, TABLE_LEVEL
from expectations.errors import SuiteError
from expectations.suite import parse_suite

SCHEMA = (
    "n int, s string, day date, geo struct<latitude: double>, tags array<string>, `a.b` int, words map<string, int>, "
    "raw binary"
)
BETWEEN, PAIR = "column_values_to_be_between", "column_pair_values_a_to_be_greater_than_b"
STRFTIME, JSON_SCHEMA = "column_values_to_match_strftime_format", "column_values_to_match_json_schema"
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}


def compiled(spark, type_, /, **kwargs):
    entry = {"type": f"expect_{type_}", "kwargs": kwargs, "id": "x"}
    suite = parse_suite(json.dumps({"name": "calls", "expectations": [NOT_NULL, entry]}), where="calls.json")
    return compile_suite(spark.createDataFrame([], SCHEMA), suite)


def problem(spark, type_, /, **kwargs):
    with pytest.raises(SuiteError) as caught:
        compiled(spark, type_, **kwargs)
    error = caught.value
    assert (error.suite, error.expectation) == ("calls", "x")
    assert str(error) == f"suite calls, expectation 'x': {error.problem}"
    return error.problem


@pytest.mark.parametrize(
    ("type_", "kwargs", "said"),
    [
        ("column_values_to_be_pretty", {"column": "n"}, "type 'expect_column_values_to_be_pretty' is not one of"),
        (BETWEEN, {"column": "N", "min_value": 1}, "column 'N' does not exist; the rows have ['n', 's', 'day', "),
        (BETWEEN, {"column": "geo.longitude", "min_value": 1}, "column 'geo.longitude' does not exist"),
        ("column_sum_to_be_between", {"column": "m", "min_value": 1}, "column 'm' does not exist"),
        ("column_values_to_not_be_null", {}, "do not fit expect_column_values_to_not_be_null: "),
        ("column_values_to_not_be_null", {"column": "n", "colum": "n"}, "unexpected keyword argument 'colum'"),
        (BETWEEN, {"column": "n"}, "min_value and max_value are both missing: give at least one."),
        (BETWEEN, {"column": "s", "min_value": 1}, "column 's' is string, no type to compare [1] with."),
        (BETWEEN, {"column": "s", "min_value": "a"}, "column 's' is string, no type to compare ['a'] with."),
        (BETWEEN, {"column": "n", "max_value": "9"}, "column 'n' is int, no type to compare ['9'] with."),
        (BETWEEN, {"column": "n", "max_value": True}, "column 'n' is int, no type to compare [True] with."),
        (BETWEEN, {"column": "day", "max_value": 9}, "column 'day' is date, no type to compare [9] with."),
        (BETWEEN, {"column": "day", "max_value": "31/12/2024"}, "Invalid isoformat string: '31/12/2024'."),
        (BETWEEN, {"column": "tags", "max_value": 9}, "column 'tags' is array<string>, no type to compare [9] with."),
        ("column_max_to_be_between", {"column": "n", "max_value": "2024-01-01"}, "column 'n' is int, no type to"),
        ("column_max_to_be_between", {"column": "s", "max_value": "z"}, "column 's' is string, no type to compare"),
        ("column_mean_to_be_between", {"column": "s", "min_value": 1}, "column 's' is string, expected a number."),
        ("column_mean_to_be_between", {"column": "n", "min_value": "1"}, "the bounds ['1'] are not numbers."),
        ("column_values_to_be_in_set", {"column": "n", "value_set": ["1"]}, "column 'n' is int, no type to compare"),
        ("column_values_to_be_in_set", {"column": "n", "value_set": None}, "do not fit expect_column_values_to_be_in"),
        (
            "column_distinct_values_to_be_in_set",
            {"column": "n", "value_set": []},
            "value_set is [], expected a list of",
        ),
        (
            "column_values_to_match_regex",
            {"column": "s", "regex": "("},
            "'(' is not a valid regular expression in Java: missing )",
        ),
        (
            "column_values_to_match_regex",
            {"column": "tags", "regex": "a"},
            "column 'tags' is array<string>, expected t",
        ),
        (
            "column_values_to_match_regex_list",
            {"column": "s", "regex_list": ["a", "["]},
            "'[' is not a valid regular expression in Java",
        ),
        ("column_values_to_match_regex_list", {"column": "s", "regex_list": []}, "expected a list of at least one"),
        (
            "column_values_to_match_regex_list",
            {"column": "s", "regex_list": ["a"], "match_on": "no"},
            "match_on is 'no'",
        ),
        ("column_value_lengths_to_equal", {"column": "s", "value": 1.5}, "a length is 1.5, expected a whole number."),
        (PAIR, {"column_A": "n", "column_B": "n", "ignore_row_if": "no"}, "ignore_row_if is 'no', expected one of"),
        (PAIR, {"column_A": "n", "column_B": "s"}, "types that cannot be compared: 'n' is int, 's' is string."),
        (
            "column_pair_values_to_be_in_set",
            {"column_A": "n", "column_B": "n", "value_pairs_set": [[1]]},
            "list of at l",
        ),
        (
            "multicolumn_sum_to_equal",
            {"column_list": ["n"], "sum_total": 1},
            "expected a list of at least two columns.",
        ),
        ("multicolumn_sum_to_equal", {"column_list": ["n", "s"], "sum_total": 1}, "'s' is string, expected a number."),
        ("compound_columns_to_be_unique", {"column_list": ["n", "s"], "ignore_row_if": "no"}, "ignore_row_if is 'no'"),
        ("column_values_to_not_be_outliers", {"column": "n", "method": "guess"}, "method is 'guess', expected 'iqr'"),
        ("column_values_to_be_increasing", {"column": "s"}, "column 's' is string, expected a number."),
        (
            "column_values_to_be_of_type",
            {"column": "n", "type_": "INTEGER"},
            "none of ['INTEGER'] is a type of pyspark",
        ),
        (
            "column_quantile_values_to_be_between",
            {"column": "n", "quantile_ranges": {}},
            "expected a pair of bounds for",
        ),
        ("column_quantile_values_to_be_between", {"column": "n", "quantile_ranges": None}, "expected a pair of bounds"),
        (BETWEEN, {"column": "day", "max_value": "tomorrow"}, "Invalid isoformat string: 'tomorrow'."),
        ("column_value_lengths_to_equal", {"column": "s", "value": float("inf")}, "a length is inf, expected a whole"),
        ("column_values_to_match_regex", {"column": "s", "regex": 5}, "a regular expression is 5, expected text."),
        (
            "column_values_to_match_regex",
            {"column": "s", "regex": None},
            "a regular expression is None, expected text.",
        ),
        ("column_values_to_not_match_regex", {"column": "s", "regex": None}, "a regular expression is None, expected"),
        (
            "column_values_to_match_regex_list",
            {"column": "s", "regex_list": ["a", None]},
            "expression is None, expected",
        ),
        ("column_values_to_be_unique", {"column": "words"}, "'words' is map<string,int>, whose values cannot be comp"),
        ("compound_columns_to_be_unique", {"column_list": ["n", "words"]}, "whose values cannot be compared."),
        ("column_unique_value_count_to_be_between", {"column": "words"}, "whose values cannot be compared."),
        ("column_proportion_of_unique_values_to_be_between", {"column": "words"}, "whose values cannot be compared."),
        (
            "column_most_common_value_to_be_in_set",
            {"column": "tags", "value_set": []},
            "'tags' is array<string>, whose values no suite can name.",
        ),
        ("column_distinct_values_to_contain_set", {"column": "raw", "value_set": []}, "whose values no suite can name"),
        (BETWEEN, {"column": "n", "max_value": 10**400}, "int too large to convert to float."),
        (BETWEEN, {"column": "n", "max_value": 1, "strict_max": "false"}, "strict_max is 'false', expected true or f"),
        ("column_values_to_be_in_set", {"column": "s", "value_set": "abc"}, "value_set is 'abc', expected a list"),
        (
            "multicolumn_sum_to_equal",
            {"column_list": ["n", "a.b"], "sum_total": "5"},
            "sum_total is '5', expected",
        ),
        (
            "column_value_z_scores_to_be_less_than",
            {"column": "n", "threshold": "5", "double_sided": True},
            "threshold is '5', expected a number.",
        ),
        (
            "column_values_to_not_be_outliers",
            {"column": "n", "multiplier": "x"},
            "multiplier is 'x', expected",
        ),
        ("table_row_count_to_equal", {"value": "5"}, "value is '5', expected a number."),
        ("table_row_count_to_be_between", {"min_value": 1, "strict_min": "false"}, "expected true or false."),
        (STRFTIME, {"column": "s"}, "missing 1 required positional argument: 'strftime_format'"),
        (STRFTIME, {"column": "n", "strftime_format": "%Y"}, "column 'n' is int, expected text."),
        (STRFTIME, {"column": "s", "strftime_format": "%D"}, "'%D' is none that Python reads: 'D' is a bad directive"),
        (STRFTIME, {"column": "s", "strftime_format": "%d %d"}, "is none that Python reads: redefinition of group"),
        (
            STRFTIME,
            {"column": "s", "strftime_format": 5},
            "strftime_format 5 is none that Python reads: strftime() arg",
        ),
        (
            STRFTIME,
            {"column": "s", "strftime_format": "%G-%V-%u"},
            "has %G, %V: use expect_column_values_to_match_rege",
        ),
        (STRFTIME, {"column": "s", "strftime_format": "%j %m"}, "has %j: use expect_column_values_to_match_regex."),
        ("column_values_to_be_json_parseable", {"column": "day"}, "column 'day' is date, expected text."),
        (JSON_SCHEMA, {"column": "s"}, "Great Expectations does not take {'column'"),
        (JSON_SCHEMA, {"column": "m", "json_schema": {}}, "column 'm' does not exist"),
        (JSON_SCHEMA, {"column": "s", "json_schema": {}, "row_condition": "n >"}, "Spark cannot compute it: "),
        ("table_row_count_to_be_between", {"min_value": 1, "mostly": 0.9}, "judges a table, not rows; it takes no 'mo"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_cause(spark, count_jobs, type_, kwargs, said):
    assert said in problem(spark, type_, **kwargs)
    assert count_jobs() == 0


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"row_condition": "n >"}, "Spark cannot compute it: "),
        ({"row_condition": "_passes"}, "Spark cannot compute it: "),
        ({"row_condition": "rand() < 2"}, "row_condition 'rand() < 2' is not deterministic."),
        ({"row_condition": {"type": "and", "conditions": []}}, "has no conditions."),
        ({"row_condition": {"type": "pass_through", "pass_through_filter": None}}, "None is no text."),
        ({"row_condition": {"type": "nullity", "column": "n", "is_null": True}}, "is none of Great Expectations': "),
        ({"row_condition": "m > 1"}, "Spark cannot compute it: "),
        (
            {"row_condition": "n > 1", "condition_parser": "great_expectations"},
            "row_condition is 'n > 1', expected one su",
        ),
        ({"row_condition": 'col("m") > 1', "condition_parser": "great_expectations"}, "column 'm' does not exist"),
        (
            {"row_condition": 'col("n") > "x"', "condition_parser": "great_expectations"},
            "column 'n' is int, no type to c",
        ),
        ({"row_condition": {"type": "maybe"}}, "row_condition is {'type': 'maybe'}, expected a text or a condition"),
        ({"row_condition": {"type": "nullity", "column": {"name": "n"}}}, "lacks 'is_null'."),
        ({"row_condition": {"type": "and", "conditions": []}}, "row_condition"),
        (
            {"row_condition": {"type": "comparison", "column": {"name": "n"}, "operator": "~", "parameter": 1}},
            "row_condition's operator is '~', expected one of ['==', ",
        ),
    ],
)
def test_a_row_condition_that_is_none_is_refused_with_its_cause(spark, condition, said):
    assert said in problem(spark, "column_values_to_not_be_null", column="n", **condition)


@pytest.mark.parametrize("type_", NOT_ON_SPARK)
def test_a_type_that_gx_cannot_judge_on_spark_is_refused_with_what_to_use_instead(spark, type_):
    entry = {"type": type_, "kwargs": {"column": "s"}, "id": "x"}
    suite = parse_suite(json.dumps({"name": "calls", "expectations": [entry]}), where="calls.json")
    with pytest.raises(SuiteError, match="Great Expectations cannot judge .* on Spark. (Use|It needs) "):
        compile_suite(spark.createDataFrame([], SCHEMA), suite)


def test_every_type_of_gx_is_compiled_handed_over_or_refused_with_a_hint():
    import great_expectations.expectations.core  # noqa: F401 - registers its types
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    known = {*ROW_LEVEL, *TABLE_LEVEL, *DELEGATED_TO_GX, *NOT_ON_SPARK}
    assert set(list_registered_expectation_implementations()) == known
    assert len(known) == len(ROW_LEVEL) + len(TABLE_LEVEL) + len(DELEGATED_TO_GX) + len(NOT_ON_SPARK)


def test_what_is_handed_over_needs_no_compiling(spark):
    checks, bits = compiled(spark, JSON_SCHEMA, column="s", json_schema={})
    assert isinstance(checks[1], DelegatedToGX)
    assert len(bits) == 1


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("column_values_to_be_in_type_list", {"column": "n", "type_list": ["INTEGER", "int64", "IntegerType"]}),
        ("column_values_to_be_between", {"column": "`a.b`", "min_value": 1}),
        ("column_values_to_be_between", {"column": "n", "max_value": 2**64}),
        ("column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "max_value": 10**30}),
        ("column_values_to_be_unique", {"column": "tags"}),
        ("column_values_to_be_between", {"column": "n", "min_value": 1, "max_value": None, "strict_min": None}),
        ("column_distinct_values_to_contain_set", {"column": "n", "value_set": []}),
        ("column_most_common_value_to_be_in_set", {"column": "s", "value_set": ["a", None]}),
    ],
)
def test_what_gx_takes_is_taken(spark, type_, kwargs):
    compiled(spark, type_, **kwargs)


def test_mostly_means_nothing_for_a_columns_type_as_in_gx(spark):
    compiled(spark, "column_values_to_be_of_type", column="n", type_="IntegerType", mostly=0.5)


def test_a_path_into_a_struct_is_a_column(spark):
    checks, _ = compiled(spark, "column_values_to_be_between", column="geo.latitude", min_value=0)
    assert checks[1].rule.columns == ("geo.latitude",)


def test_expectations_on_one_column_share_the_bit_for_missing_values_but_not_across_row_conditions(spark):
    entries = [
        {"type": f"expect_{BETWEEN}", "kwargs": {"column": "n", "min_value": 1, **condition}, "id": str(number)}
        for number, condition in enumerate([{}, {}, {"row_condition": "s = 'a'"}, {"row_condition": "s = 'b'"}])
    ]
    suite = parse_suite(json.dumps({"name": "calls", "expectations": entries}), where="calls.json")
    checks, bits = compile_suite(spark.createDataFrame([], SCHEMA), suite)
    assert checks[0].missing is checks[1].missing
    assert len({check.missing for check in checks}) == 3
    assert len(bits) == 4 + 3
