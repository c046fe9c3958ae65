"""Our answers where Great Expectations is wrong or depends on chance: the lines of the table in docs/suites.md."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from expectations.errors import SuiteError
from expectations.gate import compile_gate
from expectations.suite import parse_suite


def result(rows, type_, /, **kwargs):
    entry = {"type": f"expect_{type_}", "kwargs": kwargs, "id": "x", "severity": "warning"}
    gate = compile_gate(rows, suite=parse_suite(json.dumps({"name": "calls", "expectations": [entry]}), where="calls"))
    (found,) = gate.validate(gate.rows).results
    return found["success"], found["result"]


def column(spark, values, kind):
    return spark.createDataFrame([(value,) for value in values], f"v {kind}").coalesce(1)


@pytest.mark.parametrize("type_", ["column_values_to_be_between", "column_values_to_be_unique"])
def test_no_rows_have_no_unexpected_ones(spark, type_):
    bounds = {"min_value": 1} if type_.endswith("between") else {}
    success, found = result(column(spark, [], "int"), type_, column="v", **bounds)
    assert (success, found["element_count"], found["unexpected_count"]) == (True, 0, 0)


def test_a_null_in_a_set_is_left_out(spark):
    _, found = result(
        column(spark, ["a", "b", None], "string"), "column_values_to_be_in_set", column="v", value_set=["a", None]
    )
    assert found["partial_unexpected_list"] == ["b"]


def test_bounds_the_wrong_way_round_have_nothing_between_them(spark):
    _, found = result(column(spark, [1, 5], "int"), "column_values_to_be_between", column="v", min_value=9, max_value=0)
    assert found["unexpected_count"] == 2


def test_values_of_another_type_than_the_column_are_refused(spark):
    with pytest.raises(SuiteError, match="column 'v' is int, no type to compare"):
        result(column(spark, [1], "int"), "column_values_to_be_in_set", column="v", value_set=["1"])


def test_a_set_has_each_value_once(spark):
    success, found = result(
        column(spark, [1], "int"), "column_distinct_values_to_contain_set", column="v", value_set=[1, 1]
    )
    assert (success, found["missing_count"]) == (True, 0)


def test_a_day_in_a_set_is_the_moment_it_begins(spark):
    times = column(spark, [datetime(2024, 1, 1), datetime(2024, 1, 1, 12)], "timestamp")
    for type_, unexpected in (("be_in_set", 1), ("not_be_in_set", 1)):
        _, found = result(times, f"column_values_to_{type_}", column="v", value_set=["2024-01-01"])
        assert found["unexpected_count"] == unexpected
    _, found = result(times, "column_distinct_values_to_be_in_set", column="v", value_set=["2024-01-01"])
    assert found["unexpected_count"] == 1


def test_days_in_a_set_are_days(spark):
    days = column(spark, [date(2024, 1, 1)], "date")
    assert result(days, "column_most_common_value_to_be_in_set", column="v", value_set=["2024-01-01"])[0]
    assert result(days, "column_distinct_values_to_contain_set", column="v", value_set=["2024-01-01"])[1] == {
        "observed_value": None,
        "missing_count": 0,
        "partial_missing_list": [],
    }


def test_the_largest_of_times_is_a_time_also_against_a_bound_without_one(spark):
    times = column(spark, [datetime(2024, 1, 1, 12)], "timestamp")
    success, found = result(times, "column_max_to_be_between", column="v", max_value="2024-01-01")
    assert (success, found["observed_value"]) == (False, "2024-01-01T12:00:00")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([date(2024, 1, 2), None, date(2024, 1, 1)], "date"),
        ([Decimal(2), None, Decimal(1)], "decimal(10,2)"),
        ([datetime(2024, 1, 1, 13), None, datetime(2024, 1, 1, 12)], "timestamp"),
    ],
)
def test_an_order_is_that_of_the_values_present_to_the_second(spark, values, kind):
    success, found = result(column(spark, values, kind), "column_values_to_be_increasing", column="v")
    assert (success, found["unexpected_count"], found["missing_count"]) == (False, 1, 1)
    assert result(column(spark, values, kind), "column_values_to_be_decreasing", column="v")[0]


def test_the_order_of_rows_is_that_of_the_frame(spark):
    rows = spark.range(0, 1000, 1, 8).selectExpr("int(id) v")
    assert result(rows, "column_values_to_be_increasing", column="v", strictly=True)[0]
    assert result(rows, "column_values_to_be_decreasing", column="v")[1]["unexpected_count"] == 999


def test_whole_numbers_far_apart_are_in_order(spark):
    rows = column(spark, [-2, 2**31 - 1], "int")
    assert result(rows, "column_values_to_be_increasing", column="v", strictly=True)[0]
    assert not result(rows, "column_values_to_be_decreasing", column="v")[0]


@pytest.mark.parametrize("kind", ["int", "bigint"])
def test_sums_of_whole_numbers_neither_wrap_around_nor_fail(spark, kind):
    most = 2**31 - 1 if kind == "int" else 2**63 - 1
    rows = spark.createDataFrame([(most, most), (most, most)], f"v {kind}, w {kind}")
    success, found = result(rows, "column_sum_to_be_between", column="v", min_value=1)
    assert (success, found["observed_value"]) == (True, 2 * most)
    assert result(rows, "multicolumn_sum_to_equal", column_list=["v", "w"], sum_total=0)[1]["unexpected_count"] == 2


def test_columns_with_a_dot_or_a_space_in_their_names_are_judged_by_all_types(spark):
    rows = spark.createDataFrame([(1, 2)], "`a.b` int, `c d` int")
    assert result(rows, "multicolumn_sum_to_equal", column_list=["a.b", "c d"], sum_total=3)[0]
    assert result(rows, "compound_columns_to_be_unique", column_list=["a.b", "c d"])[0]
    assert result(rows, "column_values_to_be_increasing", column="a.b")[0]
    assert result(rows, "table_columns_to_match_set", column_set=["a.b", "c d"])[0]


def test_quantiles_are_exact_whatever_error_is_allowed(spark):
    ranges = {"quantiles": [0.1, 0.5], "value_ranges": [[None, None], [None, None]]}
    _, found = result(
        spark.range(1001).selectExpr("int(id) v"),
        "column_quantile_values_to_be_between",
        column="v",
        quantile_ranges=ranges,
        allow_relative_error=0.4,
    )
    assert found["observed_value"]["values"] == [100.0, 500.0]


@pytest.mark.parametrize("text", ["20240131", "2024-W05-3", "2024-01-31", "2024-01-31T00:00:00", "2024-01-31_00:00:00"])
def test_a_day_in_any_iso_form_is_that_day(spark, text):
    days = column(spark, [date(2024, 1, 30), date(2024, 1, 31)], "date")
    _, found = result(days, "column_values_to_be_between", column="v", min_value=text)
    assert found["partial_unexpected_list"] == ["2024-01-30"]
    assert result(days, "column_values_to_be_in_set", column="v", value_set=[text])[1]["unexpected_count"] == 1


def test_a_day_begins_before_a_time_on_it(spark):
    days = column(spark, [date(2024, 5, 5)], "date")
    noon = "2024-05-05T12:00:00"
    assert result(days, "column_values_to_be_between", column="v", max_value=noon, strict_max=True)[0]
    assert not result(days, "column_values_to_be_between", column="v", min_value=noon)[0]


def test_one_of_many_values_that_are_as_frequent_is_found(spark):
    rows = spark.range(300).selectExpr("int(id) v")
    common = {"column": "v", "value_set": [299], "ties_okay": True}
    success, found = result(rows, "column_most_common_value_to_be_in_set", **common)
    assert (success, len(found["observed_value"])) == (True, 200)
    assert not result(rows, "column_most_common_value_to_be_in_set", column="v", value_set=[300], ties_okay=True)[0]


def test_sums_too_large_for_a_decimal_are_not_the_total(spark):
    most = Decimal("9" * 38)
    rows = spark.createDataFrame([(most, most)], "v decimal(38,0), w decimal(38,0)")
    assert result(rows, "multicolumn_sum_to_equal", column_list=["v", "w"], sum_total=1)[1]["unexpected_count"] == 1
    twice = rows.union(rows)
    assert result(twice, "column_sum_to_be_between", column="v", min_value=1)[1]["observed_value"] is None


def test_a_sum_keeps_every_digit_of_a_decimal(spark):
    rows = spark.createDataFrame([(1, Decimal("0.0000001"))], "n int, d decimal(20,10)")
    assert result(rows, "multicolumn_sum_to_equal", column_list=["n", "d"], sum_total=1)[1]["unexpected_count"] == 1
