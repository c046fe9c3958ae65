"""Compare chains of transforms with the shortest hand-written Spark SQL queries that return the same rows.

python -m benchmarks.transforms [--rows 5000000] [--runs 5] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake.session import local_settings
from transforms.candidates import build_candidates
from transforms.datasets.contact_centre import DATASET, build_calls_handled, build_calls_handled_monthly
from transforms.dedupe import LINEAGE_COLUMNS

COUNTS = {"CallsOffered": "calls_offered", "CallsHandled": "calls_handled", "CallsAbandoned": "calls_abandoned"}
LINEAGE = ", ".join(LINEAGE_COLUMNS)
_MAX_RATIO = 1.1


@dataclass(frozen=True)
class Chain:
    """A chain of transforms, and the SQL query for the comparison.

    Attributes:
        source: The name of the frame that the chain and the query read: `raw` or `calls`.
        build: The chain.
        sql: The query, which reads the view `source_rows`.
    """

    source: str
    build: Callable[[DataFrame], DataFrame]
    sql: str


def _failure_sql(name: str, expected: str) -> str:
    is_failure = f"{name} IS NULL AND btrim(raw_{name}, ' \t\r\n\u00a0') != ''"
    failure = f"named_struct('column', '{name}', 'value', raw_{name}, 'expected', '{expected}')"
    return f"CASE WHEN {is_failure} THEN {failure} END"


def _calls_sql(date: str, double: str) -> str:
    """Return the SQL query that corresponds to `build_candidates` of the contact centre.

    The arguments are SQL expressions that parse a date and a double.
    """
    parsers = {"date": date, "int": "try_cast({0} AS int)", "double": double}
    fields = DATASET.layouts["contact_centre"]
    columns = ", ".join(
        f"{parsers[field.type].replace('{0}', field.source)} AS {field.name}, {field.source} AS raw_{field.name}"
        for field in fields
    )
    failures, warnings = (
        ", ".join(_failure_sql(field.name, field.expected) for field in fields if field.required == required)
        for required in (True, False)
    )
    record = """CASE WHEN _malformed_record IS NOT NULL
        THEN named_struct('column', '_malformed_record', 'value', _malformed_record, 'expected', 'record') END"""
    return f"""
        WITH typed AS (SELECT {columns}, _malformed_record, {LINEAGE} FROM source_rows),
        checked AS (
            SELECT *, filter(array({failures}, {record}), failure -> failure IS NOT NULL) AS failures,
                filter(array({warnings}), failure -> failure IS NOT NULL) AS warnings FROM typed),
        marked AS (
            SELECT *, max(coalesce(_is_current, false)) OVER (PARTITION BY date, _source_file) AS in_current
            FROM checked)
        SELECT {", ".join(field.name for field in fields)}, year(date) AS year,
            bigint(calls_offered) - calls_handled - calls_abandoned AS calls_unaccounted,
            {LINEAGE}, CASE WHEN size(failures) > 0 THEN failures END AS _cast_failures,
            CASE WHEN size(warnings) > 0 THEN warnings END AS _cast_warnings FROM marked
        WHERE coalesce(_is_current, false) OR (date IS NOT NULL AND in_current)"""


_ISO = r"r'\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00([.]0+)?)?)?\z'"
_SERIAL = r"r'\A[1-9][0-9]{4}([.]0+)?\z'"
_STRICT_DATE = f"""coalesce(CASE WHEN trim(Date) RLIKE {_ISO} THEN try_cast(trim(Date) AS date) END,
    CASE WHEN trim(Date) RLIKE {_SERIAL} THEN date_add(DATE'1899-12-30', int(left(trim(Date), 5))) END)"""
_STRICT_DOUBLE = """CASE WHEN NOT {0} RLIKE '[dDfFxX]' AND abs(try_cast({0} AS double)) < double('Infinity')
    THEN try_cast({0} AS double) END"""
_ANY_DATE = """CASE WHEN Date LIKE '%-%' THEN try_cast(Date AS date)
    ELSE date_add(DATE'1899-12-30', try_cast(Date AS int)) END"""
_HANDLED = """count(calls_offered) AS days, sum(calls_offered) AS calls_offered, sum(calls_handled) AS calls_handled"""
_PERCENT = "CASE WHEN calls_offered != 0 THEN calls_handled * 100D / calls_offered END"
_CHANGE = (
    "CASE WHEN {0} IS NOT NULL THEN pct - min(pct) OVER (ORDER BY {0} RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) END"
)
_CALLS = partial(build_candidates, dataset=DATASET)
CHAINS: Mapping[str, Chain] = {
    "build_calls": Chain("raw", _CALLS, _calls_sql(_ANY_DATE, "try_cast({0} AS double)")),
    "build_calls_strict": Chain("raw", _CALLS, _calls_sql(_STRICT_DATE, _STRICT_DOUBLE)),
    "build_calls_handled": Chain(
        "calls",
        build_calls_handled,
        f"""WITH years AS (
            SELECT year, {_HANDLED}, min(date) FILTER (WHERE calls_offered IS NOT NULL) AS first_day,
                max(date) FILTER (WHERE calls_offered IS NOT NULL) AS last_day
            FROM source_rows GROUP BY year),
        shares AS (SELECT *, {_PERCENT} AS pct FROM years)
        SELECT year, days, first_day, last_day, calls_offered, calls_handled, round(pct, 2) AS calls_handled_pct,
            round({_CHANGE.format("year")}, 2) AS change_pct_points FROM shares""",
    ),
    "build_calls_handled_monthly": Chain(
        "calls",
        build_calls_handled_monthly,
        f"""WITH months AS (
            SELECT date(trunc(date, 'month')) AS month, year(date) * 12 + month(date) AS number, {_HANDLED}
            FROM source_rows GROUP BY 1, 2),
        shares AS (SELECT *, {_PERCENT} AS pct FROM months)
        SELECT month, days, calls_offered, calls_handled, round(pct, 2) AS calls_handled_pct,
            round({_CHANGE.format("number")}, 2) AS change_pct_points FROM shares""",
    ),
}


def generate_raw_rows(spark: SparkSession, *, rows: int) -> DataFrame:
    """Generate raw rows. One value in 200 is not a valid number or date."""
    day = F.date_add(F.lit("2009-06-01").cast("date"), _draw("day", 5600))
    columns = {
        "Date": F.when(_draw("form", 200) == 0, "03/04/2024")
        .when(_draw("form", 20) == 1, "45351")
        .otherwise(day.cast("string")),
        **{
            name: F.when(_draw(name, 200) == 0, "n/a").otherwise(_draw(f"{name}s", 3000).cast("string"))
            for name in COUNTS
        },
        "AverageSpeedofAnswer": (_draw("speed", 90_000) / 100).cast("string"),
        "ServiceLevel": (_draw("level", 1000) / 1000).cast("string"),
        "BI_ID": F.col("id").cast("string"),
        "_malformed_record": F.when(_draw("record", 10_000) == 0, "x;y").cast("string"),
        "_date_system": F.lit(None).cast("int"),
        "_is_current": F.lit(True),
        "_ingested_at": F.timestamp_seconds(F.lit(1_720_094_400)),
        "_modified_at": F.timestamp_seconds(F.lit(1_720_090_000)),
        "_source_file": F.lit("2024.csv"),
        "_row_number": F.col("id").cast("int"),
    }
    return spark.range(rows).select(*(column.alias(name) for name, column in columns.items()))


def count_operators(frame: DataFrame) -> Counter[str]:
    """Count the operators of the physical plan except projections, which move no rows."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    names = Counter(re.findall(r"^[\s:+\-|]*(?:\*\(\d+\) )?([A-Z]\w+)", plan, flags=re.MULTILINE))
    return Counter({name: number for name, number in names.items() if name != "Project"})


