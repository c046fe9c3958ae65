from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

import pytest
from chispa import assert_df_equality
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.keys import CITYLAKE_NAMESPACE, encode_key, identifier, match_key, tie_breakers, uuid

TEXTS = st.one_of(st.none(), st.text(alphabet="a|s-1:é\x00", max_size=4), st.sampled_from(["-", "s1:a", "null"]))


def encode(*values):
    return "".join("-" if value is None else f"{kind}{len(value)}:{value}" for kind, value in values)


def test_uuid_equals_the_uuid5_of_python(spark):
    rows = [("17", 2024), ("Ünïcode 😀"[:7], -1), ("", 0), ("a", None)]
    cases = spark.createDataFrame(rows, "case string, year int").transform(uuid, key=["case", "year"], name="id")
    for row in cases.collect():
        text = f"s{len(row.case)}:{row.case}" + ("-" if row.year is None else f"n{len(str(row.year))}:{row.year}")
        assert row.id == str(uuid5(CITYLAKE_NAMESPACE, text))
        assert (UUID(row.id).version, UUID(row.id).variant) == (5, UUID(str(CITYLAKE_NAMESPACE)).variant)
    other = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
    again = spark.createDataFrame(rows[:1], "case string, year int").transform(uuid, key=["case"], namespace=other)
    assert again.first().uuid == str(uuid5(other, "s2:17"))


@given(keys=st.lists(st.tuples(TEXTS, TEXTS, st.one_of(st.none(), st.integers(-1, 11))), min_size=1, max_size=12))
@example(
    keys=[("as", "b", None), ("a", "sb", None), ("a1:", "", 1), ("a", "1:", 1), ("-", None, None), (None, "-", None)]
)
def test_only_equal_keys_have_equal_uuids(spark, keys):
    rows = spark.createDataFrame(keys, "a string, b string, n int").transform(uuid, key=["a", "b", "n"]).collect()
    assert len({row.uuid for row in rows}) == len({*keys}) == len({(row.a, row.b, row.n, row.uuid) for row in rows})


def test_integer_type_does_not_change_the_uuid(spark):
    """A decimal of scale 0 counts as an integer type."""
    row = spark.createDataFrame([(7,)], "n int")
    types = ["string", "tinyint", "smallint", "int", "bigint", "decimal(9,0)", "decimal(9,1)"]
    keys = row.select(
        *(F.col("n").cast(type_).alias(type_) for type_ in types), F.encode(F.lit("7"), "UTF-8").alias("x")
    )
    for type_ in [*types, "x"]:
        keys = keys.transform(uuid, key=[type_], name=f"of {type_}")
    ids = keys.first()[len(types) + 1 :]
    assert len({*ids[1:6]}) == 1
    assert len({*ids}) == 4


