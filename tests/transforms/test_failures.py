"""How such pipelines fail elsewhere, number by number, and that they do not here. 17, of csv, is in tests/ingest."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, pivot, top_n
from transforms.combine import join, lookup, union_by_name
from transforms.dates import parse_date
from transforms.dedupe import drop_superseded_rows, keep_latest
from transforms.derive import bucket, change_on_previous
from transforms.drift import Drift, schema_drift
from transforms.errors import DuplicateColumnError, SchemaMismatchError
from transforms.keys import uuid
from transforms.masking import MaskingRule, keyed_hash, mask, redact
from transforms.names import clean_names
from transforms.nested import array_to_columns
from transforms.route import route
from transforms.schema import CAST_FAILURES, Field, change_schema
from transforms.shares import percentage, share_of_total
from transforms.text import concatenate
from transforms.times import date_parts, parse_timestamp


def column(frame, name=None):
    return [row[name or 0] for row in frame.collect()]


def instants(frame):
    """Return the times in the first column, as texts of UTC, whatever the session's time zone."""
    micros = frame.select(F.unix_micros(F.col(frame.columns[0]))).collect()
    return [m and datetime.fromtimestamp(m // 1_000_000, timezone.utc).strftime("%m-%d %H:%M") for (m,) in micros]


@pytest.mark.parametrize(
    "condition",
    ["minutes > 10", "NOT minutes > 10", "minutes IN (5, NULL)", "minutes NOT IN (5, NULL)", "CAST(NULL AS boolean)"],
)
def test_failure_10_null_semantics_lose_no_rows_in_routing(either_ansi, condition):
    calls = either_ansi.createDataFrame([(5,), (None,), (50,)], "minutes int")
    groups = route(calls, groups={"passed": F.expr(condition)}, default="failed")
    assert sorted(map(str, column(groups["passed"]) + column(groups["failed"]))) == ["5", "50", "None"]


def test_failure_13_helper_columns_collide_with_none_of_the_rows(spark):
    names = ["a.b", "A b", "ünï", "rank", "key", "value", "__value", "id", "n`m"]
    rows = spark.createDataFrame([tuple(range(9)), tuple(range(9))], ", ".join(f"c{n} int" for n in range(9)))
    odd = rows.toDF(*names)
    once = odd.transform(keep_latest, key=["a.b"], order_by=["n`m"], valid=F.col("rank") == 3)
    assert once.columns == names
    assert once.count() == 1
    current = odd.withColumn("is. current", F.lit(True))
    assert current.transform(drop_superseded_rows, key=["a.b"], file="A b", current="is. current").count() == 2
    shares = odd.transform(share_of_total, column="value", name="my. share", group_by=["a.b", "ünï"])
    assert shares.columns == [*names, "my. share"]
    assert column(shares, "my. share") == [Decimal("50.000")] * 2
    masked = odd.transform(
        mask, policy=[MaskingRule("n`m", keyed_hash, "why"), MaskingRule("a.b", redact, "why")], key=b"k" * 32
    )
    assert masked.columns == names
    assert [row[0] for row in masked.collect()] == ["*****"] * 2
    assert [row[1:8] for row in masked.collect()] == [tuple(range(1, 8))] * 2
    first = odd.transform(top_n, n=1, column="A b", group_by=["a.b"], rank="my. rank")
    assert first.columns == [*names, "my. rank"]
    counted = odd.transform(aggregate, group_by=["a.b"], columns={"key": ("__value", "first")}, order_by=["n`m"])
    assert counted.collect() == [(0, 6)]


def test_failure_13_a_column_named_as_a_helper_is_refused_not_mixed_up(spark):
    rows = spark.createDataFrame([(1, 2, True)], "k int, n int, c boolean")
    steps = [
        ("__keep_latest_rank", keep_latest, {"key": ["k"], "order_by": ["n"]}),
        ("__keep_latest_valid", keep_latest, {"key": ["k"], "order_by": ["n"], "valid": F.col("c")}),
        ("__drop_superseded_rows_current", drop_superseded_rows, {"key": ["k"], "file": "n", "current": "c"}),
        ("__share_total", share_of_total, {"of": "n", "name": "share"}),
    ]
    for helper, step, arguments in steps:
        with pytest.raises(DuplicateColumnError, match=f"{step.__name__}: would give two columns '{helper}'"):
            rows.withColumn(helper, F.lit(0)).transform(step, **arguments)


def test_failure_13_names_that_differ_only_in_case_are_refused_not_mixed_up(spark):
    rows = spark.createDataFrame([(1, 2)], "`Calls Offered` int, CallsOffered int")
    with pytest.raises(DuplicateColumnError, match="clean_names: would give two columns 'calls_offered'"):
        clean_names(rows)


def test_failure_14_a_union_does_not_swap_columns_by_position(spark):
    first = spark.createDataFrame([(10, 20)], "a int, b int")
    assert union_by_name(first, first.select("b", "a")).collect() == [(10, 20), (10, 20)]


@pytest.mark.parametrize("ddl", ["a bigint, b int", "a string, b int", "a int", "a int, b int, c int"])
def test_failure_14_drift_of_types_and_columns_is_refused_and_reported(spark, ddl):
    first, drifted = spark.createDataFrame([], "a int, b int"), spark.createDataFrame([], ddl)
    with pytest.raises(SchemaMismatchError, match="union_by_name: frame 2"):
        union_by_name(first, drifted)
    assert schema_drift(first, drifted) != []
    assert Drift("a", "retyped", "int", "bigint") in schema_drift(first, spark.createDataFrame([], "a bigint"))


def test_failure_14_a_join_of_an_int_and_a_text_key_is_refused_not_cast(spark):
    numbers, texts = (
        spark.createDataFrame([(7,)], "id int"),
        spark.createDataFrame([("007", "x")], "id string, v string"),
    )
    with pytest.raises(SchemaMismatchError, match="join: key 'id': got the type string on the right, expected int"):
        join(numbers, texts, on=["id"], how="inner")


def test_failure_15_results_are_the_same_with_ansi_on_and_off(either_ansi):
    raw = either_ansi.createDataFrame(
        [("abc", "31/02/2024", 2**62, Decimal(9 * 10**27), [1], 0)],
        "n string, day string, big bigint, wide decimal(28,0), tags array<int>, none int",
    )
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int"), Field("day", "day", "date", parse_date)])
    assert [failure.value for failure in typed.first()[CAST_FAILURES]] == ["abc", "31/02/2024"]
    assert column(raw.transform(percentage, part="big", total="none", name="pct"), "pct") == [None]
    assert tuple(raw.transform(array_to_columns, column="tags", names=["one", "two"]).first()[-2:]) == (1, None)
    small = raw.transform(change_schema, fields=[Field("big", "small", "int")]).first()
    assert (small.small, small[CAST_FAILURES][0].value) == (None, str(2**62))
    thrice = union_by_name(raw, raw, raw)
    for function in ("sum", "sumDistinct", "avg"):
        of_big = thrice.transform(aggregate, group_by=[], columns={"total": ("big", function)})
        assert column(of_big) == [{"sum": None, "sumDistinct": 2**62, "avg": float(2**62)}[function]]
    assert column(thrice.transform(aggregate, group_by=[], columns={"total": ("wide", "sum")})) == [27 * 10**27]
    by_tag = thrice.transform(pivot, group_by=["none"], column="day", values=["31/02/2024"], aggregation=("big", "sum"))
    assert by_tag.collect() == [(0, None, None)]


def test_failure_16_an_id_that_partition_inference_made_a_number_of_is_refused(spark, tmp_path):
    rows = spark.createDataFrame([("007", 1), ("010", 2)], "district string, n int")
    rows.write.partitionBy("district").parquet(str(tmp_path / "districts"))
    inferred = spark.read.parquet(str(tmp_path / "districts"))
    assert sorted(column(inferred, "district")) == [7, 10]
    mapping = [("district", "string", "district", "string")]
    with pytest.raises(
        SchemaMismatchError, match="change_schema: source 'district': got the type int, expected string"
    ):
        change_schema(inferred, fields=mapping)
    stated = spark.read.schema(rows.schema).parquet(str(tmp_path / "districts"))
    assert sorted(column(stated.transform(change_schema, fields=mapping), "district")) == ["007", "010"]


def test_failure_18_excel_serials_are_read_and_ambiguous_days_refused_not_guessed(either_ansi):
    cells = [
        "42370",
        "42737.0",
        "03/04/2024",
        "4/3/2024",
        "13/01/2024",
        "60",
        "0",
        "20240101",
        "2024-1-1",
        "2024-02-30",
    ]
    days = either_ansi.createDataFrame([(cell,) for cell in cells], "day string")
    read = column(days.transform(change_schema, fields=[Field("day", "day", "date", parse_date)]), CAST_FAILURES)
    assert [failures and failures[0].value for failures in read] == [None, None, *cells[2:]]
    assert column(days.select(parse_date("day")))[:2] == [date(2016, 1, 1), date(2017, 1, 2)]


@pytest.mark.parametrize("session_zone", ["UTC", "Asia/Kathmandu"])
def test_failure_19_times_of_a_clock_change_are_neither_moved_nor_read_in_the_sessions_zone(either_ansi, session_zone):
    either_ansi.conf.set("spark.sql.session.timeZone", session_zone)
    cells = ["2024-03-10 02:30", "2024-11-03 01:30", "20240101", "2024-07-04 12:00"]
    shown = either_ansi.createDataFrame([(cell,) for cell in cells], "at string")
    for ambiguous, autumn in (("earlier", "11-03 05:30"), ("later", "11-03 06:30"), ("refuse", None)):
        at = parse_timestamp("at", pattern="yyyy-MM-dd HH:mm", zone="America/New_York", ambiguous=ambiguous)
        assert instants(shown.select(at.alias("at"))) == [None, autumn, None, "07-04 16:00"]


def test_failure_19_days_of_23_and_25_hours_are_whole_days(either_ansi):
    either_ansi.conf.set("spark.sql.session.timeZone", "Asia/Kathmandu")
    hours = either_ansi.sql("SELECT explode(sequence(1704067200, 1735689600 + 21600, 3600)) AS second")
    local = hours.select(F.timestamp_seconds("second").alias("at")).transform(
        date_parts, column="at", parts={"year": "year", "day": "day_of_year"}, zone="America/New_York"
    )
    whole = local.where("year = 2024").groupBy("day").count()
    odd_days = {row.day: row["count"] for row in whole.where("count != 24").collect()}
    assert odd_days == {70: 23, 308: 25}


def test_failure_20_a_pattern_does_not_take_a_line_end_for_the_end(spark):
    cells = ["2024-01-01\nx", "45351\nx", "2024-01-01\u2028", "45351\u0085"]  # before the last two Java's $ matches
    days = spark.createDataFrame([(cell,) for cell in cells], "day string")
    assert column(days.select(parse_date("day"))) == [None] * 4
    at = parse_timestamp("day", pattern="yyyy-MM-dd", zone="UTC")
    assert column(days.select(at)) == [None] * 4
    for wanted in ("date", "timestamp_ntz", "double", "decimal(9,2)"):
        cell = {"date": "2024-01-01", "timestamp_ntz": "2024-01-01 00:00:00"}.get(wanted, "7") + "\u2028"
        read = spark.createDataFrame([(cell,)], "n string").transform(change_schema, fields=[Field("n", "n", wanted)])
        assert (read.first().n, read.first()[CAST_FAILURES][0].value) == (None, cell)
    number = spark.createDataFrame([("7\n8",)], "n string").transform(change_schema, fields=[Field("n", "n", "int")])
    assert number.first()[CAST_FAILURES][0].value == "7\n8"


def test_failure_21_keys_with_nulls_do_not_collide_and_nulls_are_not_left_out_of_text(spark):
    parts = [("a", None, "b"), ("a", "b", None), ("a", "b", ""), ("a|b", None, None), (None, "a", "b"), ("a", "|b", "")]
    rows = spark.createDataFrame(parts, "x string, y string, z string")
    assert len(set(column(rows.transform(uuid, key=["x", "y", "z"]), "uuid"))) == len(parts)
    joined = concatenate(F.col("x"), F.col("y"), F.col("z"), separator="|", null_as="")
    assert column(rows.select(joined))[:2] == ["a||b", "a|b|"]


def test_failure_21_no_raw_value_is_left_in_what_is_reported_of_masked_columns(spark):
    raw = spark.createDataFrame([("born 6 May 1999",)], "Born string")
    typed = raw.transform(change_schema, fields=[Field("Born", "born", "date")])
    masked = typed.transform(mask, policy=[MaskingRule("born", redact, "quasi-identifier")])
    assert "1999" in str(typed.collect())
    assert "1999" not in str(masked.collect())


def test_failure_22_shares_add_up_to_100_and_nothing_is_divided_by_zero(either_ansi):
    rows = [("a", 1), ("a", 1), ("a", 1), ("zero", 0), ("null", None)]
    types = either_ansi.createDataFrame(rows, "area string, cases int")
    shares = types.transform(share_of_total, column="cases", name="pct", group_by=["area"], decimals=2)
    assert sorted(str(row.pct) for row in shares.collect()) == ["33.33", "33.33", "33.34", "None", "None"]
    assert column(types.where("area = 'zero'").transform(percentage, part="cases", total="cases", name="p"), "p") == [
        None
    ]


def test_failure_22_decimals_keep_their_digits_and_nan_is_in_no_band(either_ansi):
    wide = either_ansi.createDataFrame([(Decimal("0.000000000000000001"),)], "part decimal(38,18)")
    narrow = wide.transform(change_schema, fields=[Field("part", "part", "decimal(10,2)")]).first()
    assert narrow.part is None
    assert narrow[CAST_FAILURES][0].value == "0.000000000000000001"
    minutes = either_ansi.createDataFrame([(float("nan"),), (-0.0,), (0.0,)], "minutes double")
    bands = minutes.transform(bucket, column="minutes", edges=[0, 5], name="band")
    assert column(bands, "band") == [None, "0-5", "0-5"]


def test_failure_22_the_period_before_is_found_by_its_number(spark):
    years = spark.createDataFrame([(2021, 1), (2022, None), (2024, 4)], "year int, n int")
    changed = years.transform(change_on_previous, column="n", period="year", name="change")
    assert column(changed, "change") == [None, None, None]


def test_failure_23_null_keys_match_nothing_and_are_kept_by_a_left_join_and_a_lookup(spark):
    calls = spark.createDataFrame([(None, 1), ("web", 2)], "channel string, n int")
    names = spark.createDataFrame(
        [(None, "nobody"), ("web", "Online"), ("web", "Internet")], "channel string, label string"
    )
    joined = join(calls, names, on=["channel"], how="left").orderBy("n", "label")
    expected = spark.createDataFrame(
        [(None, 1, None), ("web", 2, "Internet"), ("web", 2, "Online")], "channel string, n int, label string"
    )
    assert_df_equality(joined, expected)
    looked_up = calls.transform(lookup, names, on=["channel"], columns=["label"], order_by=["label"]).orderBy("n")
    assert [(row.n, row.label) for row in looked_up.collect()] == [(1, None), (2, "Online")]
