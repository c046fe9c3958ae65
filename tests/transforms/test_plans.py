"""No transform looks at its rows: it starts no Spark job, and no row passes through Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pkgutil import walk_packages

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import transforms
from transforms.aggregate import aggregate
from transforms.arrays import array_where
from transforms.combine import union_by_name
from transforms.datasets import contact_centre
from transforms.dates import parse_date
from transforms.dedupe import drop_withdrawn, keep_latest
from transforms.derive import change_on_previous
from transforms.names import require_columns
from transforms.schema import Field, change_schema
from transforms.shares import percentage

ROWS = "year int, part int, total int, text string"
RAW = (
    "Date string, CallsOffered string, CallsHandled string, CallsAbandoned string, AverageSpeedofAnswer string, "
    "ServiceLevel string, BI_ID string, _malformed_record string, _source_file string, _row_number int, "
    "_delivered_at timestamp, _ingested_at timestamp"
)
CALLS = "date date, year int, calls_offered int, calls_handled int"


def required(rows: DataFrame) -> DataFrame:
    require_columns(rows, ["year"], where="here")
    return rows


STEPS: dict[Callable[..., object], tuple[str, Callable[[DataFrame], DataFrame]]] = {
    aggregate: (ROWS, lambda rows: aggregate(rows, by=["year"], columns={"n": ("part", "sum")})),
    array_where: (ROWS, lambda rows: rows.select(array_where([(F.col("part") > 0, F.col("text"))]))),
    change_on_previous: (ROWS, lambda rows: change_on_previous(rows, column="part", period="year", name="change")),
    change_schema: (ROWS, lambda rows: change_schema(rows, fields=[Field("text", "n", "int")], malformed="text")),
    drop_withdrawn: (
        f"{ROWS}, current boolean",
        lambda rows: drop_withdrawn(rows, key=["year"], current="current"),
    ),
    keep_latest: (
        ROWS,
        lambda rows: keep_latest(rows, key=["year"], order_by=["part"], valid=F.col("total").isNotNull()),
    ),
    parse_date: (ROWS, lambda rows: rows.select(parse_date("text"))),
    percentage: (ROWS, lambda rows: percentage(rows, part="part", total="total", name="pct")),
    require_columns: (ROWS, required),
    union_by_name: (ROWS, lambda rows: union_by_name(rows, rows)),
    contact_centre.build_calls: (RAW, contact_centre.build_calls),
    contact_centre.build_calls_handled: (CALLS, lambda calls: contact_centre.build_calls_handled(calls, calls)),
    contact_centre.build_calls_handled_monthly: (CALLS, contact_centre.build_calls_handled_monthly),
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_starts_no_job_and_its_rows_do_not_pass_through_python(spark, count_jobs, step):
    schema, apply = STEPS[step]
    outcome = apply(spark.createDataFrame([], schema))
    plan = outcome._jdf.queryExecution().toString()
    assert count_jobs() == 0
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
    assert {function.__name__ for function in functions - set(STEPS)} == {"quoted"}  # text to text
