"""No transform looks at its rows: it starts no Spark job, and no row passes through Python."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

import transforms
from transforms.aggregate import FUNCTIONS, aggregate, pivot, top_n
from transforms.arrays import array_where
from transforms.casts import cast, in_utc, wall_clock
from transforms.columns import drop_fields, null_fields, remove_null_rows, rename_fields, select_fields, split_fields
from transforms.combine import join, lookup, union_by_name
from transforms.datasets import contact_centre, inquiry_volume, police_dispatch, registrar, service_requests
from transforms.datasets.police_dispatch import addresses
from transforms.datasets.police_dispatch import incidents as dispatched
from transforms.datasets.police_dispatch.ranking import rank_by_incidents
from transforms.datasets.registrar import answers as registrar_answers
from transforms.datasets.registrar.records import hash_unless_intake_is_valid, keep_known_values
from transforms.datasets.service_requests import groups, layouts
from transforms.datasets.service_requests.kinds import request_kind, traffic_kind
from transforms.datasets.service_requests.sources import SOURCES
from transforms.datasets.service_requests.sources.city_source import parse_instant
from transforms.dates import parse_date, parse_month, parse_written_date
from transforms.dedupe import drop_superseded_rows, keep_latest
from transforms.derive import bucket, change_on_previous, fill_missing_values
from transforms.drift import schema_drift
from transforms.geo import grid_cell, grid_line, valid_coordinates
from transforms.keys import identifier, key_of, match_key, tie_breakers, uuid
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
from transforms.outliers import flag_outliers
from transforms.revisions import file_as_of
from transforms.route import route, spigot
from transforms.schema import Field, change_schema
from transforms.shares import percentage, ratio, share_of_total
from transforms.text import clean_text, concatenate, extract, map_to_canonical, unify_case
from transforms.times import add_timestamp, date_parts, format_timestamp, local_time, parse_timestamp

ROWS = (
    "year int, part int, total int, text string, at timestamp, longitude double, latitude double, "
    "tags array<string>, place struct<a: int, b: struct<c: string>>, "
    "_cast_failures array<struct<column: string, value: string, expected: string>>"
)
RAW = (
    "Date string, CallsOffered string, CallsHandled string, CallsAbandoned string, AverageSpeedofAnswer string, "
    "ServiceLevel string, BI_ID string, _malformed_record string, _source_file string, _row_number int, "
    "_modified_at timestamp, _ingested_at timestamp, _is_current boolean"
)
RAW_INQUIRIES = (
    "Department string, Type string, `Year Month` string, Channel string, `Number of Records` string, BI_ID string, "
    "_malformed_record string, _source_file string, _row_number int, _modified_at timestamp, _ingested_at timestamp, "
    "_is_current boolean"
)
INQUIRIES = (
    "inquiry_department string, inquiry_type string, year_month date, inquiry_channel string, number_of_records int, "
    "year int, is_retired boolean"
)
CALLS = "date date, year int, calls_offered int, calls_handled int"
REGISTRAR = (
    ", ".join(
        dict.fromkeys(f"`{field.source}` string" for fields in registrar.DATASET.layouts.values() for field in fields)
    )
    + ", _malformed_record string, _layout string, _source_file string, _row_number int, _modified_at timestamp, "
    "_ingested_at timestamp, _is_current boolean"
)
DISPATCH = (
    ", ".join(f"`{field.source}` string" for field in police_dispatch.DATASET.layouts["police_dispatch"])
    + ", _malformed_record string, _source_file string, _row_number int, _modified_at timestamp, "
    "_ingested_at timestamp, _is_current boolean"
)
COUNTS = "city string, incidents bigint"
RAW_REQUESTS = (
    ", ".join(
        f"`{name}` string"
        for name in {
            f.source.lower(): f.source for fields in service_requests.DATASET.layouts.values() for f in fields
        }.values()
    )
    + ", _malformed_record string, _layout string, _source_file string, _row_number int, _modified_at timestamp, "
    "_ingested_at timestamp, _is_current boolean"
)
REQUESTS = (
    "city string, created_month date, created_weekday int, created_hour int, resolution string, hours_to_close double, "
    "first_call_resolution boolean, channel string, agency string, request_type string, traffic_kind string, "
    "neighborhood string, council_district string, police_district string, zip string, grid_cell string"
)
VOLUMES = "city string, month date, requests bigint, total bigint"
HASH_INTAKE = [MaskingRule("text", hash_unless_intake_is_valid, "why")]
NOON = datetime(2024, 7, 4, 12, tzinfo=timezone.utc)
KEYED = [
    MaskingRule("text", keyed_hash, "why"),
    MaskingRule("part", "drop", "why"),
    MaskingRule("at", generalize_year, "why"),
]

Step = Callable[[DataFrame], DataFrame | Sequence[DataFrame]]


def of_column(make: Callable[..., Column], *names: str) -> Step:
    return lambda rows: rows.select(make(*map(F.col, names)))


def mapped(rows: DataFrame) -> DataFrame:
    return change_schema(rows, fields=[("place.a", "int", "a", "string"), Field("text", "n", "int")], malformed="text")


def all_functions(rows: DataFrame) -> DataFrame:
    return aggregate(rows, group_by=["year"], columns={name: ("part", name) for name in FUNCTIONS}, order_by=["at"])


def key_and_rest(rows: DataFrame) -> DataFrame:
    return rows.orderBy(key_of(rows, ["year", "text"], where="here"), *tie_breakers(rows, ["year"]))


def required(rows: DataFrame) -> DataFrame:
    require_columns(rows, ["year"], where="here")
    require_distinct(rows.columns, where="here")
    require_number(rows, "year", where="here")
    return rows


def drifted(rows: DataFrame) -> DataFrame:
    assert schema_drift(rows, rows) == []
    return rows


def read_as_time(rows: DataFrame) -> DataFrame:
    return rows.select(parse_timestamp("text", pattern="dd/MMM/yyyy hh:mm a", zone="America/Denver", ambiguous="later"))


def looked_up(rows: DataFrame) -> DataFrame:
    reference = rows.select("year", F.col("text").alias("label"))
    return lookup(rows, reference, on=["year"], columns=["label"], order_by=["label"], found="known")


def requested(raw: DataFrame) -> DataFrame:
    return service_requests.DATASET.build(raw, masking_key=b"k" * 32)


def registered(raw: DataFrame) -> DataFrame:
    return registrar.DATASET.build(raw, masking_key=b"k" * 32)


def answered(build: Callable[..., DataFrame]) -> Step:
    return lambda raw: build(registered(raw))


def dispatch_answered(build: Callable[..., DataFrame]) -> Step:
    return lambda raw: build(police_dispatch.DATASET.build(raw))


STEPS: dict[Callable[..., object], Step | tuple[str, Step]] = {
    add_timestamp: lambda rows: add_timestamp(rows, name="now", timestamp=NOON),
    aggregate: all_functions,
    array_to_columns: lambda rows: array_to_columns(rows, column="tags", names=["a", "b"]),
    array_where: lambda rows: rows.select(array_where([(F.col("part") > 0, F.col("text"))])),
    bucket: lambda rows: bucket(rows, column="part", edges=[0, 5], name="band", order="band_number"),
    cast: lambda rows: rows.select(cast("text", source_type=T.StringType(), target_type=T.DoubleType(), where="here")),
    change_on_previous: lambda rows: change_on_previous(rows, column="part", period="year", name="change", periods=12),
    change_schema: mapped,
    clean_names: clean_names,
    clean_text: of_column(clean_text, "text"),
    concatenate: of_column(concatenate, "text", "year"),
    date_parts: lambda rows: date_parts(rows, column="at", parts={"h": "hour", "w": "iso_week"}, zone="Europe/Paris"),
    drop_fields: lambda rows: drop_fields(rows, fields=["year"]),
    drop_superseded_rows: (
        f"{ROWS}, current boolean",
        lambda rows: drop_superseded_rows(rows, key=["year"], file="text", current="current"),
    ),
    explode: lambda rows: explode(rows, column="tags", position="n"),
    extract: lambda rows: rows.select(extract(F.col("text"), pattern="(a)")),
    fill_missing_values: lambda rows: fill_missing_values(
        rows, column="part", name="filled", statistic="median", group_by=["year"]
    ),
    file_as_of: lambda rows: file_as_of(rows, mentioned=["at"], file=["text"], modified="at"),
    flag_outliers: lambda rows: flag_outliers(rows, column="part", name="unusual", group_by=["year"]),
    flatten: flatten,
    format_timestamp: lambda rows: rows.select(format_timestamp(F.col("at"), pattern="yyyy", zone="UTC")),
    generalize_coordinate: of_column(generalize_coordinate, "latitude"),
    generalize_prefix: lambda rows: rows.select(generalize_prefix(F.col("text"), keep=3)),
    generalize_year: of_column(generalize_year, "at"),
    grid_cell: of_column(grid_cell, "longitude", "latitude"),
    grid_line: lambda rows: rows.select(grid_line(F.col("longitude"), degrees=0.1)),
    identifier: lambda rows: identifier(rows, order_by=["year"]),
    is_json: of_column(is_json, "text"),
    join: lambda rows: join(rows, rows.select("year", F.lit(1).alias("one")), on=["year"], how="outer"),
    keep_latest: lambda rows: keep_latest(rows, key=["year"], order_by=["part"], valid=F.col("total").isNotNull()),
    key_of: key_and_rest,
    keyed_hash: lambda rows: mask(rows, policy=KEYED, key=b"k" * 32),
    local_time: lambda rows: rows.select(local_time(F.col("at"), zone="America/Denver")),
    lookup: looked_up,
    mask: lambda rows: mask(rows, policy=KEYED, key=b"k" * 32),
    match_key: of_column(match_key, "text", "year"),
    null_fields: null_fields,
    nullify: of_column(nullify, "part"),
    parse_date: lambda rows: rows.select(parse_date("text")),
    parse_json: lambda rows: rows.select(parse_json("text", ddl="struct<a: int>")),
    parse_month: lambda rows: rows.select(parse_month("text")),
    parse_timestamp: read_as_time,
    parse_written_date: lambda rows: rows.select(parse_written_date("text")),
    partial_redact: lambda rows: rows.select(partial_redact(F.col("text"), left=1, right=1)),
    percentage: lambda rows: percentage(rows, part="part", total="total", name="pct"),
    pivot: lambda rows: pivot(rows, group_by=["year"], column="text", values=["a", "b"], aggregation=("part", "sum")),
    ratio: lambda rows: ratio(rows, part="part", total="total", name="ratio"),
    redact: of_column(redact, "text"),
    remove_null_rows: remove_null_rows,
    rename_fields: lambda rows: rename_fields(rows, fields={"year": "part", "part": "year"}),
    require_columns: required,
    require_distinct: required,
    require_number: required,
    route: lambda rows: [*route(rows, groups={"a": F.col("part") > 0}).values()],
    schema_drift: drifted,
    select_fields: lambda rows: select_fields(rows, fields=["year"]),
    sha256_hash: of_column(sha256_hash, "text"),
    share_of_total: lambda rows: share_of_total(rows, column="part", name="share", group_by=["year"]),
    spigot: lambda rows: spigot(rows, key=["year"], share=0.1),
    unify_case: lambda rows: unify_case(rows, columns=["text"]),
    map_to_canonical: lambda rows: rows.select(map_to_canonical(F.col("text"), known=["E-mail"])),
    split_fields: lambda rows: split_fields(rows, fields=["year"]),
    addresses.intersection: of_column(addresses.intersection, "text"),
    addresses.is_intersection: of_column(addresses.is_intersection, "text"),
    addresses.street: of_column(addresses.street, "text"),
    addresses.generalize_to_block: of_column(addresses.generalize_to_block, "text"),
    tie_breakers: key_and_rest,
    top_n: lambda rows: top_n(rows, n=3, column="part", group_by=["year"]),
    union_by_name: lambda rows: union_by_name(rows, rows),
    uuid: lambda rows: uuid(rows, key=["year", "text"]),
    valid_coordinates: of_column(valid_coordinates, "longitude", "latitude"),
    wall_clock: of_column(wall_clock, "at"),
    in_utc: lambda rows: rows.select(in_utc(wall_clock(F.col("at")))),
    contact_centre.build_calls: (RAW, contact_centre.build_calls),
    contact_centre.build_calls_handled: (CALLS, lambda calls: contact_centre.build_calls_handled(calls, calls)),
    contact_centre.build_calls_handled_monthly: (CALLS, contact_centre.build_calls_handled_monthly),
    inquiry_volume.DATASET.build: (RAW_INQUIRIES, inquiry_volume.DATASET.build),
    **{answer.build: (INQUIRIES, answer.build) for answer in inquiry_volume.DATASET.answers.values()},
    hash_unless_intake_is_valid: (f"{ROWS}, intake string", lambda rows: mask(rows, policy=HASH_INTAKE, key=b"k" * 32)),
    keep_known_values: lambda rows: rows.select(keep_known_values(["a"])(F.col("text"))),
    **{
        read: (DISPATCH, lambda rows, read=read, name=name: rows.select(read(name)))
        for read, name in (
            (dispatched.parse_floating_time, "start_time"),
            (dispatched.parse_extraction_time, "row_ts"),
            (dispatched.parse_whole_number, "priority"),
        )
    },
    rank_by_incidents: (COUNTS, lambda counts: rank_by_incidents(counts, columns=["city"], name="rank")),
    police_dispatch.DATASET.build: (DISPATCH, police_dispatch.DATASET.build),
    **{
        answer.build: (DISPATCH, dispatch_answered(answer.build)) for answer in police_dispatch.DATASET.answers.values()
    },
    registrar.DATASET.build: (REGISTRAR, registered),
    registrar_answers.build_completion_by_year: (REGISTRAR, answered(registrar_answers.build_completion_by_year)),
    registrar_answers.build_completion_by_programme: (
        REGISTRAR,
        answered(registrar_answers.build_completion_by_programme),
    ),
    registrar_answers.build_activity_by_month: (REGISTRAR, answered(registrar_answers.build_activity_by_month)),
    registrar_answers.build_activity_by_year: (REGISTRAR, answered(registrar_answers.build_activity_by_year)),
    registrar_answers.build_yield: (REGISTRAR, answered(registrar_answers.build_yield)),
    registrar_answers.build_withdrawal_rates: (REGISTRAR, answered(registrar_answers.build_withdrawal_rates)),
    registrar_answers.build_completeness: (REGISTRAR, answered(registrar_answers.build_completeness)),
    request_kind: of_column(request_kind, "text"),
    traffic_kind: of_column(traffic_kind, "text"),
    groups.assign_groups: (
        REQUESTS,
        lambda rows: groups.assign_groups(rows, kinds=["zip"], names=["kind", "area"], keep=[]),
    ),
    groups.count_requests: (REQUESTS, lambda rows: groups.count_requests(rows, group_by=["city"])),
    groups.count_with_share: (REQUESTS, lambda rows: groups.count_with_share(rows, columns=["channel"])),
    groups.top_values: (REQUESTS, lambda rows: groups.top_values(rows, column="agency")),
    groups.add_change_since: (
        VOLUMES,
        lambda rows: groups.add_change_since(rows, name="change", group_by=["city"], months=1),
    ),
    groups.rounded_percentage: (
        VOLUMES,
        lambda rows: groups.rounded_percentage(rows, part="requests", total="total", name="pct"),
    ),
    parse_instant: lambda rows: rows.select(parse_instant("text")),
    layouts.read_layout: (
        RAW_REQUESTS,
        lambda raw: [
            layouts.read_layout(raw, source=source, layout=layout) for source in SOURCES for layout in source.layouts
        ],
    ),
    layouts.read_other_layouts: (RAW_REQUESTS, lambda raw: layouts.read_other_layouts(raw, known=["denver"])),
    service_requests.DATASET.build: (RAW_REQUESTS, requested),
    **{answer.build: (REQUESTS, answer.build) for answer in service_requests.DATASET.answers.values()},
}
OF_NO_FRAME = {"dataset_names", "literal", "literal_of", "load_dataset", "quoted", "snake_case"}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_starts_no_job_and_its_rows_do_not_pass_through_python(spark, count_jobs, step):
    given = STEPS[step]
    schema, apply = given if isinstance(given, tuple) else (ROWS, given)
    outcome = apply(spark.createDataFrame([], schema))
    plans = [
        frame._jdf.queryExecution().toString() for frame in (outcome if isinstance(outcome, Sequence) else [outcome])
    ]
    assert count_jobs() == 0
    assert plans
    for plan in plans:
        assert "Physical Plan" in plan
        assert "Python" not in plan.replace("PythonRDD", "")


def test_jobs_and_python_functions_would_be_seen(spark, count_jobs):
    frame = spark.createDataFrame([(1,)], "year int")
    doubled = frame.select(F.udf(lambda year: year * 2, "int")("year"))
    assert "EvalPython" in doubled._jdf.queryExecution().toString()
    frame.collect()
    assert count_jobs() == 1


def test_every_public_function_of_the_transforms_is_among_the_steps():
    modules = [import_module(found.name) for found in walk_packages(transforms.__path__, "transforms.")]
    functions = {
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert {function.__name__ for function in functions - set(STEPS)} == OF_NO_FRAME


def test_no_transform_caches_collects_or_asks_the_clock():
    forbidden = re.compile(
        r"\.(cache|persist|checkpoint|localCheckpoint|collect|show|toPandas|toLocalIterator|take|head|foreach)\("
        r"|\.(count|first)\(\)|\.rdd\b"
        r"|\b(udf|pandas_udf|mapInPandas|applyInPandas|now|current_timestamp|current_date|rand|today)\("
    )
    for module in Path(transforms.__path__[0]).rglob("*.py"):
        code = re.sub(r'r?"""[\s\S]*?"""', "", module.read_text(encoding="utf-8"))
        assert not forbidden.search(code), module
