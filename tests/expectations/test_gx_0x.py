"""Suites of Great Expectations 0.12 to 0.18 mean the same as their converted form, which release 1.24 accepts."""

from __future__ import annotations

import json
from datetime import date

import pytest

from expectations.errors import SuiteError
from expectations.gate import compile_gate
from expectations.gx_0x import RETIRED_TYPES, to_current_form
from expectations.parameters import evaluate_suite
from expectations.suite import parse_suite, read_document

UUID = "4f2c1f5e-0f0e-4a86-9a53-6a3b8b6f2a10"
NULLS = {
    "mostly": 1.0,
    "row_condition": None,
    "condition_parser": None,
    "auto": False,
    "profiler_config": None,
    "include_config": True,
    "parse_strings_as_datetimes": None,
    "allow_cross_type_comparisons": None,
    "output_strftime_format": None,
    "result_format": "BASIC",
    "catch_exceptions": False,
}
"""Arguments that Great Expectations 0.x wrote into suites although they have no effect."""
BOUNDS = {"min_value": 1, "max_value": 3, "strict_min": None, "strict_max": None}
QUANTILES = {"quantiles": [0.5], "value_ranges": [[1, 3]]}
PAIR, LIST = {"column_A": "n", "column_B": "m"}, {"column_list": ["n", "m"]}
PAIR_A_B = "column_pair_values_a_to_be_greater_than_b"
DATES = {"min_value": "2024-01-01", "parse_strings_as_datetimes": True}
OLD = [
    *((f"column_{name}_to_be_between", {"column": "n", **BOUNDS}) for name in ("max", "mean", "median", "min", "sum")),
    ("column_stdev_to_be_between", {"column": "n", **BOUNDS}),
    ("column_unique_value_count_to_be_between", {"column": "n", "min_value": 1, "max_value": 3}),
    ("column_proportion_of_unique_values_to_be_between", {"column": "n", "min_value": 0.5, "strict_max": None}),
    ("column_quantile_values_to_be_between", {"column": "n", "quantile_ranges": QUANTILES}),
    *((f"column_distinct_values_to_{name}_set", {"column": "s", "value_set": ["a"]}) for name in ("be_in", "equal")),
    ("column_distinct_values_to_contain_set", {"column": "s", "value_set": ["a"], "parse_strings_as_datetimes": False}),
    ("column_most_common_value_to_be_in_set", {"column": "s", "value_set": ["a"], "ties_okay": None}),
    ("column_values_to_be_between", {"column": "n", **BOUNDS, "allow_cross_type_comparisons": False}),
    ("column_values_to_be_between", {"column": "day", **DATES}),
    ("column_max_to_be_between", {"column": "day", **DATES, "output_strftime_format": "%Y"}),
    ("column_min_to_be_between", {"column": "day", **DATES}),
    ("column_values_to_be_increasing", {"column": "n", "strictly": None, "parse_strings_as_datetimes": True}),
    ("column_values_to_be_decreasing", {"column": "n", "strictly": None}),
    ("column_values_to_be_in_set", {"column": "s", "value_set": ["a"], "mostly": 0.5}),
    ("column_values_to_not_be_in_set", {"column": "s", "value_set": ["z"]}),
    ("column_values_to_be_unique", {"column": "s", "parse_strings_as_datetimes": True}),
    ("column_values_to_be_null", {"column": "s"}),
    ("column_values_to_not_be_null", {"column": "s", "row_condition": 'col("n")==1', "condition_parser": None}),
    (
        "column_values_to_not_be_null",
        {"column": "s", "row_condition": 'col("n")==1', "condition_parser": "great_expectations__experimental__"},
    ),
    ("column_values_to_not_be_null", {"column": "s", "row_condition": "n > 1", "condition_parser": "spark"}),
    ("column_values_to_be_of_type", {"column": "n", "type_": "IntegerType"}),
    ("column_values_to_be_in_type_list", {"column": "n", "type_list": ["IntegerType"]}),
    ("column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "max_value": None, "strict_min": None}),
    ("column_value_lengths_to_equal", {"column": "s", "value": 1, "parse_strings_as_datetimes": True}),
    ("column_value_z_scores_to_be_less_than", {"column": "n", "threshold": 3, "double_sided": True}),
    ("column_values_to_match_regex", {"column": "s", "regex": "^[ab]$"}),
    ("column_values_to_not_match_regex", {"column": "s", "regex": "z"}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["a", "b"], "match_on": None}),
    ("column_values_to_not_match_regex_list", {"column": "s", "regex_list": ["z"]}),
    ("column_values_to_match_strftime_format", {"column": "s", "strftime_format": "%Y"}),
    ("column_values_to_be_json_parseable", {"column": "s"}),
    ("column_to_exist", {"column": "s", "column_index": None}),
    ("column_pair_values_A_to_be_greater_than_B", {**PAIR, "or_equal": None, "ignore_row_if": "never"}),
    (PAIR_A_B, {**PAIR, "or_equal": True, "ignore_row_if": "either_value_is_missing"}),
    ("column_pair_values_to_be_equal", {**PAIR, "ignore_row_if": "never"}),
    ("column_pair_values_to_be_in_set", {**PAIR, "value_pairs_set": [[1, 2]], "ignore_row_if": None}),
    ("compound_columns_to_be_unique", {**LIST, "ignore_row_if": "never"}),
    ("multicolumn_sum_to_equal", {**LIST, "sum_total": 3, "ignore_row_if": None}),
    ("select_column_values_to_be_unique_within_record", {**LIST, "ignore_row_if": "any_value_is_missing"}),
    ("table_row_count_to_be_between", {"min_value": 1, "max_value": None}),
    ("table_row_count_to_equal", {"value": 3}),
    ("table_column_count_to_be_between", {"min_value": 1, "max_value": None}),
    ("table_column_count_to_equal", {"value": 4}),
    ("table_columns_to_match_ordered_list", {"column_list": ["n", "m", "s", "day"]}),
    ("table_columns_to_match_set", {"column_set": ["n"], "exact_match": None}),
]


