"""Joins and lookups; what is put under one another is in `test_combine`."""

from __future__ import annotations

from collections import Counter

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.combine import JOINS, join, lookup
from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    UnknownFunctionError,
)

CALLS, NAMES = "id int, channel string", "code string, label string"
FEW = settings(max_examples=10, deadline=None)
KEYS = st.sampled_from([None, "a", "b", "c"])


def calls_and_names(spark):
    calls = spark.createDataFrame([(1, "web"), (2, "web"), (3, "fax"), (4, None)], CALLS)
    names = [("web", "Online"), ("web", "Internet"), ("sms", "Text"), (None, "None")]
    return calls, spark.createDataFrame(names, NAMES)


MATCHED = [("web", 1, "Internet"), ("web", 1, "Online"), ("web", 2, "Internet"), ("web", 2, "Online")]
OF_LEFT, OF_RIGHT = [("fax", 3, None), (None, 4, None)], [("sms", None, "Text"), (None, None, "None")]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("inner", MATCHED),
        ("left", [*MATCHED, *OF_LEFT]),
        ("right", [*MATCHED, *OF_RIGHT]),
        ("outer", [*MATCHED, *OF_LEFT, *OF_RIGHT]),
        ("left semi", [("web", 1), ("web", 2)]),
        ("left anti", [("fax", 3), (None, 4)]),
    ],
)
def test_each_kind_of_join_keeps_its_rows_multiplies_by_duplicates_and_matches_no_null(spark, how, expected):
    calls, names = calls_and_names(spark)
    joined = join(calls, names, on={"channel": "code"}, how=how)
    assert joined.columns == ["channel", "id", "label"][: len(expected[0])]
    assert Counter(map(tuple, joined.collect())) == Counter(expected)


@pytest.mark.parametrize("how", JOINS)
def test_an_empty_side_joins_nothing(spark, how):
    calls, names = calls_and_names(spark)
    no_names = join(calls, names.where("1 = 0"), on={"channel": "code"}, how=how).count()
    assert no_names == (0 if how in ("inner", "right", "left semi") else 4)
    no_calls = join(calls.where("1 = 0"), names, on={"channel": "code"}, how=how).count()
    assert no_calls == (4 if how in ("outer", "right") else 0)


@pytest.mark.parametrize("how", JOINS)
def test_a_frame_can_be_joined_with_one_derived_from_it(spark, how):
    calls = spark.createDataFrame([("web", 1), ("web", 2), ("fax", 5)], "channel string, n int")
    busy = calls.where("n < 5").groupBy("channel").agg(F.sum("n").alias("total"))
    joined = join(calls, busy, on=["channel"], how=how)
    matched = [("web", 1, 3), ("web", 2, 3)]
    expected = {
        "inner": matched,
        "right": matched,
        "left": [("fax", 5, None), *matched],
        "outer": [("fax", 5, None), *matched],
        "left semi": [("web", 1), ("web", 2)],
        "left anti": [("fax", 5)],
    }
    assert sorted(map(tuple, joined.collect())) == expected[how]


def test_a_frame_can_be_joined_with_itself_on_other_keys(spark):
    people = spark.createDataFrame([(1, None), (2, 1), (3, 1)], "id int, chief int")
    assert sorted(join(people, people, on={"id": "chief"}, how="left semi").collect()) == [(1, None)]
    chiefs = people.withColumnRenamed("chief", "of chief")
    assert sorted(join(people, chiefs, on={"chief": "id"}, how="inner").collect()) == [(1, 2, None), (1, 3, None)]
    same = join(people, people.select("id"), on=["id"], how="inner")
    assert sorted(map(tuple, same.collect())) == [(1, None), (2, 1), (3, 1)]


def test_keys_of_any_name_and_one_key_twice_on_the_right(spark):
    left = spark.createDataFrame([(1, 2, 5), (3, 3, 6)], "`a.b` int, `Ça va` int, CODE int")
    right = spark.createDataFrame([(3, "x"), (1, "y")], "code int, `l. b` string")
    joined = join(left, right, on={"a.b": "code", "Ça va": "code"}, how="left")
    assert joined.columns == ["a.b", "Ça va", "CODE", "l. b"]
    assert sorted(map(tuple, joined.collect())) == [(1, 2, 5, None), (3, 3, 6, "x")]
    assert join(left, right.toDF("ID", "x"), on={"CODE": "ID"}, how="outer").columns == ["CODE", "a.b", "Ça va", "x"]


