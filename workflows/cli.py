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
from expectations.validation_result import LEVELS
from ingest.errors import IngestError
from ingest.fetch import PUBLISHED_FILES, fetch, find_published_file
from ingest.samples import SampleError
from ingest.storage import scheme_of
from jobs.masking_key import MASKING_KEY_HELP, MaskingKeyError
from lake.errors import LakeError
from transforms.datasets import dataset_names
from transforms.errors import TransformError
from workflows.cloudformation import render
from workflows.judged_data import JudgedDataError
from workflows.model import WorkflowError
from workflows.parts import sample_writer, workflow_of
from workflows.runs import (
    SAMPLE_WAREHOUSE,
    WAREHOUSE,
    out,
    resolve_dataset,
    run_dataset,
    run_on_samples,
    show_dataset,
    show_status,
)
from workflows.suites import make_data_docs, print_suite, validate

OUR_ERRORS = (
    *(TransformError, ExpectationError, LakeError, IngestError, JudgedDataError),
    *(MaskingKeyError, SampleError, WorkflowError),
)
"""Errors with a complete message. Any other error is shown with its trace."""

_SUITE = "Use the suite of this dataset, or a suite file in Great Expectations' own JSON form."
_WAREHOUSE_HELP = f"Use the tables in this folder [default: {WAREHOUSE} if it exists, otherwise {SAMPLE_WAREHOUSE}]."


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command. Exits with 0, 1 if it failed, 2 for wrong usage, 3 while anything needs attention."""
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
    """Print each dataset and the questions it answers."""
    for name in dataset_names():
        out.print(f"{name:20} {workflow_of(name).description}")
    return 0


def run(args: argparse.Namespace) -> int:
    """Run a dataset's workflow on landed files, or on samples. Without a dataset, run all datasets on samples."""
    if args.data is None:
        return max(run_on_samples(name) for name in ([args.dataset] if args.dataset else dataset_names()))
    return run_dataset(
        args.dataset,
        landing=args.data,
        warehouse=args.warehouse or WAREHOUSE,
        masking_key=args.masking_key,
        rebuild=args.rebuild,
    )


def show(args: argparse.Namespace) -> int:
    """Print a dataset's answers, the rows in quarantine, its last runs, and everything that needs attention."""
    show_dataset(args.dataset, warehouse=_warehouse(args))
    return 0


def status(args: argparse.Namespace) -> int:
    """Print the state of the datasets. Exits with 3 while anything needs attention."""
    return show_status([args.dataset] if args.dataset else dataset_names(), warehouse=_warehouse(args))


def resolve(args: argparse.Namespace) -> int:
    """Validate the parked rows of blocked increments again, and publish them if they pass."""
    return resolve_dataset(
        args.dataset, warehouse=_warehouse(args), masking_key=args.masking_key, row_by_row=args.row_by_row
    )


def sample(args: argparse.Namespace) -> int:
    """Write made-up landing files of a dataset, as dirty as real files, and the right answers."""
    folder = Path(args.to)
    if scheme_of(args.to):
        problem = f"{args.to} is not a folder on this machine. Give a local folder. `aws s3 sync` copies it to S3."
        raise SampleError(rows=args.rows, problem=problem)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SampleError(rows=args.rows, problem=f"{folder} is not an empty folder. Give a new folder: --to DIR.")
    sample_writer(args.dataset)(folder, rows=args.rows, seed=args.seed)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    landed = [file for file in files if not file.parts[0].startswith("_")]
    out.print(f"{len(landed)} files in {folder}, such as {landed[0]}. Right answers: {folder / '_truth.json'}")
    return 0


def fetch_published(args: argparse.Namespace) -> int:
    """Download the published data of a dataset to a landing folder."""
    published, token = find_published_file(args.dataset, args.source), os.environ.get("APP_TOKEN", "")
    now = datetime.now(timezone.utc)
    with out.status(f"downloading from {published.publisher}"):
        file = fetch(published, args.to, now=now, year=args.year, since=args.since, token=token)
    out.print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


def docs(args: argparse.Namespace) -> int:
    """Make Great Expectations Data Docs of the saved results of all datasets."""
    return make_data_docs(_warehouse(args), to=args.to)


def suite(args: argparse.Namespace) -> int:
    """Print the expectations of a suite, and how each is validated."""
    return print_suite(args.suite)


