"""Try the remedies that the errors of suites and of the gate give. The repaired expectation or suite is accepted."""

from __future__ import annotations

import json
from functools import partial
from importlib import metadata

import pytest

from expectations import compile as compile_module
from expectations.core import NOT_ON_SPARK
from expectations.errors import SuiteError
from expectations.gate import compile_gate
from expectations.standard import load_suite
from expectations.suite import parse_suite
from transforms.errors import DatasetNotFoundError

SCHEMA = "n int, s string, day date, tags array<string>, `a.b` int, words map<string, int>"
BETWEEN, IN_SET, LENGTHS = "column_values_to_be_between", "column_values_to_be_in_set", "column_value_lengths_to_equal"
REGEX, REGEXES = "column_values_to_match_regex", "column_values_to_match_regex_list"
PAIR, SUM = "column_pair_values_a_to_be_greater_than_b", "multicolumn_sum_to_equal"
STRFTIME, NOT_NULL = "column_values_to_match_strftime_format", "column_values_to_not_be_null"
QUANTILES, ROW_COUNT = "column_quantile_values_to_be_between", "table_row_count_to_be_between"
OUTLIERS = "column_values_to_not_be_outliers"
n, s, day, tags, words = (partial(dict, column=name) for name in ("n", "s", "day", "tags", "words"))
USE_ANOTHER = "Use another column or another expectation type."


@pytest.fixture(scope="session")
def compile_entry(spark):
    def run(type_, /, **kwargs):
        entry = {"type": f"expect_{type_}", "kwargs": kwargs, "id": "x"}
        suite = parse_suite(json.dumps({"name": "calls", "expectations": [entry]}), where="calls.json")
        return compile_gate(spark.createDataFrame([], SCHEMA), suite=suite)

    return run


