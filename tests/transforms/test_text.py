from __future__ import annotations

import re
import unicodedata

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.text import clean_text, concatenate, extract, map_to_canonical, unify_case

LETTERS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)


def evaluate(spark, function, texts):
    rows = spark.createDataFrame([(text,) for text in texts], "`a. Text` string").coalesce(1)
    return [row[0] for row in rows.select(function(F.col("`a. Text`"))).collect()]


def test_non_text_values_are_cast_before_cleaning(either_ansi):
    rows = either_ansi.sql("SELECT 7 AS n, 1.5D AS d, date'2024-01-02' AS day, true AS flag, null AS nothing")
    cleaned = rows.select(*(clean_text(F.col(name)).alias(name) for name in rows.columns)).first()
    assert tuple(cleaned) == ("7", "1.5", "2024-01-02", "true", None)


def test_adjacent_blank_characters_become_one_space(spark):
    texts = {
        " Noise \u00a0\t complaint\r\n": "Noise complaint",
        "\u200bNoise\u3000\u2028complaint\ufeff": "Noise complaint",
        "Noise\u0000\u001f\u0085complaint": "Noise complaint",
        "Noise complaint": "Noise complaint",
        "né\u0301 \U0001f600": "né\u0301 \U0001f600",
        "$1 \\ 'x'": "$1 \\ 'x'",
        "": None,
        " \u00a0\u200b\ufeff\t": None,
    }
    assert evaluate(spark, clean_text, [*texts, None]) == [*texts.values(), None]


@given(texts=st.lists(st.one_of(LETTERS, st.text(" \t\n\u00a0\u2009ab", max_size=8)), min_size=1, max_size=30))
def test_text_is_cleaned_as_in_python(spark, texts):
    def cleaned(text):
        blank = (
            unicodedata.category(c)[0] == "Z" or unicodedata.category(c) == "Cc" or c in "\u200b\ufeff" for c in text
        )
        spaced = "".join(" " if is_blank else c for c, is_blank in zip(text, blank, strict=True))
        return re.sub(" +", " ", spaced).strip(" ") or None

    expected = [*map(cleaned, texts)]
    rows = spark.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    once = clean_text(F.col("text"))
    assert rows.select(once, clean_text(once)).collect() == [(text, text) for text in expected]


def test_concatenation_with_a_null_is_null(either_ansi):
    """If `null_text` is given, this text replaces each null."""
    rows = either_ansi.createDataFrame(
        [("a", 1, True), ("a", None, True), (None, None, None), ("", 2, False), ("", 2, False)],
        "`a. Text` string, n int, ok boolean",
    )
    values = [F.col("`a. Text`"), F.col("n"), F.col("ok")]
    joined = rows.select(
        concatenate(*values).alias("plain"),
        concatenate(*values, separator="", null_text="?").alias("marked"),
        concatenate(*values, separator="|", null_text="").alias("empty"),
        concatenate(F.col("n")).alias("one"),
    )
    expected = either_ansi.createDataFrame(
        [
            ("a 1 true", "a1true", "a|1|true", "1"),
            (None, "a?true", "a||true", None),
            (None, "???", "||", None),
            (" 2 false", "2false", "|2|false", "2"),
            (" 2 false", "2false", "|2|false", "2"),
        ],
        "plain string, marked string, empty string, one string",
    )
    assert_df_equality(joined, expected, ignore_nullable=True)


@given(rows=st.lists(st.tuples(*[st.one_of(st.none(), st.text("ab", max_size=2))] * 3), min_size=1, max_size=20))
def test_rows_with_different_values_have_different_concatenations(spark, rows):
    frame = spark.createDataFrame(rows, "a string, b string, c string").coalesce(1)
    columns = concatenate(F.col("a"), F.col("b"), F.col("c"), separator="|", null_text="\\N")
    joined = [row[0] for row in frame.select(columns).collect()]
    assert joined == ["|".join("\\N" if value is None else value for value in row) for row in rows]
    assert len(set(joined)) == len(set(rows))


def test_extraction_returns_the_first_match(spark):
    """Text without a match gives null."""
    texts = ["case 17 of 2024, case 18", "Case 17", "case ", "", None, "case 17\n"]
    assert evaluate(spark, lambda text: extract(text, pattern=r"case (\d+)"), texts) == [
        "17",
        None,
        None,
        None,
        None,
        "17",
    ]
    assert evaluate(spark, lambda text: extract(text, pattern=r"case (\d+)\z"), texts) == [
        "18",
        None,
        None,
        None,
        None,
        None,
    ]
    whole = evaluate(spark, lambda text: extract(text, pattern=r"(?i)case (\d*)", group=0), texts)
    assert whole == ["case 17", "Case 17", "case ", None, None, "case 17"]
    assert evaluate(spark, lambda text: extract(text, pattern=r"case (\d*)"), ["case x"]) == [None]
    assert evaluate(spark, lambda text: extract(text, pattern=r"""(['"\\$]+)"""), ["a'\"\\$b"]) == ["'\"\\$"]


