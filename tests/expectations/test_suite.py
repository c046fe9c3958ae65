from __future__ import annotations

import json
import os
from importlib import resources

import pytest

from expectations.errors import ExpectationError, SuiteError
from expectations.suite import SEVERITIES, load_suite, parse_suite

os.environ["GX_ANALYTICS_ENABLED"] = "false"

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}


def suite_text(*entries, **more):
    return json.dumps({"name": "calls", "expectations": entries, **more})


def refusal(text):
    with pytest.raises(SuiteError) as caught:
        parse_suite(text, where="calls.json")
    assert isinstance(caught.value, ExpectationError)
    return caught.value


def test_a_suite_is_read_with_all_it_says():
    entry = NOT_NULL | {
        "kwargs": {"column": "n", "mostly": 0.9, "result_format": "BASIC", "catch_exceptions": True, "batch_id": "b"},
        "id": "n_present",
        "severity": "warning",
        "description": "There is an n.",
        "meta": {"reason": "why"},
    }
    suite = parse_suite(suite_text(entry, meta={"owner": "x"}), where="calls.json")
    (expectation,) = suite.expectations
    assert (suite.name, suite.meta) == ("calls", {"owner": "x"})
    assert (expectation.id, expectation.type, expectation.severity) == ("n_present", NOT_NULL["type"], "warning")
    assert (expectation.mostly, expectation.arguments, expectation.meta) == (0.9, {"column": "n"}, {"reason": "why"})
    assert expectation.label == "n_present (There is an n.)"


def test_what_is_left_out_has_gx_defaults_and_an_id_is_made():
    pair = {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "a", "column_B": "b"}}
    rows = {"type": "expect_table_row_count_to_be_between"}
    suite = parse_suite(json.dumps({"expectations": [NOT_NULL, pair, rows]}), where="calls.json")
    assert [expectation.id for expectation in suite.expectations] == [
        "column_values_to_not_be_null n",
        "column_pair_values_a_to_be_greater_than_b a b",
        "table_row_count_to_be_between",
    ]
    first = suite.expectations[0]
    assert suite.name == "calls.json"
    assert (first.severity, first.mostly, first.description, first.label) == ("critical", 1.0, None, first.id)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("[]", "is no suite: it has no list 'expectations'."),
        ("{}", "is no suite: it has no list 'expectations'."),
        ('{"expectations": {}}', "is no suite: it has no list 'expectations'."),
        ('{"expectations": []}', "has no expectations, so it would pass anything. Add at least one."),
    ],
)
def test_what_is_no_suite_is_refused(text, problem):
    error = refusal(text)
    assert (error.suite, error.expectation) == ("calls.json", None)
    assert error.problem.startswith(problem)
    assert str(error) == f"suite calls.json: {error.problem}"


@pytest.mark.parametrize("entry", ["text", {}, {"type": 5}, {"kwargs": {"column": "n"}}])
def test_an_expectation_without_a_type_is_named_by_its_number(entry):
    error = refusal(suite_text(NOT_NULL, entry))
    assert (error.suite, error.expectation, error.problem) == ("calls", "number 2", "has no 'type'.")
    assert str(error) == "suite calls, expectation 'number 2': has no 'type'."


def test_one_id_for_two_expectations_is_refused():
    error = refusal(suite_text(NOT_NULL | {"id": "x"}, NOT_NULL | {"id": "x"}))
    assert error.problem == "the ids ['x'] are used more than once. Give each its own 'id'."


def test_ids_that_are_made_are_numbered_where_they_would_be_the_same():
    taken = NOT_NULL | {"id": "column_values_to_not_be_null n 2"}
    suite = parse_suite(suite_text(NOT_NULL, taken, NOT_NULL, NOT_NULL | {"id": None}), where="calls.json")
    made = "column_values_to_not_be_null n"
    assert [item.id for item in suite.expectations] == [made, f"{made} 2", f"{made} 3", f"{made} 4"]


