from __future__ import annotations

import json

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.errors import ExpectationsNotMetError, SuiteError
from expectations.gate import compile_gate
from expectations.mask import QUARANTINED
from expectations.suite import parse_suite
from transforms.dedupe import keep_latest

CALLS = "day string, n int"
MARKED = f"{CALLS}, _warnings array<string>, _quarantined boolean"
MAX = "column_max_to_be_between"
PRESENT, BETWEEN, UNIQUE = "column_values_to_not_be_null", "column_values_to_be_between", "column_values_to_be_unique"


def expect(id_, type_, severity="critical", **kwargs):
    return {"type": f"expect_{type_}", "kwargs": kwargs, "id": id_, "severity": severity}


def suite(*entries):
    return parse_suite(json.dumps({"name": "calls", "expectations": entries}), where="calls.json")


def judged(spark, rows, *entries, schema=CALLS):
    return compile_gate(spark.createDataFrame(rows, schema), suite=suite(*entries))


def latest(gate, *, key, order_by):
    """Return marked rows as the publisher makes them: revisions are resolved between the two steps of the gate."""
    marked = gate.source.transform(gate.mark_rows)
    return gate.mark_across_rows(marked.transform(keep_latest, key=key, order_by=order_by, valid=gate.passes))


def results(verdict):
    return {item["expectation_config"]["id"]: item for item in verdict.to_json_dict()["results"]}


def assert_marked(spark, outcome, rows):
    marked = outcome.rows.select("day", "n", "_warnings", QUARANTINED)
    # One partition each: a sort of several starts a Spark job more to find its ranges.
    expected = spark.createDataFrame(rows, MARKED).coalesce(1)
    assert_df_equality(marked.coalesce(1), expected, ignore_row_order=True, ignore_nullable=True)


def test_rows_that_fail_a_critical_expectation_are_quarantined_with_the_names_of_all_they_failed(spark):
    outcome = judged(
        spark,
        [("mon", 1), ("tue", -1), (None, -2), (None, None)],
        expect("day_present", PRESENT, column="day"),
        expect("n_not_negative", BETWEEN, column="n", min_value=0),
        expect("n_above_minus_two", BETWEEN, "warning", column="n", min_value=-1),
    )
    expected = spark.createDataFrame(
        [
            ("tue", -1, ["n_not_negative"], None),
            (None, -2, ["day_present", "n_not_negative"], ["n_above_minus_two"]),
            (None, None, ["day_present"], None),
        ],
        f"{CALLS}, _failed_expectations array<string>, _warnings array<string>",
    )
    assert_df_equality(outcome.rejected(outcome.rows), expected, ignore_nullable=True)
    verdict = outcome.validate(outcome.rows)
    assert (verdict.rows, verdict.quarantined, verdict.outcome) == (4, 3, "refused")
    found = results(verdict)["n_not_negative"]["result"]
    assert (found["unexpected_count"], found["missing_count"]) == (2, 1)
    assert sorted(found["partial_unexpected_list"]) == [-2, -1]


def test_warnings_stay_and_are_named(spark):
    outcome = judged(
        spark,
        [("mon", 1), ("tue", 200), ("wed", None)],
        expect("n_small", BETWEEN, "warning", column="n", max_value=100),
        expect("n_tiny", BETWEEN, "info", column="n", max_value=10),
    )
    assert_marked(
        spark,
        outcome,
        [("mon", 1, None, False), ("tue", 200, ["n_small", "n_tiny"], False), ("wed", None, None, False)],
    )
    assert outcome.validate(outcome.rows).outcome == "met with warnings"
    assert outcome.rejected(outcome.rows).collect() == []


def test_with_mostly_met_the_failing_row_is_quarantined_and_the_rest_is_published(spark):
    rows = [("mon", 1), ("tue", 2), ("wed", 3), ("thu", -4)]
    for mostly, outcome in [(0.75, "met"), (0.76, "refused")]:
        item = expect("n_not_negative", BETWEEN, column="n", min_value=0, mostly=mostly)
        gate = judged(spark, rows, item)
        verdict = gate.validate(gate.rows)
        assert (verdict.outcome, verdict.rows, verdict.quarantined) == (outcome, 4, 1)


def test_a_critical_expectation_not_met_is_refused_with_a_readable_line(spark):
    outcome = judged(spark, [("mon", -1)], expect("n_not_negative", BETWEEN, column="n", min_value=0))
    with pytest.raises(ExpectationsNotMetError) as caught:
        outcome.validate(outcome.rows).require_met(kept_at="b")
    assert caught.value.failures == (
        "n_not_negative: 1 of 1 rows are not as expected, at least 100 % must be; such as -1",
    )


