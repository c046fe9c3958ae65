from __future__ import annotations

import json

import pytest

from expectations.errors import ExpectationError, SuiteError
from expectations.standard import load_suite, suite_text
from expectations.suite import SEVERITIES, parse_suite
from transforms.datasets import load_dataset

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}
NO_LIST = "the JSON has no list 'expectations'. Expected the form of Great Expectations: "


def parse(*entries, **settings):
    return parse_suite(json.dumps({"name": "calls", "expectations": entries, **settings}), where="calls.json")


def suite_error(*entries):
    with pytest.raises(SuiteError) as caught:
        parse(*entries)
    return caught.value


def test_all_properties_of_a_suite_are_read():
    entry = NOT_NULL | {
        "kwargs": {"column": "n", "mostly": 0.9, "result_format": "BASIC", "catch_exceptions": True, "batch_id": "b"},
        "id": "n_present",
        "severity": "warning",
        "description": "There is an n.",
        "meta": {"reason": "why"},
    }
    suite = parse(entry, meta={"owner": "x"})
    (expectation,) = suite.expectations
    assert (suite.name, suite.meta) == ("calls", {"owner": "x"})
    assert (expectation.id, expectation.type, expectation.severity) == ("n_present", NOT_NULL["type"], "warning")
    assert (expectation.mostly, expectation.arguments, expectation.meta) == (0.9, {"column": "n"}, {"reason": "why"})
    assert expectation.label == "n_present (There is an n.)"


def test_missing_properties_of_a_suite_get_default_values():
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


def test_expectations_with_equal_generated_ids_get_numbered_ids():
    id_ = "column_values_to_not_be_null n"
    suite = parse(NOT_NULL, NOT_NULL | {"id": f"{id_} 2"}, NOT_NULL, NOT_NULL | {"id": None})
    assert [item.id for item in suite.expectations] == [id_, f"{id_} 2", f"{id_} 3", f"{id_} 4"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "the text is not valid JSON: Expecting property name"),
        ("[]", NO_LIST),
        ("{}", NO_LIST),
        ('{"expectations": {}}', NO_LIST),
        ('{"expectations": []}', "the list 'expectations' is empty, so any data would pass. Add at least one"),
    ],
)
def test_text_that_is_not_a_suite_is_rejected(text, problem):
    with pytest.raises(SuiteError) as caught:
        parse_suite(text, where="calls.json")
    error = caught.value
    assert isinstance(error, ExpectationError)
    assert (error.suite, error.expectation) == ("calls.json", None)
    assert error.problem.startswith(problem)
    assert str(error) == f"suite calls.json: {error.problem}"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("text", "the expectation is 'text', expected an object. Expected the form of Great"),
        *((entry, "'type' is missing or not text. Add the type") for entry in ({}, {"type": 5}, {"kwargs": {}})),
        (NOT_NULL | {"id": ["x"]}, "'id' is ['x'], expected text."),
        (NOT_NULL | {"kwargs": ["column"]}, "'kwargs' is ['column'], expected an object."),
        (NOT_NULL | {"meta": ["x"]}, "'meta' is ['x'], expected an object."),
    ],
)
def test_errors_show_positions_of_expectations_without_id(entry, problem):
    error = suite_error(NOT_NULL, entry)
    assert (error.suite, error.expectation) == ("calls", 2)
    assert error.problem.startswith(problem)
    assert str(error) == f"suite calls, expectation number 2: {error.problem}"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        *(
            ({"severity": severity}, f"'severity' is {severity!r}, expected one of {list(SEVERITIES)}.")
            for severity in ("fatal", "CRITICAL", 1)
        ),
        *(
            ({"kwargs": {"column": "n", "mostly": mostly}}, f"'mostly' is {mostly!r}, expected a number from 0 to 1, ")
            for mostly in (-0.1, 1.1, 95, "0.9", True, None, float("nan"))
        ),
    ],
)
def test_errors_identify_an_expectation_by_its_id(entry, problem):
    error = suite_error(NOT_NULL | {"id": "x"} | entry)
    assert error.expectation == "x"
    assert error.problem.startswith(problem)
    assert str(error) == f"suite calls, expectation 'x': {error.problem}"


def test_two_expectations_with_the_same_id_are_rejected():
    error = suite_error(NOT_NULL | {"id": "x"}, NOT_NULL | {"id": "x"})
    assert error.problem == "several expectations have the same id: ['x']. Give each expectation its own 'id'."


@pytest.mark.parametrize("mostly", [0, 0.5, 1, 1.0])
def test_threshold_accepts_numbers_from_0_to_1(mostly):
    """The threshold is the argument `mostly`."""
    suite = parse(NOT_NULL | {"kwargs": {"column": "n", "mostly": mostly}})
    assert suite.expectations[0].mostly == mostly


def test_contact_centre_expectations_have_unique_descriptions():
    """Each id is a valid Python identifier. Each description ends with a period."""
    suite = load_suite("contact_centre")
    assert suite.name == "contact_centre"
    assert all(item.id.isidentifier() for item in suite.expectations)
    assert all(item.description and item.description.endswith(".") for item in suite.expectations)
    assert len({item.description for item in suite.expectations}) == len(suite.expectations)


def test_round_trip_through_gx_preserves_the_suite():
    from great_expectations.core import ExpectationSuite

    text = suite_text(load_dataset("contact_centre"))
    written_by_gx = json.dumps(ExpectationSuite(**json.loads(text)).to_json_dict())
    ours, theirs = load_suite("contact_centre"), parse_suite(written_by_gx, where="gx")
    assert theirs.name == ours.name
    for our, their in zip(ours.expectations, theirs.expectations, strict=True):
        for name in ("id", "type", "kwargs", "severity", "description"):
            assert getattr(their, name) == getattr(our, name)
