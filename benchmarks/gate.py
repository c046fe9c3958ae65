"""The cost of the gate, beside a plain copy of the same rows, and beside other libraries that check and route them.

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
from benchmarks.frames import EXPECTATIONS, UNIQUE, frame, suite_json
from benchmarks.peers import QUARANTINE, TRUSTED, routed, unexpected, write
from expectations.gate import compile_gate
from expectations.mask import QUARANTINED
from expectations.suite import parse_suite
from lake.session import lake_session
from lake.staging import stage
from lake.tables import row_count

Contender = Callable[[SparkSession, DataFrame], Mapping[str, int]]
Rounds = Mapping[str, Sequence[float]]
"""Contender to the seconds that each round took it."""


class Clock:
    """Two clocks: that on the wall, and the processor time of the JVM, which others on the machine disturb less."""

    def __init__(self, spark: SparkSession) -> None:
        jvm: Any = spark._jvm
        self._stat = Path(f"/proc/{jvm.java.lang.ProcessHandle.current().pid()}/stat")

    def read(self) -> tuple[float, float]:
        """Return the seconds on both."""
        user, system = self._stat.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
        return time.perf_counter(), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def copy(spark: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Write the frame to a table: what one pays anyway."""
    write(spark, rows, TRUSTED)
    return {"rows": row_count(spark, TRUSTED)}


def gate(spark: SparkSession, rows: DataFrame, *, unique: bool = False) -> dict[str, int]:
    """Mark, write, validate, route and publish, as a full refresh by `jobs.publisher` does."""
    suite = parse_suite(suite_json(*EXPECTATIONS, *[UNIQUE] * unique), where="requests")
    compiled, run_id = compile_gate(rows, suite=suite), uuid4().hex
    staged = stage(spark, compiled.rows, table=TRUSTED, run_id=run_id, partitioned_by=[QUARANTINED])
    verdict = compiled.validate(staged.rows())
    rejects = stage(spark, compiled.rejected(staged.rows()), table=QUARANTINE, run_id=run_id)
    rejects.publish()
    staged.publish(exclude=QUARANTINED)
    return routed(spark) | unexpected(verdict.to_json_dict()["results"])


