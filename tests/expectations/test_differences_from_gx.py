"""The gate differs from GX where GX's results are wrong or random. See docs/reference/expectation-differences.md."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest


@pytest.fixture(scope="session")
def result(make_gate, make_entry):
    """Return a function that validates rows with one expectation.

    The function returns whether the expectation is met, and the `result` of the expectation.
    """

    def validate(rows, type_, /, **kwargs):
        gate = make_gate(rows, make_entry(type_, severity="warning", **kwargs))
        (item,) = gate.validate(gate.rows).results
        return item["success"], item["result"]

    return validate


def column(spark, values, kind):
    return spark.createDataFrame([(value,) for value in values], f"v {kind}").coalesce(1)


@pytest.mark.parametrize("type_", ["column_values_to_be_between", "column_values_to_be_unique"])
def test_unexpected_count_of_empty_frames_is_zero(spark, result, type_):
    bounds = {"min_value": 1} if type_.endswith("between") else {}
    is_met, details = result(column(spark, [], "int"), type_, column="v", **bounds)
    assert (is_met, details["element_count"], details["unexpected_count"]) == (True, 0, 0)


def test_a_null_in_a_value_set_is_ignored(spark, result):
    _, details = result(
        column(spark, ["a", "b", None], "string"), "column_values_to_be_in_set", column="v", value_set=["a", None]
    )
    assert details["partial_unexpected_list"] == ["b"]


def test_duplicates_in_a_value_set_are_ignored(spark, result):
    is_met, details = result(
        column(spark, [1], "int"), "column_distinct_values_to_contain_set", column="v", value_set=[1, 1]
    )
    assert (is_met, details["missing_count"]) == (True, 0)


def test_date_means_midnight_in_a_timestamp_column(spark, result):
    times = column(spark, [datetime(2024, 1, 1), datetime(2024, 1, 1, 12)], "timestamp")
    for type_, unexpected in (("be_in_set", 1), ("not_be_in_set", 1)):
        _, details = result(times, f"column_values_to_{type_}", column="v", value_set=["2024-01-01"])
        assert details["unexpected_count"] == unexpected
    _, details = result(times, "column_distinct_values_to_be_in_set", column="v", value_set=["2024-01-01"])
    assert details["unexpected_count"] == 1


def test_text_dates_match_values_of_date_columns(spark, result):
    days = column(spark, [date(2024, 1, 1)], "date")
    assert result(days, "column_most_common_value_to_be_in_set", column="v", value_set=["2024-01-01"])[0]
    assert result(days, "column_distinct_values_to_contain_set", column="v", value_set=["2024-01-01"])[1] == {
        "observed_value": None,
        "missing_count": 0,
        "partial_missing_list": [],
    }


def test_observed_maximum_of_timestamps_is_a_timestamp(spark, result):
    """The observed maximum is a timestamp even if the bound is a date."""
    times = column(spark, [datetime(2024, 1, 1, 12)], "timestamp")
    is_met, details = result(times, "column_max_to_be_between", column="v", max_value="2024-01-01")
    assert (is_met, details["observed_value"]) == (False, "2024-01-01T12:00:00")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([date(2024, 1, 2), None, date(2024, 1, 1)], "date"),
        ([Decimal(2), None, Decimal(1)], "decimal(10,2)"),
        ([datetime(2024, 1, 1, 13), None, datetime(2024, 1, 1, 12)], "timestamp"),
    ],
)
def test_missing_values_are_skipped_in_order_comparisons(spark, result, values, kind):
    is_met, details = result(column(spark, values, kind), "column_values_to_be_increasing", column="v")
    assert (is_met, details["unexpected_count"], details["missing_count"]) == (False, 1, 1)
    assert result(column(spark, values, kind), "column_values_to_be_decreasing", column="v")[0]


def test_rows_are_compared_in_frame_order(spark, result):
    rows = spark.range(0, 1000, 1, 8).selectExpr("int(id) v")
    assert result(rows, "column_values_to_be_increasing", column="v", strictly=True)[0]
    assert result(rows, "column_values_to_be_decreasing", column="v")[1]["unexpected_count"] == 999


def test_comparisons_do_not_overflow_the_int_type(spark, result):
    rows = column(spark, [-2, 2**31 - 1], "int")
    assert result(rows, "column_values_to_be_increasing", column="v", strictly=True)[0]
    assert not result(rows, "column_values_to_be_decreasing", column="v")[0]


@pytest.mark.parametrize("kind", ["int", "bigint"])
def test_large_sums_of_whole_numbers_are_exact(spark, result, kind):
    maximum = 2**31 - 1 if kind == "int" else 2**63 - 1
    rows = spark.createDataFrame([(maximum, maximum)] * 2, f"v {kind}, w {kind}")
    is_met, details = result(rows, "column_sum_to_be_between", column="v", min_value=1)
    assert (is_met, details["observed_value"]) == (True, 2 * maximum)
    assert result(rows, "multicolumn_sum_to_equal", column_list=["v", "w"], sum_total=0)[1]["unexpected_count"] == 2


def test_column_names_may_contain_dots_or_spaces(spark, result):
    rows = spark.createDataFrame([(1, 2)], "`a.b` int, `c d` int")
    assert result(rows, "multicolumn_sum_to_equal", column_list=["a.b", "c d"], sum_total=3)[0]
    assert result(rows, "compound_columns_to_be_unique", column_list=["a.b", "c d"])[0]
    assert result(rows, "column_values_to_be_increasing", column="a.b")[0]
    assert result(rows, "table_columns_to_match_set", column_set=["a.b", "c d"])[0]


def test_quantiles_ignore_the_allowed_relative_error(spark, result):
    ranges = {"quantiles": [0.1, 0.5], "value_ranges": [[None, None], [None, None]]}
    _, details = result(
        spark.range(1001).selectExpr("int(id) v"),
        "column_quantile_values_to_be_between",
        column="v",
        quantile_ranges=ranges,
        allow_relative_error=0.4,
    )
    assert details["observed_value"]["values"] == [100.0, 500.0]


@pytest.mark.parametrize("text", ["20240131", "2024-W05-3", "2024-01-31", "2024-01-31T00:00:00", "2024-01-31_00:00:00"])
def test_dates_may_have_any_iso_form(spark, result, text):
    days = column(spark, [date(2024, 1, 30), date(2024, 1, 31)], "date")
    _, details = result(days, "column_values_to_be_between", column="v", min_value=text)
    assert details["partial_unexpected_list"] == ["2024-01-30"]
    assert result(days, "column_values_to_be_in_set", column="v", value_set=[text])[1]["unexpected_count"] == 1


def test_date_precedes_noon_of_the_same_day(spark, result):
    days = column(spark, [date(2024, 5, 5)], "date")
    noon = "2024-05-05T12:00:00"
    assert result(days, "column_values_to_be_between", column="v", max_value=noon, strict_max=True)[0]
    assert not result(days, "column_values_to_be_between", column="v", min_value=noon)[0]


def test_set_may_contain_any_of_the_tied_values(spark, result):
    """With the option `ties_okay`, one of the most common values must be in `value_set`."""
    rows = spark.range(300).selectExpr("int(id) v")
    common = {"column": "v", "value_set": [299], "ties_okay": True}
    is_met, details = result(rows, "column_most_common_value_to_be_in_set", **common)
    assert (is_met, len(details["observed_value"])) == (True, 200)
    assert not result(rows, "column_most_common_value_to_be_in_set", column="v", value_set=[300], ties_okay=True)[0]


def test_overflowing_decimal_sums_do_not_meet_the_expectation(spark, result):
    maximum = Decimal("9" * 38)
    rows = spark.createDataFrame([(maximum, maximum)], "v decimal(38,0), w decimal(38,0)")
    assert result(rows, "multicolumn_sum_to_equal", column_list=["v", "w"], sum_total=1)[1]["unexpected_count"] == 1
    twice = rows.union(rows)
    assert result(twice, "column_sum_to_be_between", column="v", min_value=1)[1]["observed_value"] is None


def test_a_sum_keeps_every_digit_of_a_decimal(spark, result):
    rows = spark.createDataFrame([(1, Decimal("0.0000001"))], "n int, d decimal(20,10)")
    assert result(rows, "multicolumn_sum_to_equal", column_list=["n", "d"], sum_total=1)[1]["unexpected_count"] == 1
