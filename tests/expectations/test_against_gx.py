"""For each expectation type, the gate and Great Expectations return the same result for the same frame.

Every expectation in this module has severity `warning`, so that the gate quarantines no rows. GX has no quarantine, and
validates table-level expectations on all rows. docs/reference/expectation-differences.md lists the cases in which the
results of GX are wrong or random. `test_differences_from_gx.py` tests the gate's results in these cases.
"""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal

import pyspark
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from expectations.core import DELEGATED_TO_GX, ROW_LEVEL, TABLE_LEVEL
from expectations.standard import load_suite

SCHEMA = (
    "n int, m int, b bigint, x double, d decimal(10,2), s string, t string, day date, at timestamp, flag boolean, "
    "`a b` string, `A.d` int"
)
QUANTILES = {"quantiles": [0.0, 0.25, 0.5, 0.9, 1.0], "value_ranges": [[None, 1], [0, 3], [1, 5], [None, None], [3, 4]]}
ONLY_MIN, ONLY_MAX, STRICT = {"min_value": 3}, {"max_value": 3}, {"min_value": 3, "strict_min": True}


def expect(type_, /, **kwargs):
    return {"type": f"expect_{type_}", "kwargs": kwargs, "severity": "warning"}


def expect_each(type_, columns, /, *arguments):
    """Return one expectation for each combination of a column and a set of arguments."""
    return [expect(type_, column=column, **kwargs) for column in columns for kwargs in arguments or ({},)]


