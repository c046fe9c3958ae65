"""Run a dataset's workflow on this machine, and show the outcome."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from expectations.suite import load_suite
from ingest.samples.files import MASKING_KEY
from jobs.arguments import new_run_id
from jobs.stages import dataset_job
from lake.errors import NotPublishedError
from lake.ledger import RUNS, StageRun, runs
from lake.session import lake_session
from lake.tables import exists, read, table_name
from reports.console import MOST_ROWS, Expectations, answer_table, quarantine_table, status_table, warning_lines
from transforms.datasets import load_dataset
from workflows.model import WorkflowError
from workflows.parts import displayed_answers, sample_writer, workflow_of
from workflows.runner import JobRun, run_workflow, spark_job_runner
from workflows.status import DatasetStatus, status_of

SAMPLES = Path("samples")
SAMPLE_WAREHOUSE = str(SAMPLES / "warehouse")
WAREHOUSE = "warehouse"
NEEDS_ATTENTION = 3
"""Exit code while anything needs attention."""

_MOST_AFTER_A_RUN = 8

out = Console(highlight=False)


def run_on_samples(dataset: str) -> int:
    """Run a dataset's workflow on samples, and show the outcome. Makes the samples if they do not exist.

    Returns:
        0, or `NEEDS_ATTENTION` while anything needs attention.

    Raises:
        Exception: The error of the job that failed. The jobs after it were not started.
    """
    folder = SAMPLES / "landing" / dataset
    if not folder.exists():
        partial = folder.with_name(f"{dataset}.partial")  # a killed run may have left a part of a sample
        if partial.exists():
            shutil.rmtree(partial)
        sample_writer(dataset)(partial)
        partial.rename(folder)
    key = str(folder / MASKING_KEY) if (folder / MASKING_KEY).exists() else None
    return run_dataset(dataset, landing=str(folder), warehouse=SAMPLE_WAREHOUSE, masking_key=key)


def run_dataset(dataset: str, *, landing: str, warehouse: str, masking_key: str | None, rebuild: bool = False) -> int:
    """Run a dataset's workflow on landed files, and show the outcome. With `rebuild`, refine all rows of raw again.

    Returns:
        0, or `NEEDS_ATTENTION` while anything needs attention.

    Raises:
        WorkflowError: A parameter of the workflow is missing.
        Exception: The error of the job that failed. The jobs after it were not started.
    """
    workflow, run_id = workflow_of(dataset), new_run_id()
    parameters = {"--masking-key": masking_key} if masking_key else {}
    for key, what in workflow.parameters.items():
        if key not in parameters:
            raise WorkflowError(workflow=workflow.name, problem=f"it needs {key}: {what}")
    out.print(f"[bold]{workflow.name}[/]: {workflow.description}")
    out.print(f"  landing {landing}\n  tables in {warehouse}\n  run {run_id}\n")
    began = time.monotonic()
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    width = max(24, *(len(job.name) for job in workflow.jobs))
    out.print(f"  [green]✓[/] {'Spark session':{width}} {time.monotonic() - began:5.1f} s")
    run_job = spark_job_runner(
        spark, workflow, landing=landing, warehouse=warehouse, run_id=run_id, parameters=parameters, rebuild=rebuild
    )
    with out.status("") as status:

        def report(done: JobRun) -> None:
            if done.state == "RUNNING":
                status.update(f"{done.job.name} …")
                return
            sign = "[green]✓[/]" if done.state == "SUCCEEDED" else "[red]✗[/]"
            done_in, summary = f"{done.seconds:5.1f} s", "; ".join(map(_summary, done.entries))
            out.print(f"  {sign} {done.job.name:{width}} {done_in}  {summary}")

        results = run_workflow(workflow, run_job=run_job, report=report)
    failed = next((result.error for result in results.values() if result.error), None)
    if failed:
        waiting = [name for name, result in results.items() if result.state == "NOT STARTED"]
        out.print(f"  not started: {', '.join(waiting)}\n" if waiting else "")
        raise failed
    out.print()
    _show(spark, dataset, answers=1, most=_MOST_AFTER_A_RUN)
    out.print(f"The tables are in [bold]{warehouse}[/]: raw, trusted, quarantine, curated, and ops for the run ledger.")
    out.print(f"Next: [bold]{sys.argv[0]} show {dataset} --warehouse {warehouse}[/]\n", soft_wrap=True)
    return _show_attention(status_of(spark, [dataset]))


def show_dataset(dataset: str, *, warehouse: str) -> None:
    """Print a dataset's answers, the rows in quarantine, its last runs, and everything that needs attention."""
    out.print(f"warehouse {warehouse}\n")
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    try:
        _show(spark, dataset, answers=None, most=MOST_ROWS)
    finally:
        _show_runs(spark, dataset)
        _show_attention(status_of(spark, [dataset]))