def validate_anything(args: argparse.Namespace) -> int:
    """Validate a table of the lake or files with a suite. Exits with 1 if a critical expectation is not met."""
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
        return "--data is the landing of one dataset. Name the dataset: citylake run DATASET --data DIR"
    if args.command is run and not args.data and (args.warehouse or args.masking_key or args.rebuild):
        return "--warehouse, --masking-key and --rebuild are for your own files. Give the files: --data DIR"
    return None


def _warehouse(args: argparse.Namespace) -> str:
    return args.warehouse or (WAREHOUSE if Path(WAREHOUSE).exists() else SAMPLE_WAREHOUSE)


def _time(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a valid time. Expected a time such as 2024-07-10T12:00:00Z"
        ) from error
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
    of_a_dataset = {"run": run, "show": show, "status": status, "resolve": resolve, "sample": sample}
    for name, function in (of_a_dataset | {"render": render_template}).items():
        command = add(name, function)
        how_many = "?" if name in ("run", "status") else None
        command.add_argument(
            "dataset", choices=dataset_names(), metavar="DATASET", nargs=how_many, help=", ".join(dataset_names())
        )
        if name in ("show", "status", "resolve"):
            command.add_argument("--warehouse", metavar="DIR", help=_WAREHOUSE_HELP)
        if name == "resolve":
            of_samples = f"[default: for {SAMPLE_WAREHOUSE}, the key of the samples]"
            command.add_argument("--masking-key", metavar="FILE", help=f"{MASKING_KEY_HELP} {of_samples}")
            command.add_argument(
                "--row-by-row",
                action="store_true",
                help="Publish every row that passes by itself. The others stay in quarantine as failed rows "
                "[default: publish the rows only if they meet the suite as a whole].",
            )
        if name == "run":
            command.add_argument(
                "--data", metavar="DIR", help="Read this folder, file or quoted pattern [default: samples]."
            )
            command.add_argument(
                "--warehouse",
                metavar="DIR",
                help=f"Keep the tables in this folder [default: {WAREHOUSE}, for samples {SAMPLE_WAREHOUSE}].",
            )
            command.add_argument("--masking-key", metavar="FILE", help=MASKING_KEY_HELP)
            command.add_argument(
                "--rebuild", action="store_true", help="Refine all of raw again [default: new rows only]."
            )
        if name == "sample":
            command.add_argument("--to", metavar="DIR", required=True, help="Write to this new or empty folder.")
            command.add_argument(
                "--rows", type=int, default=None, help="Approximate number of rows [default: a few thousand]."
            )
            command.add_argument(
                "--seed",
                type=int,
                default=311,
                help="Seed of the values. Equal seeds give equal files [default: %(default)s].",
            )
    command = add("fetch", fetch_published)
    command.add_argument("dataset", choices=[*PUBLISHED_FILES], metavar="DATASET", help=", ".join(PUBLISHED_FILES))
    command.add_argument("--to", metavar="DIR", required=True, help="Write to this landing folder.")
    command.add_argument("--source", metavar="CITY", help="Download the data of this city [default: the first].")
    command.add_argument("--year", type=int, help="Download the file of this year [default: the current year].")
    command.add_argument(
        "--since", metavar="TIME", type=_time, help="Download only changes since this time, from an API [default: all]."
    )
    command = add("suite", suite)
    command.add_argument("suite", metavar="SUITE", help=_SUITE)
    command = add("validate", validate_anything)
    command.add_argument("--suite", required=True, help=_SUITE)
    rows = command.add_mutually_exclusive_group(required=True)
    rows.add_argument("--table", help="Validate this table of the lake, such as lake.trusted.contact_centre.")
    rows.add_argument(
        "--path",
        help="Validate this .csv, .tsv, .txt or .parquet file, or a folder of such files. Types of text are inferred.",
    )
    command.add_argument("--warehouse", metavar="DIR", help=_WAREHOUSE_HELP)
    command.add_argument("--json", action="store_true", help="Print the result in Great Expectations' JSON form.")
    command.add_argument(
        "--result-format",
        choices=LEVELS,
        default="SUMMARY",
        help="Level of detail of the result [default: %(default)s].",
    )
    command = add("docs", docs)
    command.add_argument("--warehouse", metavar="DIR", help=_WAREHOUSE_HELP)
    command.add_argument("--to", metavar="DIR", help="Write the pages to this folder [default: docs in the warehouse].")
    return parser


if __name__ == "__main__":
    main()
