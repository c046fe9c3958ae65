from __future__ import annotations

import json
from functools import partial

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.bits import QUARANTINED
from expectations.errors import SuiteError
from transforms.dedupe import keep_latest

CALLS = "day string, n int"
PRESENT, BETWEEN, UNIQUE = "column_values_to_not_be_null", "column_values_to_be_between", "column_values_to_be_unique"


@pytest.fixture(scope="session")
def compiled(spark, make_gate):
    return lambda rows, *entries, schema=CALLS: make_gate(spark.createDataFrame(rows, schema), *entries)


@pytest.fixture(scope="session")
def n_not_negative(make_entry):
    return partial(make_entry, BETWEEN, "n_not_negative", column="n", min_value=0)


@pytest.fixture(scope="session")
def one_row_a_day(make_entry):
    return partial(make_entry, UNIQUE, "one_row_a_day", column="day")


def keep_latest_marked(gate, *, key, order_by):
    """Mark rows as the publisher does. Between the two steps of the gate, `keep_latest` drops earlier revisions."""
    marked = gate.source.transform(gate.mark_rows)
    return gate.mark_across_rows(marked.transform(keep_latest, key=key, order_by=order_by, valid=gate.passes))


def results_by_id(validation):
    return {item["expectation_config"]["id"]: item for item in validation.to_json_dict()["results"]}


def assert_marked(spark, gate, rows):
    marked = gate.rows.select("day", "n", "_warnings", QUARANTINED)
    # A sort of several partitions starts with a Spark job that samples the rows. `coalesce(1)` avoids this job.
    expected = spark.createDataFrame(rows, f"{CALLS}, _warnings array<string>, _quarantined boolean").coalesce(1)
    assert_df_equality(marked.coalesce(1), expected, ignore_row_order=True, ignore_nullable=True)


def test_quarantined_rows_list_all_failed_expectations(spark, compiled, make_entry, n_not_negative):
    gate = compiled(
        [("mon", 1), ("tue", -1), (None, -2), (None, None)],
        make_entry(PRESENT, "day_present", column="day"),
        n_not_negative(),
        make_entry(BETWEEN, "n_above_minus_two", severity="warning", column="n", min_value=-1),
    )
    expected = spark.createDataFrame(
        [
            ("tue", -1, ["n_not_negative"], None),
            (None, -2, ["day_present", "n_not_negative"], ["n_above_minus_two"]),
            (None, None, ["day_present"], None),
        ],
        f"{CALLS}, _failed_expectations array<string>, _warnings array<string>",
    )
    assert_df_equality(gate.rows_for_quarantine(gate.rows), expected, ignore_nullable=True)
    validation = gate.validate(gate.rows)
    assert (validation.rows, validation.quarantined, validation.outcome) == (4, 3, "blocked")
    result = results_by_id(validation)["n_not_negative"]["result"]
    assert (result["unexpected_count"], result["missing_count"]) == (2, 1)
    assert sorted(result["partial_unexpected_list"]) == [-2, -1]


def test_published_rows_have_the_ids_of_their_warnings(spark, compiled, make_entry):
    gate = compiled(
        [("mon", 1), ("tue", 200), ("wed", None)],
        make_entry(BETWEEN, "n_small", severity="warning", column="n", max_value=100),
        make_entry(BETWEEN, "n_tiny", severity="info", column="n", max_value=10),
    )
    assert_marked(
        spark,
        gate,
        [("mon", 1, None, False), ("tue", 200, ["n_small", "n_tiny"], False), ("wed", None, None, False)],
    )
    assert gate.validate(gate.rows).outcome == "met with warnings"
    assert gate.rows_for_quarantine(gate.rows).collect() == []


@pytest.mark.parametrize(("mostly", "outcome"), [(0.75, "met"), (0.76, "blocked")])
def test_failed_rows_are_always_quarantined(compiled, n_not_negative, mostly, outcome):
    """The `mostly` threshold changes the outcome, not the quarantine."""
    gate = compiled([("mon", 1), ("tue", 2), ("wed", 3), ("thu", -4)], n_not_negative(mostly=mostly))
    validation = gate.validate(gate.rows)
    assert (validation.outcome, validation.rows, validation.quarantined) == (outcome, 4, 1)


