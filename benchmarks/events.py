"""What an increment of events costs, beside making trusted anew; and what landing costs, beside the barest way there.

python -m benchmarks.events increments [--rows 1000000 10000000 50000000] [--rebuilt 10000000] [--folder DIR]
python -m benchmarks.events replay [--rows 300000] [--runs 3]
python -m benchmarks.events landing [--rows 1000000] [--runs 3]
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F

from benchmarks.datasets import stage, timed
from ingest.replay import replay
from ingest.samples import police_dispatch, service_requests
from ingest.targets import LandingFolder
from jobs.arguments import parse_arguments
from jobs.increments import REFINED_TO, refine_increment
from jobs.police_dispatch import FORMS, REFINING
from jobs.stages import ingest_landing
from lake.ledger import Entry
from lake.merge import Merge, ranges
from lake.publish import Staged
from lake.session import lake_session
from lake.tables import last_note
from transforms.datasets.police_dispatch import SOURCE_FIELDS

REQUESTS, RAW, TRUSTED = "service_requests", "lake.raw.service_requests", "lake.trusted.service_requests"
BASE = 100_000


def increments(folder: Path, *, sizes: Sequence[int], rebuilt: Sequence[int]) -> None:
    """Measure two increments of 1 % into tables of so many requests, and to make those of some sizes anew.

    An increment is JSON lines in landing: requests of the last two months, and one in a hundred revises an old one, of
    whatever month. The answers, which are made of all of trusted, are measured once.
    """
    base = folder / "base"
    if not (base / "_truth.json").exists():
        service_requests.write(base, rows=BASE)
    for rows in sizes:
        _measure(base, folder, rows=rows, is_rebuilt=rows in rebuilt)


def _measure(base: Path, folder: Path, *, rows: int, is_rebuilt: bool) -> None:
    warehouse, landing = folder / f"warehouse-{rows}", folder / f"landing-{rows}"
    for made in (warehouse, landing):
        shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(base, landing)
    spark = lake_session(str(warehouse), app_name="benchmark")

    def run(name: str, *more: str) -> tuple[float, int]:
        return timed(spark, lambda: stage(spark, REQUESTS, landing, name, *more))

    run("ingest")
    run("refine")
    anew = None
    if is_rebuilt:
        _multiply_raw(spark, rows // BASE)
        anew, jobs = run("refine", "--rebuild")
        print(f"{rows:>12,} rows made anew: refine {anew:.1f} s, {jobs} jobs", flush=True)
    else:
        _multiply_trusted(spark, rows // BASE)
    for turn in range(2):
        _deliver(spark, rows // 100, landing, turn)
        (ingested, jobs), (refined, more) = run("ingest"), run("refine")
        of = f", {100 * (ingested + refined) / anew:.1f} % of that" if anew else ""
        took = f"ingest {ingested:.1f} s, refine {refined:.1f} s, {jobs + more} jobs"
        print(f"{rows:>12,} rows, 1 % more: {took}{of}", flush=True)
    answered, jobs = run("curate")
    print(f"{rows:>12,} rows: curate {answered:.1f} s, {jobs} jobs", flush=True)
    _explain(spark)


def _multiply_raw(spark: SparkSession, times: int) -> None:
    rows = spark.table(RAW).where("_row_number IS NOT NULL")
    copies = rows.crossJoin(spark.range(1, times).withColumnRenamed("id", "copy"))
    suffix = F.concat(F.lit(" "), "copy")
    copies = copies.withColumns(
        {"Case Summary": F.concat("`Case Summary`", suffix), "_source_file": F.concat("_source_file", suffix)}
    )
    copies.select(*spark.table(RAW).columns).writeTo(RAW).append()


def _multiply_trusted(spark: SparkSession, times: int) -> None:
    rows, until = spark.table(TRUSTED), last_note(spark, TRUSTED, REFINED_TO)
    copies = rows.crossJoin(spark.range(times).withColumnRenamed("id", "copy"))
    key = F.when(F.col("copy") == 0, F.col("case_key")).otherwise(F.sha2(F.concat("case_key", "copy"), 256))
    copies = copies.withColumn("case_key", key).select(*rows.columns)
    partitions = ["_quarantined", "months(created_at)"]
    with Staged(
        spark, copies, table=TRUSTED, run_id="multiply", partitioned_by=partitions, notes={REFINED_TO: str(until)}
    ) as staged:
        staged.publish()


def _deliver(spark: SparkSession, rows: int, landing: Path, turn: int) -> None:
    columns = [name for name in spark.table(RAW).columns if not name.startswith("_")]
    raw = spark.table(RAW).where(
        "_form = 'denver' AND length(`Case Created dttm`) = 22 AND _source_file NOT LIKE '% %'"
    )
    newest = raw.orderBy(F.desc(F.to_timestamp("Case Created dttm", "MM/dd/yyyy hh:mm:ss a"))).limit(2000)
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
    stamped.write.json(str(hour))


def _explain(spark: SparkSession) -> None:
    """Print what the plan of an increment reads of trusted: of how many files, which."""
    table = spark.table(TRUSTED)
    increment = table.where("created_at >= TIMESTAMP '2025-11-01'").limit(1000)
    located_by = ("created_at", "created_at")
    found = Merge(key="{row}.case_key", order=["revised_at"], located_by=located_by).found(increment, table=table)
    plan = found._jdf.queryExecution().executedPlan().toString()
    scan = next(line for line in plan.splitlines() if "filters=" in line)
    within = ranges(increment, column="created_at", event_time="created_at")
    read = table.alias("t").where(within).select("_file").distinct().count()
    files = spark.table(f"{TRUSTED}.data_files").count()
    print(f"{'':12} of {files} files an increment of a month reads {read}: {re.sub(' +', ' ', scan)[:300]}")


def replays(folder: Path, *, rows: int, runs: int) -> None:
    """Measure a replay of a csv to a landing folder, beside `csv.DictReader` and `json.dumps` in a loop."""
    samples = folder / "samples"
    service_requests.write(samples, rows=min(rows, 200_000))
    largest = max(samples.glob("*.csv"), key=lambda path: path.stat().st_size)
    text = largest.read_bytes().decode("utf-8-sig" if b"\xef\xbb\xbf" in largest.read_bytes()[:3] else "cp1252")
    header, _, body = text.partition("\n")
    file = folder / "replayed.csv"
    times = rows // body.count("\n") + 1
    file.write_text(header + "\n" + body * times, encoding="utf-8")
    found: dict[str, list[float]] = {"loop": [], "replay": []}
    for number in range(runs + 1):
        began = time.perf_counter()
        with file.open(encoding="utf-8", newline="") as source, (folder / "loop.json").open("w") as target:
            count = sum(1 for row in csv.DictReader(source) if target.write(json.dumps(row) + "\n"))
        looped = time.perf_counter() - began
        to, state = folder / f"landing-{number}", folder / f"state-{number}.json"
        began = time.perf_counter()
        replay(str(file), LandingFolder(to, "requests"), to=str(to), state=state)
        replayed = time.perf_counter() - began
        if number:
            found["loop"].append(looped)
            found["replay"].append(replayed)
    for name, seconds in found.items():
        print(f"{name:8} {median(seconds):6.2f} s {count / median(seconds):12,.0f} rows/s")
    print(f"a replay has {median(found['loop']) / median(found['replay']):.2f} times the speed of the loop")


def landings(folder: Path, *, rows: int, runs: int) -> None:
    """Measure landing to trusted, gate included, beside Spark that reads, parses and writes the same files.

    It does so in two ways: all as text, then cast; and with types that it infers, as it does for who gives none. Where
    its reader is given the types it takes a number in quotes for a broken record, loses it, and is slow for that.
    """
    landing = folder / f"police-{rows}"
    if not (landing / "_truth.json").exists():
        police_dispatch.write(landing, rows=rows)
    found: dict[str, list[float]] = {"cast": [], "inferred": [], "ingest": [], "refine": []}
    for number in range(runs + 1):
        warehouse = folder / f"police-warehouse-{number}"
        shutil.rmtree(warehouse, ignore_errors=True)
        spark = lake_session(str(warehouse), app_name="benchmark")
        entry = Entry(f"run {number}", None, "police_dispatch", "refine")
        args = parse_arguments("police_dispatch", ["--landing", str(landing)])
        ways = {
            "cast": partial(_cast, spark, landing),
            "inferred": partial(_infer, spark, landing),
            "ingest": partial(ingest_landing, spark, args, entry, dataset="police_dispatch", forms=FORMS),
            "refine": partial(refine_increment, spark, REFINING, entry),
        }
        for name, way in ways.items():
            seconds, _ = timed(spark, way)
            if number:
                found[name].append(seconds)
    cast, inferred, ingested, refined = (median(found[name]) for name in found)
    print(f"plain {cast:.1f} s, with types inferred {inferred:.1f} s", end="; ")
    print(f"ingest {ingested:.1f} s, refine {refined:.1f} s, {entry.rows_in:,} rows in raw")
    whole = ingested + refined
    print(f"landing to trusted takes {whole / cast:.2f} and {whole / inferred:.2f} times the plain way")


def _read(reader: DataFrameReader, landing: Path) -> DataFrame:
    return reader.option("recursiveFileLookup", True).json(f"{landing}/20*")


def _infer(spark: SparkSession, landing: Path) -> None:
    _write(_read(spark.read, landing))


def _cast(spark: SparkSession, landing: Path) -> None:
    types = {field.name: field.type if field.type in ("int", "double") else "string" for field in SOURCE_FIELDS}
    texts = _read(spark.read.schema(", ".join(f"{name} string" for name in types)), landing)
    _write(texts.select(*(F.col(name).cast(type_) for name, type_ in types.items())))


def _write(rows: DataFrame) -> None:
    rows = rows.withColumns({name: F.to_timestamp(name) for name in ("start_time", "end_time")})
    rows.sparkSession.sql("CREATE NAMESPACE IF NOT EXISTS lake.ops")
    rows.writeTo("lake.ops.plain").using("iceberg").partitionedBy(F.months("start_time")).createOrReplace()


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is asked for, and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.events", description="What events cost.")
    parser.add_argument("what", choices=["increments", "replay", "landing"])
    parser.add_argument("--rows", type=int, nargs="+", help="how many; for increments several sizes")
    parser.add_argument("--rebuilt", type=int, nargs="*", default=[10_000_000], help="sizes that are made anew too")
    parser.add_argument("--runs", type=int, default=3, help="rounds that count, after one that does not")
    parser.add_argument("--folder", help="where to keep what is made for the next time; default a temporary folder")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(args.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if args.what == "increments":
            increments(folder, sizes=args.rows or [1_000_000, 10_000_000, 50_000_000], rebuilt=args.rebuilt)
        elif args.what == "replay":
            replays(folder, rows=(args.rows or [300_000])[0], runs=args.runs)
        else:
            landings(folder, rows=(args.rows or [1_000_000])[0], runs=args.runs)


if __name__ == "__main__":
    main()
