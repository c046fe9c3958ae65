"""An expectation that is invalid or does not fit the rows is rejected before a Spark job starts."""

from __future__ import annotations

from functools import partial

import pytest

from expectations.core import DELEGATED_TO_GX, NOT_ON_SPARK, ROW_LEVEL, TABLE_LEVEL
from expectations.errors import SuiteError

SCHEMA = (
    "n int, s string, day date, geo struct<latitude: double>, tags array<string>, `a.b` int, words map<string, int>, "
    "raw binary"
)
BETWEEN, IN_SET, LENGTHS = "column_values_to_be_between", "column_values_to_be_in_set", "column_value_lengths_to_equal"
REGEX, REGEXES = "column_values_to_match_regex", "column_values_to_match_regex_list"
PAIR, SUM, COMPOUND = (
    "column_pair_values_a_to_be_greater_than_b",
    "multicolumn_sum_to_equal",
    "compound_columns_to_be_unique",
)
STRFTIME, JSON_SCHEMA = "column_values_to_match_strftime_format", "column_values_to_match_json_schema"
NOT_NULL, QUANTILES = "column_values_to_not_be_null", "column_quantile_values_to_be_between"
ROW_COUNT, MOST_COMMON = "table_row_count_to_be_between", "column_most_common_value_to_be_in_set"

day, n, s, words = (partial(dict, column=name) for name in ("day", "n", "s", "words"))
NO_DATE, NO_MAP = "is not a valid date or time. Write the ISO form", "whose values Spark cannot compare."
USE_ANOTHER = "Use another column or another expectation type."
NO_SCALAR = f"expected numbers, text, booleans, dates or times. {USE_ANOTHER}"
NO_TYPE = "'expect_column_values_to_not_be_nul' is not an expectation type of Great Expectations' core."
NO_VALUE = "so no value can pass. Correct a bound."
NO_TEXT_BOUNDS = f"column 's' is text. Bounds are valid only for numbers, dates and times. {USE_ANOTHER}"
ISO_DATES = "Write dates in ISO form, such as '2024-12-31'."


@pytest.fixture(scope="session")
def compiled(spark, make_gate, make_entry):
    def run(type_, /, **kwargs):
        entries = make_entry(NOT_NULL, column="n"), make_entry(type_, "x", **kwargs)
        return make_gate(spark.createDataFrame([], SCHEMA), *entries)

    return run


@pytest.fixture(scope="session")
def problem_of(compiled):
    def run(type_, /, **kwargs):
        with pytest.raises(SuiteError) as caught:
            compiled(type_, **kwargs)
        error = caught.value
        assert (error.suite, error.expectation) == ("calls", "x")
        assert str(error) == f"suite calls, expectation 'x': {error.problem}"
        return error.problem

    return run