def test_a_duplicate_is_judged_among_the_rows_that_pass_all_else(spark):
    outcome = judged(
        spark,
        [("mon", 1), ("mon", -1), ("tue", 2), ("tue", 3), (None, 4), (None, 5)],
        expect("n_not_negative", BETWEEN, column="n", min_value=0),
        expect("one_row_per_day", UNIQUE, column="day"),
    )
    assert_marked(
        spark,
        outcome,
        [
            ("mon", 1, None, False),
            ("mon", -1, None, True),
            ("tue", 2, None, True),
            ("tue", 3, None, True),
            (None, 4, None, False),
            (None, 5, None, False),
        ],
    )
    found = results(outcome.validate(outcome.rows))["one_row_per_day"]["result"]
    assert (found["unexpected_count"], found["missing_count"]) == (2, 2)
    assert found["partial_unexpected_list"] == ["tue", "tue"]


def test_of_each_key_the_latest_row_that_passes_stays_and_a_broken_newest_is_quarantined(spark):
    rows = [("mon", 1, 10), ("mon", 2, 20), ("mon", 3, -1), ("tue", 1, -5), ("tue", 2, 30), (None, 1, 1), (None, 2, 1)]
    items = [
        expect("n_not_negative", BETWEEN, column="n", min_value=0),
        expect("one_row_per_day", UNIQUE, column="day"),
    ]
    schema = "day string, file int, n int"
    outcome = judged(spark, rows, *items, schema=schema)
    rows = latest(outcome, key=["day"], order_by=["file"])
    kept = {(row.day, row.file, row.n, row[QUARANTINED]) for row in rows.collect()}
    assert kept == {
        ("mon", 2, 20, False),
        ("mon", 3, -1, True),
        ("tue", 2, 30, False),
        (None, 1, 1, False),
        (None, 2, 1, False),
    }


def test_an_empty_frame_is_met_but_for_what_it_should_hold(spark):
    items = [
        expect("day_present", PRESENT, column="day"),
        expect("one_row_per_day", UNIQUE, column="day"),
        expect("some_rows", "table_row_count_to_be_between", min_value=1),
    ]
    outcome = judged(spark, [], *items)
    rows = latest(outcome, key=["day"], order_by=["n"])
    verdict = outcome.validate(rows)
    assert (verdict.rows, verdict.quarantined) == (0, 0)
    assert [*verdict.failures().values()] == ["some_rows: observed 0, expected {'min_value': 1}"]
    assert outcome.rejected(rows).columns == ["day", "n", "_failed_expectations", "_warnings"]


def test_a_suite_of_eighty_expectations_counts_each_of_them_right(spark):
    items = [
        expect(f"not_{n}", "column_values_to_match_regex", "warning", column="day", regex=f"^(?!{n}$)")
        for n in range(80)
    ]
    outcome = judged(spark, [(day, 1) for day in ("0", "61", "62", "62", None)], *items)
    assert [name for name in outcome.rows.columns if name.startswith("_mask")] == ["_mask_0", "_mask_1"]
    found = {name: item["result"] for name, item in results(outcome.validate(outcome.rows)).items()}
    counts = {"not_0": 1, "not_61": 1, "not_62": 2}
    assert {name: result["unexpected_count"] for name, result in found.items()} == {
        f"not_{n}": 0 for n in range(80)
    } | counts
    assert {result["missing_count"] for result in found.values()} == {1}


def test_judging_starts_no_job_and_the_verdict_one_examples_included(spark, count_jobs):
    items = [expect("n_small", BETWEEN, "warning", column="n", max_value=5)]
    fine, odd = judged(spark, [("mon", 1)], *items), judged(spark, [("mon", 9)], *items)
    unique = judged(spark, [("mon", 1)], *items, expect("u", UNIQUE, column="day"))
    keyed = latest(unique, key=["day"], order_by=["n"])
    assert "Python" not in keyed._jdf.queryExecution().toString().replace("PythonRDD", "")
    assert count_jobs() == 0
    fine.validate(fine.rows)
    assert count_jobs() == 1
    found = odd.validate(odd.rows)
    assert count_jobs() == 1
    assert found.results[0]["result"]["partial_unexpected_list"] == [9]


