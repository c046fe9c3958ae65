from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.shares import percentage, ratio, share_of_total

FEW = settings(max_examples=10, deadline=None)
GROUPS = st.sampled_from([None, "a", "b"])


def test_a_share_is_given_in_percent(either_ansi):
    years = either_ansi.createDataFrame([(93, 100), (0, 5), (7, 7), (1, 8), (-1, 2)], "part int, total int")
    shares = years.transform(percentage, part="part", total="total", name="pct")
    rows = [(93, 100, 93.0), (0, 5, 0.0), (7, 7, 100.0), (1, 8, 12.5), (-1, 2, -50.0)]
    assert_df_equality(shares, either_ansi.createDataFrame(rows, "part int, total int, pct double"))


def test_a_share_of_nothing_is_not_known(spark):
    years = spark.createDataFrame([(93, 100), (0, 0)], "handled int, offered int")

    shares = years.transform(percentage, part="handled", total="offered", name="pct")

    expected = spark.createDataFrame([(93, 100, 93.0), (0, 0, None)], "handled int, offered int, pct double")
    assert_df_equality(shares, expected)


def test_a_share_of_the_unknown_is_not_known(either_ansi):
    years = either_ansi.createDataFrame([(0, 0), (5, 0), (None, 5), (5, None), (None, None)], "part int, total int")
    shares = years.transform(percentage, part="part", total="total", name="pct")
    assert [row.pct for row in shares.collect()] == [None] * 5


def test_a_share_of_numbers_as_large_as_a_bigint_does_not_overflow(either_ansi):
    years = either_ansi.createDataFrame([(2**62, 2**62)], "part bigint, total bigint")
    shares = years.transform(percentage, part="part", total="total", name="pct")
    assert shares.collect()[0].pct == 100.0


@pytest.mark.parametrize("type_", ["int", "float", "double", "decimal(38,0)"])
def test_a_ratio_is_for_each_of_so_many(either_ansi, type_):
    areas = either_ansi.createDataFrame([(30, 12_000), (5, 0), (0, 7), (None, 7)], "cases int, people int")
    areas = areas.selectExpr(f"CAST(cases AS {type_}) AS cases", f"CAST(people AS {type_}) AS people")
    rates = areas.transform(ratio, part="cases", total="people", name="rate", per=1000)
    rates = rates.transform(ratio, part="cases", total="people", name="fraction").select("rate", "fraction")
    assert rates.collect() == [(2.5, 0.0025), (None, None), (0.0, 0.0), (None, None)]
    assert rates.dtypes == [("rate", "double"), ("fraction", "double")]


def test_shares_of_no_rows_are_no_rows(spark):
    empty = spark.createDataFrame([], "a int, b int")
    shares = empty.transform(percentage, part="a", total="b", name="pct").transform(
        share_of_total, column="a", name="of"
    )
    assert_df_equality(shares, spark.createDataFrame([], "a int, b int, pct double, of decimal(6,3)"))


@FEW
@given(pairs=st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**31 - 1)), min_size=1, max_size=8))
def test_the_share_of_the_total_is_the_part_again(spark, pairs):
    years = spark.createDataFrame(pairs, "part int, total int")
    for row in years.transform(percentage, part="part", total="total", name="pct").collect():
        assert row.pct * row.total / 100 == pytest.approx(row.part, rel=1e-12)


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
            "ratio: column 'text': got the type string, expected a number. R",
        ),
        (percentage, {"part": "text"}, SchemaMismatchError, "percentage: column 'text': got the type string"),
        (percentage, {"name": "PCT"}, DuplicateColumnError, "percentage: would give columns 'pct' and 'PCT', one name"),
        (ratio, {"name": "year"}, DuplicateColumnError, "ratio: would give two columns 'year'"),
    ],
)
def test_what_has_no_share_is_refused(spark, step, arguments, error, message):
    years = spark.createDataFrame([], "year int, pct double, text string")
    with pytest.raises(error, match=message):
        step(years, **({"part": "pct", "total": "year", "name": "share"} | arguments))


def test_the_rows_that_lost_most_are_rounded_up(either_ansi):
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


