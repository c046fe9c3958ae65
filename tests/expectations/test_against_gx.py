"""The gate's results are those of Great Expectations itself, on the same frame, type by type.

Every row-level expectation here is a warning: GX knows no quarantine, and a table is judged on all its rows.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest

from expectations.gate import judge
from expectations.row_level import ROW_LEVEL
from expectations.suite import load_suite, parse_suite
from expectations.table_level import TABLE_LEVEL

os.environ["GX_ANALYTICS_ENABLED"] = "false"

SCHEMA = "n int, m int, s string, day date, x double"
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
SAME = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
    "missing_count",
    "missing_percent",
    "observed_value",
    "details",
)
ON_COLUMNS = [
    *((f"expect_column_values_to_{word}_null", {"column": name}) for word in ("be", "not_be") for name in ("n", "s")),
    *(("expect_column_values_to_not_be_null", {"column": "n", "mostly": mostly}) for mostly in (0.0, 0.6, 0.8, 0.81)),
    *(("expect_column_values_to_be_unique", {"column": name}) for name in ("n", "m", "s", "day", "x")),
    *(("expect_column_values_to_match_regex", {"column": "s", "regex": regex}) for regex in ("^.$", r"\p{L}", "", "é")),
    *(("expect_column_values_to_be_in_set", {"column": "s", "value_set": values}) for values in ([], ["é"], ["", "z"])),
    ("expect_column_values_to_be_in_set", {"column": "n", "value_set": [1, 3], "mostly": 0.75}),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 2, "max_value": 4}),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 2, "max_value": 4, "mostly": 0.5}),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 3, "strict_min": True}),
    ("expect_column_values_to_be_between", {"column": "n", "max_value": 3, "strict_max": True}),
    ("expect_column_values_to_be_between", {"column": "day", "min_value": "2010-01-01", "max_value": "2023-05-05"}),
    ("expect_column_values_to_be_between", {"column": "x", "min_value": -2.0, "max_value": 1.5}),
    ("expect_column_values_to_be_between", {"column": "x", "min_value": 0}),
    *((PAIR, {"column_A": "n", "column_B": "m", "or_equal": or_equal}) for or_equal in (True, False)),
    *(
        (PAIR, {"column_A": "n", "column_B": "m", "or_equal": True, "ignore_row_if": ignored})
        for ignored in ("both_values_are_missing", "either_value_is_missing", "neither")
    ),
]
ON_TABLES = [
    *(
        (f"expect_column_{name}_to_be_between", {"column": column, **bounds})
        for name in ("max", "mean", "min", "sum")
        for column, bounds in (
            ("n", {"min_value": 3, "max_value": 5}),
            ("m", {"min_value": 3, "strict_min": True}),
            ("m", {"max_value": 3, "strict_max": True}),
        )
    ),
    *(
        (f"expect_column_{name}_to_be_between", {"column": "day", "max_value": day})
        for name in ("max", "min")
        for day in ("2009-01-01", "2024-01-01")
    ),
    ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 5}),
    ("expect_table_row_count_to_be_between", {"min_value": 2, "strict_min": True}),
    *(
        ("expect_table_columns_to_match_set", {"column_set": names, "exact_match": exact})
        for names in (["x", "day", "s", "m", "n"], ["n"], ["n", "other"])
        for exact in (True, False)
    ),
]
FRAMES = {
    "mixed": [
        (1, 2, "a", date(2024, 1, 1), 1.5),
        (None, None, None, None, None),
        (3, None, "é", date(2023, 5, 5), float("nan")),
        (3, 3, "é", date(2009, 1, 1), -2.0),
        (5, 4, "", date(2024, 1, 1), float("inf")),
    ],
    "nothing as expected": [(-1, 9, "zz", date(1999, 1, 1), -99.0), (-1, 9, "zz", date(1999, 1, 1), -99.0)],
    "all null": [(None,) * 5] * 3,
    "empty": [],
}


@pytest.fixture(scope="module")
def by_gx():
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("spark").add_dataframe_asset("frames")
    batches = asset.add_batch_definition_whole_dataframe("whole")

    def validate(frame, document):
        batch = batches.get_batch({"dataframe": frame})
        found = batch.validate(ExpectationSuite(**json.loads(document))).to_json_dict()["results"]
        assert [item for item in found if item["exception_info"].get("raised_exception") is not False] == []
        # GX orders its results by column.
        return sorted(found, key=lambda item: item["expectation_config"]["meta"]["number"])

    return validate


def assert_alike(frame, expectations, by_gx):
    entries = [
        {"type": type_, "kwargs": kwargs, "id": None, "severity": "warning", "meta": {"number": number}}
        for number, (type_, kwargs) in enumerate(expectations)
    ]
    theirs = by_gx(frame, json.dumps({"name": "frames", "expectations": entries}))
    numbered = [entry | {"id": str(number)} for number, entry in enumerate(entries)]
    outcome = judge(frame, suite=parse_suite(json.dumps({"expectations": numbered}), where="frames"))
    ours = outcome.verdict(outcome.rows).results
    assert [compared(item) for item in ours] == [compared(item) for item in theirs]


def compared(item):
    config, result = item["expectation_config"], item["result"]
    found = {name: result[name] for name in SAME if name in result}
    # Of no rows GX counts none as unexpected, or gives null, as the type may be: SQL's sum of nothing.
    if result.get("element_count") == 0:
        found["unexpected_count"] = result["unexpected_count"] or 0
    return config["meta"]["number"], config["type"], config["severity"], item["success"], found


@pytest.mark.parametrize("rows", FRAMES.values(), ids=FRAMES)
def test_results_equal_those_of_gx(spark, by_gx, rows):
    frame = spark.createDataFrame(rows, SCHEMA).coalesce(1).cache()
    assert_alike(frame, [*ON_COLUMNS, *ON_TABLES], by_gx)
    frame.unpersist()


def test_results_on_other_types_equal_those_of_gx(spark, by_gx):
    rows = [
        (Decimal("1.50"), datetime(2024, 1, 1, 12), 2**40, True, [1]),
        (Decimal("2.25"), datetime(2024, 1, 2), -1, False, None),
    ]
    frame = spark.createDataFrame(rows, "c decimal(10,2), t timestamp, b bigint, flag boolean, a array<int>")
    expectations = [
        ("expect_column_values_to_be_between", {"column": "c", "min_value": 2}),
        ("expect_column_values_to_be_in_set", {"column": "c", "value_set": [1.5]}),
        ("expect_column_values_to_be_between", {"column": "t", "min_value": "2024-01-01 12:00:00", "strict_min": True}),
        ("expect_column_values_to_be_in_set", {"column": "flag", "value_set": [True]}),
        ("expect_column_values_to_be_null", {"column": "a", "mostly": 0.5}),
        ("expect_column_values_to_be_unique", {"column": "flag"}),
        ("expect_column_max_to_be_between", {"column": "b", "min_value": 2**40}),
        ("expect_column_sum_to_be_between", {"column": "b", "max_value": 2**40 - 1}),
    ]
    assert_alike(frame, expectations, by_gx)


def test_examples_are_the_unexpected_values_gx_gives(spark, by_gx):
    frame = spark.createDataFrame([(n % 3,) for n in range(9)] + [(None,)], "n int").coalesce(1)
    entry = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 0}, "id": None}
    entry |= {"meta": {"number": 0}, "severity": "warning"}
    (theirs,) = by_gx(frame, json.dumps({"name": "frames", "expectations": [entry]}))
    outcome = judge(frame, suite=parse_suite(json.dumps({"expectations": [entry]}), where="frames"))
    (ours,) = outcome.verdict(outcome.rows).results
    assert Counter(ours["result"]["partial_unexpected_list"]) == Counter({1: 3, 2: 3})
    assert ours["result"].keys() == theirs["result"].keys()
    assert ours["result"]["partial_unexpected_counts"] == theirs["result"]["partial_unexpected_counts"]


def test_every_type_that_is_compiled_is_compared():
    compared = {type_ for type_, _ in [*ON_COLUMNS, *ON_TABLES]}
    assert compared == {*ROW_LEVEL, *TABLE_LEVEL}
    assert {item.type for item in load_suite("contact_centre").expectations} <= compared