def run_sql(spark: SparkSession, chain: Chain, rows: DataFrame) -> DataFrame:
    """Return the rows of the hand-written query of a chain."""
    rows.createOrReplaceTempView("source_rows")
    return spark.sql(chain.sql)


def _draw(seed: str, below: int) -> Column:
    return F.pmod(F.xxhash64("id", F.lit(seed)), F.lit(below)).cast("int")


def _load_sources(spark: SparkSession, folder: Path, *, rows: int) -> dict[str, DataFrame]:
    builders = {
        "raw": lambda: generate_raw_rows(spark, rows=rows),
        "calls": lambda: build_candidates(spark.read.parquet(str(folder / f"raw-{rows}")), dataset=DATASET),
    }
    for name, make in builders.items():
        path = folder / f"{name}-{rows}"
        if not (path / "_SUCCESS").exists():
            make().write.mode("overwrite").parquet(str(path))
    return {name: spark.read.parquet(str(folder / f"{name}-{rows}")) for name in builders}


def _measure_seconds(frame: DataFrame) -> float:
    started = time.perf_counter()
    frame.write.format("noop").mode("overwrite").save()
    return time.perf_counter() - started


def _measure(spark: SparkSession, name: str, chain: Chain, rows: DataFrame, runs: int) -> None:
    builders = {"chain": lambda: chain.build(rows), "sql": lambda: run_sql(spark, chain, rows)}
    durations: dict[str, list[float]] = {kind: [] for kind in builders}
    for number in range(runs + 1):
        for kind in list(builders)[:: 1 if number % 2 else -1]:
            seconds = _measure_seconds(builders[kind]())
            if number:
                durations[kind].append(seconds)
    ratios = [chain_time / sql_time for chain_time, sql_time in zip(durations["chain"], durations["sql"], strict=True)]
    ratio, has_same_operators = (
        median(durations["chain"]) / median(durations["sql"]),
        count_operators(builders["chain"]()) == count_operators(builders["sql"]()),
    )
    print(
        f"{name:28} {median(durations['chain']):7.2f} s {median(durations['sql']):7.2f} s   ratio {ratio:.2f} "
        f"({min(ratios):.2f}-{max(ratios):.2f}) {'met' if ratio <= _MAX_RATIO else 'not met'}   "
        f"operators {'equal' if has_same_operators else 'different'}"
    )


def main() -> None:
    """Measure the selected chains and print the results."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=5_000_000, help="Number of rows [default: 5000000].")
    arguments.add_argument("--runs", type=int, default=5, help="Number of runs after a warm-up [default: 5].")
    arguments.add_argument(
        "--only", nargs="+", choices=CHAINS, default=[*CHAINS], help="Measure only these chains [default: all]."
    )
    arguments.add_argument(
        "--folder", type=Path, help="Keep the generated rows in this folder [default: a temporary folder]."
    )
    args = arguments.parse_args()
    builder = SparkSession.builder.appName("benchmark").master("local[2]")
    for name, value in local_settings().items():
        builder = builder.config(name, value)
    spark = (
        builder.config("spark.sql.session.timeZone", "UTC").config("spark.sql.adaptive.enabled", "false").getOrCreate()
    )
    with tempfile.TemporaryDirectory() as temporary:
        sources = _load_sources(spark, args.folder or Path(temporary), rows=args.rows)
        print(
            f"{args.rows:,} rows, {args.runs} runs after a warm-up: medians of chain and query, "
            "their ratio, and the minimum and maximum ratio of all runs"
        )
        for name in args.only:
            _measure(spark, name, CHAINS[name], sources[CHAINS[name].source], args.runs)


if __name__ == "__main__":
    main()
