from __future__ import annotations

from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.datasets.police_dispatch.ranking import rank_by_incidents

COUNTS = "city string, initial_type string, incidents bigint"


def test_cities_are_ranked_by_total_incidents(spark):
    rows = [("B", "x", 3), ("B", "y", 3), ("A", "x", 5), ("C", "x", 6), (None, "x", 99), ("D", None, 1)]
    ranked = spark.createDataFrame(rows, COUNTS).transform(rank_by_incidents, columns=["city"], name="rank")
    expected = [(*row, {"B": 1, "C": 2, "A": 3, "D": 4, None: None}[row[0]]) for row in rows]
    expected = spark.createDataFrame(expected, f"{COUNTS}, rank int")
    assert_df_equality(ranked, expected, ignore_row_order=True, ignore_nullable=True)


def test_ranks_start_at_1_in_each_group(either_ansi):
    rows = [("A", "x", 1), ("A", "y", 2), ("A", None, 9), ("B", "x", 2), ("B", "y", 2), (None, "x", 7)]
    counts = either_ansi.createDataFrame(rows, COUNTS)
    by_city = counts.transform(rank_by_incidents, columns=["initial_type"], name="rank", group_by=["city"])
    assert {tuple(row)[:2]: row["rank"] for row in by_city.collect()} == {
        ("A", "y"): 1, ("A", "x"): 2, ("A", None): None, ("B", "x"): 1, ("B", "y"): 2, (None, "x"): 1,
    }  # fmt: skip
    pairs = counts.transform(rank_by_incidents, columns=["city", "initial_type"], name="rank")
    assert {tuple(row)[:2] for row in pairs.collect() if row["rank"] is None} == {("A", None), (None, "x")}


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from("xy"), st.integers(0, 3)), min_size=1, max_size=20))
def test_ranks_have_no_gaps(spark, rows):
    ranked = spark.createDataFrame(rows, COUNTS).coalesce(1).transform(rank_by_incidents, columns=["city"], name="rank")
    ranks = {row.city: row["rank"] for row in ranked.collect()}
    totals = {city: sum(count for name, _, count in rows if name == city) for city in ranks}
    assert sorted(ranks, key=ranks.get) == sorted(totals, key=lambda city: (-totals[city], city))
    assert sorted(ranks.values()) == [*range(1, len(ranks) + 1)]