def test_uuid_ignores_session_settings(either_ansi):
    rows = either_ansi.createDataFrame(
        [("é", Decimal("0.000000100"), True, date(1, 1, 1), b"\x00\xff", 1), (None,) * 6],
        "text string, small decimal(20,9), yes boolean, day date, bytes binary, n int",
    ).selectExpr("*", "timestamp_micros(1710055800000005 * n) AS moment", "TIMESTAMP_NTZ'2024-03-10 02:30:00' AS clock")
    ids = set()
    for zone in ("UTC", "America/New_York", "Pacific/Apia"):
        either_ansi.conf.set("spark.sql.session.timeZone", zone)
        identified = rows.transform(uuid, key=rows.columns).select(
            "uuid", encode_key(rows, rows.columns, where="here").alias("text")
        )
        ids.add(tuple(map(tuple, identified.collect())))
    (first, null_row), *others = ids
    assert others == []
    assert first[1] == encode(
        ("s", "é"),
        ("n", "0.000000100"),
        ("b", "true"),
        ("d", "0001-01-01"),
        ("x", "00FF"),
        ("n", "1"),
        ("t", "2024-03-10 07:30:00.000005Z"),
        ("w", "2024-03-10 02:30:00"),
    )
    assert null_row[1] == "-" * 7 + "w19:2024-03-10 02:30:00"
    assert [first[0], null_row[0]] == [str(uuid5(CITYLAKE_NAMESPACE, text)) for text in (first[1], null_row[1])]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"key": ["K"]}, MissingColumnError, "^uuid: column 'K' is missing.*rename it to 'k'"),
        ({"key": []}, ArgumentError, r"^uuid: key is \[\], expected one column or more.$"),
        (
            {"key": ["x"]},
            SchemaMismatchError,
            "^uuid: column 'x': got the type double, expected text, integer, dec",
        ),
        (
            {"key": ["list"]},
            SchemaMismatchError,
            "column 'list': got the type array<int>.*Cast the column first, or leave it out",
        ),
        (
            {"name": "K"},
            DuplicateColumnError,
            "^uuid: the result would have columns 'k' and 'K', which are the same name to Spark",
        ),
    ],
)
def test_invalid_arguments_of_uuid_are_refused(spark, arguments, error, message):
    rows = spark.createDataFrame([], "k string, x double, list array<int>")
    with pytest.raises(error, match=message):
        uuid(rows, **({"key": ["k"]} | arguments))


def test_identifier_does_not_depend_on_partitioning(spark):
    rows = [
        ("b", 1, {"x": 2}),
        ("a", None, None),
        (None, 1, None),
        ("a", 1, {"x": 2}),
        ("a", 1, {"x": 1}),
        ("a", 1, {"x": 1}),
    ]
    for ordered in (rows, rows[::-1], rows[3:] + rows[:3]):
        types = spark.createDataFrame(ordered, "k string, n int, tags map<string, int>").repartition(3)
        numbered = sorted(types.transform(identifier, order_by=["k"], name="no").collect(), key=lambda row: row.no)
        assert [tuple(row) for row in numbered] == [
            (*rows[index], number) for number, index in enumerate([4, 5, 3, 1, 0, 2], start=1)
        ]


@given(rows=st.lists(st.tuples(TEXTS, st.integers(0, 2)), max_size=8))
def test_identifiers_are_consecutive_numbers(spark, rows):
    numbered = spark.createDataFrame(rows, "k string, n int").transform(identifier, order_by=["n"]).collect()
    assert sorted(row.id for row in numbered) == list(range(1, len(rows) + 1))
    in_order = [(row.n, row.k) for row in sorted(numbered, key=lambda row: row.id)]
    assert in_order == sorted(
        ((n, k) for k, n in rows), key=lambda row: (row[0], row[1] is None, (row[1] or "").encode())
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"order_by": ["K"]}, MissingColumnError, "^identifier: column 'K' is missing.*rename it to 'k'"),
        (
            {"name": "K"},
            DuplicateColumnError,
            "^identifier: the result would have columns 'k' and 'K', which are the same name to Spark",
        ),
    ],
)
def test_invalid_arguments_of_identifier_are_refused(spark, arguments, error, message):
    with pytest.raises(error, match=message):
        identifier(spark.createDataFrame([], "k string"), **({"order_by": ["k"]} | arguments))


def test_tie_breakers_exclude_the_leading_columns(spark):
    rows = spark.createDataFrame(
        [(1, 2, [{"a": 1}], ({"b": 1},)), (1, 1, None, None), (1, 2, [{"a": 0}], None)],
        "leading int, `n. 1` int, list array<map<string, int>>, inside struct<tags: map<string, int>>",
    )
    ordered = rows.orderBy(*tie_breakers(rows, ["leading"]))
    assert_df_equality(ordered, rows.orderBy("`n. 1`", F.to_json("list")))
    assert tie_breakers(rows, rows.columns) == []


