from __future__ import annotations

import time
from itertools import pairwise

import pytest

NAMES = ["Calls. Offered", "MiXeD Case", "zähler", "a`b"]


@pytest.fixture(scope="session")
def validate(make_gate, make_entry):
    """Return a function that validates rows. Each expectation is a tuple of an expectation type and its arguments."""

    def run(rows, *expectations):
        gate = make_gate(rows, *(make_entry(type_, **kwargs) for type_, kwargs in expectations))
        return gate.validate(gate.rows)

    return run


def test_a_table_level_expectation_validates_only_passing_rows(spark, validate):
    calls = spark.createDataFrame([(1,), (2,), (6,), (-9,), (None,)], "n int")
    aggregates = {"min": 1, "max": 6, "mean": 3.0, "sum": 9}
    validation = validate(
        calls,
        ("column_values_to_be_between", {"column": "n", "min_value": 0}),
        ("table_row_count_to_be_between", {"min_value": 4, "max_value": 4}),
        *((f"column_{name}_to_be_between", {"column": "n", "min_value": 1}) for name in aggregates),
    )
    assert (validation.rows, validation.quarantined) == (5, 1)
    assert [item["result"]["observed_value"] for item in validation.results[1:]] == [4, *aggregates.values()]
    assert all(item["success"] for item in validation.results[1:])


def test_expectations_accept_any_column_name(spark, make_gate, make_entry):
    rows = spark.createDataFrame([(1,) * 4, (-1,) * 4, (None,) * 4], "a int, b int, c int, d int").toDF(*NAMES)
    gate = make_gate(
        rows,
        *(make_entry("column_values_to_be_between", column=name, min_value=0) for name in NAMES),
        *(make_entry("column_values_to_be_unique", column=name) for name in NAMES),
        *(
            make_entry("column_pair_values_a_to_be_greater_than_b", column_A=a, column_B=b, or_equal=True)
            for a, b in pairwise(NAMES)
        ),
        *(make_entry("column_sum_to_be_between", column=name, min_value=1) for name in NAMES),
    )
    results = gate.validate(gate.rows).results
    assert [item["success"] for item in results] == [False] * 4 + [True] * (4 + 3 + 4)
    assert [item["result"]["partial_unexpected_list"] for item in results[:4]] == [[-1]] * 4
    assert gate.rows_for_quarantine(gate.rows).columns == [*NAMES, "_failed_expectations", "_warnings"]


@pytest.mark.parametrize(
    ("bound", "is_met"),
    [
        ("2024-01-01 13:00:00", True),
        ("2024-01-01T12:00:00Z", True),
        ("2024-01-01T11:59:59", False),
        ("2024-01-01", False),
    ],
)
def test_local_time_zone_does_not_change_timestamp_comparisons(spark, validate, monkeypatch, bound, is_met):
    """The local time zone is the time zone of the Python process."""
    monkeypatch.setenv("TZ", "America/Vancouver")
    time.tzset()
    try:
        rows = spark.sql("SELECT timestamp'2024-01-01T12:00:00' AS t")
        (item,) = validate(rows, ("column_max_to_be_between", {"column": "t", "max_value": bound})).results
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (item["success"], item["result"]["observed_value"]) == (is_met, "2024-01-01T12:00:00")
