"""Parse the arguments of a job in AWS Glue's form, `--KEY value`. Glue adds its own arguments."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from expectations.errors import ParameterError
from expectations.parameters import PARAMETER_HELP, parse_parameters
from jobs.masking_key import MASKING_KEY_HELP
from transforms.errors import DatasetNotFoundError
from transforms.text_format import DETECTED_FORMAT, ENCODINGS

logger = logging.getLogger(__name__)

STAGES = ("ingest", "refine", "curate")
"""The stages of a dataset that `--stage all` runs."""

ON_REQUEST = ("resolve", "crawl", "clear", "create", "check_quality", "publish")
"""Stages that run only if `--stage` names them. `--stage all` does not run them."""

_STAGES_THAT_READ_LANDING = ("crawl", "ingest", "create")
_GLUE_JOBS = ("dataset", "maintain", "report")
"""The modules in `jobs/` that Glue runs. Each of these jobs serves all datasets, so it needs `--dataset`."""

TEXT_OPTIONS = {
    "delimiter": "Split text files at this character. You can write comma, semicolon, tab, pipe or space",
    "encoding": f"Read text files in this encoding: {', '.join(ENCODINGS)}",
    "quote": "Expect this character around cells that contain delimiters. If cells have no quotes, write none",
}
"""The options for the format of delimited text files, with their help texts."""

_UNLESS = "unless the dataset declares it"
TEXT_DEFAULTS = {"delimiter": f"detected, {_UNLESS}", "encoding": f"detected, {_UNLESS}", "quote": f'", {_UNLESS}'}

REPORT_TO_HELP = "Publish the site of all datasets to this folder or s3:// address."


@dataclass(frozen=True)
class Arguments:
    """The arguments of a job.

    Attributes:
        stages: The stages to run, in order.
        landing: Folder, file or pattern of the landed files. Only stages that read landing need this path.
        warehouse: The folder of the tables, or `s3://…` on Glue.
        run_id: The id of the run. All stages of a run have the same id in the ledger.
        workflow: The workflow that started the job, or None.
        masking_key: The location of the masking key, never the key itself. None if the job masks no data.
        rebuild: Whether to process all rows and answers again, not only new rows and stale answers.
        row_by_row: Whether the stage `resolve` publishes every parked row that meets the row-level expectations.
        every: Seconds from the start of one run to the start of the next run. None to run once.
        dataset: The name of the dataset.
        report_to: The folder or the address on S3 to which the job `report` publishes. None to publish nothing.
        text_options: The options `delimiter`, `encoding` and `quote` of delimited text files, if they are given.
        parameters: The values of the suite parameters, by name.
    """

    stages: tuple[str, ...]
    landing: str
    warehouse: str
    run_id: str
    workflow: str | None
    masking_key: str | None = None
    rebuild: bool = False
    row_by_row: bool = False
    every: float | None = None
    dataset: str = ""
    report_to: str | None = None
    text_options: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


def new_run_id() -> str:
    """Return a run id that consists of the current time (UTC) and the process id."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{os.getpid()}"


