"""The `citylake` command."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from pyspark.sql import SparkSession
from rich.console import Console

import transforms.datasets
from expectations.errors import ExpectationError
from expectations.suite import load_suite
from ingest.errors import IngestError
from jobs.arguments import new_run_id
from lake.errors import LakeError
from lake.ledger import RUNS, Entry, runs
from lake.session import lake_session
from lake.tables import exists, read
from reports.console import MOST_ROWS, answer_table, quarantine_table
from transforms.errors import TransformError
from workflows.cloudformation import render
from workflows.model import Workflow
from workflows.runner import JobRun, run_workflow, spark_job_runner

OUR_ERRORS = (TransformError, ExpectationError, LakeError, IngestError)
"""Errors whose message says all there is to say; of any other the trace is shown."""

SAMPLES = Path("samples")
WAREHOUSE = "warehouse"

out = Console(highlight=False)


def datasets() -> list[str]:
    """Return the names of all datasets: the modules of `transforms.datasets`."""
    return sorted(module.name for module in iter_modules(transforms.datasets.__path__))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; exits with 0, with 1 where a job failed or something is not there, with 2 for wrong usage."""
    args = _parser().parse_args(argv)
    try:
        sys.exit(args.command(args))
    except OUR_ERRORS as error:
        Console(stderr=True, highlight=False).print(f"citylake: {error}", markup=False)
        sys.exit(1)


def list_datasets(_: argparse.Namespace) -> int:
    """Print each dataset and what its workflow is for."""
    for name in datasets():
        out.print(f"{name:20} {_workflow(name).description}")
    return 0


def run(args: argparse.Namespace) -> int:
    """Run a dataset's workflow on landed files, or on samples made for it, and show what came of it."""
    if args.data is not None:
        landing, warehouse = args.data, args.warehouse or WAREHOUSE
    else:
        landing, warehouse = _samples(args.dataset), args.warehouse or str(SAMPLES / WAREHOUSE)
    workflow, run_id = _workflow(args.dataset), new_run_id()
    out.print(f"[bold]{workflow.name}[/]: {workflow.description}")
    out.print(f"  landing {landing}\n  tables in {warehouse}\n  run {run_id}\n")
    began = time.monotonic()
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    out.print(f"  [green]✓[/] {'Spark session':24} {time.monotonic() - began:5.1f} s")
    run_job = spark_job_runner(spark, workflow, landing=landing, warehouse=warehouse, run_id=run_id)
    with out.status("") as status:

        def report(done: JobRun) -> None:
            if done.state == "RUNNING":
                status.update(f"{done.job.name} …")
                return
            sign = "[green]✓[/]" if done.state == "SUCCEEDED" else "[red]✗[/]"
            out.print(f"  {sign} {done.job.name:24} {done.seconds:5.1f} s  {'; '.join(map(_summary, done.entries))}")

        results = run_workflow(workflow, run_job=run_job, report=report)
    failed = next((result.error for result in results.values() if result.error), None)
    if failed:
        waiting = [name for name, result in results.items() if result.state == "NOT STARTED"]
        out.print(f"  not started: {', '.join(waiting)}\n" if waiting else "")
        raise failed
    out.print()
    _show(spark, args.dataset, answers=1)
    out.print(f"The tables are in [bold]{warehouse}[/]: raw, trusted, quarantine, curated, and ops for the run ledger.")
    out.print(f"Next: [bold]{sys.argv[0]} show {args.dataset} --warehouse {warehouse}[/]", soft_wrap=True)
    return 0


def show(args: argparse.Namespace) -> int:
    """Print a dataset's answers, what is in quarantine, and its last runs."""
    warehouse = args.warehouse or (WAREHOUSE if Path(WAREHOUSE).exists() else str(SAMPLES / WAREHOUSE))
    out.print(f"warehouse {warehouse}\n")
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    try:
        _show(spark, args.dataset, answers=None)
    finally:
        _show_runs(spark, args.dataset)
    return 0


def render_template(args: argparse.Namespace) -> int:
    """Print the CloudFormation template of a dataset's workflow."""
    print(json.dumps(render(_workflow(args.dataset)), indent=2))
    return 0


def _show(spark: SparkSession, dataset: str, *, answers: int | None) -> None:
    for answer in import_module(f"reports.{dataset}").ANSWERS[:answers]:
        out.print(answer_table(answer, read(spark, "curated", dataset, answer.name)), "")
    quarantine = read(spark, "quarantine", dataset)
    count = quarantine.count()
    if not count:
        out.print("Nothing is in quarantine.\n")
        return
    expectations = {e.id: (e.description or e.id, e.columns) for e in load_suite(dataset).expectations}
    out.print(quarantine_table(quarantine, expectations=expectations))
    shown = f"the first {MOST_ROWS} of them" if count > MOST_ROWS else "all of them"
    out.print(f"{count} rows, {shown} shown; they are in lake.quarantine.{dataset}\n")


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
    return ", ".join([*parts, f"suite {entry.verdict}"] if entry.verdict else parts)


def _samples(dataset: str) -> str:
    folder = SAMPLES / "landing" / dataset
    if not folder.exists():
        import_module(f"ingest.samples.{dataset}").write(folder)
    return str(folder)


def _workflow(dataset: str) -> Workflow:
    workflow: Workflow = import_module(f"workflows.{dataset}").WORKFLOW
    return workflow


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="citylake", description="City data, from landed files to answers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function in {"list": list_datasets, "run": run, "show": show, "render": render_template}.items():
        text = (function.__doc__ or "").splitlines()[0]
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        if name != "list":
            command.add_argument("dataset", choices=datasets(), metavar="DATASET", help=", ".join(datasets()))
        if name == "run":
            command.add_argument("--data", metavar="DIR", help="landed files: a folder, a file or a quoted pattern")
        if name in ("run", "show"):
            command.add_argument("--warehouse", metavar="DIR", help="where the tables are")
    return parser


if __name__ == "__main__":
    main()
