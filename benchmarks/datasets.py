"""Compare the refine and curate stages of a dataset with a plain copy of the same rows.

python -m benchmarks.datasets [--rows 5000000] [--runs 3] [--only inquiry_volume registrar] [--folder DIR]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median

from pyspark.sql import SparkSession

from benchmarks.peers import write
from ingest.samples.files import MASKING_KEY
from jobs.stages import dataset_job
from lake.session import lake_session
from lake.tables import row_count
from transforms.datasets import load_dataset

SAMPLES_PER_ROW = {"inquiry_volume": 1.0, "registrar": 0.64}
"""Maps a dataset to the number of samples for one row of raw.

In `registrar`, a sample is an applicant with several rows.
"""

COPY = "lake.ops.copy"


def run_stage(spark: SparkSession, dataset: str, landing: Path, stage: str, *more: str) -> None:
    """Run one stage of a dataset's job, and record the stage in the ledger."""
    job = dataset_job(load_dataset(dataset))
    argv = ["--stage", stage, "--landing", str(landing), "--masking-key", str(landing / MASKING_KEY), *more]
    job.run(spark, job.parse(argv))


def measure_step(spark: SparkSession, step: Callable[[], object]) -> tuple[float, int]:
    """Return the duration of a step (seconds), and the number of Spark jobs that the step starts."""
    scheduler = spark.sparkContext._jsc.sc().dagScheduler()
    jobs, start = scheduler.numTotalJobs(), time.perf_counter()
    step()
    return time.perf_counter() - start, scheduler.numTotalJobs() - jobs


def measure(dataset: str, folder: Path, *, rows: int, runs: int) -> None:
    """Ingest samples, and measure the stages refine and curate.

    Each round measures three steps: copy raw, refine and curate. The first round is a warm-up.
    """
    landing = folder / f"{dataset}-{rows}"
    spark = lake_session(str(folder / f"warehouse-{dataset}-{rows}"), app_name="benchmark")
    if not (landing / "_truth.json").exists():
        import_module(f"ingest.samples.{dataset}").write(landing, rows=round(rows * SAMPLES_PER_ROW[dataset]))
    ingested, jobs = measure_step(spark, lambda: run_stage(spark, dataset, landing, "ingest"))
    count = row_count(spark, f"lake.raw.{dataset}")
    print(f"{dataset}: {count:,} rows in raw ({ingested:.1f} s from landing, {jobs} jobs), {runs} rounds")
    raw = spark.table(f"lake.raw.{dataset}")
    steps: dict[str, Callable[[], None]] = {
        "copy": lambda: write(spark, raw, COPY),
        # Raw has no new rows. With `--rebuild`, refine processes all rows again.
        "refine": lambda: run_stage(spark, dataset, landing, "refine", "--rebuild"),
        "curate": lambda: run_stage(spark, dataset, landing, "curate", "--rebuild"),
    }
    measurements: dict[str, list[tuple[float, int]]] = {name: [] for name in steps}
    for number in range(runs + 1):
        spark.sql(f"DROP TABLE IF EXISTS {COPY} PURGE")
        for name, step in steps.items():
            measurement = measure_step(spark, step)
            if number:
                measurements[name].append(measurement)
    copies = [seconds for seconds, _ in measurements["copy"]]
    for name, rounds in measurements.items():
        durations = [seconds for seconds, _ in rounds]
        ratios = [seconds / copy for seconds, copy in zip(durations, copies, strict=True)]
        print(
            f"  {name:8} {median(durations):7.2f} s {rounds[0][1]:3} jobs {count / median(durations):12,.0f} rows/s   "
            f"{median(durations) / median(copies):5.2f} times as long as the copy ({min(ratios):.2f}-{max(ratios):.2f})"
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the selected datasets and print the results."""
    parser = argparse.ArgumentParser(prog="benchmarks.datasets", description="Measure the cost of refine and curate.")
    parser.add_argument("--rows", type=int, default=5_000_000, help="Approximate number of rows [default: 5000000].")
    parser.add_argument("--runs", type=int, default=3, help="Number of rounds after a warm-up [default: 3].")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*SAMPLES_PER_ROW],
        default=[*SAMPLES_PER_ROW],
        metavar="NAME",
        help="Measure only these datasets [default: all].",
    )
    parser.add_argument("--folder", help="Keep samples and tables in this folder [default: a temporary folder].")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        for dataset in args.only:
            measure(dataset, Path(args.folder or temporary), rows=args.rows, runs=args.runs)


if __name__ == "__main__":
    main()