def test_a_group_without_a_total_or_with_a_negative_value_has_no_shares_and_a_null_is_no_part(either_ansi):
    rows = [("zero", 0), ("zero", 0), ("minus", -1), ("minus", 5), ("null", None), ("some", None), ("some", 4)]
    shares = either_ansi.createDataFrame(rows, "k string, n int").transform(
        share_of_total, column="n", name="pct", group_by=["k"]
    )
    assert {(row.k, row.n): row.pct for row in shares.collect()} == {
        **dict.fromkeys(rows),
        ("some", 4): Decimal(100),
    }
    assert shares.count() == len(rows)


def test_rows_that_lost_as_much_go_by_all_columns_however_they_are_spread(spark):
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


@FEW
@given(
    rows=st.lists(st.tuples(GROUPS, st.one_of(st.none(), st.integers(0, 9))), max_size=12), decimals=st.integers(0, 6)
)
def test_shares_of_ints_add_up_to_a_hundred_and_are_less_than_a_unit_off(spark, rows, decimals):
    types = spark.createDataFrame(rows, "k string, n int")
    assert_shares_are_exact(
        types.transform(share_of_total, column="n", name="pct", group_by=["k"], decimals=decimals), decimals
    )


@FEW
@given(rows=st.lists(st.tuples(GROUPS, st.integers(2**63 - 9, 2**63 - 1) | st.integers(0, 3)), max_size=12))
def test_shares_of_the_greatest_bigints_are_exact(spark, rows):
    types = spark.createDataFrame(rows, "k string, n bigint")
    assert_shares_are_exact(types.transform(share_of_total, column="n", name="pct", group_by=["k"], decimals=6), 6)


@FEW
@given(
    rows=st.lists(st.tuples(GROUPS, st.integers(0, 10**28 - 1) | st.integers(0, 9)), max_size=9),
    scale=st.sampled_from([0, 2, 28]),
)
def test_shares_of_decimals_are_exact(spark, rows, scale):
    given = [(key, Decimal(f"{digits}E-{scale}")) for key, digits in rows]
    types = spark.createDataFrame(given, f"k string, n decimal(28,{scale})")
    assert_shares_are_exact(types.transform(share_of_total, column="n", name="pct", group_by=["k"], decimals=6), 6)


def test_shares_of_the_greatest_numbers_are_the_same_with_ansi_and_without(either_ansi):
    most = 2**63 - 1
    types = either_ansi.createDataFrame([("a", most), ("b", most), ("c", most)], "k string, n bigint")
    shares = types.transform(share_of_total, column="n", name="pct", decimals=6)
    assert [str(row.pct) for row in shares.orderBy("k").collect()] == ["33.333334", "33.333333", "33.333333"]


def test_names_may_have_dots_spaces_and_accents(spark):
    areas = spark.createDataFrame([("a", 1, 4)], "`The. Key` string, `% Done` int, `Où. ?` int")
    shares = (
        areas.transform(percentage, part="% Done", total="Où. ?", name="Part. %")
        .transform(ratio, part="% Done", total="Où. ?", name="Par. habitant", per=1000)
        .transform(share_of_total, column="% Done", name="Teil. %", group_by=["The. Key", "Où. ?"])
    )
    assert shares.columns == ["The. Key", "% Done", "Où. ?", "Part. %", "Par. habitant", "Teil. %"]
    assert shares.collect() == [("a", 1, 4, 25.0, 250.0, Decimal(100))]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"of": "N"}, MissingColumnError, "column 'N' is missing.*rename it to 'n'"),
        ({"by": ["K"]}, MissingColumnError, "column 'K' is missing"),
        ({"decimals": 7}, ArgumentError, "decimals is 7, expected 0 to 6"),
        (
            {"of": "x"},
            SchemaMismatchError,
            "column 'x': got the type double, expected a whole number, or a decimal of at",
        ),
        (
            {"of": "d"},
            SchemaMismatchError,
            "column 'd': got the type decimal.29,0., expected .* of at most 28 digits. A s",
        ),
        ({"name": "N"}, DuplicateColumnError, "would give columns 'n' and 'N', one name to Spark"),
        ({"name": "__share_lost"}, DuplicateColumnError, "would give two columns '__share_lost'"),
    ],
)
def test_a_share_that_cannot_be_exact_is_refused(spark, arguments, error, message):
    types = spark.createDataFrame([], "k string, n int, x double, d decimal(29,0)")
    with pytest.raises(error, match=f"^share_of_total: {message}"):
        share_of_total(types, **({"of": "n", "name": "pct"} | arguments))
