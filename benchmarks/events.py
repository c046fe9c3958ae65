"""Measure increments, replay and landing, each in comparison with an alternative.

Increments are compared with a full refresh. A replay is compared with a plain loop. A run from landing to trusted is
compared with plain Spark.

python -m benchmarks.events increments [--rows 1000000 10000000] [--increment 100] [--rebuilt 10000000] [--folder DIR]
python -m benchmarks.events replay [--rows 300000] [--runs 3]
python -m benchmarks.events landing [--rows 1000000] [--runs 3]
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F

from benchmarks.datasets import measure_step, run_stage
from ingest.replay import replay
from ingest.samples import police_dispatch, service_requests
from ingest.targets import LandingFolder
from jobs.progress import read_progress
from jobs.revisions import pruning_condition
from jobs.stages import dataset_job, ingest, refine
from lake.session import lake_session
from lake.staging import stage
from lake.tables import DATA_VERSION, row_count
from transforms.datasets.police_dispatch import DATASET as DISPATCHES
from transforms.datasets.service_requests import DATASET as REQUESTS

RAW, TRUSTED = "lake.raw.service_requests", "lake.trusted.service_requests"
BASE_ROWS = 100_000


def measure_increments(
    folder: Path, *, sizes: Sequence[int], increment: int | None, rebuilt: Sequence[int], runs: int
) -> None:
    """Measure increments into tables of several sizes, and a full refresh of some of these tables.

    An increment is a set of JSON lines in landing. Most lines are new requests of the last two months. One line in a
    hundred revises a request of any month. After the increments, the function measures how long it takes to build all
    answers from all rows of trusted. The first measurements include the time in which the JVM warms up.

    Args:
        folder: The folder for landing and tables.
        sizes: The sizes of the tables to measure. A size is the number of requests in trusted.
        increment: The number of rows in an increment. None means 1 % of the table.
        rebuilt: The sizes for which a full refresh is measured.
        runs: The number of increments. All answers are also built this number of times.
    """
    base = folder / "base"
    if not (base / "_truth.json").exists():
        service_requests.write(base, rows=BASE_ROWS)
    for rows in sizes:
        _measure_size(
            base, folder, rows=rows, increment=increment or rows // 100, is_rebuilt=rows in rebuilt, runs=runs
        )


def _measure_size(base: Path, folder: Path, *, rows: int, increment: int, is_rebuilt: bool, runs: int) -> None:
    warehouse, landing = folder / f"warehouse-{rows}", folder / f"landing-{rows}"
    for path in (warehouse, landing):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(base, landing)
    spark = lake_session(str(warehouse), app_name="benchmark")

    def run(name: str, *more: str) -> tuple[float, int]:
        return measure_step(spark, lambda: run_stage(spark, REQUESTS.name, landing, name, *more))

    run("ingest")
    run("refine")
    refreshed = None
    if is_rebuilt:
        _multiply_raw(spark, rows // BASE_ROWS)
        refreshed, jobs = run("refine", "--rebuild")
        print(f"{rows:>12,} rows, full refresh: refine {refreshed:.1f} s, {jobs} jobs", flush=True)
    else:
        _multiply_trusted(spark, rows // BASE_ROWS)
    print(f"{rows:>12,} rows: {row_count(spark, TRUSTED):,} in trusted", flush=True)
    for turn in range(runs):
        _deliver(spark, increment, landing, turn)
        measurements = {name: run(name) for name in ("ingest", "refine")}
        steps = ", ".join(f"{name} {seconds:.1f} s and {jobs} jobs" for name, (seconds, jobs) in measurements.items())
        total = sum(seconds for seconds, _ in measurements.values())
        share = f", {100 * total / refreshed:.1f} % of the time of the full refresh" if refreshed else ""
        print(f"{rows:>12,} rows, increment of {increment:,} rows: {steps}, total {total:.1f} s{share}", flush=True)
    for _ in range(runs):
        curated, jobs = run("curate", "--rebuild")
        print(f"{rows:>12,} rows: all answers {curated:.1f} s, {jobs} jobs", flush=True)
    _print_files_of_increment(spark)


def _multiply_raw(spark: SparkSession, times: int) -> None:
    rows = spark.table(RAW).where("_row_number IS NOT NULL")
    copies = rows.crossJoin(spark.range(1, times).withColumnRenamed("id", "copy"))
    suffix = F.concat(F.lit(" "), "copy")
    copies = copies.withColumns(
        {"Case Summary": F.concat("`Case Summary`", suffix), "_source_file": F.concat("_source_file", suffix)}
    )
    copies.select(*spark.table(RAW).columns).writeTo(RAW).append()


def _multiply_trusted(spark: SparkSession, times: int) -> None:
    """Publish copies of the rows of trusted under new keys. The properties that the publisher reads do not change."""
    rows, progress = spark.table(TRUSTED), read_progress(spark, TRUSTED)
    copies = rows.crossJoin(spark.range(times).withColumnRenamed("id", "copy"))
    key = F.when(F.col("copy") == 0, F.col("case_key")).otherwise(F.sha2(F.concat("case_key", "copy"), 256))
    copies = copies.withColumn("case_key", key).select(*rows.columns)
    staged = stage(
        spark, copies, table=TRUSTED, run_id="multiply", properties=progress.to_properties() if progress else {}
    )
    staged.publish(properties={DATA_VERSION: str(staged.snapshot)})


def _deliver(spark: SparkSession, rows: int, landing: Path, turn: int) -> None:
    columns = [name for name in spark.table(RAW).columns if not name.startswith("_")]
    raw = spark.table(RAW).where(
        "_layout = 'denver' AND length(`Case Created dttm`) = 22 AND _source_file NOT LIKE '% %'"
    )
    created = F.to_timestamp("Case Created dttm", "MM/dd/yyyy hh:mm:ss a")
    # Some sample rows have a wrong created time in the year 2099. The filter excludes these rows.
    last = raw.where(created < "2090-01-01").agg(F.max(created)).collect()[0][0]
    newest = raw.where(created.between(F.lit(last) - F.expr("INTERVAL 60 DAYS"), F.lit(last))).limit(2000)
    new = newest.crossJoin(spark.range(rows // 2000 + 1)).withColumn(
        "Case Summary", F.concat("`Case Summary`", F.lit(f" new {turn} "), "id")
    )
    revised = (
        raw.orderBy(F.xxhash64("Case Summary", F.lit(turn)))
        .limit(rows // 100)
        .withColumn("Case Status", F.lit("Closed - Answer Provided"))
    )
    events = new.select(columns).limit(rows - rows // 100).unionByName(revised.select(columns))
    stamped = events.withColumn("row_ts", F.lit(f"2026-02-0{turn + 1}T00:00:00Z")).coalesce(2)
    hour = landing / f"2026/02/0{turn + 1}/00"
    hour.parent.mkdir(parents=True, exist_ok=True)
    stamped.write.mode("overwrite").json(str(hour))


def _print_files_of_increment(spark: SparkSession) -> None:
    """Print the number of files of trusted that an increment of one month reads."""
    table = spark.table(TRUSTED)
    month = table.where("created_at >= TIMESTAMP '2025-11-01' AND created_at < TIMESTAMP '2025-12-01'").limit(1000)
    staged = stage(spark, month, table=TRUSTED, run_id="explain", is_append=True)
    condition = pruning_condition(staged, column=REQUESTS.pruning_column)
    staged.drop()
    file_count = table.where(condition).select("_file").distinct().count()
    files = spark.table(f"{TRUSTED}.data_files").count()
    print(f"{'':12} an increment of one month reads {file_count} of {files} files. Condition: {condition[:300]}")


def measure_replay(folder: Path, *, rows: int, runs: int) -> None:
    """Replay a CSV file into a landing folder. Compare the speed with a loop over `csv.DictReader` and `json.dumps`."""
    samples = folder / "samples"
    service_requests.write(samples, rows=min(rows, 200_000))
    largest = max(samples.glob("*.csv"), key=lambda path: path.stat().st_size)
    text = largest.read_bytes().decode("utf-8-sig" if b"\xef\xbb\xbf" in largest.read_bytes()[:3] else "cp1252")
    header, _, body = text.partition("\n")
    file = folder / "replay_seconds.csv"
    times = rows // body.count("\n") + 1
    file.write_text(header + "\n" + body * times, encoding="utf-8")
    durations: dict[str, list[float]] = {"loop": [], "replay": []}
    for number in range(runs + 1):
        start = time.perf_counter()
        with file.open(encoding="utf-8", newline="") as source, (folder / "loop.json").open("w") as target:
            count = sum(1 for row in csv.DictReader(source) if target.write(json.dumps(row) + "\n"))
        loop_seconds = time.perf_counter() - start
        to, state = folder / f"landing-{number}", folder / f"state-{number}.json"
        start = time.perf_counter()
        replay(str(file), LandingFolder(to, "requests"), to=str(to), state=state)
        replay_seconds = time.perf_counter() - start
        if number:
            durations["loop"].append(loop_seconds)
            durations["replay"].append(replay_seconds)
    for name, seconds in durations.items():
        print(f"{name:8} {median(seconds):6.2f} s {count / median(seconds):12,.0f} rows/s")
    print(f"a replay has {median(durations['loop']) / median(durations['replay']):.2f} times the speed of the loop")


def measure_landing(folder: Path, *, rows: int, runs: int) -> None:
    """Compare a run from landing to trusted, including the gate, with plain Spark on the same files.

    Plain Spark reads, parses and writes the files. Two variants of plain Spark are measured. `cast` reads all columns
    as text, and then casts the columns. `inferred` uses the types that Spark infers.

    A reader with a typed schema is not measured, because this reader is slow and loses records. If a number is in
    quotes, the reader treats the whole record as malformed.
    """
    landing = folder / f"police-{rows}"
    if not (landing / "_truth.json").exists():
        police_dispatch.write(landing, rows=rows)
    durations: dict[str, list[float]] = {"cast": [], "inferred": [], "ingest": [], "refine": []}
    args = dataset_job(DISPATCHES).parse(["--landing", str(landing)])
    for number in range(runs + 1):
        warehouse = folder / f"police-warehouse-{number}"
        shutil.rmtree(warehouse, ignore_errors=True)
        spark = lake_session(str(warehouse), app_name="benchmark")
        steps: dict[str, Callable[[], object]] = {
            "cast": partial(_cast, spark, landing),
            "inferred": partial(_infer, spark, landing),
            "ingest": partial(ingest, DISPATCHES, spark, args),
            "refine": partial(refine, DISPATCHES, spark, args),
        }
        for name, step in steps.items():
            seconds, _ = measure_step(spark, step)
            if number:
                durations[name].append(seconds)
    cast, inferred, ingested, refined = (median(durations[name]) for name in durations)
    print(f"plain Spark with casts {cast:.1f} s, with inferred types {inferred:.1f} s", end=", ")
    count = row_count(spark, "lake.raw.police_dispatch")
    print(f"ingest {ingested:.1f} s, refine {refined:.1f} s, {count:,} rows in raw")
    total = ingested + refined
    print(f"landing to trusted takes {total / cast:.2f} times as long as plain Spark with casts", end=", ")
    print(f"and {total / inferred:.2f} times as long as plain Spark with inferred types")


def _read(reader: DataFrameReader, landing: Path) -> DataFrame:
    return reader.option("recursiveFileLookup", True).json(f"{landing}/20*")


def _infer(spark: SparkSession, landing: Path) -> None:
    _write(_read(spark.read, landing))


def _cast(spark: SparkSession, landing: Path) -> None:
    fields = DISPATCHES.layouts["police_dispatch"]
    types = {field.name: field.type if field.type in ("int", "double") else "string" for field in fields}
    texts = _read(spark.read.schema(", ".join(f"{name} string" for name in types)), landing)
    _write(texts.select(*(F.col(name).cast(type_) for name, type_ in types.items())))


def _write(rows: DataFrame) -> None:
    rows = rows.withColumns({name: F.to_timestamp(name) for name in ("start_time", "end_time")})
    rows.sparkSession.sql("CREATE NAMESPACE IF NOT EXISTS lake.ops")
    rows.writeTo("lake.ops.plain").using("iceberg").partitionedBy(F.months("start_time")).createOrReplace()


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the selected benchmark and print the results."""
    parser = argparse.ArgumentParser(prog="benchmarks.events", description="Measure increments, replay and landing.")
    parser.add_argument("benchmark", choices=["increments", "replay", "landing"], help="Run this benchmark.")
    parser.add_argument("--rows", type=int, nargs="+", help="Number of rows. `increments` accepts several numbers.")
    parser.add_argument(
        "--increment", type=int, metavar="ROWS", help="Number of rows in an increment [default: 1 %% of the table]."
    )
    parser.add_argument(
        "--rebuilt",
        type=int,
        nargs="*",
        metavar="ROWS",
        default=[10_000_000],
        help="Measure a full refresh for these numbers of rows. If no number follows --rebuilt, measure no full "
        "refresh [default: 10000000].",
    )
    parser.add_argument("--runs", type=int, default=3, help="Number of rounds [default: 3].")
    parser.add_argument("--folder", help="Keep samples and tables in this folder [default: a temporary folder].")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(args.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if args.benchmark == "increments":
            sizes = args.rows or [1_000_000, 10_000_000, 50_000_000]
            measure_increments(folder, sizes=sizes, increment=args.increment, rebuilt=args.rebuilt, runs=args.runs)
        elif args.benchmark == "replay":
            measure_replay(folder, rows=(args.rows or [300_000])[0], runs=args.runs)
        else:
            measure_landing(folder, rows=(args.rows or [1_000_000])[0], runs=args.runs)


if __name__ == "__main__":
    main()