def test_a_suite_of_an_older_release_is_refused_with_what_to_do():
    error = refusal(suite_text({"expectation_type": "expect_x", "kwargs": {}}))
    assert error.expectation == "number 1"
    assert "before 1.0. Write the suite with 1.24" in error.problem


def test_suite_parameters_are_refused():
    error = refusal(suite_text(NOT_NULL | {"id": "x", "kwargs": {"column": "n", "min_value": {"$PARAMETER": "low"}}}))
    assert (error.expectation, error.problem) == (
        "x",
        "the values of ['min_value'] are suite parameters, given when a suite is run. Write the values themselves.",
    )


@pytest.mark.parametrize("severity", ["fatal", "CRITICAL", 1])
def test_a_severity_that_gx_does_not_have_is_refused(severity):
    error = refusal(suite_text(NOT_NULL | {"id": "x", "severity": severity}))
    assert error.expectation == "x"
    assert error.problem == f"severity is {severity!r}, expected one of {list(SEVERITIES)}."


@pytest.mark.parametrize("mostly", [-0.1, 1.1, 95, "0.9", True, None, float("nan")])
def test_a_mostly_that_is_no_fraction_is_refused(mostly):
    error = refusal(suite_text(NOT_NULL | {"id": "x", "kwargs": {"column": "n", "mostly": mostly}}))
    assert (error.expectation, error.problem) == ("x", f"mostly is {mostly!r}, expected a number from 0 to 1.")


@pytest.mark.parametrize("mostly", [0, 0.5, 1, 1.0])
def test_any_fraction_is_a_mostly(mostly):
    suite = parse_suite(suite_text(NOT_NULL | {"kwargs": {"column": "n", "mostly": mostly}}), where="x")
    assert suite.expectations[0].mostly == mostly


def test_a_dataset_without_a_suite_is_named():
    with pytest.raises(SuiteError, match=r"suite nowhere: there is no expectations/suites/nowhere\.json") as caught:
        load_suite("nowhere")
    assert (caught.value.suite, caught.value.expectation) == ("nowhere", None)


def test_every_expectation_of_the_contact_centre_has_an_id_and_a_description_of_its_own():
    suite = load_suite("contact_centre")
    assert suite.name == "contact_centre"
    assert all(item.id.isidentifier() for item in suite.expectations)
    assert all(item.description and item.description.endswith(".") for item in suite.expectations)
    assert len({item.description for item in suite.expectations}) == len(suite.expectations)


def test_gx_reads_the_suite_of_the_contact_centre_and_gives_the_same_back():
    from great_expectations.core import ExpectationSuite

    text = resources.files("expectations.suites").joinpath("contact_centre.json").read_text(encoding="utf-8")
    ours = load_suite("contact_centre")
    given_back = ExpectationSuite(**json.loads(text)).to_json_dict()
    theirs = parse_suite(json.dumps(given_back), where="gx")
    assert theirs.name == ours.name

    def known(suite):
        return [(item.id, item.type, item.kwargs, item.severity, item.description) for item in suite.expectations]

    assert known(theirs) == known(ours)


def test_meta_that_is_no_object_is_refused():
    error = refusal(suite_text(NOT_NULL, {"type": "expect_x", "meta": ["x"]}))
    assert (error.expectation, error.problem) == ("number 2", "meta is ['x'], expected an object.")


@pytest.mark.parametrize("entry", [{"kwargs": ["column"]}, {"kwargs": {}, "id": ["x"]}])
def test_kwargs_that_are_no_object_and_ids_that_are_no_text_are_refused(entry):
    text = json.dumps({"name": "calls", "expectations": [{"type": "expect_x", **entry}]})
    with pytest.raises(SuiteError, match="expectation 'number 1': 'kwargs' is .*expected an object and a text"):
        parse_suite(text, where="calls.json")