@pytest.mark.parametrize(("pattern", "group"), [(r"\d+", 1), (r"(\d)", 2), (r"(\d)", -1)])
def test_unknown_capture_groups_are_refused(spark, pattern, group):
    with pytest.raises(ArgumentError, match=f"extract: group is {group}, expected a group of .*, or 0 for"):
        extract(F.col("text"), pattern=pattern, group=group)


@given(texts=st.lists(st.text("ab1 ", max_size=10), min_size=1, max_size=30))
def test_extraction_gives_the_same_text_as_python(spark, texts):
    pattern = r"([ab]+)(1*)"
    rows = spark.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    matches = rows.select(*(extract(F.col("text"), pattern=pattern, group=group) for group in (0, 1, 2))).collect()
    python_matches = [re.search(pattern, text) for text in texts]
    assert matches == [tuple(match and (match[group] or None) for group in (0, 1, 2)) for match in python_matches]


CANONICAL = {
    "E-mail": "E-mail",
    "EMAIL": "E-mail",
    " e - mail\u00a0": "E-mail",
    "e_mail": "E-mail",
    "E‑Mail": "E-mail",
    "Électronique": "E-mail",
    "électronique ": "E-mail",
    "in-person": "In Person",
    "IN   PERSON": "In Person",
    "3-1-1": "311",
    "311": "311",
    "email me": "email me",
    " Fax  machine ": "Fax machine",
    "e.mails": "e.mails",
    "-": "-",
    "": None,
    " \u00a0": None,
}


def test_variant_spellings_are_replaced_by_the_canonical_spelling(either_ansi):
    """Aliases are also replaced."""
    known = ["E-mail", "In Person", "311"]
    canonical = map_to_canonical(F.col("text"), canonical=known, aliases={"Électronique": "E-mail"})
    rows = [*CANONICAL.items(), (None, None)]
    expected = either_ansi.createDataFrame(rows, "text string, canonical string")
    assert_df_equality(expected.select("text", canonical.alias("canonical")), expected, ignore_nullable=True)


def test_empty_canonical_list_only_cleans_the_text(spark):
    assert evaluate(spark, lambda text: map_to_canonical(text, canonical=[]), [" a  b ", " ", None]) == [
        "a b",
        None,
        None,
    ]


@given(texts=st.lists(st.text("aB -_\u00a0", max_size=6), min_size=1, max_size=20))
def test_mapping_to_canonical_spellings_is_idempotent(spark, texts):
    def canonical(text):
        return map_to_canonical(text, canonical=["a-B", "BB"])

    once = evaluate(spark, canonical, texts)
    assert evaluate(spark, canonical, once) == once


def test_text_gets_its_most_frequent_case(spark):
    texts = ["Tax", "TAX", "TAX", "tax", "ÉTÉ", "été", "Map", None, ""]
    rows = spark.createDataFrame([(n, text, text) for n, text in enumerate(texts)], "n int, `a. Text` string, b string")
    unified = rows.transform(unify_case, columns=["a. Text", "b"]).orderBy("n")
    expected = ["TAX", "TAX", "TAX", "TAX", "ÉTÉ", "ÉTÉ", "Map", None, ""]
    rows = [(n, text, text) for n, text in enumerate(expected)]
    assert_df_equality(unified, spark.createDataFrame(rows, unified.schema))


def test_the_case_of_each_column_is_unified_separately(spark):
    rows = spark.createDataFrame([("Tax", "TAX"), ("TAX", "TAX"), ("Tax", "tax")], "a string, b string")
    assert {tuple(row) for row in rows.transform(unify_case, columns=["a", "b"]).collect()} == {("Tax", "TAX")}


def test_invalid_columns_of_unify_case_are_refused(spark):
    rows = spark.createDataFrame([], "a string, n int")
    with pytest.raises(SchemaMismatchError, match="unify_case: column 'n': got the type int, expected string"):
        unify_case(rows, columns=["a", "n"])
    with pytest.raises(ArgumentError, match="unify_case: columns is .., expected one column or more"):
        unify_case(rows, columns=[])