ONE_COLUMN = [
    *expect_each("column_values_to_be_null", ["n", "a b", "A.d"]),
    *expect_each("column_values_to_not_be_null", ["s", "a b", "A.d"]),
    *expect_each("column_values_to_not_be_null", ["n"], *({"mostly": mostly} for mostly in (0.0, 0.6, 0.8, 0.81))),
    *expect_each("column_values_to_be_between", ["n"], {"min_value": 2, "max_value": 4}, STRICT, {"max_value": 5}),
    *expect_each(
        "column_values_to_be_between", ["n"], {"max_value": 3, "strict_max": True}, {"max_value": 3, "mostly": 0.5}
    ),
    *expect_each(
        "column_values_to_be_between", ["x", "d", "b"], {"min_value": -2.0, "max_value": 1.5}, {"min_value": 0}
    ),
    *expect_each("column_values_to_be_between", ["day", "at"], {"min_value": "2010-01-01", "max_value": "2023-05-05"}),
    *expect_each("column_values_to_be_in_set", ["s"], *({"value_set": values} for values in ([], ["é"], ["", "zz"]))),
    *expect_each("column_values_to_be_in_set", ["n", "d", "x"], {"value_set": [1.5, 3], "mostly": 0.75}),
    *expect_each("column_values_to_be_in_set", ["flag"], {"value_set": [True]}),
    *expect_each("column_values_to_be_in_set", ["a b"], {"value_set": ["p"]}),
    *expect_each("column_values_to_not_be_in_set", ["s"], {"value_set": ["a", "zz"]}, {"value_set": []}),
    *expect_each("column_values_to_not_be_in_set", ["n"], {"value_set": [3]}),
    *expect_each(
        "column_values_to_match_regex", ["s", "t"], *({"regex": regex} for regex in ("^.$", r"\p{L}", "", "y$"))
    ),
    *expect_each("column_values_to_match_regex", ["n"], {"regex": "^3$"}),
    *expect_each("column_values_to_not_match_regex", ["s", "t"], {"regex": "^.$"}, {"regex": r"(?s)^x.y\z"}),
    *expect_each("column_values_to_match_regex_list", ["s"], {"regex_list": ["a", "z"]}),
    *expect_each("column_values_to_match_regex_list", ["s"], {"regex_list": ["^.", "é$"], "match_on": "all"}),
    *expect_each("column_values_to_not_match_regex_list", ["s"], {"regex_list": ["a", "é"]}),
    *expect_each(
        "column_value_lengths_to_be_between", ["s", "t"], {"min_value": 1, "max_value": 2, "strict_max": True}
    ),
    *expect_each("column_value_lengths_to_be_between", ["t"], {"min_value": 1, "strict_min": True}),
    *expect_each("column_value_lengths_to_equal", ["t", "s", "n"], {"value": 1}, {"value": 3}),
    *expect_each("column_values_to_match_strftime_format", ["s", "t"], {"strftime_format": "%Y-%m-%d"}),
    *expect_each("column_values_to_be_json_parseable", ["s", "t"]),
]
ACROSS_ROWS = [
    *expect_each("column_values_to_be_unique", ["n", "s", "day", "x", "d", "at", "flag", "A.d"]),
    # If the values of a column are -0.01, 3.00, 3.00 and 3.00, the z-score of 3.00 is 0.5. With the threshold 0.5, the
    # last digit of a double would decide whether 3.00 is unexpected. Therefore, the threshold is 0.47.
    *expect_each("column_value_z_scores_to_be_less_than", ["n", "d"], {"threshold": 0.47, "double_sided": True}),
    *expect_each("column_value_z_scores_to_be_less_than", ["n"], {"threshold": 0.5, "double_sided": False}),
    *expect_each(
        "column_values_to_not_be_outliers", ["n", "d"], {"multiplier": 0.1}, {"method": "std", "multiplier": 1}
    ),
    *expect_each("column_values_to_not_be_outliers", ["m"], {"method": "std", "multiplier": 0}),
    *expect_each("column_values_to_be_increasing", ["n", "x"], {}, {"strictly": True}),
    *expect_each("column_values_to_be_decreasing", ["n", "x"], {}, {"strictly": True}),
]
IGNORE_ROW_IF = ("all_values_are_missing", "any_value_is_missing", "never")
PAIR_IGNORE_ROW_IF = ("both_values_are_missing", "either_value_is_missing", "neither")
PAIRS = [{"column_A": a, "column_B": b} for a, b in (("n", "m"), ("day", "at"), ("s", "t"), ("s", "n"))]
COLUMN_LIST_TYPES = (
    *("compound_columns_to_be_unique", "multicolumn_values_to_be_equal"),
    "select_column_values_to_be_unique_within_record",
)
SEVERAL_COLUMNS = [
    *(
        expect("column_pair_values_a_to_be_greater_than_b", **PAIRS[0], or_equal=or_equal, ignore_row_if=value)
        for or_equal in (True, False)
        for value in PAIR_IGNORE_ROW_IF
    ),
    expect("column_pair_values_a_to_be_greater_than_b", **PAIRS[1], or_equal=True),
    *(expect("column_pair_values_to_be_equal", **PAIRS[2], ignore_row_if=value) for value in PAIR_IGNORE_ROW_IF),
    expect("column_pair_values_to_be_in_set", **PAIRS[0], value_pairs_set=[[1, 2], [3, None]]),
    expect("column_pair_values_to_be_in_set", **PAIRS[3], value_pairs_set=[["é", 3]], ignore_row_if="neither"),
    expect("multicolumn_sum_to_equal", column_list=["n", "m"], sum_total=3),
    expect("multicolumn_sum_to_equal", column_list=["n", "d"], sum_total=2.5, ignore_row_if="any_value_is_missing"),
    *(
        expect(type_, column_list=["n", "m"], ignore_row_if=value)
        for value in IGNORE_ROW_IF
        for type_ in COLUMN_LIST_TYPES
    ),
    expect("compound_columns_to_be_unique", column_list=["s", "day"]),
]
AGGREGATES = [
    *(
        item
        for name in ("max", "mean", "median", "min", "stdev", "sum")
        for item in expect_each(f"column_{name}_to_be_between", ["n", "b", "x", "d"], {"min_value": 1, "max_value": 3})
    ),
    *expect_each("column_max_to_be_between", ["n"], ONLY_MIN, ONLY_MAX, STRICT, {}),
    *expect_each("column_max_to_be_between", ["day"], {"min_value": "2010-01-01"}, {"max_value": "2023-01-01"}),
    *expect_each("column_min_to_be_between", ["day"], {"min_value": "2010-01-01"}),
    *expect_each("column_quantile_values_to_be_between", ["n", "b", "x", "d"], {"quantile_ranges": QUANTILES}),
    *expect_each("column_unique_value_count_to_be_between", ["n", "s", "day", "x", "d", "flag"], {"max_value": 3}),
    *expect_each("column_proportion_of_unique_values_to_be_between", ["n", "s", "day"], {"min_value": 0.9}),
    *expect_each(
        "column_proportion_of_non_null_values_to_be_between", ["n", "x"], {"min_value": 0.7, "max_value": 0.8}
    ),
    *(
        item
        for name in ("be_in", "contain", "equal")
        for item in (
            *expect_each(
                f"column_distinct_values_to_{name}_set", ["n", "d"], {"value_set": [1, 3, 5]}, {"value_set": [1.5]}
            ),
            *expect_each(f"column_distinct_values_to_{name}_set", ["s"], {"value_set": ["a", "é", ""]}),
            *expect_each(f"column_distinct_values_to_{name}_set", ["flag"], {"value_set": [True, False]}),
        )
    ),
    *expect_each(
        "column_most_common_value_to_be_in_set", ["n", "m"], {"value_set": [3]}, {"value_set": [3], "ties_okay": True}
    ),
    *expect_each("column_most_common_value_to_be_in_set", ["s"], {"value_set": ["é"]}),
]
TABLES = [
    expect("table_row_count_to_be_between", min_value=1, max_value=5),
    expect("table_row_count_to_be_between", min_value=5, strict_min=True),
    expect("table_row_count_to_be_between", max_value=5, strict_max=True),
    expect("table_row_count_to_equal", value=5),
    expect("table_column_count_to_be_between", min_value=1, max_value=3),
    expect("table_column_count_to_equal", value=12),
    expect("table_columns_to_match_ordered_list", column_list=["m", "n"]),
    *(expect("table_columns_to_match_set", column_set=names, exact_match=True) for names in (["n"], ["n", "other"])),
    expect("table_columns_to_match_set", column_set=["n"], exact_match=False),
    expect("table_columns_to_match_ordered_list", column_list=[]),
    *(expect("table_columns_to_match_set", column_set=[], exact_match=exact) for exact in (True, False)),
    expect("table_columns_to_match_set"),
    *(expect("column_to_exist", column="m", column_index=index) for index in (None, 1, 7, 99, -1, -11)),
    *(expect("column_to_exist", column="o", column_index=index) for index in (None, 1)),
    *(expect("column_type_to_be", column="n", type_=type_) for type_ in ("IntegerType", "StringType")),
    *(expect("column_values_to_be_of_type", column="d", type_=type_) for type_ in ("DecimalType", "FractionalType")),
    *(expect("column_values_to_be_in_type_list", column="n", type_list=types) for types in (["LongType"], None)),
]
ALL = [*ONE_COLUMN, *ACROSS_ROWS, *SEVERAL_COLUMNS, *AGGREGATES, *TABLES]
TIME, DAY_1999, TIME_1999 = datetime(2023, 5, 5, 1, 2, 3, 4), date(1999, 1, 1), datetime(1999, 1, 1)
FRAMES = {
    "mixed": [
        (1, 2, 2**40, 1.5, Decimal("1.50"), "a", "x\ny", date(2024, 1, 1), datetime(2024, 1, 1, 12), True, "p", 1),
        (None,) * 12,
        (3, None, -1, float("nan"), Decimal("2.25"), "é", "é", date(2023, 5, 5), TIME, False, "q", 1),
        (3, 3, 6, -2.0, None, "é", "zz", date(2009, 1, 1), datetime(2024, 1, 2), None, "p", None),
        (5, 4, None, float("inf"), Decimal("-3.00"), "", None, date(2024, 1, 1), None, True, None, 2),
    ],
    "nothing as expected": [(-1, 9, 7, -99.0, Decimal("9.99"), "zz", "zz", DAY_1999, TIME_1999, False, "zz", 0)] * 3,
    "all null": [(None,) * 12] * 3,
    "empty": [],
}
EXTREME_FRAMES = ["nothing as expected", "all null", "empty"]