def test_failed_rows_do_not_count_as_duplicates(spark, compiled, n_not_negative, one_row_a_day):
    """A uniqueness expectation ignores rows that fail a critical expectation on single rows."""
    gate = compiled(
        [("mon", 1), ("mon", -1), ("tue", 2), ("tue", 3), (None, 4), (None, 5)], n_not_negative(), one_row_a_day()
    )
    assert_marked(
        spark,
        gate,
        [
            ("mon", 1, None, False),
            ("mon", -1, None, True),
            ("tue", 2, None, True),
            ("tue", 3, None, True),
            (None, 4, None, False),
            (None, 5, None, False),
        ],
    )
    result = results_by_id(gate.validate(gate.rows))["one_row_a_day"]["result"]
    assert (result["unexpected_count"], result["missing_count"]) == (2, 2)
    assert result["partial_unexpected_list"] == ["tue", "tue"]


def test_percentage_of_duplicates_excludes_failed_rows(compiled, n_not_negative, one_row_a_day):
    """The percentage excludes rows that fail a critical expectation on single rows."""
    rows = [("x", -1)] * 90 + [(day, 1) for day in "aabbcdefgh"]
    gate = compiled(rows, n_not_negative(mostly=0.05), one_row_a_day(mostly=0.9))
    validation = gate.validate(gate.rows)
    item = results_by_id(validation)["one_row_a_day"]
    assert (item["success"], validation.quarantined) == (False, 94)
    counts = {name: item["result"][name] for name in ("element_count", "missing_count", "unexpected_count")}
    assert counts == {"element_count": 10, "missing_count": 0, "unexpected_count": 4}
    assert item["result"]["unexpected_percent"] == 40.0


def test_latest_passing_row_of_each_key_is_kept(compiled, n_not_negative, one_row_a_day):
    """If a later row of the same key fails, the later row goes to quarantine."""
    rows = [("mon", 1, 10), ("mon", 2, 20), ("mon", 3, -1), ("tue", 1, -5), ("tue", 2, 30), (None, 1, 1), (None, 2, 1)]
    gate = compiled(rows, n_not_negative(), one_row_a_day(), schema="day string, file int, n int")
    marked = keep_latest_marked(gate, key=["day"], order_by=["file"])
    assert {(row.day, row.file, row.n, row[QUARANTINED]) for row in marked.collect()} == {
        ("mon", 2, 20, False),
        ("mon", 3, -1, True),
        ("tue", 2, 30, False),
        (None, 1, 1, False),
        (None, 2, 1, False),
    }


def test_an_empty_frame_meets_all_row_level_expectations(compiled, make_entry, one_row_a_day):
    gate = compiled(
        [],
        make_entry(PRESENT, "day_present", column="day"),
        one_row_a_day(),
        make_entry("table_row_count_to_be_between", "some_rows", min_value=1),
    )
    marked = keep_latest_marked(gate, key=["day"], order_by=["n"])
    validation = gate.validate(marked)
    assert (validation.rows, validation.quarantined) == (0, 0)
    assert validation.failures() == {"some_rows": "some_rows: found 0, expected min_value=1"}
    assert gate.rows_for_quarantine(marked).columns == ["day", "n", "_failed_expectations", "_warnings"]


def test_eighty_expectations_get_separate_failure_counts(compiled, make_entry):
    gate = compiled(
        [(day, 1) for day in ("0", "61", "62", "62", None)],
        *(
            make_entry("column_values_to_match_regex", f"not_{n}", severity="warning", column="day", regex=f"^(?!{n}$)")
            for n in range(80)
        ),
    )
    results = {id_: item["result"] for id_, item in results_by_id(gate.validate(gate.rows)).items()}
    counts = {f"not_{n}": 0 for n in range(80)} | {"not_0": 1, "not_61": 1, "not_62": 2}
    assert {id_: result["unexpected_count"] for id_, result in results.items()} == counts
    assert {result["missing_count"] for result in results.values()} == {1}


