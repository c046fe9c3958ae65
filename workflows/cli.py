"""The `citylake` command."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from pyspark.sql import SparkSession
from rich.console import Console

import transforms.datasets
from expectations.errors import ExpectationError
from expectations.suite import load_suite
from expectations.verdict import LEVELS
from ingest.errors import IngestError
from jobs.arguments import new_run_id
from lake.errors import LakeError
from lake.ledger import RUNS, Entry, runs
from lake.session import lake_session
from lake.tables import exists, read
from reports.console import MOST_ROWS, answer_table, quarantine_table
from transforms.errors import TransformError
from workflows.cloudformation import render
from workflows.judged_data import JudgedDataError
from workflows.model import Workflow
from workflows.runner import JobRun, run_workflow, spark_job_runner
from workflows.suites import make_data_docs, print_suite, validate

OUR_ERRORS = (TransformError, ExpectationError, LakeError, IngestError, JudgedDataError)
"""Errors whose message says all there is to say; of any other the trace is shown."""

SAMPLES = Path("samples")
WAREHOUSE = "warehouse"
_SUITE = "a dataset, or a file in Great Expectations' own JSON form"

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
    warehouse = _warehouse(args)
    out.print(f"warehouse {warehouse}\n")
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    try:
        _show(spark, args.dataset, answers=None)
    finally:
        _show_runs(spark, args.dataset)
    return 0


def docs(args: argparse.Namespace) -> int:
    """Make Great Expectations Data Docs of the saved results of all datasets."""
    return make_data_docs(_warehouse(args), to=args.to)


def suite(args: argparse.Namespace) -> int:
    """Print what a suite expects, and how each expectation is judged."""
    return print_suite(args.suite)


def validate_anything(args: argparse.Namespace) -> int:
    """Judge a table of the lake or files by a suite; exits with 1 where a critical expectation is not met."""
    return validate(
        args.suite,
        table=args.table,
        path=args.path,
        warehouse=_warehouse(args),
        result_format=args.result_format,
        as_json=args.json,
    )


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


def _warehouse(args: argparse.Namespace) -> str:
    return args.warehouse or (WAREHOUSE if Path(WAREHOUSE).exists() else str(SAMPLES / WAREHOUSE))


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

    def add(name: str, function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        text = (function.__doc__ or "").splitlines()[0]
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        return command

    add("list", list_datasets)
    on_datasets = {"run": run, "show": show, "render": render_template}
    for name, function in on_datasets.items():
        command = add(name, function)
        command.add_argument("dataset", choices=datasets(), metavar="DATASET", help=", ".join(datasets()))
        if name == "run":
            command.add_argument("--data", metavar="DIR", help="landed files: a folder, a file or a quoted pattern")
        if name != "render":
            command.add_argument("--warehouse", metavar="DIR", help="where the tables are")
    command = add("suite", suite)
    command.add_argument("suite", metavar="SUITE", help=_SUITE)
    command = add("validate", validate_anything)
    command.add_argument("--suite", required=True, help=_SUITE)
    rows = command.add_mutually_exclusive_group(required=True)
    rows.add_argument("--table", help="a table of the lake, such as lake.trusted.contact_centre")
    rows.add_argument(
        "--path", help="a .csv, .tsv, .txt or .parquet file, or a folder of them; types of text are inferred"
    )
    command.add_argument("--warehouse", metavar="DIR", help="where the tables are")
    command.add_argument("--json", action="store_true", help="print the result in Great Expectations' JSON form")
    command.add_argument(
        "--result-format", choices=LEVELS, default="SUMMARY", help="how much it says; %(default)s if not given"
    )
    command = add("docs", docs)
    command.add_argument("--warehouse", metavar="DIR", help="where the tables are")
    command.add_argument("--to", metavar="DIR", help="where the pages go; docs in the warehouse if not given")
    return parser


if __name__ == "__main__":
    main()