@pytest.fixture(scope="session")
def assert_same_as_gx(spark, make_gate, validate_with_gx):
    """Return a function that validates rows with the gate and with GX, and compares the results."""

    def compare(rows, entries, result_format="SUMMARY"):
        frame = spark.createDataFrame(rows, SCHEMA).coalesce(1).cache()
        theirs = validate_with_gx(frame, entries, result_format)
        gate = make_gate(frame, *entries)
        ours = gate.validate(gate.rows, result_format=result_format).results
        frame.unpersist()
        exceptions = [item["exception_info"] for item in theirs]
        assert [info for info in exceptions if info.get("raised_exception") is not False] == []
        for entry, our, their in zip(entries, ours, theirs, strict=True):
            assert (entry, normalize_result(our)) == (entry, normalize_result(their))

    return compare


def normalize_result(item):
    """Return a result in a form that can be compared.

    The examples are sorted, because GX lists examples in any order. If there are no rows, a null `unexpected_count`
    becomes 0.
    """
    result = normalize(item["result"])
    for name in ("partial_unexpected_list", "unexpected_list", "partial_unexpected_counts"):
        if name in result:
            result[name] = sorted(map(json.dumps, result[name]))
    if result.get("element_count") == 0:
        result["unexpected_count"] = result["unexpected_count"] or 0
    result.pop("unexpected_index_query", None)
    return {"success": item["success"], **result}


