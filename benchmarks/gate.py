"""Compare the gate with a plain copy of the same rows, and with libraries that validate and route the same rows.

python -m benchmarks.gate [--rows 5000000] [--runs 3] [--source chain|parquet|both] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import operator
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession

from benchmarks import peers
from benchmarks.frames import EXPECTATIONS, UNIQUE, load_frame, suite_json
from benchmarks.peers import QUARANTINE, TRUSTED, count_routed, unexpected_counts, write
from expectations.bits import QUARANTINED
from expectations.gate import compile_gate
from expectations.suite import parse_suite
from lake.session import lake_session
from lake.staging import stage
from lake.tables import row_count

Contender = Callable[[SparkSession, DataFrame], Mapping[str, int]]
Rounds = Mapping[str, Sequence[float]]
"""Maps each contender to the durations of its rounds (seconds)."""


class Clock:
    """Reads the wall clock and the processor time of the JVM.

    Other processes affect wall time more than processor time.
    """

    def __init__(self, spark: SparkSession) -> None:
        jvm: Any = spark._jvm
        self._stat = Path(f"/proc/{jvm.java.lang.ProcessHandle.current().pid()}/stat")

    def read(self) -> tuple[float, float]:
        """Return the wall time and the processor time (seconds)."""
        user, system = self._stat.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
        return time.perf_counter(), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def copy(spark: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Write the frame to a table. Every contender that routes rows takes at least as long as this copy."""
    write(spark, rows, TRUSTED)
    return {"rows": row_count(spark, TRUSTED)}


def gate(spark: SparkSession, rows: DataFrame, *, unique: bool = False) -> dict[str, int]:
    """Mark, write, validate, route and publish rows like `jobs.publisher` in a full refresh."""
    suite = parse_suite(suite_json(*EXPECTATIONS, *[UNIQUE] * unique), where="requests")
    compiled, run_id = compile_gate(rows, suite=suite), uuid4().hex
    staged = stage(spark, compiled.rows, table=TRUSTED, run_id=run_id, partitioned_by=[QUARANTINED])
    result = compiled.validate(staged.rows())
    rejects = stage(spark, compiled.rows_for_quarantine(staged.rows()), table=QUARANTINE, run_id=run_id)
    rejects.publish()
    staged.publish(exclude=QUARANTINED)
    return count_routed(spark) | unexpected_counts(result.to_json_dict()["results"])


