from __future__ import annotations

from decimal import Decimal
from math import expm1, inf, log1p, nan

import pytest

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.outliers import flag_outliers


def flag_by_key(rows, **options):
    actual = rows.transform(flag_outliers, column="n", name="unusual", **options).collect()
    return {(*row[:-3],): (row.unusual, row.low_fence, row.high_fence) for row in actual}


def compute_fences(lower, upper, factor=1.5):
    """Calculate the fences from two quartiles, without a call of `flag_outliers`."""
    low, high = log1p(lower), log1p(upper)
    distance = factor * (high - low)
    return pytest.approx(max(expm1(low - distance), 0.0)), pytest.approx(expm1(high + distance))


def test_fences_are_computed_for_each_group(spark):
    """The fences are in the units of the column."""
    usual = [("a", n) for n in (100, 110, 120, 130)]
    rows = [*usual, ("a", 0), ("a", 2**31 - 1), ("a", 115), (None, 5), (None, 5), (None, 6), ("alone", 7)]
    actual = flag_by_key(spark.createDataFrame(rows, "k string, n int"), group_by=["k"])
    # The sorted values of the group `a` are 0, 100, 110, 115, 120, 130 and 2147483647. The quartiles are computed from
    # logarithms. The lower quartile is half way between the logarithms of 100 and 110. The upper quartile is half way
    # between the logarithms of 120 and 130.
    a = compute_fences(expm1((log1p(100) + log1p(110)) / 2), expm1((log1p(120) + log1p(130)) / 2))
    nulls = compute_fences(5, expm1((log1p(5) + log1p(6)) / 2))
    alone = (pytest.approx(7.0), pytest.approx(7.0))
    assert actual == {
        **dict.fromkeys(usual, (None, *a)),
        ("a", 115): (None, *a),
        ("a", 0): ("low", *a),
        ("a", 2**31 - 1): ("high", *a),
        (None, 5): (None, *nulls),
        (None, 6): (None, *nulls),
        ("alone", 7): (None, *alone),
    }


def test_wider_fences_flag_fewer_values(spark):
    rows = spark.createDataFrame([(n,) for n in (9, 99, 99, 999, 99_999)], "n int")
    assert {n: actual[0] for (n,), actual in flag_by_key(rows, fences=0.5).items()} == {
        9: "low",
        99: None,
        999: None,
        99_999: "high",
    }
    assert flag_by_key(rows, fences=1.9)[99_999,] == ("high", *compute_fences(99, 999, factor=1.9))
    assert flag_by_key(rows, fences=2.1)[99_999,] == (None, *compute_fences(99, 999, factor=2.1))


def test_rare_extreme_values_are_flagged(spark):
    """Less than a quarter of the rows have extreme values."""
    rows = spark.createDataFrame([(n,) for n in (10, 11, 12, 13, 14, 15, 16, 10**9, 10**12)], "n bigint")
    actual = flag_by_key(rows)
    assert {n: unusual for (n,), (unusual, *_) in actual.items() if unusual} == {10**9: "high", 10**12: "high"}
    assert actual[10,][1:] == compute_fences(12, 16)


def test_invalid_values_are_ignored(either_ansi):
    """Null, NaN and negative values are invalid."""
    good = [100.0, 110.0, 120.0, 130.0, 90_000.0]
    rows = [("a", n) for n in [*good, None, nan, -1.0, -inf, *[-0.5] * 9]] + [("b", None), ("b", nan), ("b", -2.0)]
    frame = either_ansi.createDataFrame(rows, "k string, n double")
    actual = frame.transform(flag_outliers, column="n", name="unusual", group_by=["k"]).collect()
    assert len(actual) == len(rows)
    assert [(row.n, row.unusual) for row in actual if row.unusual] == [(90_000.0, "high")]
    assert all((row.low_fence, row.high_fence) == compute_fences(110, 130) for row in actual if row.k == "a")
    assert {(row.low_fence, row.high_fence) for row in actual if row.k == "b"} == {(None, None)}


def test_infinity_is_flagged_as_high(spark):
    rows = spark.createDataFrame(
        [("z", n) for n in (0.0, 0.0, 0.0)] + [("i", n) for n in (1.0, 1.5, 2.0, 3.0, inf)], "k string, n double"
    )
    actual = flag_by_key(rows, group_by=["k"])
    assert actual["z", 0.0] == (None, 0.0, 0.0)
    assert actual["i", inf][0] == "high"
    assert actual["i", 1.0][0] is None


def test_deviations_from_equal_values_are_flagged(spark):
    rows = [("same", 7)] * 5 + [("one more", 7)] * 5 + [("one more", 8), ("one more", 6)]
    actual = flag_by_key(spark.createDataFrame(rows, "k string, n int"), group_by=["k"])
    assert {row: unusual for row, (unusual, *_) in actual.items()} == {
        ("same", 7): None,
        ("one more", 7): None,
        ("one more", 8): "high",
        ("one more", 6): "low",
    }


def test_the_new_columns_follow_the_existing_columns(spark):
    areas = spark.createDataFrame([("a", Decimal(1))], "`The. Key` string, `Où. ?` decimal(20,0)")
    actual = areas.transform(flag_outliers, column="Où. ?", name="Not. usual", group_by=["The. Key"])
    added = [("Not. usual", "string"), ("low_fence", "double"), ("high_fence", "double")]
    assert actual.dtypes == [*areas.dtypes, *added]
    assert [tuple(row)[:3] for row in actual.collect()] == [("a", 1, None)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"column": "N"}, MissingColumnError, "flag_outliers: column 'N' is missing.*rename it to 'n'"),
        ({"group_by": ["area"]}, MissingColumnError, "flag_outliers: column 'area' is missing"),
        ({"column": "k"}, SchemaMismatchError, "flag_outliers: column 'k': got the type string, expected a number"),
        ({"column": "yes"}, SchemaMismatchError, "flag_outliers: column 'yes': got the type boolean"),
        (
            {"name": "K"},
            DuplicateColumnError,
            "flag_outliers: the result would have columns 'k' and 'K', which are the same name to Spark",
        ),
        ({"name": "low_fence"}, DuplicateColumnError, "flag_outliers: the result would have two columns 'low_fence'"),
        ({"name": "High_Fence"}, DuplicateColumnError, "columns 'High_Fence' and 'high_fence', which"),
        ({"fences": 0}, ArgumentError, "flag_outliers: fences is 0, expected a finite number above 0"),
        ({"fences": -1.5}, ArgumentError, "fences is -1.5"),
        ({"fences": nan}, ArgumentError, "fences is nan"),
        ({"fences": inf}, ArgumentError, "fences is inf"),
    ],
)
def test_invalid_arguments_are_refused(spark, arguments, error, message):
    rows = spark.createDataFrame([], "k string, n int, yes boolean")
    with pytest.raises(error, match=message):
        flag_outliers(rows, **({"column": "n", "name": "unusual"} | arguments))