@pytest.mark.parametrize(
    ("wrong", "remedy", "repaired"),
    [
        ((f"{NOT_NULL}l", n()), "Similar types: ['expect_column_values_to_not_be_null'", (NOT_NULL, n())),
        ((NOT_NULL, {"column": "Words"}), "Did you mean 'words'?", (NOT_NULL, words())),
        ((NOT_NULL, n(colum="n")), "Correct the 'kwargs'.", (NOT_NULL, n())),
        ((NOT_NULL, n(mostly=95)), "expected a number from 0 to 1, such as 0.95", (NOT_NULL, n(mostly=0.95))),
        ((BETWEEN, n()), "Give at least one bound.", (BETWEEN, n(min_value=1))),
        ((BETWEEN, s(min_value=1)), USE_ANOTHER, (BETWEEN, n(min_value=1))),
        ((BETWEEN, s(min_value=1)), USE_ANOTHER, (LENGTHS, s(value=1))),
        ((BETWEEN, n(max_value="9")), "Write values of the column's type.", (BETWEEN, n(max_value=9))),
        ((BETWEEN, day(max_value=9)), "Write dates in ISO form, such as '2024", (BETWEEN, day(max_value="2024-12-31"))),
        (
            (BETWEEN, day(max_value="31/12/2024")),
            "Write the ISO form, such as '2024-12-31' or '2024-12-31T13:00:00'.",
            (BETWEEN, day(max_value="2024-12-31T13:00:00")),
        ),
        (
            (BETWEEN, n(max_value=1, strict_max="x")),
            "expected true or false.",
            (BETWEEN, n(max_value=1, strict_max=True)),
        ),
        ((BETWEEN, n(max_value=10**400)), "expected at most 308.", (BETWEEN, n(max_value=10**300))),
        (("column_mean_to_be_between", s()), f"expected a number. {USE_ANOTHER}", ("column_mean_to_be_between", n())),
        (
            ("column_mean_to_be_between", n(min_value="1")),
            "Write numbers without quotes.",
            ("column_mean_to_be_between", n(min_value=1)),
        ),
        ((IN_SET, s(value_set=[1])), "Write the values as text.", (IN_SET, s(value_set=["1"]))),
        ((IN_SET, s(value_set="a")), "expected a list of values.", (IN_SET, s(value_set=["a"]))),
        (
            ("column_distinct_values_to_be_in_set", n(value_set=[])),
            "expected a list of at least one value.",
            ("column_distinct_values_to_be_in_set", n(value_set=[1])),
        ),
        (("column_values_to_be_unique", words()), USE_ANOTHER, ("column_values_to_be_unique", n())),
        ((REGEX, s(regex="(")), "is not a valid regular expression in Java", (REGEX, s(regex="()"))),
        ((REGEX, s(regex=5)), "expected text.", (REGEX, s(regex="5"))),
        ((REGEX, tags(regex="a")), f"expected text. {USE_ANOTHER}", (REGEX, s(regex="a"))),
        ((REGEXES, s(regex_list=[])), "expected a list of at least one regular", (REGEXES, s(regex_list=["a"]))),
        (
            (REGEXES, s(regex_list=["a"], match_on="x")),
            "['any', 'all']",
            (REGEXES, s(regex_list=["a"], match_on="all")),
        ),
        ((LENGTHS, s(value=1.5)), "expected a whole number of characters.", (LENGTHS, s(value=2))),
        (
            (PAIR, {"column_A": "n", "column_B": "s"}),
            "Use columns of one type.",
            (PAIR, {"column_A": "n", "column_B": "a.b"}),
        ),
        (
            (PAIR, {"column_A": "n", "column_B": "n", "ignore_row_if": "never"}),
            "expected one of ['both_values_are_missing', 'either_value_is_missing', 'neither'].",
            (PAIR, {"column_A": "n", "column_B": "n", "ignore_row_if": "neither"}),
        ),
        (
            ("column_pair_values_to_be_in_set", {"column_A": "n", "column_B": "n", "value_pairs_set": []}),
            "expected a list of at least one pair of values.",
            ("column_pair_values_to_be_in_set", {"column_A": "n", "column_B": "n", "value_pairs_set": [[1, 2]]}),
        ),
        (
            (SUM, {"column_list": ["n"], "sum_total": 1}),
            "expected a list of at least two columns.",
            (SUM, {"column_list": ["n", "a.b"], "sum_total": 1}),
        ),
        ((OUTLIERS, n(method="x")), "expected 'iqr' or 'std'.", (OUTLIERS, n(method="std"))),
        (
            ("column_values_to_be_of_type", n(type_="INTEGER")),
            "Use names such as 'StringType'.",
            ("column_values_to_be_of_type", n(type_="StringType")),
        ),
        (
            (QUANTILES, n(quantile_ranges={})),
            "the lists 'quantiles' and 'value_ranges'. Write a pair of numbers or nulls for each quantile.",
            (QUANTILES, n(quantile_ranges={"quantiles": [0.5], "value_ranges": [[None, 1]]})),
        ),
        ((ROW_COUNT, {"min_value": 1, "mostly": 0.9}), "Remove 'mostly'.", (ROW_COUNT, {"min_value": 1})),
        (
            (STRFTIME, n(strftime_format="%Y")),
            "expected text. Use another column.",
            (STRFTIME, s(strftime_format="%Y")),
        ),
        (
            (STRFTIME, s(strftime_format="%G-%V-%u")),
            "Use expect_column_values_to_match_regex",
            (REGEX, s(regex="^[0-9]{4}$")),
        ),
        (
            (NOT_NULL, n(row_condition="rand() < 2")),
            "Use a condition on columns only.",
            (NOT_NULL, n(row_condition="n < 2")),
        ),
        (
            (NOT_NULL, n(row_condition="n > 1", condition_parser="great_expectations")),
            'Expected a condition such as col("n") > 3, col("s") == \'text\' or col("n").notnull().',
            (NOT_NULL, n(row_condition="col(\"s\") == 'text'", condition_parser="great_expectations")),
        ),
        (
            (NOT_NULL, n(row_condition={"type": "and", "conditions": []})),
            "Add at least one condition.",
            (
                NOT_NULL,
                n(
                    row_condition={
                        "type": "and",
                        "conditions": [{"type": "pass_through", "pass_through_filter": "n > 1"}],
                    }
                ),
            ),
        ),
        (
            (NOT_NULL, n(row_condition={"type": "nullity", "column": {"name": "n"}})),
            "Write the condition in the JSON form of Great Expectations.",
            (NOT_NULL, n(row_condition={"type": "nullity", "column": {"name": "n"}, "is_null": True})),
        ),
        (
            (NOT_NULL, n(min_value={"$PARAMETER": ["x"]})),
            "expected the name of a parameter as text.",
            (NOT_NULL, n(mostly={"$PARAMETER": "1 / 2"})),
        ),
    ],
)
def test_a_repaired_expectation_is_accepted(compile_entry, wrong, remedy, repaired):
    with pytest.raises(SuiteError) as caught:
        compile_entry(wrong[0], **wrong[1])
    assert remedy in caught.value.problem
    compile_entry(repaired[0], **repaired[1])


