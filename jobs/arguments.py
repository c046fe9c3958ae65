"""The arguments of a job, by AWS Glue's convention: `--KEY value`, and keys that Glue adds itself."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from difflib import get_close_matches

from jobs.masking_key import WHERE

logger = logging.getLogger(__name__)

STAGES = ("ingest", "refine", "curate")
_READ_LANDING = ("crawl", "ingest", "create")
_SERVE_ALL = ("maintain",)


@dataclass(frozen=True)
class Arguments:
    """What a job is told.

    Attributes:
        stages: The stages to run, in order.
        landing: Folder, file or pattern of the landed files; needed by ingest only.
        warehouse: Where the tables are: a folder, or `s3://…` on Glue.
        run_id: What the stages of one run share in the ledger.
        workflow: The workflow that starts the job, or None.
        masking_key: Where the masking key is, for a job that masks; never the key itself.
        rebuild: Whether trusted is made anew of all that raw has, where a job else takes what is new.
        every: Seconds from the start of one run of the stages to that of the next; None to run once.
        dataset: The dataset, for a job that serves all.
    """

    stages: tuple[str, ...]
    landing: str
    warehouse: str
    run_id: str
    workflow: str | None
    masking_key: str | None = None
    rebuild: bool = False
    every: float | None = None
    dataset: str = ""


def new_run_id() -> str:
    """Return an id for a run: the time it begins (UTC) and the process."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{os.getpid()}"


def parse_arguments(job: str, argv: Sequence[str] | None = None, *, stages: Sequence[str] = STAGES) -> Arguments:
    """Read the arguments of a job with these stages.

    Keys it does not know are Glue's own (`--JOB_NAME`, `--TempDir` and so on) and ignored; one that is nearly one of
    the job's is a slip and stops it.
    """
    parser = _parser(job, stages)
    known, ignored = parser.parse_known_args(argv)
    # Not those of Glue: its `--JOB_ID` is no slip for its `--JOB_RUN_ID`.
    own = [option for action in parser._actions for option in action.option_strings if option.islower()]
    for key in (text.split("=")[0] for text in ignored if text.startswith("--")):
        if alike := get_close_matches(key, own, n=1, cutoff=0.8):
            parser.error(f"{key} is no argument of this job; did you mean {alike[0]}?")
    asked = tuple(stages) if known.stage == "all" else (known.stage,)
    if (reads := [stage for stage in asked if stage in _READ_LANDING]) and not known.landing:
        parser.error(f"--landing is needed to {reads[0]}: the folder that the files were delivered to")
    if ignored:
        logger.info("%s: arguments that are not the job's, ignored: %s", job, ignored)
    return Arguments(
        stages=asked,
        landing=known.landing or "",
        warehouse=known.warehouse,
        run_id=known.WORKFLOW_RUN_ID or known.JOB_RUN_ID or new_run_id(),
        workflow=known.WORKFLOW_NAME,
        masking_key=known.masking_key,
        rebuild=known.rebuild,
        every=known.every,
        dataset=known.dataset or job,
    )


def _parser(job: str, stages: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=job, allow_abbrev=False)
    parser.add_argument("--stage", choices=[*stages, "all"], default="all", help="which part to run (default: all)")
    parser.add_argument("--landing", help="folder, file or pattern of the landed files; for ingest")
    parser.add_argument("--warehouse", default="warehouse", help="where the tables are (default: ./warehouse)")
    parser.add_argument("--masking-key", help=WHERE)
    # Glue passes no flags, only keys with values.
    parser.add_argument(
        "--rebuild",
        nargs="?",
        type=_true_or_false,
        const=True,
        default=False,
        metavar="true|false",
        help="refine all of raw anew, not what is new only",
    )
    parser.add_argument("--every", type=_seconds, metavar="SECONDS", help="go on, from time to time, until stopped")
    parser.add_argument("--dataset", required=job in _SERVE_ALL, help="the dataset, for a job that serves all")
    parser.add_argument("--WORKFLOW_NAME", help="set by AWS Glue")
    parser.add_argument("--WORKFLOW_RUN_ID", help="set by AWS Glue")
    parser.add_argument("--JOB_RUN_ID", help="set by AWS Glue")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds greater than 0")
    return seconds


def _true_or_false(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"