def test_only_the_validation_starts_a_spark_job(compiled, count_jobs, make_entry, one_row_a_day):
    """Marking rows starts no Spark job. Validating the marked rows starts one job."""
    n_small = make_entry(BETWEEN, "n_small", severity="warning", column="n", max_value=5)
    met, unmet = compiled([("mon", 1)], n_small), compiled([("mon", 9)], n_small)
    latest = keep_latest_marked(compiled([("mon", 1)], n_small, one_row_a_day()), key=["day"], order_by=["n"])
    assert "Python" not in latest._jdf.queryExecution().toString().replace("PythonRDD", "")
    assert count_jobs() == 0
    met.validate(met.rows)
    assert count_jobs() == 1
    validation = unmet.validate(unmet.rows)
    assert count_jobs() == 1
    assert validation.results[0]["result"]["partial_unexpected_list"] == [9]


def test_distinct_values_and_statistics_add_a_spark_job(compiled, count_jobs, make_entry):
    """The distinct values of a column add one Spark job. The statistics for z-scores also add one Spark job."""
    days = make_entry("column_distinct_values_to_be_in_set", severity="warning", column="day", value_set=["tue"])
    gate = compiled([("mon", 1)], days)
    (item,) = gate.validate(gate.rows).results
    assert (count_jobs(), item["result"]["partial_unexpected_list"]) == (2, ["mon"])
    score = make_entry("column_value_z_scores_to_be_less_than", column="n", threshold=3, double_sided=True)
    gate = compiled([("mon", 1)], score)
    assert count_jobs() == 0
    gate.rows.collect()
    assert count_jobs() == 2  # One of the two jobs broadcasts the statistics.


VALUES = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, -1, 0, 1, 99])), max_size=10)


@settings(max_examples=10, deadline=None)
@given(rows=VALUES)
def test_the_gate_keeps_and_marks_failed_rows(compiled, make_entry, n_not_negative, one_row_a_day, rows):
    gate = compiled(
        rows,
        make_entry(PRESENT, "day_present", column="day"),
        n_not_negative(),
        one_row_a_day(severity="warning"),
        make_entry(BETWEEN, "n_small", severity="warning", column="n", max_value=9),
    )
    marked = gate.rows.collect()
    assert sorted(((row.day, row.n) for row in marked), key=repr) == sorted(rows, key=repr)
    assert all(row[QUARANTINED] == (row.day is None or row.n == -1) for row in marked)
    passing = [row for row in marked if not row[QUARANTINED]]
    for row in passing:
        same_day = sum(other.day == row.day for other in passing)
        warnings = ["one_row_a_day"] * (same_day > 1) + ["n_small"] * (row.n == 99)
        assert row["_warnings"] == (warnings or None)


@pytest.mark.parametrize(
    "name",
    ["_mask_0", "_warnings", "_quarantined", "_failed_expectations", "_passes", "_Passes", "_ORDER", "_statistic_0"],
)
def test_reserved_column_names_are_rejected(compiled, make_entry, name):
    problem = rf"suite calls: the rows have columns with names that are reserved for the gate: \['{name}'\]."
    with pytest.raises(SuiteError, match=problem):
        compiled([], make_entry(PRESENT, column="n"), schema=f"n int, {name} int")


def test_rare_failures_have_examples_despite_frequent_failures(spark, make_gate, make_entry, n_not_negative):
    rows = spark.range(0, 3000, 1, 1).selectExpr("string(id) day", "int(if(id = 2999, -5, 100)) n")
    gate = make_gate(rows, make_entry(BETWEEN, "n_small", column="n", max_value=9), n_not_negative())
    results = results_by_id(gate.validate(gate.rows))
    assert results["n_small"]["result"]["partial_unexpected_list"] == [100] * 20
    assert results["n_not_negative"]["result"]["partial_unexpected_list"] == [-5]


def test_results_with_nan_or_infinity_are_valid_json(compiled, make_entry):
    def reject(constant):
        raise AssertionError(constant)

    ranges = {"quantiles": [0.5, 1.0], "value_ranges": [[None, 1], [None, 1]]}
    gate = compiled(
        [(float("nan"),), (float("inf"),), (float("-inf"),)],
        make_entry(BETWEEN, column="x", max_value=-1),
        make_entry("column_max_to_be_between", column="x", max_value=1),
        make_entry("column_quantile_values_to_be_between", column="x", quantile_ranges=ranges),
        schema="x double",
    )
    document = gate.validate(gate.rows, result_format="COMPLETE").to_json_dict()
    assert json.loads(json.dumps(document), parse_constant=reject) == document
