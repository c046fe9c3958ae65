from __future__ import annotations

import pytest

from expectations.errors import ExpectationError, ExpectationsNotMetError
from expectations.suite import Expectation, Suite
from expectations.validation_result import ResultFormat, ValidationResult, row_result, table_result


def expectation(id_="n_present", severity="critical", description=None, **kwargs):
    type_ = "expect_column_values_to_not_be_null"
    return Expectation(id_, type_, {"column": "n", **kwargs}, severity=severity, description=description)


def result(item, rows=10, unexpected=0, missing=None, examples=()):
    return row_result(item, rows, unexpected, missing, [(example,) for example in examples], ResultFormat())


def verdict(*pairs, meta=None):
    items, results = zip(*pairs, strict=True)
    return ValidationResult(Suite("calls", items, meta or {}), rows=10, quarantined=0, results=results)


def test_percentages_are_of_all_rows_and_of_those_that_are_not_missing():
    found = result(expectation(), rows=10, unexpected=2, missing=5, examples=["a", "b"])["result"]
    assert found == {
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


def test_a_type_that_leaves_no_row_out_says_nothing_of_missing_rows():
    found = result(expectation(), rows=4, unexpected=1)["result"]
    assert found["unexpected_percent"] == 25.0
    assert not [name for name in found if "missing" in name]


@pytest.mark.parametrize(("rows", "missing"), [(0, 0), (0, None), (7, 7)])
def test_with_no_row_to_consider_any_expectation_is_met_and_percentages_are_not_known(rows, missing):
    found = result(expectation(), rows=rows, missing=missing)
    assert found["success"] is True
    assert found["result"]["unexpected_percent"] is None


@pytest.mark.parametrize(
    ("mostly", "unexpected", "success"),
    [(1, 0, True), (1, 1, False), (0.9, 1, True), (0.9, 2, False), (0.91, 1, False), (0, 10, True)],
)
def test_mostly_is_the_least_fraction_as_expected(mostly, unexpected, success):
    assert result(expectation(mostly=mostly), rows=10, unexpected=unexpected)["success"] is success


def test_mostly_is_measured_on_the_rows_that_are_not_missing():
    assert result(expectation(mostly=0.8), rows=100, unexpected=1, missing=95)["success"] is True
    assert result(expectation(mostly=0.8), rows=100, unexpected=2, missing=95)["success"] is False


def test_equal_examples_are_counted_the_most_frequent_first():
    counts = result(expectation(), unexpected=4, examples=["b", "a", "b", "c"])["result"]["partial_unexpected_counts"]
    assert counts == [{"value": "b", "count": 2}, {"value": "a", "count": 1}, {"value": "c", "count": 1}]


@pytest.mark.parametrize("examples", [["a", None], [[1], [2]], [{"a": 1}]])
def test_examples_that_have_no_order_are_not_counted_as_in_gx(examples):
    found = result(expectation(), unexpected=2, examples=examples)["result"]
    assert found["partial_unexpected_list"] == examples
    assert "partial_unexpected_counts" not in found


def test_the_outcome_is_that_of_the_severest_expectation_not_met():
    met = (expectation("a"), result(expectation("a")))
    warned = (item := expectation("b", "warning"), result(item, unexpected=1))
    informed = (item := expectation("c", "info"), result(item, unexpected=1))
    refused = (item := expectation("d"), result(item, unexpected=1))
    assert verdict(met).outcome == "met"
    assert verdict(met, warned).outcome == "met with warnings"
    assert verdict(met, informed).outcome == "met with warnings"
    assert verdict(warned, met, refused).outcome == "refused"
    assert len(verdict(warned, informed, refused).failures()) == 1


def test_a_verdict_that_is_met_but_for_warnings_raises_nothing():
    item = expectation("b", "warning")
    assert verdict((item, result(item, unexpected=1))).require_met(kept_at="b") is None


def test_a_refusal_says_which_expectations_are_not_met_by_how_much_and_gives_examples():
    first = expectation("n_present", description="There is an n.", mostly=0.95)
    second = Expectation("some_rows", "expect_table_row_count_to_be_between", {"min_value": 5, "mostly": 1})
    judged = verdict(
        (first, result(first, rows=10, unexpected=3, missing=2, examples=["x", 1, None, "y"])),
        (second, table_result(second, False, {"observed_value": 4}, ResultFormat())),
        (expectation("ok"), result(expectation("ok"))),
    )
    with pytest.raises(ExpectationsNotMetError) as caught:
        judged.require_met(kept_at="branch b")
    error = caught.value
    assert isinstance(error, ExpectationError)
    assert error.suite == "calls"
    assert error.failures == (
        "n_present (There is an n.): 3 of 8 rows are not as expected, at least 95 % must be; such as 'x', 1",
        "some_rows: observed 4, expected {'min_value': 5}",
    )
    assert str(error).startswith("suite calls: 2 critical expectation(s) not met, nothing is published;")
    assert [line for line in str(error).splitlines() if line.startswith("  - ")] == [
        f"  - {failure}" for failure in error.failures
    ]
    assert "The rows, with file and row number, are in branch b" in str(error)


def test_the_json_form_has_the_parts_of_gx_and_its_statistics():
    item = expectation("b", "warning", "There is an n.", mostly=0.9)
    form = verdict((item, result(item, unexpected=5)), (expectation(), result(expectation())), meta={"o": 1})
    form = form.to_json_dict()
    assert (form["success"], form["suite_name"], form["meta"]) == (False, "calls", {"o": 1})
    assert form["statistics"] == {
        "evaluated_expectations": 2,
        "successful_expectations": 1,
        "unsuccessful_expectations": 1,
        "success_percent": 50.0,
    }
    assert form["results"][0]["expectation_config"] == {
        "id": "b",
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "n", "mostly": 0.9},
        "meta": {},
        "description": "There is an n.",
        "severity": "warning",
    }


@pytest.mark.parametrize(
    "given",
    [
        "LOUD",
        {},
        {"result_format": "BASIC", "include_unexpected_rows": True},
        {"result_format": "BASIC", "partial_unexpected_count": -1},
        None,
    ],
)
def test_a_result_format_that_gx_does_not_have_or_the_gate_does_not_give_is_refused(given):
    with pytest.raises(ValueError, match="result_format is .*, expected one of .*'BOOLEAN_ONLY', 'BASIC'"):
        ResultFormat.parse(given)


def test_an_expectation_that_gx_could_not_judge_says_so():
    item = expectation("shape", severity="critical")
    raised = {"raised_exception": True, "exception_message": "no such view", "exception_traceback": "…"}
    for info in (raised, {"the metric": raised}):
        found = {"success": False, "result": {}, "exception_info": info}
        assert [*verdict((item, found)).failures().values()] == [
            "shape: Great Expectations could not judge it: no such view"
        ]