@pytest.mark.parametrize(
    ("type_", "kwargs", "problem"),
    [
        ("column_values_to_not_be_nul", n(), f"{NO_TYPE} Similar types: ['expect_column_values_to_not_be_null', "),
        (BETWEEN, {"column": "N", "min_value": 1}, "column 'N' does not exist. Found: ['n', 's', 'day', "),
        (BETWEEN, {"column": "Words", "min_value": 1}, "'raw']. Did you mean 'words'?"),
        (BETWEEN, {"column": "geo.longitude", "min_value": 1}, "column 'geo.longitude' does not exist. Found: "),
        (NOT_NULL, {}, "the arguments {} do not fit expect_column_values_to_not_be_null: "),
        (NOT_NULL, n(colum="n"), "unexpected keyword argument 'colum'. Correct the 'kwargs'."),
        (BETWEEN, n(), "min_value and max_value are both missing. Give at least one bound."),
        (BETWEEN, n(min_value=2, max_value=1), f"min_value 2 is greater than max_value 1, {NO_VALUE}"),
        (BETWEEN, day(min_value="2024-01-02", max_value="2024-01-01T23:59:59"), NO_VALUE),
        ("column_max_to_be_between", day(min_value="2024-01-02", max_value="2024-01-01"), NO_VALUE),
        ("column_mean_to_be_between", n(min_value=0.5, max_value=0.25), NO_VALUE),
        ("column_value_lengths_to_be_between", s(min_value=9, max_value=3), NO_VALUE),
        (QUANTILES, n(quantile_ranges={"quantiles": [0.5], "value_ranges": [[2, 1]]}), NO_VALUE),
        (ROW_COUNT, {"min_value": 2, "max_value": 1}, NO_VALUE),
        (BETWEEN, s(min_value=1), NO_TEXT_BOUNDS),
        (
            BETWEEN,
            n(max_value="9"),
            "column 'n' is int and cannot be compared with ['9']. Write values of the column's type.",
        ),
        (BETWEEN, n(max_value=True), "column 'n' is int and cannot be compared with [True]. Write values of"),
        (BETWEEN, n(max_value=10**400), "a number has 401 digits, expected at most 308."),
        (BETWEEN, n(max_value=1, strict_max="false"), "strict_max is 'false', expected true or false."),
        (BETWEEN, day(max_value=9), f"column 'day' is date and cannot be compared with [9]. {ISO_DATES}"),
        (BETWEEN, day(max_value="31/12/2024"), f"'31/12/2024' {NO_DATE}"),
        (
            BETWEEN,
            {"column": "tags", "max_value": 9},
            "column 'tags' is array<string> and cannot be compared with [9].",
        ),
        ("column_max_to_be_between", n(max_value="2024-01-01"), "column 'n' is int and cannot be compared with"),
        ("column_max_to_be_between", s(max_value="z"), NO_TEXT_BOUNDS),
        ("column_mean_to_be_between", s(min_value=1), "column 's' is text, expected a number."),
        (
            "column_mean_to_be_between",
            n(min_value="1"),
            "the bounds ['1'] are not numbers. Write numbers without quotes.",
        ),
        (IN_SET, n(value_set=["1"]), "column 'n' is int and cannot be compared with ['1']."),
        (IN_SET, n(value_set=None), "do not fit expect_column_values_to_be_in_set: "),
        (IN_SET, s(value_set="abc"), "value_set is 'abc', expected a list of values."),
        ("column_distinct_values_to_be_in_set", n(value_set=[]), "value_set is [], expected a list of at least one"),
        ("column_distinct_values_to_contain_set", {"column": "raw", "value_set": []}, NO_SCALAR),
        (MOST_COMMON, {"column": "tags", "value_set": []}, f"column 'tags' is array<string>, {NO_SCALAR}"),
        (REGEX, s(regex="("), "'(' is not a valid regular expression in Java: missing )"),
        (REGEX, {"column": "tags", "regex": "a"}, "column 'tags' is array<string>, expected text."),
        (REGEX, s(regex=5), "the regular expression is 5, expected text."),
        (REGEXES, s(regex_list=["a", "["]), "'[' is not a valid regular expression in Java"),
        (REGEXES, s(regex_list=[]), "expected a list of at least one regular expression."),
        (REGEXES, s(regex_list=["a"], match_on="no"), "match_on is 'no', expected one of ['any', 'all']."),
        (LENGTHS, s(value=1.5), "the length is 1.5, expected a whole number of characters."),
        (LENGTHS, s(value=float("inf")), "the length is inf, expected a whole number"),
        (PAIR, {"column_A": "n", "column_B": "n", "ignore_row_if": "no"}, "ignore_row_if is 'no', expected one of"),
        (PAIR, {"column_A": "n", "column_B": "s"}, "cannot be compared with each other: 'n' is int, 's' is string."),
        (
            "column_pair_values_to_be_in_set",
            {"column_A": "n", "column_B": "n", "value_pairs_set": [[1]]},
            "expected a list of at least one pair of values.",
        ),
        (SUM, {"column_list": ["n"], "sum_total": 1}, "expected a list of at least two columns."),
        (SUM, {"column_list": ["n", "s"], "sum_total": 1}, "'s' is text, expected a number."),
        (SUM, {"column_list": ["n", "a.b"], "sum_total": "5"}, "sum_total is '5', expected a number."),
        (COMPOUND, {"column_list": ["n", "s"], "ignore_row_if": "no"}, "ignore_row_if is 'no', expected one of"),
        ("column_values_to_be_unique", words(), f"column 'words' is map<string,int>, {NO_MAP} {USE_ANOTHER}"),
        ("column_unique_value_count_to_be_between", words(), NO_MAP),
        ("column_values_to_not_be_outliers", n(method="guess"), "method is 'guess', expected 'iqr' or 'std'."),
        ("column_values_to_not_be_outliers", n(multiplier="x"), "multiplier is 'x', expected a number."),
        ("column_value_z_scores_to_be_less_than", n(threshold="5", double_sided=True), "threshold is '5', expected a"),
        ("column_values_to_be_increasing", s(), "column 's' is text, expected a number."),
        ("column_values_to_be_of_type", n(type_="INTEGER"), "the types ['INTEGER'] are not in pyspark.sql.types. Use"),
        (QUANTILES, n(quantile_ranges={}), "Write a pair of numbers or nulls for each quantile."),
        (QUANTILES, n(quantile_ranges=None), "Write a pair of numbers or nulls for each quantile."),
        ("table_row_count_to_equal", {"value": "5"}, "value is '5', expected a number."),
        (ROW_COUNT, {"min_value": 1, "strict_min": "false"}, "strict_min is 'false', expected true or false."),
        (
            ROW_COUNT,
            {"min_value": 1, "mostly": 0.9},
            "applies to the whole table, not to single rows. Remove 'mostly'.",
        ),
        (STRFTIME, s(), "missing 1 required positional argument: 'strftime_format'"),
        (STRFTIME, n(strftime_format="%Y"), "column 'n' is int, expected text."),
        (STRFTIME, s(strftime_format="%D"), "'%D' is not valid in Python's strptime: 'D' is a bad directive"),
        (STRFTIME, s(strftime_format=5), "strftime_format 5 is not valid in Python's strptime: strftime() arg"),
        (STRFTIME, s(strftime_format="%G-%V-%u"), "has %G, %V, which is not supported here. Use expect_column_values"),
        (STRFTIME, s(strftime_format="%j %m"), "has %j, which is not supported here. Use expect_column_values_to_ma"),
        ("column_values_to_be_json_parseable", day(), "column 'day' is date, expected text."),
        (JSON_SCHEMA, s(), "Great Expectations rejects the arguments {'column'"),
        (JSON_SCHEMA, {"column": "m", "json_schema": {}}, "column 'm' does not exist"),
        (JSON_SCHEMA, s(json_schema={}, row_condition="n >"), "row_condition 'n >' is not valid in Spark SQL"),
        (IN_SET, s(value_set=[1]), "column 's' is text and cannot be compared with [1]. Write the values as text."),
    ],
)
def test_unsuitable_expectations_raise_an_error_without_spark_jobs(problem_of, count_jobs, type_, kwargs, problem):
    """The error states why the expectation does not fit the rows."""
    assert problem in problem_of(type_, **kwargs)
    assert count_jobs() == 0