ON_SPARK = {
    "expect_column_values_to_match_strftime_format": s(strftime_format="%Y"),
    "expect_column_values_to_match_regex": s(regex="a"),
    "expect_column_values_to_match_regex_list": s(regex_list=["a"]),
    "expect_column_values_to_not_match_regex": s(regex="a"),
    "expect_column_values_to_not_match_regex_list": s(regex_list=["a"]),
    "expect_table_row_count_to_equal": {"value": 1},
}


@pytest.mark.parametrize("hint", sorted(hint for hint in NOT_ON_SPARK.values() if hint.startswith("Use ")))
def test_the_replacement_of_a_type_that_spark_cannot_validate_is_accepted(compile_entry, hint):
    type_ = hint.removeprefix("Use ")
    compile_entry(type_.removeprefix("expect_"), **ON_SPARK[type_])


GOOD = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}


@pytest.mark.parametrize(
    ("wrong", "remedy", "repaired"),
    [
        ("{", "Correct the text.", {"expectations": [GOOD]}),
        (
            {"rules": [GOOD]},
            'Expected the form of Great Expectations: {"name": "NAME", "expectations": [{"type": "TYPE", "kwargs"',
            {"name": "NAME", "expectations": [GOOD]},
        ),
        ({"expectations": []}, "Add at least one expectation.", {"expectations": [GOOD]}),
        (
            {"expectations": [{}]},
            "Add the type, such as 'expect_column_values_to_not_be_null'.",
            {"expectations": [GOOD]},
        ),
        (
            {"expectations": [GOOD | {"id": "x"}] * 2},
            "Give each expectation its own 'id'.",
            {"expectations": [GOOD | {"id": "x"}, GOOD | {"id": "y"}]},
        ),
        (
            {"expectations": [GOOD | {"severity": "high"}]},
            "expected one of ['critical', 'warning', 'info'].",
            {"expectations": [GOOD | {"severity": "warning"}]},
        ),
        (
            {"expectations": [GOOD], "meta": ["x"]},
            "'meta' is ['x'], expected an object.",
            {"expectations": [GOOD], "meta": {}},
        ),
    ],
)
def test_a_repaired_suite_is_accepted(wrong, remedy, repaired):
    text = wrong if isinstance(wrong, str) else json.dumps(wrong)
    with pytest.raises(SuiteError) as caught:
        parse_suite(text, where="calls.json")
    assert remedy in caught.value.problem
    assert parse_suite(json.dumps(repaired), where="calls.json").expectations


def test_gx_writes_the_form_that_the_error_names():
    from great_expectations.core import ExpectationSuite

    suite = ExpectationSuite(name="calls", expectations=[GOOD])
    assert parse_suite(json.dumps(suite.to_json_dict()), where="gx.json").name == "calls"


def test_renamed_columns_are_not_reserved(spark, make_gate):
    with pytest.raises(SuiteError, match=r"reserved for the gate: \['_passes'\]. Rename the columns."):
        make_gate(spark.createDataFrame([], "_passes int"), GOOD)
    make_gate(spark.createDataFrame([], "_passes int").toDF("n"), GOOD)


def test_the_names_of_datasets_have_a_suite():
    with pytest.raises(DatasetNotFoundError, match="Did you mean 'contact_centre'?"):
        load_suite("contact_center")
    assert load_suite("contact_centre").expectations


def test_the_named_release_of_gx_is_the_pinned_release(monkeypatch, compile_entry):
    """The error that asks the user to install Great Expectations names the extra and the tested release."""
    monkeypatch.setattr(compile_module, "find_spec", lambda _: None)
    with pytest.raises(SuiteError) as caught:
        compile_entry("column_values_to_match_json_schema", column="s", json_schema={})
    assert "Run: pip install 'citylake[gx]'." in caught.value.problem
    release = f"great_expectations=={metadata.version('great_expectations')}"
    assert f"add {release} to the job's --additional-python-modules" in caught.value.problem
