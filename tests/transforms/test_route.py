from __future__ import annotations

from collections import Counter
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.errors import ArgumentError, MissingColumnError, SchemaMismatchError
from transforms.route import route, spigot

NUMBERS = st.one_of(st.none(), st.integers(-3, 3))


def test_default_group_contains_only_unmatched_rows(spark):
    calls = spark.createDataFrame([(5, "web"), (50, "web"), (None, "web"), (50, None), (None, None)], "n int, c string")
    frames = route(calls, groups={"long": F.col("n") > 30, "on the. web": F.col("c") == "web"})
    assert [*frames] == ["long", "on the. web", "default_group"]
    actual = {name: [tuple(row) for row in frame.collect()] for name, frame in frames.items()}
    assert actual["long"] == [(50, "web"), (50, None)]
    assert actual["on the. web"] == [(5, "web"), (50, "web"), (None, "web")]
    assert actual["default_group"] == [(None, None)]


@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=10))
def test_every_row_is_in_at_least_one_group(spark, rows):
    calls = spark.createDataFrame([(n, *row) for n, row in enumerate(rows)], "id int, `a. b` int, c int")
    groups = {"less": F.col("`a. b`") < F.col("c"), "more": F.col("`a. b`") > 0, "never": F.lit(None).cast("boolean")}
    frames = route(calls, groups=groups, default="the rest")
    named = reduce(DataFrame.union, (frame.select(F.lit(name), "id") for name, frame in frames.items())).collect()
    actual = {name: {number for column, number in named if column == name} for name in frames}

    def meeting(condition):
        return {n for n, (a, c) in enumerate(rows) if a is not None and condition(a, c)}

    less, more = meeting(lambda a, c: c is not None and a < c), meeting(lambda a, _: a > 0)
    assert actual == {"less": less, "more": more, "never": set(), "the rest": {*range(len(rows))} - less - more}


@pytest.mark.parametrize(
    ("groups", "got"), [({}, r"\[\]"), ({"others": F.lit}, r"\['others'\]")], ids=["none", "the default"]
)
def test_missing_or_reserved_group_names_are_refused(spark, groups, got):
    groups = {name: literal(True) for name, literal in groups.items()}
    with pytest.raises(
        ArgumentError, match=f"^route: groups is {got}, expected one group or more, with names other than 'o"
    ):
        route(spark.createDataFrame([], "n int"), groups=groups, default="others")


def test_larger_sample_contains_the_smaller_sample(either_ansi):
    rows = [(f"k{n % 200}" if n % 200 else None, n) for n in range(600)]
    calls = either_ansi.createDataFrame(rows, "`The. Key` string, n int")
    sampled = {}
    for share in (0, 0.1, 0.5, 1):
        sample = calls.repartition(3).transform(spigot, key=["The. Key"], share=share).collect()
        sampled[share] = {row["The. Key"] for row in sample}
        assert {*Counter(row["The. Key"] for row in sample).values()} <= {3}
    assert (len(sampled[0]), len(sampled[1])) == (0, 200)
    assert sampled[0.1] < sampled[0.5]
    assert 5 < len(sampled[0.1]) < 40
    assert 70 < len(sampled[0.5]) < 130


def test_every_table_has_the_same_sampled_keys(spark):
    """The sampled keys are also the same in every version of Spark."""
    ids = spark.range(100).transform(spigot, key=["id"], share=0.05).collect()
    small = spark.range(100).selectExpr("CAST(id AS smallint) AS other").transform(spigot, key=["other"], share=0.05)
    assert [row.id for row in ids] == [row.other for row in small.collect()] == [5, 20, 58, 85, 92]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"share": 1.5}, ArgumentError, "spigot: share is 1.5, expected a number from 0 to 1"),
        ({"share": float("nan")}, ArgumentError, "spigot: share is nan, expected a number from 0 to 1"),
        ({"key": ["ID"]}, MissingColumnError, "spigot: column 'ID' is missing.*rename it to 'id'"),
        ({"key": []}, ArgumentError, r"spigot: key is \[\], expected one column or more"),
        ({"key": ["x"]}, SchemaMismatchError, "spigot: column 'x': got the type double, expected text"),
    ],
)
def test_invalid_arguments_of_spigot_are_refused(spark, arguments, error, message):
    rows = spark.createDataFrame([], "id int, x double")
    with pytest.raises(error, match=message):
        spigot(rows, **({"key": ["id"], "share": 0.5} | arguments))
