from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.errors import DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.names import clean_names, require_columns, require_distinct, require_number, snake_case

MANY = settings(max_examples=200)
LETTERS = st.characters(max_codepoint=0x24F) | st.sampled_from("AbCd Éß_-1%.ΣДя東ﬁ½²İ\u0301")


def test_required_column_names_are_case_sensitive(spark):
    calls = spark.createDataFrame([(1, 2)], "`Calls. Offered` int, b int")
    require_columns(calls, ["Calls. Offered", "b"], where="here")
    with pytest.raises(MissingColumnError, match="here: column 'B' is missing.*rename it to 'b'"):
        require_columns(calls, ["b", "B"], where="here")


def test_ambiguous_required_column_names_are_refused(spark):
    twins = spark.createDataFrame([], "Day int, day int, n int")
    require_columns(twins, ["n"], where="here")
    with pytest.raises(SchemaMismatchError) as caught:
        require_columns(twins, ["n", "day"], where="here")
    assert str(caught.value) == (
        "here: column 'day': got ['Day', 'day'], which are the same name to Spark, expected one column of that "
        "name. Rename one column with rename_fields, or drop one column with drop_fields."
    )


def test_a_column_without_a_numeric_type_is_refused(spark):
    rows = spark.createDataFrame([], "`n. 1` int, d decimal(5,2), text string, yes boolean")
    for name in ("n. 1", "d"):
        require_number(rows, name, where="here")
    for name, type_ in (("text", "string"), ("yes", "boolean")):
        with pytest.raises(
            SchemaMismatchError, match=f"here: column '{name}': got the type {type_}, expected a number. C"
        ):
            require_number(rows, name, where="here")


@pytest.mark.parametrize(
    ("first", "second"), [("a", "A"), ("ÉTÉ", "été"), ("σ", "ς"), ("ı", "i"), ("\u212a", "k"), ("ẞ", "ß")]
)
def test_names_that_spark_reads_as_equal_are_refused(spark, first, second):
    assert spark.createDataFrame([], f"`{first}` int").withColumn(second, F.lit(1)).columns == [second]
    with pytest.raises(DuplicateColumnError) as caught:
        require_distinct(["n", first, second], where="here")
    assert caught.value.columns == (first, second)


def test_names_that_spark_reads_as_different_are_accepted(spark):
    names = ["Straße", "strasse", "a ", "a", "ﬁ", "fi", "e\u0301", "é"]
    assert spark.range(1).select(F.lit(1)).withColumns({name: F.lit(1) for name in names}).columns[1:] == names
    require_distinct(names, where="here")


def test_error_shows_duplicate_names_unchanged():
    require_distinct([], where="here")
    with pytest.raises(DuplicateColumnError) as caught:
        require_distinct(["b", "Day", "day"], where="here")
    assert str(caught.value) == (
        "here: the result would have columns 'Day' and 'day', which are the same name to Spark. "
        "All columns: ['b', 'Day', 'day']. Rename or drop one of the two first."
    )
    with pytest.raises(
        DuplicateColumnError, match="here: the result would have two columns 'b'. All columns: .'b', 'b'.."
    ):
        require_distinct(["b", "b"], where="here")


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("CallsOffered", "calls_offered"),
        ("Calls. Offered", "calls_offered"),
        ("already_snake_2", "already_snake_2"),
        ("BI_ID", "bi_id"),
        ("HTTPStatus", "http_status"),
        ("X1Y2", "x1y2"),
        ("  Taux d'été (%)", "taux_d_ete"),
        ("E\u0301te\u0301", "ete"),
        ("Straße", "straße"),
        ("Дата обращения", "дата_обращения"),
        ("東京 人口", "東京_人口"),
        ("ごみ収集 バス", "ごみ収集_バス"),
        ("हिन्दी दिन", "हिन्दी_दिन"),
        ("ที่อยู่", "ที่อยู่"),
        ("½ m²", "1_2_m2"),
        ("%", ""),
        ("", ""),
    ],
)
def test_a_name_is_converted_to_snake_case(name, snake):
    assert snake_case(name) == snake


@MANY
@given(name=st.text(LETTERS, max_size=12))
def test_snake_case_conversion_is_idempotent(name):
    snake = snake_case(name)
    assert snake_case(snake) == snake == snake.lower()
    assert all(part and all(letter.isalnum() for letter in part) for part in snake.split("_") if snake)


def test_cleaning_changes_only_column_names(spark):
    calls = spark.createDataFrame([(1, None, 3), (1, None, 3)], "`Calls. Offered` int, `% ` string, `été` int")
    expected = spark.createDataFrame([(1, None, 3)] * 2, "calls_offered int, column_2 string, ete int")
    assert_df_equality(calls.transform(clean_names), expected)
    assert calls.where("1 = 0").transform(clean_names).columns == expected.columns


@pytest.mark.parametrize(("first", "second", "name"), [("a b", "A.B", "a_b"), ("Column 2", "%", "column_2")])
def test_duplicate_clean_names_are_refused(spark, first, second, name):
    with pytest.raises(
        DuplicateColumnError,
        match=f"^clean_names: the result would have two columns '{name}', from the columns .*Rename or drop",
    ):
        clean_names(spark.createDataFrame([], f"`{first}` int, `{second}` int"))