def test_tie_breakers_distinguish_microseconds_in_maps(spark):
    rows = spark.sql("SELECT explode(array(map('a', timestamp_micros(2)), map('a', timestamp_micros(1)))) AS m")
    assert [row[0] for row in rows.select(F.unix_micros(F.col("m")["a"])).collect()] == [2, 1]
    in_order = rows.orderBy(*tie_breakers(rows, []))
    assert [row[0] for row in in_order.select(F.unix_micros(F.col("m")["a"])).collect()] == [1, 2]


SAME_KEY = [
    ["O'Brien, Zoë", "zoe  OBRIEN", "OBRIEN–Zoe", "zoë o’brien"],
    ["Straße 5", "STRASSE 5", "5. Straẞe"],
    ["Þórður Æsir", "THORDUR AESIR", "Ǽsir Thordur"],
    ["IJsselmeer", "Ĳsselmeer", "ijsselmeer"],
    ["Łódź", "lodz", "ŁO\u0301dz\u0301"],
    ["Ηρακλής Οδός", "ΟΔΟΣ ΗΡΑΚΛΗΣ", "οδο\u0301ς ηρακλης"],
    ["Алексей Ёлкин", "ЕЛКИН АЛЕКСЕИ\u0306"],
    ["İstanbul", "istanbul", "ISTANBUL"],
    ["Crème Brûlée", "brule\u0301e creme", "BRULEE_CREME"],
    ["राम", " राम "],
    ["रामी"],
    ["रमी"],
    ["東京 1", "1-東京"],
]


def test_spelling_variants_have_the_same_match_key(either_ansi):
    """The variants differ in case, accents, punctuation or word order."""
    rows = [(group, text) for group, texts in enumerate(SAME_KEY) for text in texts]
    keyed = either_ansi.createDataFrame(rows, "group int, text string").select(
        "group", match_key(F.col("text")).alias("key")
    )
    keys = {}
    for row in keyed.collect():
        keys.setdefault(row.group, set()).add(row.key)
    assert [len(group_keys) for group_keys in keys.values()] == [1] * len(SAME_KEY)
    assert len(set.union(*keys.values())) == len(SAME_KEY)


def test_text_without_letters_gives_null_match_key(spark):
    """The match key is null if one of the texts contains no letter and no digit."""
    rows = [("a", "b c"), ("a b", "c"), ("a", None), ("...", "b"), ("a", ""), ("a|b", "c")]
    keyed = spark.createDataFrame(rows, "`a. 1` string, `Ü` string")
    keys = [row[0] for row in keyed.select(match_key(F.col("`a. 1`"), F.col("`Ü`"))).collect()]
    assert keys == ["a|b c", "a b|c", None, None, None, "a b|c"]
    with pytest.raises(ArgumentError, match=r"^match_key: values is \(\), expected one column or more"):
        match_key()


LETTERS = st.one_of(
    st.characters(min_codepoint=0x20, max_codepoint=0x24F),
    st.sampled_from("ẞǼǾΆΣςЙёİıſĳÞð'’`-_,.\u0301\u0308 \u00a0"),
)


def key_in_python(text):
    sequences = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ĳ": "ij", "ς": "σ"}
    strokes = str.maketrans("øłđıħŧſ", "oldihts")
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    plain = plain.lower().translate(strokes).translate(str.maketrans(sequences))
    characters = (c if unicodedata.category(c)[0] in "LMN" else "" if c in "'’`" else " " for c in plain)
    return " ".join(sorted("".join(characters).split())) or None


@settings(max_examples=15)
@given(texts=st.lists(st.text(LETTERS, max_size=8), min_size=1, max_size=40))
def test_every_match_key_agrees_with_python_unicodedata(spark, texts):
    rows = spark.createDataFrame([(text,) for text in texts], "text string")
    keys = [row[0] for row in rows.select(match_key(F.col("text"))).collect()]
    assert keys == [key_in_python(text) for text in texts]