GX_LANGUAGE = partial(dict, condition_parser="great_expectations")
N = {"name": "n"}


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({"row_condition": "n >"}, "row_condition 'n >' is not valid in Spark SQL: "),
        ({"row_condition": "_passes"}, "row_condition '_passes' is not valid in Spark SQL: "),
        ({"row_condition": "m > 1"}, "is not valid in Spark SQL: [UNRESOLVED_COLUMN"),
        ({"row_condition": {"type": "pass_through", "pass_through_filter": "m >"}}, "Spark cannot compute the exp"),
        (
            {"row_condition": 'col("n") > 1', "condition_parser": "spark"},
            "row_condition 'col(\"n\") > 1' is not valid in Spark SQL: [UNRESOLVED_",
        ),
        (
            {"row_condition": "s.str.len() > 1", "condition_parser": "pandas"},
            "The condition_parser is 'pandas'. ",
        ),
        (
            {"row_condition": "n > 1", "condition_parser": "sql"},
            "condition_parser is 'sql', expected one of ['great_expectations', 'spark', 'pandas']. Write Spark SQL, ",
        ),
        (
            {"row_condition": "rand() < 2"},
            "row_condition 'rand() < 2' is not deterministic. Use a condition on columns",
        ),
        (GX_LANGUAGE(row_condition="n > 1"), "row_condition 'n > 1' is not valid. Expected a condition such as "),
        (GX_LANGUAGE(row_condition='col("m") > 1'), "column 'm' does not exist"),
        (GX_LANGUAGE(row_condition='col("n") > "x"'), "column 'n' is int and cannot be compared with ['x']."),
        (
            {"row_condition": {"type": "maybe"}},
            "row_condition is {'type': 'maybe'}, expected text or an object in",
        ),
        ({"row_condition": {"type": "and", "conditions": []}}, "has no 'conditions'. Add at least one condition."),
        (
            {"row_condition": {"type": "nullity", "column": N}},
            "has no 'is_null'. Write the condition in the JSON form of Great Expectations.",
        ),
        (
            {"row_condition": {"type": "nullity", "column": "n", "is_null": True}},
            "is not valid in Great Expectations: ",
        ),
        (
            {"row_condition": {"type": "pass_through", "pass_through_filter": None}},
            "pass_through_filter is None, expected text.",
        ),
        (
            {"row_condition": {"type": "comparison", "column": N, "operator": "~", "parameter": 1}},
            "the operator of row_condition is '~', expected one of ['==', ",
        ),
    ],
)
def test_invalid_row_conditions_raise_an_error(problem_of, condition, problem):
    assert problem in problem_of(NOT_NULL, column="n", **condition)


