"""Running a dataset's workflow on this machine, and showing what came of it."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

import transforms.datasets
from expectations.suite import load_suite
from ingest.samples.files import MASKING_KEY
from jobs.arguments import new_run_id
from lake.errors import NotPublishedError
from lake.ledger import RUNS, Entry, runs
from lake.session import lake_session
from lake.tables import exists, read
from reports.console import MOST_ROWS, Expectations, answer_table, quarantine_table, warning_lines
from workflows.model import Workflow, WorkflowError
from workflows.runner import JobRun, run_workflow, spark_job_runner

SAMPLES = Path("samples")
SAMPLE_WAREHOUSE = str(SAMPLES / "warehouse")
WAREHOUSE = "warehouse"
_MOST_AFTER_A_RUN = 8

out = Console(highlight=False)


def datasets() -> list[str]:
    """Return the names of all datasets: the modules of `transforms.datasets`."""
    return sorted(module.name for module in iter_modules(transforms.datasets.__path__))


def workflow_of(dataset: str) -> Workflow:
    """Return a dataset's workflow."""
    workflow: Workflow = part_of(dataset, "workflows", "WORKFLOW")
    return workflow


def part_of(dataset: str, package: str, name: str) -> Any:
    """Return what a dataset's module in a package has under a name.

    Raises:
        WorkflowError: There is no such module, or it has not the name.
    """
    module = f"{package}.{dataset}"
    try:
        return getattr(import_module(module), name)
    except (AttributeError, ModuleNotFoundError) as error:
        if error.name not in (module, name):  # something that the module itself looks for
            raise
        problem = (
            f"the dataset is in transforms/datasets/, but there is no {module.replace('.', '/')}.py with {name}. Write "
            f"it: docs/datasets.md says what a dataset has."
        )
        raise WorkflowError(workflow=dataset, problem=problem) from error


def run_on_samples(dataset: str) -> None:
    """Run a dataset's workflow on samples, which are made if they are not there, and show what came of it.

    Raises:
        Exception: What a job raised; the jobs after it were not started.
    """
    folder = SAMPLES / "landing" / dataset
    if not folder.exists():
        partial = folder.with_name(f"{dataset}.partial")  # what a run that was killed here has left is no whole sample
        if partial.exists():
            shutil.rmtree(partial)
        part_of(dataset, "ingest.samples", "write")(partial)
        partial.rename(folder)
    key = str(folder / MASKING_KEY) if (folder / MASKING_KEY).exists() else None
    run_dataset(dataset, landing=str(folder), warehouse=SAMPLE_WAREHOUSE, masking_key=key)


def run_dataset(dataset: str, *, landing: str, warehouse: str, masking_key: str | None, rebuild: bool = False) -> None:
    """Run a dataset's workflow on landed files, or with `rebuild` on all that raw has, and show what came of it.

    Raises:
        WorkflowError: The workflow has a parameter that is not given.
        Exception: What a job raised; the jobs after it were not started.
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


def show_dataset(dataset: str, *, warehouse: str) -> None:
    """Print a dataset's answers, what is in quarantine, and its last runs."""
    out.print(f"warehouse {warehouse}\n")
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    try:
        _show(spark, dataset, answers=None, most=MOST_ROWS)
    finally:
        _show_runs(spark, dataset)


def _show(spark: SparkSession, dataset: str, *, answers: int | None, most: int) -> None:
    trusted, results = read(spark, "trusted", dataset), _last_results(spark, dataset)
    for answer in part_of(dataset, "reports", "ANSWERS")[:answers]:
        try:
            out.print(answer_table(answer, read(spark, "curated", dataset, answer.name)), "")
        except NotPublishedError:  # of a first delivery that was refused there is only quarantine
            out.print(f"{answer.title}: no answer yet\n")
    expectations = {e.id: (e.description or e.id, e.columns) for e in load_suite(dataset).expectations}
    _show_quarantine(spark, dataset, expectations=expectations, most=most)
    if lines := warning_lines(trusted, expectations=expectations, results=results):
        out.print("[bold]Warnings[/]: what was expected, and is not so in what is published")
        out.print(*(f"  {line}" for line in lines), "", sep="\n", markup=False, soft_wrap=True)


def _show_quarantine(spark: SparkSession, dataset: str, *, expectations: Expectations, most: int) -> None:
    quarantine = read(spark, "quarantine", dataset)
    count = quarantine.count()
    if not count:
        out.print("Nothing is in quarantine.\n")
        return
    fields = part_of(dataset, "transforms.datasets", "SOURCE_FIELDS")
    forms = fields.values() if isinstance(fields, Mapping) else [fields]
    spellings: dict[str, list[str]] = {}
    for field in (field for form in forms for field in form):
        spellings.setdefault(field.name, []).append(field.source)
    sources = {name: " or ".join(dict.fromkeys(given)) for name, given in spellings.items()}
    out.print(quarantine_table(quarantine, expectations=expectations, sources=sources, most=most))
    shown = f"the first {most} of them" if count > most else "all of them"
    out.print(f"{count} rows, {shown} shown; they are in lake.quarantine.{dataset}\n")


def _last_results(spark: SparkSession, dataset: str) -> list[Mapping[str, Any]]:
    judged = F.col("validation_result").isNotNull() & (F.col("state") == "SUCCEEDED")
    published = runs(spark).where((F.col("job") == dataset) & judged)
    last = published.orderBy(F.desc("started")).select("validation_result").first()
    return json.loads(last.validation_result)["results"] if last else []


def _show_runs(spark: SparkSession, dataset: str) -> None:
    if not exists(spark, RUNS):
        return
    out.print("[bold]Last runs[/]")
    latest = runs(spark).where(f"job = '{dataset}'").orderBy("started", ascending=False).limit(6).collect()
    for row in reversed(latest):
        state = f"{row.stage:7} {row.state:9} {row.verdict or ''}"
        out.print(f"{row.started:%Y-%m-%d %H:%M:%S}  {row.run_id}  {state}", soft_wrap=True)
        if row.error:
            out.print(f"  {row.error}", markup=False, soft_wrap=True)


def _summary(entry: Entry) -> str:
    counts = {"rows in": entry.rows_in, "out": entry.rows_out, "quarantined": entry.rows_quarantined}
    if entry.stage == "refine":
        counts["superseded"] = (entry.rows_in or 0) - (entry.rows_out or 0) - (entry.rows_quarantined or 0)
    parts = [f"{count:,} {name}" for name, count in counts.items() if count is not None]
    said = [f"suite {entry.verdict}" if entry.verdict else "", entry.note or ""]
    return ", ".join(filter(None, [*parts, *said]))
