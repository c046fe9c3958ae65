from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.columns import drop_fields, rename_fields
from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.masking import (
    MaskingRule,
    generalize_coordinate,
    generalize_prefix,
    generalize_year,
    keyed_hash,
    mask,
    nullify,
    partial_redact,
    redact,
    sha256_hash,
)
from transforms.names import clean_names
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, Field, change_schema

KEY = b"a key of the tests, of 40 bytes, no more"
TEXTS = ["Ann", "Zoë Müller", "", " ", "👩‍🎓 student", "a\nb", "V5K 0A1", "$1 \\ (x)"]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def evaluate(spark, column, *cells, ddl="value string"):
    return [row[0] for row in spark.createDataFrame([(cell,) for cell in cells], ddl).select(column).collect()]


def expected_hmac(text, key=KEY):
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def dump_plan(frame):
    generated = frame._jdf.queryExecution().debug().codegenToSeq().toString()
    assert "GeneratedIterator" in generated
    return frame._jdf.queryExecution().toString() + generated


def test_redaction_replaces_all_values_by_one_text(spark):
    assert evaluate(spark, redact(F.col("value")), *TEXTS, None) == ["*****"] * len(TEXTS) + [None]
    assert evaluate(spark, redact(F.col("value"), text="[phone]"), "604", None) == ["[phone]", None]


@given(cells=st.lists(texts, min_size=1, max_size=8), left=st.integers(0, 4), right=st.integers(0, 4))
def test_partial_redaction_hides_the_middle(spark, cells, left, right):
    """A short text is hidden completely."""
    masked = evaluate(spark, partial_redact(F.col("value"), left=left, right=right, char="•"), *cells)
    for cell, text in zip(cells, masked, strict=True):
        inside = len(cell) - left - right
        hidden = "•" * inside if inside > 0 else "•" * len(cell)
        assert text == (cell[:left] + hidden + cell[len(cell) - right :] if inside > 0 else hidden)


@pytest.mark.parametrize("char", ["$", "\\", "*", "."])
def test_partial_redaction_accepts_any_replacement_character(spark, char):
    assert evaluate(spark, partial_redact(F.col("value"), right=2, char=char), "12345", None) == [f"{char * 3}45", None]


@pytest.mark.parametrize("options", [{"left": -1}, {"right": -1}, {"char": ""}, {"char": "**"}])
def test_invalid_options_of_partial_redaction_are_refused(spark, options):
    with pytest.raises(
        ArgumentError, match="partial_redact: .left, right, char. is .* expected 0 or more for left and right"
    ):
        partial_redact(F.col("value"), **options)


def test_the_sha256_hash_equals_the_hash_from_python(spark):
    expected = [hashlib.sha256(text.encode()).hexdigest() for text in TEXTS]
    assert evaluate(spark, sha256_hash(F.col("value")), *TEXTS, None) == [*expected, None]


@pytest.mark.parametrize("key", [b"k" * 32, bytes(range(64)), b"longer than a block " * 5], ids=["32", "64", "100"])
def test_keyed_hash_equals_the_hmac_from_python(spark, key):
    people = spark.createDataFrame([(text,) for text in [*TEXTS, None]], "name string")
    masked = people.transform(mask, policy=[MaskingRule("name", keyed_hash, "identifies")], key=key)
    assert [row.name for row in masked.collect()] == [*(expected_hmac(text, key) for text in TEXTS), None]


def test_text_ids_and_numeric_ids_have_equal_pseudonyms(spark):
    policy = [MaskingRule("id", keyed_hash, "identifies")]
    text_row = spark.createDataFrame([("700123", "x")], "id string, note string").transform(
        mask, policy=policy, key=KEY
    )
    int_row = spark.createDataFrame([(1, 700123)], "n int, id bigint").transform(mask, policy=policy, key=KEY)
    assert text_row.first().id == int_row.first().id == expected_hmac("700123")


def test_key_does_not_appear_in_the_plan(spark):
    """The plan includes the generated code."""
    spark = spark.newSession()
    spark.conf.set("spark.sql.codegen.wholeStage", "true")
    spark.conf.set("spark.sql.codegen.factoryMode", "FALLBACK")
    people = spark.createDataFrame([("Ann",)], "name string")
    masked = people.transform(mask, policy=[MaskingRule("name", keyed_hash, "identifies")], key=KEY)
    plan = dump_plan(masked) + masked._jdf.queryExecution().logical().toJSON()
    pads = [bytes(byte ^ pad for byte in KEY) for pad in (0x36, 0x5C)]
    for secret in (KEY, *pads):
        forms = [
            secret.hex(),
            secret.hex(" "),
            base64.b64encode(secret).decode(),
            str([*secret]),
            secret.decode("latin-1"),
        ]
        for form in forms:
            assert form[:24].casefold() not in plan.casefold()
    assert "sha2" in plan
    exposed = people.withColumn("key", F.lit(bytearray(pads[0]))).withColumn("text", F.lit(KEY.decode()))
    for form in (KEY.decode(), pads[0].hex()):
        assert form[:24].casefold() in dump_plan(exposed).casefold()


