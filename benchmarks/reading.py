"""Compare the ingest of one file with a plain read of the same file, for csv, JSON and Excel.

python -m benchmarks.reading [--rows 1000000] [--sheet-rows 200000] [--runs 5] [--only csv json xlsx] [--folder DIR]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import python_calamine
import xlsxwriter
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from benchmarks.datasets import measure_step
from ingest.raw import ingest
from ingest.workbook import cell_text
from lake.session import lake_session

COLUMNS = ("case", "status", "source", "created", "closed", "address", "agency", "type", "latitude", "council district")
TARGETS = {"csv": 1.5, "json": 1.5, "xlsx": 1.2}
"""The maximum ratio of the ingest to the plain read, which writes the same rows to a table."""

_SCHEMA = T.StructType([T.StructField(name, T.StringType()) for name in COLUMNS])
_PLAIN = "lake.ops.plain"


def generate_rows(count: int) -> Iterator[list[object]]:
    """Yield the cells of made-up requests. Some cells have commas, which a csv file must quote."""
    numbers = random.Random(1)  # noqa: S311 - the same rows in each run
    for number in range(count):
        day = f"2024-{numbers.randint(1, 12):02}-{numbers.randint(1, 28):02}"
        address = f"{numbers.randint(1, 9999)} Main St, Unit {number % 50}"
        text = [f"Request {number}, about something", numbers.choice(["Open", "Closed"]), "Phone", f"{day}T01:00:00"]
        yield [*text, day, address, "311", "Inquiry", round(numbers.uniform(39, 40), 5), number % 11]


def write_file(path: Path, *, rows: int) -> None:
    """Write the rows in the format that the extension of the path names."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *generate_rows(rows)])
    elif path.suffix == ".json":
        with path.open("w") as file:
            file.writelines(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in generate_rows(rows))
    else:
        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for line, row in enumerate([COLUMNS, *generate_rows(rows)]):
                sheet.write_row(line, 0, row)


def read_plain(spark: SparkSession, path: Path) -> DataFrame:
    """Read a file without any check: with Spark's reader, or with calamine."""
    if path.suffix == ".csv":
        return spark.read.csv(str(path), schema=_SCHEMA, header=True, multiLine=True, escape='"')
    if path.suffix == ".json":
        return spark.read.json(str(path), schema=_SCHEMA)
    rows = spark.sparkContext.parallelize([str(path)], 1).flatMap(_read_sheet)
    return spark.createDataFrame(rows, _SCHEMA, verifySchema=False)


def _read_sheet(path: str) -> Iterator[list[str | None]]:
    rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return ([cell_text(cell) for cell in row] for row in rows[1:])


def _write_plain(spark: SparkSession, path: Path) -> None:
    spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.ops")
    read_plain(spark, path).writeTo(_PLAIN).using("iceberg").createOrReplace()


def _discard(spark: SparkSession, path: Path) -> None:
    read_plain(spark, path).write.format("noop").mode("overwrite").save()


def measure(path: Path, *, runs: int) -> None:
    """Measure the plain read with and without a write, and the ingest, one after another in each round."""
    landing, kind = path.parent, path.suffix[1:]
    durations: dict[str, list[float]] = {"read": [], "read and write": [], "ingest": []}
    jobs: dict[str, int] = {}
    for number in range(runs + 1):  # the first round is a warm-up
        warehouse = landing.with_name(f"warehouse-{kind}")
        shutil.rmtree(warehouse, ignore_errors=True)
        spark = lake_session(str(warehouse), app_name="benchmark")
        arguments = {"dataset": "requests", "landing": str(landing), "layouts": {"one": COLUMNS}, "run_id": "r"}
        steps: dict[str, Callable[[], object]] = {
            "read": partial(_discard, spark, path),
            "read and write": partial(_write_plain, spark, path),
            "ingest": partial(ingest, spark, **arguments),
        }
        for name, step in steps.items():
            seconds, jobs[name] = measure_step(spark, step)
            if number:
                durations[name].append(seconds)
    for name, seconds in durations.items():
        times = ", ".join(f"{value:.2f}" for value in seconds)
        print(f"{kind}: {name} takes {median(seconds):.2f} s ({times}), {jobs[name]} Spark jobs")
    pairs = zip(durations["ingest"], durations["read and write"], strict=True)
    ratios = sorted(ingested / plain for ingested, plain in pairs)
    state = "met" if median(ratios) <= TARGETS[kind] else "NOT MET"
    print(f"{kind}: the ingest takes {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) times as long as the")
    print(f"  plain read with a write. The target of {TARGETS[kind]} is {state}")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the selected formats and print the results."""
    parser = argparse.ArgumentParser(prog="benchmarks.reading", description="Compare ingest with a plain read.")
    parser.add_argument(
        "--rows",
        type=int,
        default=1_000_000,
        help="Write this number of rows to the csv and JSON files [default: %(default)s].",
    )
    parser.add_argument(
        "--sheet-rows",
        type=int,
        default=200_000,
        help="Write this number of rows to the workbook [default: %(default)s].",
    )
    parser.add_argument(
        "--runs", type=int, default=5, help="Measure this number of rounds after the warm-up [default: %(default)s]."
    )
    parser.add_argument(
        "--only", nargs="+", choices=[*TARGETS], default=[*TARGETS], help="Measure these formats [default: all]."
    )
    parser.add_argument("--folder", type=Path, help="Keep the files in this folder [default: a temporary folder].")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        for kind in args.only:
            landing = (args.folder or Path(temporary)) / f"reading-{kind}"
            landing.mkdir(parents=True, exist_ok=True)
            rows = args.sheet_rows if kind == "xlsx" else args.rows
            path = landing / f"requests-{rows}.{kind}"
            if not path.exists():
                write_file(path, rows=rows)
            measure(path, runs=args.runs)


if __name__ == "__main__":
    main()
