from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.shares import percentage, ratio, share_of_total

GROUPS = st.sampled_from([None, "a", "b"])


def test_percentage_without_part_or_total_is_null(either_ansi):
    """A total of 0 also gives null."""
    years = either_ansi.createDataFrame(
        [(93, 100), (0, 5), (1, 8), (-1, 2), (2**62, 2**62), (0, 0), (5, 0), (None, 5), (5, None)],
        "part bigint, total bigint",
    )
    shares = years.transform(percentage, part="part", total="total", name="pct")
    assert [row.pct for row in shares.collect()] == [93.0, 0.0, 12.5, -50.0, 100.0, *[None] * 4]
    assert dict(shares.dtypes)["pct"] == "double"


@pytest.mark.parametrize("type_", ["int", "float", "double", "decimal(38,0)"])
def test_ratio_is_multiplied_by_the_scale(either_ansi, type_):
    areas = either_ansi.createDataFrame([(30, 12_000), (5, 0), (0, 7), (None, 7)], "cases int, people int")
    areas = areas.selectExpr(f"CAST(cases AS {type_}) AS cases", f"CAST(people AS {type_}) AS people")
    rates = areas.transform(ratio, part="cases", total="people", name="rate", scale=1000)
    rates = rates.transform(ratio, part="cases", total="people", name="fraction").select("rate", "fraction")
    assert rates.collect() == [(2.5, 0.0025), (None, None), (0.0, 0.0), (None, None)]
    assert rates.dtypes == [("rate", "double"), ("fraction", "double")]


@pytest.mark.parametrize(
    ("step", "arguments", "error", "message"),
    [
        (percentage, {"part": "Pct"}, MissingColumnError, "percentage: column 'Pct' is missing.*rename it to 'pct'"),
        (percentage, {"total": "Pct"}, MissingColumnError, "percentage: column 'Pct' is missing"),
        (ratio, {"total": "people"}, MissingColumnError, "ratio: column 'people' is missing"),
        (
            ratio,
            {"total": "text"},
            SchemaMismatchError,
            "ratio: column 'text': got the type string, expected a number. C",
        ),
        (percentage, {"part": "text"}, SchemaMismatchError, "percentage: column 'text': got the type string"),
        (
            percentage,
            {"name": "PCT"},
            DuplicateColumnError,
            "percentage: the result would have columns 'pct' and 'PCT', which",
        ),
        (ratio, {"name": "year"}, DuplicateColumnError, "ratio: the result would have two columns 'year'"),
    ],
)
def test_invalid_arguments_of_ratio_and_percentage_are_refused(spark, step, arguments, error, message):
    years = spark.createDataFrame([], "year int, pct double, text string")
    with pytest.raises(error, match=message):
        step(years, **({"part": "pct", "total": "year", "name": "share"} | arguments))


def test_shares_with_the_largest_remainders_are_rounded_up(either_ansi):
    rows = [
        ("a", 1, "66.7"),
        ("a", 1, "33.3"),
        ("b", 5, "100.0"),
        (None, 1, "12.5"),
        (None, 7, "87.5"),
        ("c", 0, "0.0"),
    ]
    types = either_ansi.createDataFrame(
        [("a", 2), ("a", 1), ("b", 5), (None, 1), (None, 7), ("c", 0), ("c", 3)], "k string, n int"
    )
    shares = types.transform(share_of_total, column="n", name="pct", group_by=["k"], decimals=1)
    expected = {("a", 2, "66.7"), ("c", 3, "100.0"), *(row for row in rows if row[0] != "a"), rows[1]}
    assert {(row.k, row.n, str(row.pct)) for row in shares.collect()} == expected
    assert dict(shares.dtypes)["pct"] == "decimal(4,1)"


def test_negative_values_give_null_shares(either_ansi):
    """A total of 0 also gives null shares."""
    rows = [("zero", 0), ("zero", 0), ("minus", -1), ("minus", 5), ("null", None), ("some", None), ("some", 4)]
    shares = either_ansi.createDataFrame(rows, "k string, n int").transform(
        share_of_total, column="n", name="pct", group_by=["k"]
    )
    assert {(row.k, row.n): row.pct for row in shares.collect()} == {
        **dict.fromkeys(rows),
        ("some", 4): Decimal(100),
    }
    assert shares.count() == len(rows)