@pytest.mark.parametrize("key", [None, b"", b"short", "k" * 40])
def test_error_for_an_invalid_key_hides_the_key(spark, key):
    people = spark.createDataFrame([("Ann",)], "name string")
    for action in (keyed_hash, lambda value: keyed_hash(F.lower(value))):
        message = "mask: key is '([05] bytes|40 characters)', expected 32 bytes or more, for keyed_hash"
        with pytest.raises(ArgumentError, match=message) as caught:
            mask(people, policy=[MaskingRule("name", action, "identifies")], key=key)
        assert "short" not in str(caught.value)
        assert "kkk" not in str(caught.value)


def test_actions_can_be_combined_with_spark_functions(spark):
    people = spark.createDataFrame([(" ANN",)], "name string")
    policy = [MaskingRule("name", lambda value: keyed_hash(F.lower(F.trim(value))), "identifies")]
    assert people.transform(mask, policy=policy, key=KEY).first().name == expected_hmac("ann")


def test_policy_changes_only_columns_with_a_rule(either_ansi):
    schema = "name string, born date, postcode string, lat double, phone string, mark int, n int"
    ann = ("Ann", date(1999, 5, 6), "V5K 0A1", 49.2827, "604 555 0123", 7, 1)
    people = either_ansi.createDataFrame([ann, (None,) * 7], schema)
    policy = [
        MaskingRule("phone", "drop", "not needed"),
        MaskingRule("name", partial(partial_redact, left=1), "identifies"),
        MaskingRule("born", generalize_year, "quasi-identifier"),
        MaskingRule("postcode", partial(generalize_prefix, length=3), "quasi-identifier"),
        MaskingRule("lat", partial(generalize_coordinate, degrees=0.1), "quasi-identifier"),
        MaskingRule("mark", nullify, "sensitive"),
    ]
    expected = either_ansi.createDataFrame(
        [("A**", 1999, "V5K", Decimal("49.2"), None, 1), (None,) * 6],
        "name string, born int, postcode string, lat decimal(4,1), mark int, n int",
    )
    assert_df_equality(people.transform(mask, policy=policy), expected, ignore_nullable=True)


def test_hash_does_not_depend_on_session_time_zone(either_ansi):
    either_ansi.conf.set("spark.sql.session.timeZone", "Asia/Kathmandu")
    rows = either_ansi.sql(
        "SELECT 7 AS i, 1.50 AS d, true AS b, date'2024-01-01' AS day, timestamp'2024-01-01 00:30:00Z' AS at,"
        " X'ff' AS x"
    )
    masked = rows.transform(mask, policy=[MaskingRule(name, sha256_hash, "sensitive") for name in rows.columns]).first()
    texts_of_cells = [b"7", b"1.50", b"true", b"2024-01-01", b"2024-01-01 00:30:00Z", b"\xff"]
    assert list(masked) == [hashlib.sha256(text).hexdigest() for text in texts_of_cells]


def test_different_non_utf8_bytes_have_different_pseudonyms(spark):
    rows = spark.createDataFrame([(bytearray(b"\xff"),), (bytearray(b"\xfe"),)], "id binary")
    masked = rows.transform(mask, policy=[MaskingRule("id", keyed_hash, "identifies")], key=KEY).collect()
    assert [row.id for row in masked] == [hmac.new(KEY, raw, "sha256").hexdigest() for raw in (b"\xff", b"\xfe")]


def test_custom_action_receives_timestamps_as_utc_text(either_ansi):
    either_ansi.conf.set("spark.sql.session.timeZone", "Asia/Kathmandu")
    rows = either_ansi.sql("SELECT timestamp'2024-01-01 00:30:00Z' AS at, 'Ann, 6 May 1999' AS born")
    policy = [
        MaskingRule("at", lambda at: F.upper(at), "why"),
        MaskingRule("born", lambda born: generalize_year(born), "why"),
    ]
    assert rows.transform(mask, policy=policy).collect() == [("2024-01-01 00:30:00Z", None)]


def test_generalized_years_are_in_utc(either_ansi):
    either_ansi.conf.set("spark.sql.session.timeZone", "America/Denver")
    rows = either_ansi.sql("SELECT timestamp'2024-01-01 00:30:00Z' AS at")
    assert rows.transform(mask, policy=[MaskingRule("at", generalize_year, "quasi")]).first().at == 2024


def test_nullified_columns_keep_their_type(spark):
    rows = spark.createDataFrame([(Decimal("1.5"), ["a"])], "d decimal(5,2), a array<string>")
    masked = rows.transform(mask, policy=[MaskingRule(name, nullify, "sensitive") for name in rows.columns])
    assert_df_equality(masked, spark.createDataFrame([(None, None)], rows.schema), ignore_nullable=True)


