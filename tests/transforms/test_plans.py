"""Every transform accepts any column name, starts no Spark job and no Python worker, and keeps an empty frame empty."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

import transforms
from tests.transforms.datasets.frames import assert_plan_has_no_python
from transforms.aggregate import AGGREGATE_FUNCTIONS, aggregate, pivot, top_n
from transforms.arrays import array_where
from transforms.casts import cast, utc_instant, utc_wall_clock
from transforms.columns import drop_fields, null_fields, remove_null_rows, rename_fields, select_fields, split_fields
from transforms.combine import join, lookup, union_by_name
from transforms.dates import month_number, parse_date, parse_date_pattern, parse_month, parse_written_date
from transforms.dedupe import drop_superseded_rows, keep_latest
from transforms.derive import bucket, change_on_previous, fill_missing_values, round_columns
from transforms.drift import schema_drift
from transforms.geo import grid_cell, grid_line, valid_coordinates
from transforms.keys import encode_key, identifier, match_key, tie_breakers, uuid
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
from transforms.names import clean_names, require_columns, require_distinct, require_number
from transforms.nested import array_to_columns, explode, flatten, is_json, parse_json
from transforms.numbers import parse_whole_number
from transforms.outliers import flag_outliers
from transforms.percentiles import percentile
from transforms.revisions import file_as_of
from transforms.route import route, spigot
from transforms.schema import Field, change_schema
from transforms.shares import percentage, ratio, share_of_total
from transforms.sql import quoted
from transforms.text import clean_text, concatenate, extract, map_to_canonical, unify_case
from transforms.times import add_timestamp, date_parts, format_timestamp, local_time, parse_timestamp

YEAR, PART, TOTAL, TEXT, TIME = "The. Year", "Part %", "Le Total", "Té`xt. 1", "Time (UTC)"
LONGITUDE, LATITUDE, TAGS, CURRENT, PLACE = "Lon. °", "Lat. °", "The. Tags", "is. Current", "Pl. ace"
TYPES = {
    YEAR: "int", PART: "int", TOTAL: "int", TEXT: "string", TIME: "timestamp", LONGITUDE: "double", LATITUDE: "double",
    TAGS: "array<string>", CURRENT: "boolean", PLACE: "struct<a: int, b: struct<c: string>>",
    "_cast_failures": "array<struct<column: string, value: string, expected: string>>",
}  # fmt: skip
POLICY = [
    MaskingRule(TEXT, keyed_hash, "why"),
    MaskingRule(PART, "drop", "why"),
    MaskingRule(TIME, generalize_year, "why"),
]
NOON = datetime(2024, 7, 4, 12, tzinfo=timezone.utc)

Step = Callable[[DataFrame], DataFrame | Sequence[DataFrame]]


def select(function: Callable[..., Column], *names: str, **options: object) -> Step:
    return lambda rows: rows.select(function(*(F.col(quoted(name)) for name in names), **options))


def select_by_name(function: Callable[..., Column], name: str, **options: object) -> Step:
    return lambda rows: rows.select(function(name, **options))


def apply(function: Callable[..., DataFrame], **options: object) -> Step:
    return lambda rows: function(rows, **options)


def order_by_key(rows: DataFrame) -> DataFrame:
    return rows.orderBy(encode_key(rows, [YEAR, TEXT], where="here"), *tie_breakers(rows, [YEAR]))


def validate_columns(rows: DataFrame) -> DataFrame:
    require_columns(rows, [YEAR], where="here")
    require_distinct(rows.columns, where="here")
    require_number(rows, YEAR, where="here")
    assert schema_drift(rows, rows) == []
    return rows


def look_up_text(rows: DataFrame) -> DataFrame:
    reference = rows.select(F.col(quoted(YEAR)), F.col(quoted(TEXT)).alias("The. Label"))
    arguments = {"columns": ["The. Label"], "order_by": ["The. Label"], "match_column": "is. known"}
    return lookup(rows, reference, on=[YEAR], **arguments)


STEPS: dict[Callable[..., object], Step] = {
    add_timestamp: apply(add_timestamp, name="No. w", timestamp=NOON),
    aggregate: apply(
        aggregate,
        group_by=[YEAR],
        columns={f"{name}. of": (PART, name) for name in AGGREGATE_FUNCTIONS},
        order_by=[TIME],
    ),
    array_to_columns: apply(array_to_columns, column=TAGS, names=["a. 1", "b"]),
    array_where: lambda rows: rows.select(array_where([(F.col(quoted(PART)) > 0, F.col(quoted(TEXT)))])),
    bucket: apply(bucket, column=PART, edges=[0, 5], name="The. Band", order_column="Band. number"),
    cast: select_by_name(cast, quoted(TEXT), source_type=T.StringType(), target_type=T.DoubleType(), where="here"),
    change_on_previous: apply(
        change_on_previous,
        column=PART,
        period=YEAR,
        name="Änderung. %",
        percentage_name="Än. %",
        group_by=[TEXT],
        periods=12,
    ),
    change_schema: apply(
        change_schema, fields=[(f"{quoted(PLACE)}.a", "int", "a", "string"), Field(TEXT, "n. 1", "int")], malformed=TEXT
    ),
    clean_names: clean_names,
    clean_text: select(clean_text, TEXT),
    concatenate: select(concatenate, TEXT, YEAR),
    date_parts: apply(date_parts, column=TIME, parts={"h. 1": "hour", "w": "iso_week"}, zone="Europe/Paris"),
    drop_fields: apply(drop_fields, fields=[YEAR]),
    drop_superseded_rows: apply(drop_superseded_rows, key=[YEAR], file_column=TEXT, current_column=CURRENT),
    encode_key: order_by_key,
    explode: apply(explode, column=TAGS, names=["a. tag"], position_column="n. th"),
    extract: select(extract, TEXT, pattern="(a)"),
    file_as_of: apply(file_as_of, time_columns=[TIME], file_columns=[TEXT], modified_column=TIME, name="as. Of"),
    fill_missing_values: apply(fill_missing_values, column=PART, name="fill. ed", statistic="median", group_by=[YEAR]),
    flag_outliers: apply(flag_outliers, column=PART, name="Un. usual", group_by=[YEAR]),
    flatten: flatten,
    format_timestamp: select(format_timestamp, TIME, pattern="yyyy", zone="UTC"),
    generalize_coordinate: select(generalize_coordinate, LATITUDE),
    generalize_prefix: select(generalize_prefix, TEXT, length=3),
    generalize_year: select(generalize_year, TIME),
    grid_cell: select(grid_cell, LONGITUDE, LATITUDE),
    grid_line: select(grid_line, LONGITUDE, degrees=0.1),
    identifier: apply(identifier, order_by=[YEAR], name="I. d"),
    is_json: select(is_json, TEXT),
    join: lambda rows: join(rows, rows.select(quoted(YEAR), F.lit(1).alias("one. 1")), on=[YEAR], how="outer"),
    keep_latest: lambda rows: keep_latest(rows, key=[YEAR], order_by=[PART], valid=F.col(quoted(TOTAL)) > 0),
    keyed_hash: apply(mask, policy=POLICY, key=b"k" * 32),
    local_time: select(local_time, TIME, zone="America/Denver"),
    lookup: look_up_text,
    map_to_canonical: select(map_to_canonical, TEXT, canonical=["E-mail"]),
    mask: apply(mask, policy=POLICY, key=b"k" * 32),
    match_key: select(match_key, TEXT, YEAR),
    month_number: lambda rows: rows.select(month_number(utc_wall_clock(F.col(quoted(TIME))))),
    null_fields: null_fields,
    nullify: select(nullify, PART),
    parse_date: select_by_name(parse_date, TEXT),
    parse_date_pattern: select_by_name(parse_date_pattern, TEXT, pattern="M/d/yyyy"),
    percentile: lambda rows: rows.groupBy(quoted(YEAR)).agg(
        percentile(F.col(quoted(TOTAL)).cast("decimal(9, 2)"), type_=T.DecimalType(9, 2), percent=90)
    ),
    parse_json: select_by_name(parse_json, TEXT, ddl="struct<a: int>"),
    parse_whole_number: select_by_name(parse_whole_number, TEXT),
    parse_month: select_by_name(parse_month, TEXT),
    parse_timestamp: select_by_name(
        parse_timestamp, TEXT, pattern="dd/MMM/yyyy hh:mm a", zone="America/Denver", ambiguous="later"
    ),
    parse_written_date: select_by_name(parse_written_date, TEXT),
    partial_redact: select(partial_redact, TEXT, left=1, right=1),
    percentage: apply(percentage, part=PART, total=TOTAL, name="P. ct"),
    pivot: apply(pivot, group_by=[YEAR], column=TEXT, values=["a. 1", "b`c"], aggregation=(PART, "sum")),
    ratio: apply(ratio, part=PART, total=TOTAL, name="Ra. tio"),
    redact: select(redact, TEXT),
    remove_null_rows: remove_null_rows,
    rename_fields: apply(rename_fields, fields={YEAR: PART, PART: YEAR}),
    require_columns: validate_columns,
    require_distinct: validate_columns,
    require_number: validate_columns,
    round_columns: apply(round_columns, columns=[PART], decimals=1),
    route: lambda rows: [*route(rows, groups={"a": F.col(quoted(PART)) > 0}).values()],
    schema_drift: validate_columns,
    select_fields: apply(select_fields, fields=[YEAR]),
    sha256_hash: select(sha256_hash, TEXT),
    share_of_total: apply(share_of_total, column=PART, name="Sh. are", group_by=[YEAR]),
    spigot: apply(spigot, key=[YEAR], share=0.1),
    split_fields: apply(split_fields, fields=[YEAR]),
    tie_breakers: order_by_key,
    top_n: apply(top_n, n=3, column=PART, group_by=[YEAR], order_by=[TEXT], rank="Ra. nk"),
    unify_case: apply(unify_case, columns=[TEXT]),
    union_by_name: lambda rows: union_by_name(rows, rows),
    utc_instant: lambda rows: rows.select(utc_instant(utc_wall_clock(F.col(quoted(TIME))))),
    utc_wall_clock: select(utc_wall_clock, TIME),
    uuid: apply(uuid, key=[YEAR, TEXT], name="I. d"),
    valid_coordinates: select(valid_coordinates, LONGITUDE, LATITUDE),
}
FUNCTIONS_WITHOUT_FRAME = {"is_lossless", "literal", "lossless", "quoted", "snake_case", "to_literal"}
FUNCTIONS_ON_PLANS = {"find_row_loss"}  # reads the plans of two frames, and returns text


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_transforms_start_no_job_or_python_worker(spark, count_jobs, step):
    rows = spark.createDataFrame([], ", ".join(f"{quoted(name)} {type_}" for name, type_ in TYPES.items()))
    outcome = STEPS[step](rows)
    frames = [outcome] if isinstance(outcome, DataFrame) else outcome
    for frame in frames:
        assert_plan_has_no_python(frame)
    assert count_jobs() == 0
    assert [row for frame in frames for row in frame.collect() if step is not null_fields] == []


def test_job_and_python_checks_detect_violations(spark, count_jobs):
    frame = spark.createDataFrame([(1,)], "year int")
    with pytest.raises(AssertionError):
        assert_plan_has_no_python(frame.select(F.udf(lambda year: year * 2, "int")("year")))
    frame.collect()
    assert count_jobs() == 1


def test_every_public_function_has_a_step():
    """The functions in `FUNCTIONS_WITHOUT_FRAME` need no frame and no step. `test_datasets.py` tests datasets."""
    modules = [import_module(f"transforms.{module.name}") for module in iter_modules(transforms.__path__)]
    functions = {
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    names = {function.__name__ for function in functions - set(STEPS)} - {
        "build_candidates",
        "dataset_names",
        "load_dataset",
        "unchanged",
    }
    assert names == FUNCTIONS_WITHOUT_FRAME | FUNCTIONS_ON_PLANS


def test_no_transform_calls_a_forbidden_function():
    forbidden = re.compile(
        r"\.(cache|persist|checkpoint|localCheckpoint|collect|show|toPandas|toLocalIterator|take|head|tail|foreach)\("
        r"|\.(count|first|isEmpty)\(\)|\.rdd\b"
        r"|\b(udf|pandas_udf|mapInPandas|applyInPandas|now|current_timestamp|current_date|rand|today)\("
    )
    for module in Path(transforms.__path__[0]).rglob("*.py"):
        code = re.sub(r'r?"""[\s\S]*?"""', "", module.read_text(encoding="utf-8"))
        assert not forbidden.search(code), module
