"""The commands that get files: `sample` and `fetch`."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from ingest.samples import SampleError
from workflows.commands.options import (
    SAMPLES,
    DatasetArgument,
    ParameterOption,
    QuietOption,
    help_text,
    require_known,
    suite_parameters,
)
from workflows.output import print_plain, working
from workflows.parts import missing_sample, sample_writer


def _check_time(text: str | None) -> str | None:
    try:
        datetime.fromisoformat(text or "2024-07-10")
    except ValueError as error:
        problem = f"{text!r} is not a valid time. Expected a time such as 2024-07-10T12:00:00Z"
        raise typer.BadParameter(problem) from error
    return text


def sample(
    dataset: DatasetArgument,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help=help_text("Write to this new or empty folder.", default="samples/landing/DATASET"),
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help=help_text(
                "Draw the rows from this file, folder or quoted pattern. Repeat the option for more files. The sample "
                "has csv files. Cells that the masking policy masks get made-up values, and some cells are changed so "
                "that rows fail the expectations of the suite.",
                default="the generator of the dataset makes up all values",
            ),
            show_default=False,
        ),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=help_text("Write approximately this many rows.", default="200 with --from, otherwise a few thousand"),
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draw values with this seed. Equal seeds give equal files.")] = 311,
    parameter: ParameterOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a small sample of a dataset, with typical errors of real files."""
    from ingest.storage import scheme_of

    to = to or f"{SAMPLES}/landing/{dataset}"

    folder = Path(to)
    if scheme_of(to):
        problem = f"{to} is not a local folder. Give a local folder, and then copy it to S3 with `aws s3 sync`."
        raise SampleError(rows=rows, problem=problem)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SampleError(rows=rows, problem=f"{folder} is not an empty folder. Give a new folder: --to DIR.")
    if source:
        parameters = suite_parameters(parameter)
        from workflows.sampling.command import draw_sample

        draw_sample(dataset, sources=source, folder=folder, rows=rows, seed=seed, parameters=parameters, quiet=quiet)
        return
    if parameter:
        raise typer.BadParameter("--parameter needs --from. Add --from FILE, or remove --parameter.")
    write = sample_writer(dataset)
    if write is None:
        raise SampleError(rows=rows, problem=missing_sample(dataset))
    write(folder, rows=rows, seed=seed)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    landed = [file for file in files if not file.parts[0].startswith("_")]
    print_plain(f"{len(landed)} files in {folder}, such as {landed[0]}. Right answers: {folder / '_truth.json'}")


def fetch(
    dataset: DatasetArgument,
    to: Annotated[str, typer.Option(metavar="DIR", help="Write to this landing folder.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="CITY",
            help=help_text("Download the data of this city.", default="the default city of the dataset"),
            show_default=False,
        ),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(help=help_text("Download the file of this year.", default="the current year"), show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=help_text(
                "Download only rows that changed since this time. The source must have a Socrata API.",
                default="all rows",
            ),
            callback=_check_time,
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Download the published data of a dataset to a landing folder."""
    from ingest.fetch import PUBLISHED_FILES, find_published_file
    from ingest.fetch import fetch as fetch_file

    require_known(dataset, list(PUBLISHED_FILES), kind="published dataset")
    published, now = find_published_file(dataset, source), datetime.now(timezone.utc)
    with working(f"downloading from {published.publisher}", quiet=quiet):
        file = fetch_file(published, to, now=now, year=year, since=since, token=os.environ.get("APP_TOKEN", ""))
    print_plain(f"{file}: {file.stat().st_size:,} bytes")