def unique(_: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Validate the uniqueness of a key and nothing else, and count the rows that repeat a key."""
    compiled = compile_gate(rows, suite=parse_suite(suite_json(UNIQUE), where="requests"))
    return {"repeated": compiled.rows.where(QUARANTINED).count()}


def group_by(_: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Count the keys that occur twice, the shortest way there is."""
    return {"repeated": rows.groupBy("request_id").count().where("count > 1").count()}


CONTENDERS: Mapping[str, tuple[Contender, str]] = {
    "copy": (copy, "the frame written to one table"),
    "by_hand": (peers.by_hand, "two filtered writes, no report"),
    "gate": (gate, "10 expectations, routed, reported, published"),
    "gx": (peers.great_expectations, "Great Expectations, same suite, then two filtered writes"),
    "sparkdq": (peers.sparkdq, "sparkdq, the same checks, its two frames written, no counts"),
    "cuallee": (peers.cuallee, "cuallee, the same checks, then two filtered writes"),
    "gate_unique": (partial(gate, unique=True), "as gate, and one key is unique"),
    "gx_unique": (partial(peers.great_expectations, unique=True), "as gx, and one key is unique"),
    "unique": (unique, "only uniqueness judged and counted, nothing written"),
    "group_by": (group_by, "groupBy(key).count() > 1 counted, nothing written"),
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
_HOLDS = {"<=": operator.le, ">=": operator.ge}


class DisagreementError(Exception):
    """Two contenders found different things in the same rows, so their times say nothing."""


def measure(
    spark: SparkSession, rows: DataFrame, names: Sequence[str], *, runs: int, warehouse: Path
) -> tuple[Rounds, Rounds]:
    """Run the contenders in turn, `runs` rounds after one that does not count, and return wall and processor seconds.

    Each starts with an empty warehouse and an empty cache; each round starts with another contender.

    Raises:
        DisagreementError: They do not agree on how many rows pass, fail, or are not as an expectation says.
    """
    wall: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    agreed: dict[str, tuple[int, str]] = {}
    jvm: Any = spark._jvm
    clock, scheduler = Clock(spark), spark.sparkContext._jsc.sc().dagScheduler()
    for number in range(runs + 1):
        start = number % len(names)
        for name in [*names[start:], *names[:start]]:
            shutil.rmtree(warehouse, ignore_errors=True)
            spark.catalog.clearCache()
            jvm.System.gc()
            jobs, began = scheduler.numTotalJobs(), clock.read()
            found = CONTENDERS[name][0](spark, rows)
            took, worked = (after - before for after, before in zip(clock.read(), began, strict=True))
            jobs = scheduler.numTotalJobs() - jobs
            for what, count in found.items():
                expected, whose = agreed.setdefault(what, (count, name))
                if count != expected:
                    raise DisagreementError(f"{what}: {count} of {name}, {expected} of {whose}")
            if number:
                wall[name].append(took)
                processor[name].append(worked)
            turn = f"round {number}" if number else "warm-up"
            print(f"  {turn:8} {name:12} {took:7.2f} s, processor {worked:7.2f} s, {jobs:2} jobs", flush=True)
    for what, (count, _) in agreed.items():
        print(f"  agreed: {what} {count}")
    return wall, processor


def report(wall: Rounds, processor: Rounds) -> None:
    """Print medians, then ratios of medians with the least and the greatest ratio within a round."""
    print(f"  {'':24} {'wall':>7} {'processor':>10}")
    for name in wall:
        print(f"  {name:24} {median(wall[name]):6.2f}s {median(processor[name]):9.2f}s  {CONTENDERS[name][1]}")
    wall, processor = with_added(wall), with_added(processor)
    for over, under, sign, aim in RATIOS:
        if not {over, under} <= wall.keys():
            continue
        ratio = median(wall[over]) / median(wall[under])
        verdict = f"aim {sign} {aim}: {'met' if _HOLDS[sign](ratio, aim) else 'NOT MET'}" if aim else ""
        both = " ".join(_ratio(rounds[over], rounds[under]) for rounds in (wall, processor))
        print(f"  {over + ' / ' + under:30} {both}  {verdict}")


def with_added(rounds: Rounds) -> Rounds:
    """Add what uniqueness adds to the gate, round by round."""
    if not {"gate", "gate_unique"} <= rounds.keys():
        return rounds
    pairs = zip(rounds["gate_unique"], rounds["gate"], strict=True)
    return {**rounds, "gate_unique - gate": [more - less for more, less in pairs]}


def _ratio(over: Sequence[float], under: Sequence[float]) -> str:
    each = [a / b for a, b in zip(over, under, strict=True)]
    return f"{median(over) / median(under):6.2f} ({min(each):.2f}-{max(each):.2f})".ljust(20)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure on the sources asked for, and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.gate", description="Measure the gate beside alternatives.")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3, help="rounds that count, after one that does not")
    parser.add_argument("--source", choices=["chain", "parquet", "both"], default="both")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--folder", help="where to keep what is made for the next time; default a temporary folder")
    args = parser.parse_args(argv)
    sources = ["chain", "parquet"] if args.source == "both" else [args.source]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(args.folder or temporary)
        spark = lake_session(str(Path(temporary, "warehouse")), app_name="benchmark")
        results: dict[str, tuple[Rounds, Rounds]] = {}
        for source in sources:
            rows = frame(spark, source, folder, rows=args.rows)
            print(f"{source}: {args.rows} rows of {len(rows.columns)} columns, {args.runs} rounds")
            results[source] = measure(spark, rows, args.only, runs=args.runs, warehouse=Path(temporary, "warehouse"))
        for source, (wall, processor) in results.items():
            print(f"\n{source}: {args.rows} rows, medians of {args.runs} rounds; ratios by wall and by processor time")
            report(wall, processor)
        spark.stop()


if __name__ == "__main__":
    main()
