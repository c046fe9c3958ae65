"""Great Expectations validates the expectations that the gate cannot compile. GX reads only rows outside quarantine."""

from __future__ import annotations

import pytest

ROWS = [('{"a": 1}', 1), ('"nope"', 2), (None, 3), ("[2]", -1)]
JSON_SCHEMA = "column_values_to_match_json_schema"
IS_OBJECT = {"column": "s", "json_schema": {"type": "object"}}


@pytest.fixture(scope="session")
def validate(spark, make_gate):
    def run(*entries, **arguments):
        gate = make_gate(spark.createDataFrame(ROWS, "s string, n int").coalesce(1), *entries)
        return gate.validate(gate.rows, **arguments)

    return run


def test_gx_validates_only_rows_outside_quarantine(validate, make_entry):
    validation = validate(
        make_entry("column_values_to_be_between", column="n", min_value=0, mostly=0.5),
        make_entry(JSON_SCHEMA, "is_object", **IS_OBJECT),
    )
    compiled, delegated = validation.results
    assert (validation.rows, validation.quarantined, compiled["meta"]) == (4, 1, {})
    assert delegated["meta"] == {"judged_by": "Great Expectations 1.24.1"}
    assert delegated["expectation_config"]["id"] == "is_object"
    result = delegated["result"]
    assert (result["element_count"], result["missing_count"], result["unexpected_count"]) == (3, 1, 1)
    assert result["partial_unexpected_list"] == ['"nope"']
    assert [*validation.failures().values()] == [
        "is_object: 1 of 2 rows fail, at least 100 % must pass. Examples: '\"nope\"'"
    ]


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_severity_and_threshold_apply_to_delegated_expectations(validate, make_entry, severity):
    assert validate(make_entry(JSON_SCHEMA, severity=severity, **IS_OBJECT)).outcome == "met with warnings"
    assert validate(make_entry(JSON_SCHEMA, **IS_OBJECT, mostly=0.3)).outcome == "met"


PARTITION = {"values": [1, 2, 3, -1], "weights": [0.25] * 4}


@pytest.mark.parametrize(
    ("type_", "kwargs", "is_met"),
    [
        (f"expect_{JSON_SCHEMA}", {"column": "s", "json_schema": {"required": ["a"]}, "row_condition": "n = 1"}, True),
        (
            "expect_column_kl_divergence_to_be_less_than",
            {"column": "n", "partition_object": PARTITION, "threshold": 0.1},
            True,
        ),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n=2"}, False),
    ],
)
def test_every_delegated_type_is_validated(validate, type_, kwargs, is_met):
    (item,) = validate({"type": type_, "kwargs": kwargs}).results
    assert item["exception_info"].get("raised_exception") is False, item["exception_info"]
    assert item["success"] is is_met
    assert item["meta"]["judged_by"] == "Great Expectations 1.24.1"


def test_an_exception_in_gx_blocks_the_publish(validate):
    query = {"unexpected_rows_query": "SELECT nothing FROM {batch}"}
    validation = validate({"type": "unexpected_rows_expectation", "kwargs": query, "id": "x"})
    assert validation.outcome == "blocked"
    assert validation.failures()["x"].startswith("x: Great Expectations raised an exception: ")
    assert "nothing" in validation.failures()["x"]


def test_the_result_format_applies_to_delegated_expectations_too(validate, make_entry):
    (item,) = validate(make_entry(JSON_SCHEMA, **IS_OBJECT), result_format="BOOLEAN_ONLY").results
    assert (item["success"], item["result"]) == (False, {})