def show_status(names: Sequence[str], *, warehouse: str) -> int:
    """Print the state of datasets. Return 0, or `NEEDS_ATTENTION` while anything needs attention."""
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    found = status_of(spark, names)
    rows = [
        (each.dataset, each.started, each.state, each.trusted, each.quarantined, each.quarantined_pct) for each in found
    ]
    out.print(f"warehouse {warehouse}\n", status_table(rows), "")
    return _show_attention(found)


def resolve_dataset(dataset: str, *, warehouse: str, masking_key: str | None, row_by_row: bool) -> int:
    """Validate the parked rows of a dataset again, publish those that pass, and make the answers.

    Returns:
        0, or `NEEDS_ATTENTION` while anything needs attention.

    Raises:
        ExpectationsNotMetError: The rows still do not meet the suite.
    """
    job = dataset_job(load_dataset(dataset))
    key = Path(SAMPLES, "landing", dataset, MASKING_KEY)
    if not masking_key and warehouse == SAMPLE_WAREHOUSE and key.exists():
        masking_key = str(key)
    args = replace(
        job.parse(["--stage", "resolve", "--warehouse", warehouse]),
        stages=("resolve", "curate"),
        masking_key=masking_key,
        row_by_row=row_by_row,
    )
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    for entry in job.run(spark, args):
        out.print(f"{entry.stage}: {_summary(entry)}", markup=False)
    return _show_attention(status_of(spark, [dataset]))


def _show_attention(found: Sequence[DatasetStatus]) -> int:
    lines = [(each.dataset, line) for each in found for line in each.attention]
    for dataset, line in lines:
        out.print(f"[yellow]![/] [bold]{dataset}[/]", end=" ")
        out.print(line, markup=False, soft_wrap=True)
    return NEEDS_ATTENTION if lines else 0


def _show(spark: SparkSession, dataset: str, *, answers: int | None, most: int) -> None:
    trusted, results = read(spark, table_name("trusted", dataset)), _last_results(spark, dataset)
    for answer in displayed_answers(dataset)[:answers]:
        try:
            out.print(answer_table(answer, read(spark, table_name("curated", dataset, answer.name))), "")
        except NotPublishedError:  # a first delivery that was blocked has rows in quarantine only
            out.print(f"{answer.title}: no answer yet\n")
    expectations = {e.id: (e.description or e.id, e.columns) for e in load_suite(dataset).expectations}
    _show_quarantine(spark, dataset, expectations=expectations, most=most)
    if lines := warning_lines(trusted, expectations=expectations, results=results):
        out.print("[bold]Warnings[/]: expectations that published rows do not meet")
        out.print(*(f"  {line}" for line in lines), "", sep="\n", markup=False, soft_wrap=True)


def _show_quarantine(spark: SparkSession, dataset: str, *, expectations: Expectations, most: int) -> None:
    quarantine = read(spark, table_name("quarantine", dataset))
    count = quarantine.count()
    if not count:
        out.print("Nothing is in quarantine.\n")
        return
    spellings: dict[str, list[str]] = {}
    for field in (field for fields in load_dataset(dataset).layouts.values() for field in fields):
        spellings.setdefault(field.name, []).append(field.source)
    sources = {name: " or ".join(dict.fromkeys(given)) for name, given in spellings.items()}
    out.print(quarantine_table(quarantine, expectations=expectations, sources=sources, most=most))
    shown = f"the first {most} of them" if count > most else "all of them"
    out.print(f"{count} rows, {shown} shown. They are in lake.quarantine.{dataset}\n")


def _last_results(spark: SparkSession, dataset: str) -> list[Mapping[str, Any]]:
    judged = F.col("validation_result").isNotNull() & F.col("state").startswith("SUCCEEDED")
    published = runs(spark).where((F.col("job") == dataset) & judged)
    last = published.orderBy(F.desc("started")).select("validation_result").first()
    return json.loads(last.validation_result)["results"] if last else []


def _show_runs(spark: SparkSession, dataset: str) -> None:
    if not exists(spark, RUNS):
        return
    out.print("[bold]Last runs[/]")
    latest = runs(spark).where(f"job = '{dataset}'").orderBy("started", ascending=False).limit(6).collect()
    for row in reversed(latest):
        state = f"{row.stage:13} {row.state:9} {row.verdict or ''}"
        out.print(f"{row.started:%Y-%m-%d %H:%M:%S}  {row.run_id}  {state}", soft_wrap=True)
        if row.error:
            out.print(f"  {row.error}", markup=False, soft_wrap=True)


def _summary(entry: StageRun) -> str:
    result = entry.result
    counts = {"rows in": result.rows_in, "out": result.rows_out, "quarantined": result.rows_quarantined}
    if entry.stage == "refine" and result.rows_out is not None:
        counts["superseded"] = (result.rows_in or 0) - result.rows_out - (result.rows_quarantined or 0)
    parts = [f"{count:,} {name}" for name, count in counts.items() if count is not None]
    skipped = [f"{len(result.skipped_files)} files skipped"] if result.skipped_files else []
    return ", ".join([*parts, *([f"suite {result.verdict}"] if result.verdict else []), *skipped, *result.notes])
