"""Suite parameters get their values from the options, and from the suite, as in Great Expectations."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest

from expectations.errors import ParameterError, SuiteError
from expectations.gate import compile_gate
from expectations.parameters import evaluate_suite, parse_parameters
from expectations.suite import parse_suite

BETWEEN = {"type": "expect_column_values_to_be_between", "id": "x"}


def suite_of(*entries, **settings):
    return parse_suite(json.dumps({"name": "calls", "expectations": entries, **settings}), where="calls.json")


def between(**kwargs):
    return suite_of(BETWEEN | {"kwargs": {"column": "n", **kwargs}})


def parameter(text):
    return {"$PARAMETER": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("5", 5), ("-0.5", -0.5), ("1e3", 1000.0), ("true", True), ("null", None), ('["A", "B"]', ["A", "B"])),
        *(("02134", "02134"), ('"5"', "5"), ("2024-01-31", "2024-01-31"), ("a=b", "a=b"), ("", ""), ("NaN", "NaN")),
        ("now() - timedelta(days=1)", "now() - timedelta(days=1)"),
    ],
)
def test_values_are_json_or_text(text, value):
    assert parse_parameters([f"name={text}"]) == {"name": value}


def test_a_json_object_has_several_parameters():
    """AWS Glue passes each argument only once."""
    assert parse_parameters(['{"low": 5, "zip": "02134"}', "high=9", ""]) == {"low": 5, "zip": "02134", "high": 9}


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["low"], "--parameter low: expected NAME=VALUE, such as --parameter minimum=5."),
        (["=5"], "--parameter =5: expected NAME=VALUE"),
        (
            ["{low: 5}"],
            'is not a valid JSON object: Expecting property name .* Write an object such as {"minimum": 5}.',
        ),
        (['{"low": NaN}'], "NaN is not valid JSON"),
        (["low=5", "low=6"], "--parameter low: the parameter is given twice. Give one value: --parameter low=VALUE."),
    ],
)
def test_invalid_options_are_rejected(texts, problem):
    with pytest.raises(ParameterError, match=problem):
        parse_parameters(texts)


def test_given_values_replace_the_values_in_the_suite():
    suite = suite_of(
        BETWEEN | {"kwargs": {"column": "n", "min_value": parameter("low"), "max_value": parameter("low + width")}},
        suite_parameters={"low": 1, "width": 10},
    )
    evaluated = evaluate_suite(suite, {"low": 5})
    assert evaluated.expectations[0].kwargs == {"column": "n", "min_value": 5, "max_value": 15}
    assert evaluated.parameters == {"low": 5, "width": 10}


def test_a_value_that_gx_stored_with_the_parameter_is_used():
    evaluated = evaluate_suite(between(min_value={"$PARAMETER": "low", "$PARAMETER.low": 4}), {})
    assert evaluated.expectations[0].kwargs["min_value"] == 4


def error_of(suite, given):
    with pytest.raises(SuiteError) as caught:
        evaluate_suite(suite, given)
    return caught.value


def test_a_parameter_without_a_value_is_an_error_with_two_remedies():
    """The error names the parameter, the expectation and the option. Both remedies work."""
    suite = between(min_value=parameter("low - 1"))
    error = error_of(suite, {})
    assert str(error) == (
        "suite calls, expectation 'x': the suite parameter 'low' of 'min_value' has no value. Give the value: "
        "--parameter low=VALUE. Or add the value to 'suite_parameters' of the suite."
    )
    assert evaluate_suite(suite, parse_parameters(["low=5"])).expectations[0].kwargs["min_value"] == 4
    entry = BETWEEN | {"kwargs": {"column": "n", "min_value": parameter("low - 1")}}
    assert evaluate_suite(suite_of(entry, suite_parameters={"low": 5}), {}).expectations[0].kwargs["min_value"] == 4


def test_a_parameter_that_the_suite_does_not_have_is_an_error():
    suite = between(min_value=parameter("low"))
    problem = "the suite has no parameter 'lwo'. Found: ['low']. Remove --parameter lwo, or correct it."
    assert error_of(suite, {"lwo": 5, "low": 5}).problem == problem
    assert evaluate_suite(suite, {"low": 5}).expectations[0].kwargs["min_value"] == 5
    problem = "the suite has no parameter 'low'. The suite has no parameters. Remove --parameter low, or correct it."
    assert error_of(between(min_value=1), {"low": 5}).problem == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("low +", "the suite parameter of 'min_value' is not valid: the expression 'low +' cannot be evaluated: "),
        (
            "urn:great_expectations:validations:x",
            "Only Great Expectations 0.x stores the results that such a text names.",
        ),
    ],
)
def test_an_invalid_expression_is_an_error(text, problem):
    assert problem in error_of(between(min_value=parameter(text), max_value=parameter("low")), {"low": 5}).problem


def test_mostly_can_be_a_parameter():
    suite = between(min_value=1, mostly=parameter("share"))
    assert evaluate_suite(suite, {"share": 0.5}).expectations[0].mostly == 0.5
    problem = "'mostly' is 95, expected a number from 0 to 1, such as 0.95 for 95 %."
    assert error_of(suite, {"share": 95}).problem == problem


@pytest.mark.parametrize(
    ("kwargs", "problem"),
    [
        *(
            (
                {name: {"$PARAMETER": "c"}},
                f"'{name}' cannot be a suite parameter in Great Expectations. Write the value.",
            )
            for name in ("column", "row_condition", "condition_parser")
        ),
        ({"column": "n", "value_set": [1, {"$PARAMETER": "c"}]}, "'value_set' has a suite parameter inside its value."),
        ({"column": "n", "value_set": {"$PARAMETER": 5}}, "the suite parameter of 'value_set' is 5, expected the name"),
        ({"column": "n", "quantile_ranges": {"quantiles": [{"$PARAMETER": "c"}]}}, "inside its value."),
    ],
)
def test_parameters_where_gx_evaluates_none_are_rejected(kwargs, problem):
    with pytest.raises(SuiteError) as caught:
        suite_of(BETWEEN | {"kwargs": kwargs})
    assert (caught.value.expectation, problem in caught.value.problem) == ("x", True)


def test_gx_rejects_parameters_in_the_same_arguments():
    from great_expectations.core import ExpectationSuite

    column = {"type": BETWEEN["type"], "kwargs": {"column": parameter("c"), "min_value": 1}}
    condition = {"type": BETWEEN["type"], "kwargs": {"column": "n", "min_value": 1, "row_condition": parameter("c")}}
    for entry in (column, condition):
        try:
            expectations = ExpectationSuite(name="calls", expectations=[entry]).expectations
        except ValueError:
            continue
        assert expectations == []


def test_a_whole_list_as_parameter_is_the_remedy_for_a_parameter_in_a_list(spark):
    entry = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "n", "value_set": parameter("values")}}
    gate = compile_gate(spark.createDataFrame([(1,)], "n int"), suite=suite_of(entry), parameters={"values": [1, 2]})
    assert gate.validate(gate.rows).outcome == "met"


def test_results_have_the_evaluated_values_as_in_gx(spark):
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite

    entries = [
        {
            "type": BETWEEN["type"],
            "kwargs": {"column": "n", "min_value": parameter("low * 2"), "mostly": parameter("m")},
        },
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "s", "value_set": parameter("values")}},
    ]
    given = {"low": 1, "values": ["a"], "m": 0.5}
    rows = spark.createDataFrame([(1, "a"), (2, "b")], "n int, s string")
    gate = compile_gate(rows, suite=suite_of(*entries), parameters=given)
    ours = gate.validate(gate.rows).to_json_dict()

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("parameters", persist=False).add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": rows})
    suite = ExpectationSuite(name="calls", expectations=entries)
    theirs = batch.validate(suite, expectation_parameters=given).to_json_dict()
    assert ours["suite_parameters"] == given
    for our, their in zip(ours["results"], theirs["results"], strict=True):
        kwargs = {name: value for name, value in their["expectation_config"]["kwargs"].items() if name != "batch_id"}
        assert (our["success"], our["expectation_config"]["kwargs"]) == (their["success"], kwargs)


def test_a_time_before_now_is_compared_with_dates(spark):
    days = [(date.today() - timedelta(days=age),) for age in (1, 30)]
    suite = suite_of(BETWEEN | {"kwargs": {"column": "day", "min_value": parameter("now() - timedelta(days=7)")}})
    gate = compile_gate(spark.createDataFrame(days, "day date"), suite=suite)
    (result,) = gate.validate(gate.rows).results
    assert result["result"]["unexpected_count"] == 1
    shown = datetime.fromisoformat(result["expectation_config"]["kwargs"]["min_value"])
    assert abs(shown - (datetime.now() - timedelta(days=7))) < timedelta(minutes=5)