def parse_arguments(job: str, argv: Sequence[str] | None = None, *, stages: Sequence[str] = STAGES) -> Arguments:
    """Parse the arguments of a job that has these stages.

    Unknown keys, such as Glue's own `--JOB_NAME` and `--TempDir`, are ignored. But the job stops if an unknown key
    resembles an argument of the job, because the unknown key is probably a typing error.
    """
    parser = make_parser(job, stages)
    known, ignored = parser.parse_known_args(argv)
    # Compare an ignored key only with the lower-case options. Glue itself passes upper-case options such as `--JOB_ID`,
    # which resembles `--JOB_RUN_ID` but is not a typing error.
    own = [option for action in parser._actions for option in action.option_strings if option.islower()]
    for key in (text.split("=")[0] for text in ignored if text.startswith("--")):
        if similar := get_close_matches(key, own, n=1, cutoff=0.8):
            parser.error(f"{key} is not an argument of this job. Did you mean {similar[0]}?")
    in_order = tuple(stage for stage in stages if stage not in ON_REQUEST)
    requested = in_order if known.stage == "all" else (known.stage,)
    if (reads := [stage for stage in requested if stage in _STAGES_THAT_READ_LANDING]) and not known.landing:
        parser.error(f"the stage {reads[0]} needs --landing. Pass the folder of the landed files.")
    try:
        parameters = parse_parameters(known.parameter)
    except ParameterError as error:
        parser.error(str(error))
    if ignored:
        logger.info("%s: the job ignores these unknown arguments: %s", job, ignored)
    return Arguments(
        stages=requested,
        landing=known.landing or "",
        warehouse=known.warehouse,
        run_id=known.WORKFLOW_RUN_ID or known.JOB_RUN_ID or new_run_id(),
        workflow=known.WORKFLOW_NAME,
        masking_key=known.masking_key,
        rebuild=known.rebuild,
        row_by_row=known.row_by_row,
        every=known.every,
        dataset=known.dataset or job,
        report_to=known.report_to or None,
        text_options=_parse_text_options(parser, known),
        parameters=parameters,
    )


def _parse_text_options(parser: argparse.ArgumentParser, known: argparse.Namespace) -> dict[str, str]:
    given = {name: getattr(known, name) for name in TEXT_OPTIONS if getattr(known, name) is not None}
    try:
        DETECTED_FORMAT.with_options(**given)
    except ValueError as error:
        parser.error(str(error))
    return given


def make_parser(job: str, stages: Sequence[str]) -> argparse.ArgumentParser:
    """Return the argument parser of a job that has these stages."""
    parser = argparse.ArgumentParser(prog=job, allow_abbrev=False)
    parser.add_argument("--stage", choices=[*stages, "all"], default="all", help="Run this stage [default: all].")
    parser.add_argument("--landing", help="Read landed files from this folder, file or pattern.")
    parser.add_argument(
        "--warehouse", default="warehouse", help="Keep the tables in this folder [default: ./warehouse]."
    )
    parser.add_argument("--masking-key", help=MASKING_KEY_HELP)
    for name, text in TEXT_OPTIONS.items():
        parser.add_argument(f"--{name}", help=f"{text} [default: {TEXT_DEFAULTS[name]}].")
    parser.add_argument("--report-to", help=REPORT_TO_HELP)
    # A template of CloudFormation passes an empty value if the suite needs no values.
    parser.add_argument(
        "--parameter",
        action="append",
        nargs="?",
        const="",
        default=[],
        metavar="NAME=VALUE",
        help=PARAMETER_HELP,
    )
    # Glue passes a value with each key, so each flag also takes a value.
    flags = {
        "--rebuild": "Process all rows and answers again, not only new rows and stale answers [default: false].",
        "--row-by-row": "Publish each parked row that passes, even if others fail. Only for resolve [default: false].",
    }
    for flag, text in flags.items():
        parser.add_argument(
            flag, nargs="?", type=_parse_bool, const=True, default=False, metavar="true|false", help=text
        )
    parser.add_argument(
        "--every",
        type=_parse_seconds,
        metavar="SECONDS",
        help="Repeat every SECONDS until stopped [default: run once].",
    )
    parser.add_argument(
        "--dataset",
        required=job in _GLUE_JOBS,
        type=_parse_dataset if job == "dataset" else str,
        help="Run the job for this dataset.",
    )
    for key in ("--WORKFLOW_NAME", "--WORKFLOW_RUN_ID", "--JOB_RUN_ID"):
        parser.add_argument(key, help="AWS Glue sets this argument.")
    return parser


def _parse_dataset(name: str) -> str:
    from transforms.datasets import load_dataset  # This import loads Spark, which `citylake --help` does not need.

    try:
        return load_dataset(name).name
    except DatasetNotFoundError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds greater than 0")
    return seconds


def _parse_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is not valid. Expected true or false")
    return text.lower() == "true"