@pytest.mark.parametrize(
    "condition",
    [
        {"row_condition": 'col("n")==1'},
        {"row_condition": 'col("n").notnull()'},
        {"row_condition": "n == 1"},
        {"row_condition": 's=="a"', "condition_parser": "pandas"},
        {"row_condition": "n > 3", "condition_parser": "spark"},
        GX_LANGUAGE(row_condition='col("n") > 3'),
        {"row_condition": 'col("n") > 3', "condition_parser": "great_expectations__experimental__"},
    ],
)
def test_the_text_of_a_row_condition_shows_its_language(compiled, condition):
    """The examples in the error about `condition_parser` are among these texts."""
    compiled(NOT_NULL, column="n", **condition)


@pytest.mark.parametrize("type_", NOT_ON_SPARK)
def test_errors_for_unsupported_types_suggest_an_alternative(problem_of, type_):
    """GX cannot validate these types on Spark."""
    problem = problem_of(type_.removeprefix("expect_"), column="s")
    assert problem == f"Great Expectations cannot validate {type_} on Spark. {NOT_ON_SPARK[type_]}."


def test_every_gx_type_belongs_to_one_group():
    """Each type is compiled, delegated to GX or rejected."""
    import great_expectations.expectations.core  # noqa: F401 - The import registers the types.
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    known = [*ROW_LEVEL, *TABLE_LEVEL, *DELEGATED_TO_GX, *NOT_ON_SPARK]
    assert sorted(list_registered_expectation_implementations()) == sorted(known)


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("column_values_to_be_in_type_list", n(type_list=["INTEGER", "int64", "IntegerType"])),
        ("column_values_to_be_of_type", n(type_="IntegerType", mostly=0.5)),
        (BETWEEN, {"column": "`a.b`", "min_value": 1}),
        (BETWEEN, {"column": "geo.latitude", "min_value": 0}),
        (BETWEEN, n(max_value=2**64)),
        (BETWEEN, n(min_value=1, max_value=None, strict_min=None)),
        ("column_value_lengths_to_be_between", s(min_value=1, max_value=10**30)),
        ("column_values_to_be_unique", {"column": "tags"}),
        ("column_distinct_values_to_contain_set", n(value_set=[])),
        (MOST_COMMON, s(value_set=["a", None])),
    ],
)
def test_unusual_valid_arguments_are_accepted(compiled, type_, kwargs):
    compiled(type_, **kwargs)
