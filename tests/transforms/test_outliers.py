from __future__ import annotations

from decimal import Decimal
from math import expm1, inf, log1p, nan

import pytest

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.outliers import flag_outliers


def flagged(rows, **options):
    found = rows.transform(flag_outliers, column="n", name="unusual", **options).collect()
    return {(*row[:-3],): (row.unusual, row.low_fence, row.high_fence) for row in found}


def fences(lower, upper, times=1.5):
    """Return the fences of two quartiles, by hand."""
    low, high = log1p(lower), log1p(upper)
    reach = times * (high - low)
    return pytest.approx(max(expm1(low - reach), 0.0)), pytest.approx(expm1(high + reach))


def test_what_is_unusual_is_told_for_each_group_with_fences_in_the_column_s_units(spark):
    usual = [("a", n) for n in (100, 110, 120, 130)]
    rows = [*usual, ("a", 0), ("a", 2**31 - 1), ("a", 115), (None, 5), (None, 5), (None, 6), ("alone", 7)]
    found = flagged(spark.createDataFrame(rows, "k string, n int"), group_by=["k"])
    # sorted: 0 100 110 115 120 130 2147483647; the quartiles lie half way, on the logarithm
    a = fences(expm1((log1p(100) + log1p(110)) / 2), expm1((log1p(120) + log1p(130)) / 2))
    nulls = fences(5, expm1((log1p(5) + log1p(6)) / 2))
    alone = (pytest.approx(7.0), pytest.approx(7.0))
    assert found == {
        **dict.fromkeys(usual, (None, *a)),
        ("a", 115): (None, *a),
        ("a", 0): ("low", *a),
        ("a", 2**31 - 1): ("high", *a),
        (None, 5): (None, *nulls),
        (None, 6): (None, *nulls),
        ("alone", 7): (None, *alone),
    }


def test_without_groups_all_rows_are_one_and_wider_fences_flag_less(spark):
    rows = spark.createDataFrame([(n,) for n in (9, 99, 99, 999, 99_999)], "n int")
    assert {n: found[0] for (n,), found in flagged(rows, fences=0.5).items()} == {
        9: "low",
        99: None,
        999: None,
        99_999: "high",
    }
    assert flagged(rows, fences=1.9)[99_999,] == ("high", *fences(99, 999, times=1.9))
    assert flagged(rows, fences=2.1)[99_999,] == (None, *fences(99, 999, times=2.1))


def test_less_than_a_quarter_of_absurd_values_moves_no_quartile_to_them(spark):
    rows = spark.createDataFrame([(n,) for n in (10, 11, 12, 13, 14, 15, 16, 10**9, 10**12)], "n bigint")
    found = flagged(rows)
    assert {n: unusual for (n,), (unusual, *_) in found.items() if unusual} == {10**9: "high", 10**12: "high"}
    assert found[10,][1:] == fences(12, 16)


def test_nulls_nan_and_negative_values_are_neither_and_no_part_of_the_quartiles(either_ansi):
    good = [100.0, 110.0, 120.0, 130.0, 90_000.0]
    rows = [("a", n) for n in [*good, None, nan, -1.0, -inf, *[-0.5] * 9]] + [("b", None), ("b", nan), ("b", -2.0)]
    frame = either_ansi.createDataFrame(rows, "k string, n double")
    found = frame.transform(flag_outliers, column="n", name="unusual", group_by=["k"]).collect()
    assert len(found) == len(rows)
    assert [(row.n, row.unusual) for row in found if row.unusual] == [(90_000.0, "high")]
    assert all((row.low_fence, row.high_fence) == fences(110, 130) for row in found if row.k == "a")
    assert {(row.low_fence, row.high_fence) for row in found if row.k == "b"} == {(None, None)}  # nothing is usual


def test_zeros_have_a_logarithm_and_what_is_infinite_is_high(spark):
    rows = spark.createDataFrame(
        [("z", n) for n in (0.0, 0.0, 0.0)] + [("i", n) for n in (1.0, 1.5, 2.0, 3.0, inf)], "k string, n double"
    )
    found = flagged(rows, group_by=["k"])
    assert found["z", 0.0] == (None, 0.0, 0.0)
    assert found["i", inf][0] == "high"
    assert found["i", 1.0][0] is None


def test_where_all_are_equal_none_is_unusual_and_any_other_is(spark):
    rows = [("same", 7)] * 5 + [("one more", 7)] * 5 + [("one more", 8), ("one more", 6)]
    found = flagged(spark.createDataFrame(rows, "k string, n int"), group_by=["k"])
    assert {row: unusual for row, (unusual, *_) in found.items()} == {
        ("same", 7): None,
        ("one more", 7): None,
        ("one more", 8): "high",
        ("one more", 6): "low",
    }


def test_columns_are_added_at_the_end_and_none_else_changes(spark):
    areas = spark.createDataFrame([("a", Decimal(1))], "`The. Key` string, `Où. ?` decimal(20,0)")
    found = areas.transform(flag_outliers, column="Où. ?", name="Not. usual", group_by=["The. Key"])
    added = [("Not. usual", "string"), ("low_fence", "double"), ("high_fence", "double")]
    assert found.dtypes == [*areas.dtypes, *added]
    assert [tuple(row)[:3] for row in found.collect()] == [("a", 1, None)]


def test_of_no_rows_there_are_none(spark):
    assert spark.createDataFrame([], "n int").transform(flag_outliers, column="n", name="unusual").collect() == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"of": "N"}, MissingColumnError, "flag_outliers: column 'N' is missing.*rename it to 'n'"),
        ({"by": ["area"]}, MissingColumnError, "flag_outliers: column 'area' is missing"),
        ({"of": "k"}, SchemaMismatchError, "flag_outliers: column 'k': got the type string, expected a number"),
        ({"of": "yes"}, SchemaMismatchError, "flag_outliers: column 'yes': got the type boolean"),
        ({"name": "K"}, DuplicateColumnError, "flag_outliers: would give columns 'k' and 'K', one name to Spark"),
        ({"name": "low_fence"}, DuplicateColumnError, "flag_outliers: would give two columns 'low_fence'"),
        ({"name": "High_Fence"}, DuplicateColumnError, "columns 'High_Fence' and 'high_fence', one name"),
        ({"fences": 0}, ArgumentError, "flag_outliers: fences is 0, expected a finite number above 0"),
        ({"fences": -1.5}, ArgumentError, "fences is -1.5"),
        ({"fences": nan}, ArgumentError, "fences is nan"),
        ({"fences": inf}, ArgumentError, "fences is inf"),
    ],
)
def test_what_cannot_be_judged_is_refused(spark, arguments, error, message):
    rows = spark.createDataFrame([], "k string, n int, yes boolean")
    with pytest.raises(error, match=message):
        flag_outliers(rows, **({"of": "n", "name": "unusual"} | arguments))


def test_a_frame_that_has_fences_is_refused(spark):
    rows = spark.createDataFrame([], "n int, low_fence double")
    with pytest.raises(DuplicateColumnError, match="two columns 'low_fence'"):
        rows.transform(flag_outliers, column="n", name="unusual")