def test_rounding_does_not_depend_on_the_partitioning(spark):
    """The remainders of all rows are equal."""
    rows = [("b", 1, None), ("a", 1, 7), ("a", 1, None), (None, 1, 7), ("a", 1, 3), ("a", 1, 3)]
    for ordered in (rows, rows[::-1], rows[2:] + rows[:2]):
        types = spark.createDataFrame(ordered, "k string, n int, m int").repartition(3)
        shares = types.transform(share_of_total, column="n", name="pct", decimals=0).collect()
        assert sorted((row.k or "-", row.m or 0, int(row.pct)) for row in shares) == [
            ("-", 7, 16),
            ("a", 0, 17),
            ("a", 3, 17),
            ("a", 3, 17),
            ("a", 7, 17),
            ("b", 0, 16),
        ]


def assert_shares_are_exact(shares, decimals):
    rows = shares.collect()
    for key in {row.k for row in rows}:
        group = [row for row in rows if row.k == key]
        total = sum(Fraction(row.n) for row in group if row.n is not None)
        if not total:
            assert {row.pct for row in group} == {None}
            continue
        assert sum(row.pct for row in group if row.n is not None) == 100
        for row in group:
            assert (row.pct is None) == (row.n is None)
            if row.n is not None:
                assert abs(Fraction(row.pct) - 100 * Fraction(row.n) / total) < Fraction(1, 10**decimals)


@given(
    rows=st.lists(st.tuples(GROUPS, st.none() | st.integers(0, 9) | st.integers(2**63 - 9, 2**63 - 1)), max_size=12),
    decimals=st.integers(0, 6),
)
def test_shares_of_integers_add_up_to_100(spark, rows, decimals):
    types = spark.createDataFrame(rows, "k string, n bigint")
    assert_shares_are_exact(
        types.transform(share_of_total, column="n", name="pct", group_by=["k"], decimals=decimals), decimals
    )


@given(
    rows=st.lists(st.tuples(GROUPS, st.integers(0, 10**28 - 1) | st.integers(0, 9)), max_size=9),
    scale=st.sampled_from([0, 2, 28]),
)
def test_shares_of_decimals_add_up_to_100(spark, rows, scale):
    decimals = [(key, Decimal(f"{digits}E-{scale}")) for key, digits in rows]
    types = spark.createDataFrame(decimals, f"k string, n decimal(28,{scale})")
    assert_shares_are_exact(types.transform(share_of_total, column="n", name="pct", group_by=["k"], decimals=6), 6)


def test_shares_of_maximum_bigints_do_not_overflow(either_ansi):
    maximum = 2**63 - 1
    types = either_ansi.createDataFrame([("a", maximum), ("b", maximum), ("c", maximum)], "k string, n bigint")
    shares = types.transform(share_of_total, column="n", name="pct", decimals=6)
    assert [str(row.pct) for row in shares.orderBy("k").collect()] == ["33.333334", "33.333333", "33.333333"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"column": "N"}, MissingColumnError, "column 'N' is missing.*rename it to 'n'"),
        ({"group_by": ["K"]}, MissingColumnError, "column 'K' is missing"),
        ({"decimals": 7}, ArgumentError, "decimals is 7, expected 0 to 6"),
        (
            {"column": "x"},
            SchemaMismatchError,
            "column 'x': got the type double, expected an integer, or a decimal with a maximum of 28",
        ),
        (
            {"column": "d"},
            SchemaMismatchError,
            "column 'd': got the type decimal.29,0., expected .* maximum of 28 digits. A s",
        ),
        (
            {"name": "N"},
            DuplicateColumnError,
            "the result would have columns 'n' and 'N', which are the same name to Spark",
        ),
        ({"name": "__share_remainder"}, DuplicateColumnError, "the result would have two columns '__share_remainder'"),
    ],
)
def test_invalid_arguments_of_share_of_total_are_refused(spark, arguments, error, message):
    types = spark.createDataFrame([], "k string, n int, x double, d decimal(29,0)")
    with pytest.raises(error, match=f"^share_of_total: {message}"):
        share_of_total(types, **({"column": "n", "name": "pct"} | arguments))