def test_cast_failures_show_only_visible_columns(spark):
    """The argument `visible_failure_columns` lists the visible columns."""
    schema = "Born string, Mark string, _malformed string"
    raw = spark.createDataFrame([("6 May 1999", "A+", None), ("1999-05-06", None, "Ann;1999-13-13")], schema)
    fields = [Field("Born", "born", "date"), Field("Mark", "mark", "int"), Field("Born", "b", "date", required=False)]
    typed = raw.transform(change_schema, fields=fields, malformed="_malformed")
    policy = [MaskingRule("born", generalize_year, "quasi")]
    hidden = typed.transform(mask, policy=policy).collect()
    assert [row[CAST_WARNINGS] for row in hidden] == [[("b", "*****", "date")], None]
    assert [failure.value for row in hidden for failure in row[CAST_FAILURES]] == ["*****"] * 3
    masked = typed.transform(mask, policy=policy, visible_failure_columns=["mark", "_malformed"]).collect()
    assert [[tuple(failure) for failure in row[CAST_FAILURES]] for row in masked] == [
        [("born", "*****", "date"), ("mark", "A+", "int")],
        [("_malformed", "*****", "record")],
    ]
    with pytest.raises(
        ArgumentError, match="visible_failure_columns is .'born'., expected columns that are not in the policy"
    ):
        typed.transform(mask, policy=policy, visible_failure_columns=["born"])


@pytest.mark.parametrize("step", ["iterator", "rename", "drop", "clean", "own action", "swap", "other"])
def test_cast_failures_of_renamed_columns_are_redacted(spark, step):
    """Cast failures of dropped columns are also redacted."""
    raw = spark.createDataFrame([("6 May 1999", "x")], "Born string, N string")
    typed = raw.transform(change_schema, fields=[Field("Born", "Born", "date"), Field("N", "n", "string")])
    renamed, dropped = rename_fields(typed, fields={"Born": "birth"}), drop_fields(typed, fields=["Born"])
    frame, policy = {
        "iterator": (typed, (each for each in [MaskingRule("Born", redact, "quasi")])),
        "rename": (renamed, [MaskingRule("birth", redact, "quasi")]),
        "drop": (dropped, [MaskingRule("n", redact, "quasi")]),
        "clean": (clean_names(typed), [MaskingRule("born", redact, "quasi")]),
        "swap": (rename_fields(typed, fields={"Born": "n", "n": "Born"}), [MaskingRule("n", redact, "quasi")]),
        "other": (renamed.withColumn("Born", F.lit("Vancouver")), [MaskingRule("birth", redact, "quasi")]),
        "own action": (typed, [MaskingRule("Born", redact, "quasi"), MaskingRule(CAST_FAILURES, nullify, "says it")]),
    }[step]
    masked = frame.transform(mask, policy=policy)
    assert CAST_FAILURES in masked.columns
    assert "1999" in str(typed.collect())
    assert "1999" not in str(masked.collect())


def test_null_cast_failures_stay_null(spark):
    typed = spark.createDataFrame([("7",)], "n string").transform(change_schema, fields=[Field("n", "n", "int")])
    assert typed.transform(mask, policy=[MaskingRule("n", redact, "why")]).collect() == [("*****", None)]


def test_an_empty_policy_changes_nothing(spark):
    people = spark.createDataFrame([], "name string")
    assert_df_equality(people.transform(mask, policy=[]), people)


def test_a_prefix_of_length_0_is_refused(spark):
    with pytest.raises(ArgumentError, match="generalize_prefix: length is 0, expected 1 or more"):
        generalize_prefix(F.col("postcode"), length=0)


@pytest.mark.parametrize(
    ("ddl", "actions", "error", "message"),
    [
        ("ID string", [redact], MissingColumnError, "column 'id' is missing.*rename it to 'ID'"),
        ("id string", [redact, nullify], DuplicateColumnError, "the result would have two columns 'id'"),
        ("id string, ID int", [redact], SchemaMismatchError, "column 'id': got .'id', 'ID'., which are the same name"),
        ("id int, a int, A int", [redact], DuplicateColumnError, "the result would have columns 'a' and 'A', which"),
        ("id string", ["redact"], ArgumentError, "the action for 'id' is 'redact', expected 'drop' or a function"),
        ("id double", [keyed_hash], SchemaMismatchError, "column 'id': got the type double, expected .*string"),
        ("id float", [sha256_hash], SchemaMismatchError, "column 'id': got the type float, expected .*string"),
        ("id array<int>", [keyed_hash], SchemaMismatchError, "got the type array<int>, expected .*string"),
        ("id string", [generalize_year], SchemaMismatchError, "got the type string, expected .*date"),
        ("id date", [partial(generalize_coordinate, degrees=1)], SchemaMismatchError, "got the type date, .*numeric"),
    ],
)
def test_invalid_policies_are_refused(spark, ddl, actions, error, message):
    with pytest.raises(error, match=f"^mask: .*{message}"):
        mask(spark.createDataFrame([], ddl), policy=[MaskingRule("id", action, "why") for action in actions], key=KEY)