def old_entry(type_, /, **kwargs):
    return {"expectation_type": f"expect_{type_}", "kwargs": kwargs, "meta": {}}


def old_suite(*entries, **settings):
    document = {"expectation_suite_name": "taxi.demo", "data_asset_type": None, "ge_cloud_id": None, **settings}
    return json.dumps({"meta": {"great_expectations_version": "0.18.15"}, **document, "expectations": entries})


def convert(text):
    return read_document(text, where="old.json")


def test_a_suite_of_release_0_18_is_read():
    """This is a suite that release 0.18 wrote."""
    entries = (
        old_entry("column_values_to_not_be_null", column="id"),
        old_entry(
            "column_values_to_be_between", column="n", min_value=0, max_value=8, auto=False, profiler_config=None
        ),
    )
    suite = parse_suite(old_suite(*entries), where="suite.json")
    assert (suite.name, suite.meta) == ("taxi.demo", {})
    assert [(item.type, item.kwargs) for item in suite.expectations] == [
        ("expect_column_values_to_not_be_null", {"column": "id"}),
        ("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "max_value": 8}),
    ]


@pytest.fixture(scope="session")
def rows(spark):
    days = [date(2024, 1, 1), date(2024, 2, 1), None]
    values = [(1, 2, "a", days[0]), (2, None, "b", days[1]), (3, 1, None, days[2])]
    return spark.createDataFrame(values, "n int, m int, s string, day date").coalesce(1)


def test_converted_suites_validate_identically(rows):
    entries = [old_entry(type_, **NULLS | kwargs) for type_, kwargs in OLD]
    text = old_suite(*entries)
    original = parse_suite(text, where="old.json")
    converted = parse_suite(json.dumps(convert(text)), where="new.json")
    assert original == converted
    for suite in (original, converted):
        gate = compile_gate(rows, suite=suite)
        assert all(result["exception_info"]["raised_exception"] is False for result in gate.validate(gate.rows).results)


def test_gx_accepts_every_converted_expectation(rows, validate_with_gx):
    """`ExpectationSuite` only logs an expectation that it rejects, so the test counts the expectations."""
    from great_expectations.core import ExpectationSuite

    document = convert(old_suite(*(old_entry(type_, **NULLS | kwargs) for type_, kwargs in OLD)))
    suite = ExpectationSuite(**json.loads(json.dumps(document)))
    assert [item["type"] for item in suite.to_json_dict()["expectations"]] == [
        entry["type"] for entry in document["expectations"]
    ]
    entries = [entry | {"severity": "warning"} for entry in document["expectations"]]
    gate = compile_gate(rows, suite=parse_suite(json.dumps(document | {"expectations": entries}), where="new.json"))
    ours = [result["success"] for result in gate.validate(gate.rows).results]
    assert ours == [result["success"] for result in validate_with_gx(rows, entries)]


def test_converted_suites_have_all_information():
    notes = {"format": "markdown", "content": ["Ask Ann."]}
    entry = {
        **old_entry("column_values_to_not_be_null", column="n", mostly={"$PARAMETER": "share"}),
        "ge_cloud_id": UUID,
        "expectation_context": {"description": "There is an n."},
        "meta": {"notes": notes, "owner": "Ann"},
        "rendered_content": [],
    }
    text = old_suite(
        entry,
        evaluation_parameters={"share": 0.5},
        ge_cloud_id=UUID,
        meta={"great_expectations.__version__": "0.12.10", "citations": ["x"], "notes": "Old."},
    )
    converted = convert(text)
    assert converted == {
        "name": "taxi.demo",
        "id": UUID,
        "expectations": [
            {
                "type": "expect_column_values_to_not_be_null",
                "kwargs": {"column": "n", "mostly": {"$PARAMETER": "share"}},
                "id": UUID,
                "description": "There is an n.",
                "notes": ["Ask Ann."],
                "meta": {"owner": "Ann"},
            }
        ],
        "suite_parameters": {"share": 0.5},
        "meta": {"citations": ["x"]},
        "notes": "Old.",
    }
    assert evaluate_suite(parse_suite(text, where="old.json"), {}).expectations[0].mostly == 0.5


def test_a_suite_in_the_new_form_is_unchanged():
    document = {"name": "x", "expectations": [{"type": "expect_x", "kwargs": {"auto": True, "a": None}}], "other": 1}
    assert to_current_form(document, where="x.json") == document


@pytest.mark.parametrize(
    ("entry", "problem", "remedy"),
    [
        (
            old_entry("column_mean_to_be_between", column="n", auto=True, profiler_config={"x": 1}),
            "'auto' is true, and no other argument has a value. Great Expectations 1.0 removed the estimation of "
            "arguments. Remove 'auto', and write the values that you expect.",
            old_entry("column_mean_to_be_between", column="n", min_value=1),
        ),
        (
            old_entry("column_mean_to_be_between", column="n", min_value=1, mostly=0.9),
            "expect_column_mean_to_be_between applies to the whole table. Great Expectations 0.x ignored its 'mostly', "
            "and release 1.0 removed it. Remove 'mostly'.",
            old_entry("column_mean_to_be_between", column="n", min_value=1),
        ),
        (
            old_entry("column_values_to_be_between", column="n", min_value=1, allow_cross_type_comparisons=True),
            "'allow_cross_type_comparisons' is true. Great Expectations 1.0 removed this argument, because values of "
            "different types have no order. Remove the argument, and give the column one type.",
            old_entry("column_values_to_be_between", column="n", min_value=1),
        ),
        (
            old_entry(
                "column_values_to_be_in_set", column="day", value_set=["2024-01-01"], parse_strings_as_datetimes=True
            ),
            "'parse_strings_as_datetimes' is true. Great Expectations 1.0 removed this argument, and would compare a "
            "text column as text. Remove the argument, and give the column the type date or timestamp.",
            old_entry("column_values_to_be_in_set", column="day", value_set=["2024-01-01"], mostly=0.5),
        ),
    ],
)
def test_retired_arguments_that_change_the_outcome_are_rejected(rows, entry, problem, remedy):
    """The remedy in the message works."""
    with pytest.raises(SuiteError) as caught:
        parse_suite(old_suite(entry), where="old.json")
    assert (caught.value.suite, caught.value.expectation, caught.value.problem) == ("taxi.demo", 1, problem)
    gate = compile_gate(rows, suite=parse_suite(old_suite(remedy), where="old.json"))
    assert gate.validate(gate.rows).outcome == "met"


def test_estimated_bounds_are_kept():
    """Release 0.18 wrote the estimated bounds next to `auto`."""
    entry = old_entry("column_mean_to_be_between", column="n", auto=True, min_value=1, profiler_config={"x": 1})
    (expectation,) = parse_suite(old_suite(entry), where="old.json").expectations
    assert expectation.kwargs == {"column": "n", "min_value": 1}


def test_a_text_column_that_was_parsed_as_dates_is_not_compared_as_text(rows):
    entry = old_entry("column_values_to_be_between", column="s", **DATES)
    with pytest.raises(SuiteError, match="column 's' is text. Bounds are valid only for numbers, dates and times."):
        compile_gate(rows, suite=parse_suite(old_suite(entry), where="old.json"))


PARTITION = {"values": [1, 2, 3], "weights": [0.3, 0.3, 0.4]}
REPLACEMENTS = {
    "expect_column_kl_divergence_to_be_less_than": {"column": "n", "partition_object": PARTITION, "threshold": 0.5},
    "expect_select_column_values_to_be_unique_within_record": LIST,
    "expect_compound_columns_to_be_unique": LIST,
    "expect_column_values_to_match_regex": {"column": "s", "regex": "a"},
    "expect_table_row_count_to_be_between": {"min_value": 1},
    "expect_column_values_to_be_json_parseable": {"column": "s"},
    "expect_table_columns_to_match_set": {"column_set": ["n"], "exact_match": False},
}


@pytest.mark.parametrize("type_", RETIRED_TYPES)
def test_retired_types_are_rejected_with_their_replacement(rows, type_):
    suite = parse_suite(old_suite(old_entry(type_.removeprefix("expect_"), column="n")), where="old.json")
    with pytest.raises(SuiteError) as caught:
        compile_gate(rows, suite=suite)
    hint = RETIRED_TYPES[type_]
    assert caught.value.problem == f"Great Expectations 1.0 removed the expectation type {type_}. {hint}."
    named = [name for name in hint.replace(".", " ").replace(",", " ").split() if name.startswith("expect_")]
    assert bool(named) != hint.startswith("There is no replacement")
    for name in named:
        entry = {"type": name, "kwargs": REPLACEMENTS[name]}
        compile_gate(rows, suite=parse_suite(json.dumps({"name": "x", "expectations": [entry]}), where="x.json"))


def test_gx_cannot_validate_the_retired_types():
    import great_expectations.expectations.core  # noqa: F401 - The import registers the types.
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    assert not set(RETIRED_TYPES) & set(list_registered_expectation_implementations())