def test_what_looks_values_up_or_needs_statistics_starts_one_job_more(spark, count_jobs):
    in_set = expect("days", "column_distinct_values_to_be_in_set", "warning", column="day", value_set=["tue"])
    outcome = judged(spark, [("mon", 1)], in_set)
    (found,) = outcome.validate(outcome.rows).results
    assert (count_jobs(), found["result"]["partial_unexpected_list"]) == (2, ["mon"])
    score = expect(
        "score", "column_value_z_scores_to_be_less_than", "warning", column="n", threshold=3, double_sided=True
    )
    outcome = judged(spark, [("mon", 1)], score)
    assert count_jobs() == 0
    outcome.rows.collect()
    assert count_jobs() == 2  # the statistics are broadcast


VALUES = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, -1, 0, 1, 99])), max_size=10)


@settings(max_examples=10, deadline=None)
@given(rows=VALUES)
def test_every_row_passes_or_is_quarantined(spark, rows):
    outcome = judged(
        spark,
        rows,
        expect("day_present", PRESENT, column="day"),
        expect("n_not_negative", BETWEEN, column="n", min_value=0),
        expect("one_row_per_day", UNIQUE, "warning", column="day"),
        expect("n_small", BETWEEN, "warning", column="n", max_value=9),
    )
    marked = outcome.rows.collect()
    assert sorted(((row.day, row.n) for row in marked), key=repr) == sorted(rows, key=repr)
    assert all(row[QUARANTINED] == (row.day is None or row.n == -1) for row in marked)
    passing = [row for row in marked if not row[QUARANTINED]]
    for row in passing:
        alike = sum(other.day == row.day for other in passing)
        warnings = ["one_row_per_day"] * (alike > 1) + ["n_small"] * (row.n == 99)
        assert row["_warnings"] == (warnings or None)


@pytest.mark.parametrize(
    "name",
    ["_mask_0", "_warnings", "_quarantined", "_failed_expectations", "_passes", "_Passes", "_ORDER", "_statistic_0"],
)
def test_a_column_with_a_name_the_gate_needs_is_refused(spark, name):
    with pytest.raises(SuiteError, match=rf"suite calls: the rows have columns \['{name}'\], names of the gate"):
        judged(spark, [], expect("fine", PRESENT, column="n"), schema=f"n int, {name} int")


def test_examples_of_a_rare_failure_are_found_among_many_others(spark):
    rows = spark.range(0, 3000, 1, 1).selectExpr("string(id) day", "int(if(id = 2999, -5, 100)) n")
    outcome = compile_gate(
        rows,
        suite=suite(
            expect("n_small", BETWEEN, column="n", max_value=9),
            expect("n_not_negative", BETWEEN, column="n", min_value=0),
        ),
    )
    found = results(outcome.validate(outcome.rows))
    assert found["n_small"]["result"]["partial_unexpected_list"] == [100] * 20
    assert found["n_not_negative"]["result"]["partial_unexpected_list"] == [-5]


def test_a_share_of_duplicates_is_one_of_the_rows_that_are_compared(spark):
    rows = [("x", -1)] * 90 + [(day, 1) for day in "aabbcdefgh"]
    outcome = judged(
        spark,
        rows,
        expect("n_not_negative", BETWEEN, column="n", min_value=0, mostly=0.05),
        expect("one_row_per_day", UNIQUE, column="day", mostly=0.9),
    )
    verdict = outcome.validate(outcome.rows)
    found = results(verdict)["one_row_per_day"]
    assert (found["success"], verdict.quarantined) == (False, 94)
    counts = {name: found["result"][name] for name in ("element_count", "missing_count", "unexpected_count")}
    assert counts == {"element_count": 10, "missing_count": 0, "unexpected_count": 4}
    assert found["result"]["unexpected_percent"] == 40.0


def test_a_result_is_json_that_any_reader_takes(spark):
    def refuse(constant):
        raise AssertionError(constant)

    ranges = {"quantiles": [0.5, 1.0], "value_ranges": [[None, 1], [None, 1]]}
    rows = [(float("nan"),), (float("inf"),), (float("-inf"),)]
    outcome = judged(
        spark,
        rows,
        expect("small", BETWEEN, "warning", column="x", max_value=-1),
        expect("max", MAX, "warning", column="x", max_value=1),
        expect("quantiles", "column_quantile_values_to_be_between", "warning", column="x", quantile_ranges=ranges),
        schema="x double",
    )
    document = outcome.validate(outcome.rows, result_format="COMPLETE").to_json_dict()
    assert json.loads(json.dumps(document), parse_constant=refuse) == document
