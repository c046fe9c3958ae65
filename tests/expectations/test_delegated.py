"""What cannot be compiled is judged by Great Expectations itself, on the rows that would be published."""

from __future__ import annotations

import json

import pytest

from expectations.gate import compile_gate
from expectations.suite import parse_suite

ROWS = [('{"a": 1}', 1), ('"nope"', 2), (None, 3), ("[2]", -1)]
AN_OBJECT = {"column": "s", "json_schema": {"type": "object"}}
JSON = {"type": "expect_column_values_to_match_json_schema", "kwargs": AN_OBJECT, "id": "is_object"}
NOT_NEGATIVE = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "n", "min_value": 0, "mostly": 0.5},
    "id": "n_not_negative",
}


def verdict(spark, *entries, rows=ROWS, **more):
    frame = spark.createDataFrame(rows, "s string, n int").coalesce(1)
    gate = compile_gate(frame, suite=parse_suite(json.dumps({"name": "calls", "expectations": entries}), where="calls"))
    return gate.validate(gate.rows, **more)


def test_rows_for_quarantine_are_not_judged_and_the_result_says_by_whom_it_is(spark):
    found = verdict(spark, NOT_NEGATIVE, JSON)
    compiled, handed_over = found.results
    assert (found.rows, found.quarantined, compiled["meta"]) == (4, 1, {})
    assert handed_over["meta"] == {"judged_by": "Great Expectations 1.24.1"}
    assert handed_over["expectation_config"]["id"] == "is_object"
    result = handed_over["result"]
    assert (result["element_count"], result["missing_count"], result["unexpected_count"]) == (3, 1, 1)
    assert result["partial_unexpected_list"] == ['"nope"']
    assert [*found.failures().values()] == [
        "is_object: 1 of 2 rows are not as expected, at least 100 % must be; such as '\"nope\"'"
    ]


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_severity_and_mostly_mean_what_they_mean_for_all(spark, severity):
    assert verdict(spark, JSON | {"severity": severity}).outcome == "met with warnings"
    assert verdict(spark, JSON | {"kwargs": AN_OBJECT | {"mostly": 0.3}}).outcome == "met"


@pytest.mark.parametrize(
    ("entry", "met"),
    [
        (
            {
                "type": "expect_column_values_to_match_json_schema",
                "kwargs": {"column": "s", "json_schema": {"required": ["a"]}, "row_condition": "n = 1"},
            },
            1,
        ),
        (
            {
                "type": "expect_column_kl_divergence_to_be_less_than",
                "kwargs": {
                    "column": "n",
                    "partition_object": {"values": [1, 2, 3, -1], "weights": [0.25] * 4},
                    "threshold": 0.1,
                },
            },
            1,
        ),
        (
            {
                "type": "unexpected_rows_expectation",
                "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n=2"},
            },
            0,
        ),
    ],
)
def test_every_type_that_is_handed_over_is_judged(spark, entry, met):
    (found,) = verdict(spark, entry | {"id": "x"}).results
    assert found["exception_info"].get("raised_exception") is False, found["exception_info"]
    assert found["success"] is bool(met)
    assert found["meta"]["judged_by"] == "Great Expectations 1.24.1"


def test_what_gx_raises_is_in_the_result_and_refuses_the_publish(spark):
    query = {"unexpected_rows_query": "SELECT nothing FROM {batch}"}
    found = verdict(spark, {"type": "unexpected_rows_expectation", "kwargs": query, "id": "x"})
    assert found.outcome == "refused"
    assert found.failures()["x"].startswith("x: Great Expectations could not judge it: ")
    assert "nothing" in found.failures()["x"]


def test_the_result_format_is_handed_over_too(spark):
    (found,) = verdict(spark, JSON, result_format="BOOLEAN_ONLY").results
    assert (found["success"], found["result"]) == (False, {})
