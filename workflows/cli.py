"""The `citylake` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from expectations.errors import ExpectationError
from expectations.verdict import LEVELS
from ingest.errors import IngestError
from ingest.fetch import SOURCES, fetch, source_of
from ingest.samples import SampleError
from ingest.storage import scheme_of
from jobs.masking_key import WHERE, MaskingKeyError
from lake.errors import LakeError
from transforms.errors import TransformError
from workflows.cloudformation import render
from workflows.judged_data import JudgedDataError
from workflows.model import WorkflowError
from workflows.runs import (
    SAMPLE_WAREHOUSE,
    WAREHOUSE,
    datasets,
    out,
    part_of,
    run_dataset,
    run_on_samples,
    show_dataset,
    workflow_of,
)
from workflows.suites import make_data_docs, print_suite, validate

OUR_ERRORS = (
    *(TransformError, ExpectationError, LakeError, IngestError, JudgedDataError),
    *(MaskingKeyError, SampleError, WorkflowError),
)
"""Errors whose message says all there is to say; of any other the trace is shown."""

_SUITE = "a dataset, or a file in Great Expectations' own JSON form"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; exits with 0, with 1 where a job failed or something is not there, with 2 for wrong usage."""
    parser = _parser()
    args = parser.parse_args(argv)
    if problem := _wrong_usage(args):
        parser.error(problem)
    try:
        sys.exit(args.command(args))
    except OUR_ERRORS as error:
        Console(stderr=True, highlight=False).print(f"citylake: {error}", markup=False)
        sys.exit(1)


def list_datasets(_: argparse.Namespace) -> int:
    """Print each dataset and what its workflow is for."""
    for name in datasets():
        out.print(f"{name:20} {workflow_of(name).description}")
    return 0


def run(args: argparse.Namespace) -> int:
    """Run a dataset's workflow on landed files, or on samples made for it (of all datasets if none is named)."""
    if args.data is None:
        for name in [args.dataset] if args.dataset else datasets():
            run_on_samples(name)
    else:
        warehouse = args.warehouse or WAREHOUSE
        run_dataset(
            args.dataset, landing=args.data, warehouse=warehouse, masking_key=args.masking_key, rebuild=args.rebuild
        )
    return 0


def show(args: argparse.Namespace) -> int:
    """Print a dataset's answers, what is in quarantine, and its last runs."""
    show_dataset(args.dataset, warehouse=_warehouse(args))
    return 0


def sample(args: argparse.Namespace) -> int:
    """Write made-up landing files of a dataset, as dirty as real ones, and beside them the right answers."""
    folder = Path(args.to)
    if scheme_of(args.to):
        problem = f"{args.to} is no folder of this machine. Give one; `aws s3 sync` brings it to S3."
        raise SampleError(rows=args.rows, problem=problem)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SampleError(rows=args.rows, problem=f"{folder} is there and not an empty folder. Give --to a new one.")
    part_of(args.dataset, "ingest.samples", "write")(folder, rows=args.rows, seed=args.seed)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    landed = [file for file in files if not file.parts[0].startswith("_")]
    out.print(f"{len(landed)} files in {folder}, such as {landed[0]}; the right answers in {folder / '_truth.json'}")
    return 0


def fetch_published(args: argparse.Namespace) -> int:
    """Download what a city publishes of a dataset to a landing folder."""
    source, token = source_of(args.dataset, args.source), os.environ.get("APP_TOKEN", "")
    now = datetime.now(timezone.utc)
    with out.status(f"downloading from {source.name}"):
        file = fetch(source, args.to, now=now, year=args.year, since=args.since, token=token)
    out.print(f"{file}: {file.stat().st_size:,} bytes")
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
    print(json.dumps(render(workflow_of(args.dataset)), indent=2))
    return 0


def _wrong_usage(args: argparse.Namespace) -> str | None:
    if args.command is run and args.data and not args.dataset:
        return "--data is the landing of one dataset; name it: citylake run DATASET --data DIR"
    if args.command is run and not args.data and (args.warehouse or args.masking_key or args.rebuild):
        return "--warehouse, --masking-key and --rebuild are for files of your own; give them: --data DIR"
    return None


def _warehouse(args: argparse.Namespace) -> str:
    return args.warehouse or (WAREHOUSE if Path(WAREHOUSE).exists() else SAMPLE_WAREHOUSE)


def _time(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2024-07-10T12:00:00Z") from error
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="citylake", description="City data, from landed files to answers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        text = (function.__doc__ or "").splitlines()[0]
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        return command

    add("list", list_datasets)
    for name, function in {"run": run, "show": show, "sample": sample, "render": render_template}.items():
        command = add(name, function)
        how_many = "?" if name == "run" else None
        command.add_argument(
            "dataset", choices=datasets(), metavar="DATASET", nargs=how_many, help=", ".join(datasets())
        )
        if name in ("run", "show"):
            command.add_argument("--warehouse", metavar="DIR", help="where the tables are")
        if name == "run":
            command.add_argument("--data", metavar="DIR", help="landed files: a folder, a file or a quoted pattern")
            command.add_argument("--masking-key", metavar="FILE", help=WHERE)
            command.add_argument("--rebuild", action="store_true", help="refine all of raw anew, not what is new only")
        if name == "sample":
            command.add_argument("--to", metavar="DIR", required=True, help="the folder to write to")
            command.add_argument("--rows", type=int, default=None, help="about how many; some thousand if not given")
            command.add_argument("--seed", type=int, default=311, help="the same seed, the same files; %(default)s")
    command = add("fetch", fetch_published)
    command.add_argument("dataset", choices=[*SOURCES], metavar="DATASET", help=", ".join(SOURCES))
    command.add_argument("--to", metavar="DIR", required=True, help="the landing folder")
    command.add_argument("--source", metavar="CITY", help="whose; the first if several cities publish it")
    command.add_argument("--year", type=int, help="of a source with a file for each year; this year if not given")
    command.add_argument(
        "--since", metavar="TIME", type=_time, help="of an API: only what changed since; all if not given"
    )
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