def unique(_: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Validate only the uniqueness of a key, and count the rows that repeat a key."""
    compiled = compile_gate(rows, suite=parse_suite(suite_json(UNIQUE), where="requests"))
    return {"repeated": compiled.rows.where(QUARANTINED).count()}


def group_by(_: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Count the keys that occur more than once, with the shortest possible query."""
    return {"repeated": rows.groupBy("request_id").count().where("count > 1").count()}


CONTENDERS: Mapping[str, tuple[Contender, str]] = {
    "copy": (copy, "writes the frame to one table, without validation"),
    "by_hand": (peers.by_hand, "two filtered writes, no report"),
    "gate": (gate, "10 expectations with routing, report and publish"),
    "gx": (peers.great_expectations, "Great Expectations, same suite, then two filtered writes"),
    "sparkdq": (peers.sparkdq, "sparkdq, same checks, then two writes of the passed and the failed frame, no counts"),
    "cuallee": (peers.cuallee, "cuallee, same checks, then two filtered writes"),
    "gate_unique": (partial(gate, unique=True), "gate with a unique key"),
    "gx_unique": (partial(peers.great_expectations, unique=True), "gx with a unique key"),
    "unique": (unique, "validates and counts uniqueness only, writes nothing"),
    "group_by": (group_by, "counts groupBy(key).count() > 1, writes nothing"),
}
RATIOS: Sequence[tuple[str, str, str, float | None]] = [
    ("gate", "copy", "<=", 1.5),
    ("by_hand", "copy", "", None),
    ("by_hand", "gate", "", None),
    ("gx", "gate", ">=", 2.0),
    ("gx_unique", "gate_unique", ">=", 1.5),
    ("sparkdq", "gate", ">=", 2.0),
    ("cuallee", "gate", ">=", 1.3),
    ("unique", "group_by", "", None),
    ("gate_unique - gate", "group_by", "", None),
]
_COMPARISONS = {"<=": operator.le, ">=": operator.ge}


class DisagreementError(Exception):
    """Two contenders have different counts for the same rows, so their times cannot be compared."""


def measure(
    spark: SparkSession, rows: DataFrame, names: Sequence[str], *, runs: int, warehouse: Path
) -> tuple[Rounds, Rounds]:
    """Run all contenders in each of `runs` rounds after a warm-up. Return wall and processor seconds.

    Each contender starts with an empty warehouse and an empty cache. Each round starts with a different contender.

    Raises:
        DisagreementError: Two contenders count different numbers of passed rows, failed rows or unexpected values.
    """
    wall: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    counts: dict[str, tuple[int, str]] = {}
    jvm: Any = spark._jvm
    clock, scheduler = Clock(spark), spark.sparkContext._jsc.sc().dagScheduler()
    for number in range(runs + 1):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            shutil.rmtree(warehouse, ignore_errors=True)
            spark.catalog.clearCache()
            jvm.System.gc()
            jobs, starts = scheduler.numTotalJobs(), clock.read()
            metrics = CONTENDERS[name][0](spark, rows)
            seconds, processor_seconds = (end - start for end, start in zip(clock.read(), starts, strict=True))
            jobs = scheduler.numTotalJobs() - jobs
            for metric, count in metrics.items():
                expected, first_contender = counts.setdefault(metric, (count, name))
                if count != expected:
                    raise DisagreementError(
                        f"Counts of {metric} differ: {name} has {count}, but {first_contender} has {expected}."
                    )
            if number:
                wall[name].append(seconds)
                processor[name].append(processor_seconds)
            turn = f"round {number}" if number else "warm-up"
            print(
                f"  {turn:8} {name:12} {seconds:7.2f} s, processor {processor_seconds:7.2f} s, {jobs:2} jobs",
                flush=True,
            )
    for metric, (count, _) in counts.items():
        print(f"  all agree: {metric} {count}")
    return wall, processor


def report(wall: Rounds, processor: Rounds) -> None:
    """Print the median time of each contender, and the ratios of contenders.

    For each pair in `RATIOS`, print the ratio of the medians, the minimum ratio of a round and the maximum ratio of a
    round.
    """
    print(f"  {'':24} {'wall':>7} {'processor':>10}")
    for name in wall:
        print(f"  {name:24} {median(wall[name]):6.2f}s {median(processor[name]):9.2f}s  {CONTENDERS[name][1]}")
    wall, processor = add_cost_of_uniqueness(wall), add_cost_of_uniqueness(processor)
    for numerator, denominator, sign, aim in RATIOS:
        if not {numerator, denominator} <= wall.keys():
            continue
        ratio = median(wall[numerator]) / median(wall[denominator])
        outcome = f"aim {sign} {aim}: {'met' if _COMPARISONS[sign](ratio, aim) else 'NOT MET'}" if aim else ""
        both = " ".join(_format_ratio(rounds[numerator], rounds[denominator]) for rounds in (wall, processor))
        print(f"  {numerator + ' / ' + denominator:30} {both}  {outcome}")


def add_cost_of_uniqueness(rounds: Rounds) -> Rounds:
    """Add the cost of a unique key: in each round, the time of `gate_unique` minus the time of `gate`."""
    if not {"gate", "gate_unique"} <= rounds.keys():
        return rounds
    pairs = zip(rounds["gate_unique"], rounds["gate"], strict=True)
    return {**rounds, "gate_unique - gate": [with_unique - without_unique for with_unique, without_unique in pairs]}


def _format_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> str:
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    return f"{median(numerators) / median(denominators):6.2f} ({min(ratios):.2f}-{max(ratios):.2f})".ljust(20)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the selected sources and print the result."""
    parser = argparse.ArgumentParser(prog="benchmarks.gate", description="Compare the gate with alternatives.")
    parser.add_argument("--rows", type=int, default=5_000_000, help="Number of rows [default: 5000000].")
    parser.add_argument("--runs", type=int, default=3, help="Number of rounds after a warm-up [default: 3].")
    parser.add_argument(
        "--source", choices=["chain", "parquet", "both"], default="both", help="Measure this source [default: both]."
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=CONTENDERS,
        default=list(CONTENDERS),
        metavar="NAME",
        help="Measure only these contenders [default: all].",
    )
    parser.add_argument("--folder", help="Keep the generated rows in this folder [default: a temporary folder].")
    args = parser.parse_args(argv)
    sources = ["chain", "parquet"] if args.source == "both" else [args.source]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(args.folder or temporary)
        spark = lake_session(str(Path(temporary, "warehouse")), app_name="benchmark")
        results: dict[str, tuple[Rounds, Rounds]] = {}
        for source in sources:
            rows = load_frame(spark, source, folder, rows=args.rows)
            print(f"{source}: {args.rows} rows of {len(rows.columns)} columns, {args.runs} rounds")
            results[source] = measure(spark, rows, args.only, runs=args.runs, warehouse=Path(temporary, "warehouse"))
        for source, (wall, processor) in results.items():
            print(f"\n{source}: {args.rows} rows, medians of {args.runs} rounds, ratios by wall and processor time")
            report(wall, processor)
        spark.stop()


if __name__ == "__main__":
    main()