def normalize(value):
    if isinstance(value, dict):
        return {name: normalize(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [normalize(item) for item in value]
    if isinstance(value, str):
        return value.strip("`")  # GX writes backticks around a column name that contains a dot.
    if isinstance(value, float):
        # Whole numbers below 2**53 are exact. The last digits of other numbers depend on the order in which Spark adds
        # doubles.
        if not (value.is_integer() and abs(value) < 2**53):
            value = float(f"{value:.12g}")
        return "inf" if value == math.inf else int(value) if value.is_integer() else value
    return value


def test_gate_equals_gx_for_mixed_rows(assert_same_as_gx):
    assert_same_as_gx(FRAMES["mixed"], ALL)


# GX takes about a second for each expectation, so this test has only one expectation of each type.
@pytest.mark.skipif(not pyspark.__version__.startswith("3."), reason="On Spark 4, the test with mixed rows is enough")
@pytest.mark.parametrize("rows", [FRAMES[name] for name in EXTREME_FRAMES], ids=EXTREME_FRAMES)
def test_gate_equals_gx_for_extreme_frames(assert_same_as_gx, rows):
    assert_same_as_gx(rows, [*{item["type"]: item for item in ALL}.values()])


@pytest.mark.parametrize(
    "result_format",
    [
        "BOOLEAN_ONLY",
        "BASIC",
        "COMPLETE",
        *({"result_format": "SUMMARY", "partial_unexpected_count": n} for n in (0, 1)),
    ],
    ids=str,
)
def test_result_formats_mean_the_same_in_gx(assert_same_as_gx, result_format):
    entries = [*ONE_COLUMN[:1], *ONE_COLUMN[8:12], *SEVERAL_COLUMNS[:1], *SEVERAL_COLUMNS[-2:], *AGGREGATES[:4]]
    assert_same_as_gx(FRAMES["nothing as expected"], [*entries, *TABLES[:2]], result_format)


def comparison(column, operator, parameter):
    return {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": parameter}


def nullity(column, is_null):
    return {"type": "nullity", "column": {"name": column}, "is_null": is_null}


GX_TEXT, SPARK_TEXT = {"condition_parser": "great_expectations"}, {"condition_parser": "spark"}
CONDITIONS = [
    *({"row_condition": comparison("n", operator, 3)} for operator in ("==", "!=", "<", "<=", ">", ">=")),
    *({"row_condition": comparison("n", operator, [1, 3])} for operator in ("IN", "NOT_IN")),
    *({"row_condition": nullity("m", is_null)} for is_null in (True, False)),
    {"row_condition": {"type": "and", "conditions": [comparison("n", ">=", 3), nullity("m", False)]}},
    {"row_condition": {"type": "or", "conditions": [comparison("s", "==", "é"), nullity("m", True)]}},
    {"row_condition": {"type": "pass_through", "pass_through_filter": "n > 1 and s is not null"}},
    {"row_condition": comparison("day", ">", "2020-01-01")},
    {"row_condition": comparison("n", ">", 99)},
    {"row_condition": 'col("n") >= 3', **GX_TEXT},
    {"row_condition": 'col("a b") == "p"', **GX_TEXT},
    {"row_condition": "col(\"s\") != 'a'", **GX_TEXT},
    {"row_condition": 'col("n").notNull()', "condition_parser": "great_expectations__experimental__"},
    {"row_condition": 'col("day") > date("2020-01-01")', **GX_TEXT},
    {"row_condition": 'col("n") == "3"', **GX_TEXT},
    {"row_condition": "n > 1", **SPARK_TEXT},
]
CONDITIONED = [
    expect("column_values_to_not_be_null", column="m"),
    expect("column_values_to_be_between", column="n", max_value=2),
    expect("column_values_to_be_unique", column="day"),
    expect("column_value_z_scores_to_be_less_than", column="n", threshold=0.5, double_sided=True),
    expect("column_values_to_be_decreasing", column="n"),
    expect("column_pair_values_to_be_equal", column_A="n", column_B="m"),
    expect("compound_columns_to_be_unique", column_list=["s", "day"]),
    expect("column_sum_to_be_between", column="n", min_value=1),
    expect("column_distinct_values_to_be_in_set", column="s", value_set=["a"]),
    expect("column_most_common_value_to_be_in_set", column="s", value_set=["a"]),
    expect("table_row_count_to_equal", value=2),
]


def test_row_conditions_mean_the_same_in_gx(assert_same_as_gx):
    pairs = [(item, condition) for condition in CONDITIONS for item in CONDITIONED[:2]]
    pairs += [(item, condition) for condition in (CONDITIONS[5], CONDITIONS[11]) for item in CONDITIONED[2:]]
    assert_same_as_gx(FRAMES["mixed"], [item | {"kwargs": item["kwargs"] | condition} for item, condition in pairs])


WORDS = st.sampled_from([None, "", "a", "é", "zz", "x\ny", "p", "2024-02-29", "2024-02-30", "[1]"])
# The maximum is 2**29, because GX computes wrong sums and differences of numbers above 2**29.
WHOLE = st.sampled_from([None, -1, 0, 1, 3, 5, 2**29])
ROWS = st.tuples(
    WHOLE,
    WHOLE,
    st.sampled_from([None, -(2**40), 0, 3]),
    st.sampled_from([None, -0.0, 0.0, 1.5, -2.0]),
    st.sampled_from([None, Decimal("1.50"), Decimal("-0.01"), Decimal("3.00")]),
    WORDS,
    WORDS,
    st.sampled_from([None, date(1, 1, 1), date(2024, 2, 29), date(2023, 5, 5)]),
    st.sampled_from([None, datetime(2024, 2, 29, 23, 59, 59), datetime(2023, 5, 5)]),
    st.sampled_from([None, True, False]),
    WORDS,
    WHOLE,
)


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # Shrinking a failing example would take minutes.
@given(rows=st.lists(ROWS, max_size=8), entries=st.lists(st.sampled_from(ALL), min_size=10, max_size=25, unique_by=str))
def test_gate_equals_gx_for_generated_rows(assert_same_as_gx, rows, entries):
    assert_same_as_gx(rows, entries)


def test_every_compiled_type_is_compared_with_gx():
    compared = {item["type"] for item in ALL}
    assert compared == {*ROW_LEVEL, *TABLE_LEVEL}
    assert {item.type for item in load_suite("contact_centre").expectations} <= compared | set(DELEGATED_TO_GX)
