from __future__ import annotations

import json
import time
from datetime import date
from itertools import pairwise

import pytest

from expectations.gate import compile_gate
from expectations.suite import parse_suite

ODD = ["Calls. Offered", "MiXeD Case", "zähler", "a`b"]


def judged(rows, *items):
    entries = [{"type": f"expect_{type_}", "kwargs": kwargs, "id": str(n)} for n, (type_, kwargs) in enumerate(items)]
    return compile_gate(
        rows, suite=parse_suite(json.dumps({"name": "calls", "expectations": entries}), where="calls.json")
    )


def as_json(rows, type_, **kwargs):
    return json.loads(json.dumps(verdict(rows, (type_, kwargs)).to_json_dict()))["results"][0]


def verdict(rows, *items):
    outcome = judged(rows, *items)
    return outcome.validate(outcome.rows)


def test_a_table_is_judged_on_the_rows_that_pass(spark):
    calls = spark.createDataFrame([(1,), (2,), (6,), (-9,), (None,)], "n int")
    aggregates = {"min": 1, "max": 6, "mean": 3.0, "sum": 9}
    found = verdict(
        calls,
        ("column_values_to_be_between", {"column": "n", "min_value": 0}),
        ("table_row_count_to_be_between", {"min_value": 4, "max_value": 4}),
        *((f"column_{name}_to_be_between", {"column": "n", "min_value": 1}) for name in aggregates),
    )
    assert (found.rows, found.quarantined) == (5, 1)
    assert [item["result"]["observed_value"] for item in found.results[1:]] == [4, *aggregates.values()]
    assert all(item["success"] for item in found.results[1:])


@pytest.mark.parametrize(
    ("bounds", "success"),
    [
        ({"min_value": 3}, True),
        ({"min_value": 3, "strict_min": True}, False),
        ({"max_value": 3}, True),
        ({"max_value": 3, "strict_max": True}, False),
        ({"min_value": 1, "max_value": 2}, False),
        ({"min_value": 0, "max_value": 9, "strict_min": True, "strict_max": True}, True),
    ],
)
def test_bounds_are_inclusive_unless_strict(spark, bounds, success):
    found = verdict(spark.range(3), ("table_row_count_to_be_between", bounds))
    assert found.results[0]["success"] is success


def test_bounds_of_dates_stand_as_text(spark):
    days = spark.createDataFrame([(date(2024, 1, 31),), (date(2024, 2, 1),)], "day date")
    found = verdict(
        days,
        ("column_max_to_be_between", {"column": "day", "min_value": "2024-02-01", "max_value": "2024-12-31"}),
        ("column_min_to_be_between", {"column": "day", "min_value": "2024-02-01"}),
    )
    assert [item["success"] for item in found.results] == [True, False]
    assert [item["result"]["observed_value"] for item in found.results] == ["2024-02-01", "2024-01-31"]


def test_the_columns_of_a_table_are_those_before_it_was_judged(spark):
    calls = spark.createDataFrame([(1, 2)], "b int, a int")
    found = verdict(
        calls,
        ("table_columns_to_match_set", {"column_set": ["a", "b"]}),
        ("table_columns_to_match_set", {"column_set": ["a"], "exact_match": False}),
        ("table_columns_to_match_set", {"column_set": ["a", "c"]}),
    )
    assert [item["success"] for item in found.results] == [True, True, False]
    assert found.results[2]["result"] == {
        "observed_value": ["a", "b"],
        "details": {"mismatched": {"unexpected": ["b"], "missing": ["c"]}},
    }


def test_columns_of_any_name_are_judged(spark):
    rows = spark.createDataFrame([(1,) * 4, (-1,) * 4, (None,) * 4], ", ".join("abcd").replace(",", " int,") + " int")
    outcome = judged(
        rows.toDF(*ODD),
        *(("column_values_to_be_between", {"column": name, "min_value": 0}) for name in ODD),
        *(("column_values_to_be_unique", {"column": name}) for name in ODD),
        *(("column_pair_values_a_to_be_greater_than_b", {"column_A": a, "column_B": b, "or_equal": True})
          for a, b in pairwise(ODD)),
        *(("column_sum_to_be_between", {"column": name, "min_value": 1}) for name in ODD),
    )  # fmt: skip
    found = outcome.validate(outcome.rows)
    assert [item["success"] for item in found.results] == [False] * 4 + [True] * (4 + 3 + 4)
    assert [item["result"]["partial_unexpected_list"] for item in found.results[:4]] == [[-1]] * 4
    assert outcome.rejected(outcome.rows).columns == [*ODD, "_failed_expectations", "_warnings"]


def test_a_null_in_a_set_does_not_let_every_value_pass(spark):
    calls = spark.createDataFrame([("a",), ("b",), (None,)], "s string")
    found = verdict(calls, ("column_values_to_be_in_set", {"column": "s", "value_set": ["a", None]}))
    assert found.results[0]["result"]["partial_unexpected_list"] == ["b"]


@pytest.mark.parametrize(
    ("bound", "met"),
    [
        ("2024-01-01 13:00:00", True),
        ("2024-01-01T12:00:00Z", True),
        ("2024-01-01T11:59:59", False),
        ("2024-01-01", False),
    ],
)
def test_moments_are_compared_as_moments_whatever_the_time_zone_of_the_process(spark, monkeypatch, bound, met):
    monkeypatch.setenv("TZ", "America/Vancouver")
    time.tzset()
    try:
        rows = spark.createDataFrame([(1,)], "n int").selectExpr("timestamp'2024-01-01T12:00:00' AS t")
        result = as_json(rows, "column_max_to_be_between", column="t", max_value=bound)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (result["success"], result["result"]["observed_value"]) == (met, "2024-01-01T12:00:00")


def test_decimals_and_nan_are_written_as_gx_writes_them(spark):
    rows = spark.createDataFrame([(1,)], "n int").selectExpr("1.50BD AS d", "double('NaN') AS x")
    decimal = as_json(rows, "column_max_to_be_between", column="d", max_value=2)
    nan = as_json(rows, "column_max_to_be_between", column="x", max_value=2)
    assert (decimal["success"], decimal["result"]) == (True, {"observed_value": 1.5})
    assert (nan["success"], nan["result"]) == (False, {"observed_value": None})
