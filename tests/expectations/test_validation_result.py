from __future__ import annotations

import pytest

from expectations.errors import ExpectationError, ExpectationsNotMetError
from expectations.suite import Expectation, Suite
from expectations.validation_result import ResultFormat, ValidationResult, row_result, table_result


def make_expectation(id_="n_present", severity="critical", description=None, **kwargs):
    type_ = "expect_column_values_to_not_be_null"
    return Expectation(id_, type_, {"column": "n", **kwargs}, severity=severity, description=description)


def make_result(expectation=None, rows=10, unexpected=0, missing=None, examples=()):
    examples = [(example,) for example in examples]
    return row_result(expectation or make_expectation(), rows, unexpected, missing, examples, ResultFormat())


def make_validation(*pairs, meta=None):
    expectations, results = zip(*pairs, strict=True)
    return ValidationResult(Suite("calls", expectations, meta or {}), rows=10, quarantined=0, results=results)


def test_result_has_two_percentages_of_unexpected_values():
    """`unexpected_percent_total` is a percentage of all rows. `unexpected_percent` excludes rows without a value."""
    assert make_result(unexpected=2, missing=5, examples=["a", "b"])["result"] == {
        "element_count": 10,
        "unexpected_count": 2,
        "unexpected_percent": 40.0,
        "partial_unexpected_list": ["a", "b"],
        "missing_count": 5,
        "missing_percent": 50.0,
        "unexpected_percent_total": 20.0,
        "unexpected_percent_nonmissing": 40.0,
        "partial_unexpected_counts": [{"value": "a", "count": 1}, {"value": "b", "count": 1}],
    }


@pytest.mark.parametrize(("rows", "missing"), [(0, 0), (0, None), (7, 7)])
def test_rows_without_values_meet_an_expectation(rows, missing):
    item = make_result(rows=rows, missing=missing)
    assert (item["success"], item["result"]["unexpected_percent"]) == (True, None)


@pytest.mark.parametrize(
    ("mostly", "rows", "unexpected", "missing", "is_met"),
    [
        *((1, 10, 0, None, True), (1, 10, 1, None, False), (0.9, 10, 1, None, True), (0.9, 10, 2, None, False)),
        *((0.91, 10, 1, None, False), (0, 10, 10, None, True), (0.8, 100, 1, 95, True), (0.8, 100, 2, 95, False)),
    ],
)
def test_threshold_applies_to_rows_with_a_value(mostly, rows, unexpected, missing, is_met):
    """`mostly` is a minimum fraction of the rows with a value."""
    assert make_result(make_expectation(mostly=mostly), rows, unexpected, missing)["success"] is is_met


def test_most_frequent_example_comes_first():
    counts = make_result(unexpected=4, examples=["b", "a", "b", "c"])["result"]["partial_unexpected_counts"]
    assert counts == [{"value": "b", "count": 2}, {"value": "a", "count": 1}, {"value": "c", "count": 1}]


@pytest.mark.parametrize("examples", [["a", None], [[1], [2]], [{"a": 1}]])
def test_examples_that_cannot_be_sorted_are_not_counted(examples):
    result = make_result(unexpected=2, examples=examples)["result"]
    assert result["partial_unexpected_list"] == examples
    assert "partial_unexpected_counts" not in result


def test_most_severe_failure_determines_the_outcome():
    met = (make_expectation("a"), make_result())
    warning = (make_expectation("b", "warning"), make_result(unexpected=1))
    info = (make_expectation("c", "info"), make_result(unexpected=1))
    critical = (make_expectation("d"), make_result(unexpected=1))
    assert make_validation(met).outcome == "met"
    assert make_validation(met, warning).outcome == "met with warnings"
    assert make_validation(met, info).outcome == "met with warnings"
    assert make_validation(warning, met, critical).outcome == "blocked"
    assert [*make_validation(warning, info, critical).failures()] == ["d"]


def test_failure_line_shows_found_and_expected_values():
    rows = make_expectation("n_present", description="There is an n.", mostly=0.95)
    table = Expectation("some_rows", "expect_table_row_count_to_be_between", {"min_value": 5, "mostly": 1})
    boolean_only = make_expectation("short")
    pair = make_expectation("pair")
    validation = make_validation(
        (rows, make_result(rows, unexpected=3, missing=2, examples=["x", 1, None, "y"])),
        (table, table_result(table, False, {"observed_value": 4}, ResultFormat())),
        (boolean_only, table_result(boolean_only, False, {}, ResultFormat("BOOLEAN_ONLY"))),
        (pair, make_result(pair, unexpected=1, examples=[{"handled": 12, "offered": 3}])),
        (make_expectation("ok"), make_result()),
    )
    assert validation.failures() == {
        "n_present": "n_present (There is an n.): 3 of 8 rows fail, at least 95 % must pass. Examples: 'x', 1",
        "some_rows": "some_rows: found 4, expected min_value=5",
        "short": "short: not met, expected column='n'",
        "pair": "pair: 1 of 10 rows fail, at least 100 % must pass. Examples: (handled=12, offered=3)",
    }


@pytest.mark.parametrize("is_by_metric", [False, True])
def test_failure_line_shows_the_exception_of_gx(is_by_metric):
    exception = {"raised_exception": True, "exception_message": "no such view", "exception_traceback": "…"}
    info = {"the metric": exception} if is_by_metric else exception
    validation = make_validation((make_expectation("x"), {"success": False, "result": {}, "exception_info": info}))
    assert validation.failures() == {"x": "x: Great Expectations raised an exception: no such view"}


def test_error_shows_the_failures_and_their_location():
    error = ExpectationsNotMetError(suite="calls", failures=["a: 1 of 2", "b: 3 of 4"], location="branch x")
    assert isinstance(error, ExpectationError)
    assert str(error) == (
        "suite calls: 2 critical expectation(s) are not met. Nothing is published, and trusted has not changed.\n"
        "  - a: 1 of 2\n"
        "  - b: 3 of 4\n"
        "The rows are in branch x. Each row has its file and row number. The complete result is in the table "
        "lake.ops.runs. "
        "Deliver a corrected file under the same name, and run again."
    )


def test_json_form_has_the_keys_of_gx():
    warning = make_expectation("b", "warning", "There is an n.", mostly=0.9)
    pairs = (warning, make_result(warning, unexpected=5)), (make_expectation(), make_result())
    document = make_validation(*pairs, meta={"o": 1}).to_json_dict()
    assert (document["success"], document["suite_name"], document["meta"]) == (False, "calls", {"o": 1})
    assert document["statistics"] == {
        "evaluated_expectations": 2,
        "successful_expectations": 1,
        "unsuccessful_expectations": 1,
        "success_percent": 50.0,
    }
    assert document["results"][0]["expectation_config"] == {
        "id": "b",
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "n", "mostly": 0.9},
        "meta": {},
        "description": "There is an n.",
        "severity": "warning",
    }


@pytest.mark.parametrize(
    "result_format",
    [
        "LOUD",
        {},
        {"result_format": "BASIC", "include_unexpected_rows": True},
        {"result_format": "BASIC", "partial_unexpected_count": -1},
        None,
    ],
)
def test_an_unknown_or_unsupported_result_format_is_rejected(result_format):
    with pytest.raises(ValueError, match="result_format is .*. Expected one of .*'BOOLEAN_ONLY', 'BASIC'"):
        ResultFormat.parse(result_format)