@pytest.mark.parametrize(
    ("left", "right", "on", "how", "error", "message"),
    [
        ("k int", "k int", ["k"], "cross", UnknownFunctionError, "join: how: 'cross' is no function it knows; use one"),
        ("k int", "k int", [], "left", ArgumentError, r"join: on is \[\], expected a list of the columns"),
        ("k int", "k int", "k", "left", ArgumentError, "join: on is 'k', expected a list of the columns"),
        ("k int", "k int", ["K"], "left", MissingColumnError, "join: the left frame: column 'K'.*rename it to 'k'"),
        ("k int", "code int", ["k"], "left", MissingColumnError, "join: the right frame: column 'k' is missing"),
        (
            "k int",
            "k bigint",
            ["k"],
            "left",
            SchemaMismatchError,
            "join: key 'k': got the type bigint on the right, ex",
        ),
        ("k int, n int", "k int, n int", ["k"], "outer", DuplicateColumnError, "join: would give two columns 'n'"),
        (
            "k int, n int",
            "k int, N int",
            ["k"],
            "inner",
            DuplicateColumnError,
            "columns 'n' and 'N', one name to Spark",
        ),
        ("k int, n int", "code int, K int", {"k": "code"}, "left", DuplicateColumnError, "columns 'k' and 'K'"),
        (
            "k int, K int",
            "k int",
            ["k"],
            "left anti",
            SchemaMismatchError,
            "left frame: column 'k': got .'k', 'K'., one",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(spark, left, right, on, how, error, message):
    with pytest.raises(error, match=message):
        join(spark.createDataFrame([], left), spark.createDataFrame([], right), on=on, how=how)


def test_columns_that_both_have_do_not_matter_where_only_the_lefts_are_kept(spark):
    calls = spark.createDataFrame([(1, 5), (2, 6)], "k int, n int")
    assert join(calls, calls.where("k = 1").toDF("k", "N"), on=["k"], how="left semi").collect() == [(1, 5)]
    assert join(calls, calls.where("k = 1"), on=["k"], how="left anti").collect() == [(2, 6)]


@FEW
@given(left=st.lists(KEYS, max_size=8), right=st.lists(KEYS, max_size=8), how=st.sampled_from(JOINS))
def test_each_kind_of_join_has_as_many_rows_as_pythons(spark, left, right, how):
    calls = spark.createDataFrame([(key, n) for n, key in enumerate(left)], "k string, n int")
    names = spark.createDataFrame([(key, n) for n, key in enumerate(right)], "k string, m int")
    matched = sum(right.count(key) for key in left if key is not None)
    met = sum(key is not None and key in right for key in left)
    lonely = sum(key is None or key not in left for key in right)
    expected = {
        "inner": matched,
        "left": matched + len(left) - met,
        "right": matched + lonely,
        "outer": matched + len(left) - met + lonely,
        "left semi": met,
        "left anti": len(left) - met,
    }
    assert len(join(calls, names, on=["k"], how=how).collect()) == expected[how]


def test_a_lookup_adds_what_the_latest_reference_row_of_the_key_says(spark):
    calls, _ = calls_and_names(spark)
    rows = [("web", "Internet", 2019), ("web", "Online", 2024), ("web", "Zuse", None), (None, "None", 2024)]
    names = spark.createDataFrame(rows, f"{NAMES}, since int")
    arguments = {"on": {"channel": "code"}, "columns": ["label"], "order_by": ["since"], "found": "is known"}
    looked_up = calls.transform(lookup, names, **arguments)
    expected = [(1, "web", "Online", True), (2, "web", "Online", True), (3, "fax", None, False), (4, None, None, False)]
    schema = f"{CALLS}, label string, `is known` boolean"
    assert_df_equality(looked_up, spark.createDataFrame(expected, schema), ignore_row_order=True, ignore_nullable=True)


def test_a_key_of_two_columns_is_looked_up_whole(spark):
    calls = spark.createDataFrame([(1, "web"), (1, "fax"), (2, "web"), (2, None)], CALLS)
    rows = [(1, "web", "a"), (1, "fax", "b"), (2, "web", "c"), (2, None, "d"), (1, "web", "A")]
    names = spark.createDataFrame(rows, "id int, channel string, label string")
    looked_up = calls.transform(lookup, names, on=["id", "channel"], columns=["label"], order_by=[])
    assert [tuple(row)[2] for row in looked_up.orderBy("id", "channel").collect()] == ["b", "a", None, "c"]


def test_of_reference_rows_alike_in_their_order_the_greatest_is_taken_however_they_are_spread(spark):
    calls = spark.createDataFrame([("web",), ("web",)], "code string")
    rows = [("web", "b", None, 1), ("web", "b", "x", 1), ("web", "a", "z", 1), ("web", "z", "z", 0)]
    for ordered in (rows, rows[::-1], rows[2:] + rows[:2]):
        names = spark.createDataFrame(ordered, f"{NAMES}, more string, since int").repartition(3)
        looked_up = calls.transform(lookup, names, on=["code"], columns=["label", "more"], order_by=["since"])
        assert looked_up.collect() == [("web", "b", "x")] * 2


def test_a_reference_may_have_its_keys_and_order_under_names_that_the_rows_have_too(spark):
    calls = spark.createDataFrame([(1, "web", "x"), (2, "fax", "y")], "Code int, channel string, note string")
    reference = [("web", 1, "p", "no"), ("web", 2, "q", "no")]
    names = spark.createDataFrame(reference, "code string, note int, label string, channel string")
    on = {"channel": "code"}
    looked_up = calls.transform(lookup, names, on=on, columns=["label"], order_by=["note"], found="known")
    assert looked_up.columns == ["Code", "channel", "note", "label", "known"]
    assert sorted(map(tuple, looked_up.collect())) == [(1, "web", "x", "q", True), (2, "fax", "y", None, False)]


def test_a_lookup_may_take_the_references_key_and_name_its_flag_after_it(spark):
    calls, names = calls_and_names(spark)
    taken = calls.transform(lookup, names, on={"channel": "code"}, columns=["code"], order_by=["label"])
    assert sorted(map(tuple, taken.collect())) == [
        (1, "web", "web"),
        (2, "web", "web"),
        (3, "fax", None),
        (4, None, None),
    ]
    flagged = calls.transform(lookup, names, on={"channel": "code"}, columns=[], order_by=[], found="Code")
    assert sorted(map(tuple, flagged.collect())) == [
        (1, "web", True),
        (2, "web", True),
        (3, "fax", False),
        (4, None, False),
    ]


def test_a_frame_can_be_looked_up_in_one_derived_from_it(spark):
    calls = spark.createDataFrame([("web", 1), ("web", 2), ("fax", 5)], "channel string, n int")
    busy = calls.groupBy("channel").agg(F.max("n").alias("most"), F.max("n").alias("n"))
    looked_up = calls.transform(lookup, busy, on=["channel"], columns=["most"], order_by=["n"])
    assert sorted(map(tuple, looked_up.collect())) == [("fax", 5, 5), ("web", 1, 2), ("web", 2, 2)]


def test_empty_frames_are_looked_up_and_names_may_have_dots_spaces_and_accents(spark):
    calls = spark.createDataFrame([(1, "x")], "`Id. No` int, `été` string")
    names = spark.createDataFrame([], "`Clé. A` string, `La. B` string, `Depuis. C` int")
    arguments = {"on": {"été": "Clé. A"}, "columns": ["La. B"], "order_by": ["Depuis. C"], "found": "Trouvé. ?"}
    assert calls.transform(lookup, names, **arguments).collect() == [(1, "x", None, False)]
    nothing = calls.where("1 = 0").transform(lookup, names, **arguments)
    assert (nothing.columns, nothing.collect()) == (["Id. No", "été", "La. B", "Trouvé. ?"], [])


@FEW
@given(keys=st.lists(KEYS, max_size=8), said=st.lists(st.tuples(KEYS, st.integers(0, 2), KEYS), max_size=8))
def test_a_lookup_never_multiplies_or_loses_a_row(spark, keys, said):
    calls = spark.createDataFrame([(n, key) for n, key in enumerate(keys)], "n int, k string")
    names = spark.createDataFrame(said, "k string, since int, label string")
    rows = calls.transform(lookup, names, on=["k"], columns=["label"], order_by=["since"], found="known").collect()
    assert sorted((row.n, row.k) for row in rows) == list(enumerate(keys))
    for row in rows:
        of_key = [(since, label or "", label) for key, since, label in said if key == row.k is not None]
        assert (row.label, row.known) == (max(of_key)[2] if of_key else None, bool(of_key))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"on": ["code"]}, MissingColumnError, "lookup: the left frame: column 'code' is missing"),
        ({"on": ["channel"]}, MissingColumnError, "lookup: the right frame: column 'channel' is missing"),
        ({"on": {}}, ArgumentError, "lookup: on is {}, expected a list of the columns that are equal"),
        ({"on": {"id": "code"}}, SchemaMismatchError, "lookup: key 'id': got the type string on the right"),
        ({"columns": ["Label"]}, MissingColumnError, "lookup: the reference: column 'Label' is missing"),
        ({"order_by": ["since"]}, MissingColumnError, "lookup: the reference: column 'since' is missing"),
        ({"columns": ["label", "label"]}, DuplicateColumnError, "lookup: would give two columns 'label'"),
        ({"found": "ID"}, DuplicateColumnError, "lookup: would give columns 'id' and 'ID', one name to Spark"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(spark, arguments, error, message):
    calls, names = spark.createDataFrame([], CALLS), spark.createDataFrame([], NAMES)
    good = {"on": {"channel": "code"}, "columns": ["label"], "order_by": ["label"]}
    with pytest.raises(error, match=message):
        lookup(calls, names, **(good | arguments))
