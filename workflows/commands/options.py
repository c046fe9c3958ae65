"""Arguments and options that several commands share, with their checks and shell completion."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from expectations.errors import ParameterError
from expectations.parameters import PARAMETER_HELP, parse_parameters
from jobs.arguments import TEXT_DEFAULTS, TEXT_OPTIONS
from jobs.masking_key import MASKING_KEY_HELP
from transforms.text_format import DETECTED_FORMAT
from workflows.output import OutputFormat
from workflows.parts import dataset_names, report_of

SAMPLES = Path("samples")
SAMPLE_WAREHOUSE = str(SAMPLES / "warehouse")
WAREHOUSE = "warehouse"

QUARANTINE, WARNINGS, RUNS = VIEWS = ("quarantine", "warnings", "runs")
"""Names that `citylake show DATASET NAME` accepts in addition to the names of answers."""

_WAREHOUSE_DEFAULT = f"{WAREHOUSE} if it exists, otherwise {SAMPLE_WAREHOUSE}"
SUITE_HELP = "Use the suite of this dataset, or this suite file in the JSON form of Great Expectations."


def help_text(text: str, *, default: str) -> str:
    """Return a help text with its default in brackets. The backslash keeps rich from reading the brackets as markup."""
    return f"{text} \\[default: {default}]"


def require_known(name: str, known: list[str], *, kind: str) -> str:
    """Return a name if it is known.

    Raises:
        BadParameter: The name is not known. The message lists the known names and suggests a similar name.
    """
    if name in known:
        return name
    similar = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f" Did you mean {similar[0]!r}?" if similar else ""
    raise typer.BadParameter(f"{name!r} is not a valid {kind}.{hint} Valid names: {', '.join(known)}.")


def default_warehouse(warehouse: str | None) -> str:
    """Return the given warehouse, or the default warehouse if `warehouse` is None."""
    return warehouse or (WAREHOUSE if Path(WAREHOUSE).exists() else SAMPLE_WAREHOUSE)


def output_format(*, as_json: bool, as_csv: bool) -> OutputFormat:
    """Return the format that the options `--json` and `--csv` ask for.

    Raises:
        BadParameter: Both options are given.
    """
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv cannot be combined. Give only one of these options.")
    return OutputFormat.JSON if as_json else OutputFormat.CSV if as_csv else OutputFormat.TEXT


def text_options(**options: str | None) -> dict[str, str]:
    """Return the options for the format of text files that are given.

    Raises:
        BadParameter: An option is not valid.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        DETECTED_FORMAT.with_options(**given)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return given


def suite_parameters(texts: list[str] | None) -> dict[str, Any]:
    """Return the values of the options `--parameter`, by name.

    Raises:
        BadParameter: A text is not valid.
    """
    try:
        return parse_parameters(texts or ())
    except ParameterError as error:
        raise typer.BadParameter(str(error)) from error


def answer_names(dataset: str) -> list[str]:
    """Return the names that `citylake show DATASET NAME` accepts: the answers, then the views."""
    return [*(answer.name for answer in report_of(dataset).answers), *VIEWS]


def _check_dataset(name: str | None) -> str | None:
    return None if name is None else require_known(name, dataset_names(), kind="dataset")


def _check_datasets(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        _check_dataset(name)
    return names


def _complete_dataset(incomplete: str) -> list[str]:
    return [name for name in dataset_names() if name.startswith(incomplete)]


def _complete_answer(context: typer.Context, incomplete: str) -> list[str]:
    dataset = context.params.get("dataset")
    names = answer_names(dataset) if dataset in dataset_names() else list(VIEWS)
    return [name for name in names if name.startswith(incomplete)]


DatasetArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help=f"Name the dataset: {', '.join(dataset_names())}.",
        callback=_check_dataset,
        autocompletion=_complete_dataset,
        show_default=False,
    ),
]
OptionalDatasetArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="DATASET",
        help=help_text(f"Name the dataset: {', '.join(dataset_names())}.", default="all datasets"),
        callback=_check_dataset,
        autocompletion=_complete_dataset,
        show_default=False,
    ),
]
DatasetsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DATASET]...",
        help=help_text(f"Name the datasets: {', '.join(dataset_names())}.", default="all datasets that have run"),
        callback=_check_datasets,
        autocompletion=_complete_dataset,
        show_default=False,
    ),
]
AnswerArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="ANSWER",
        help=help_text(
            f"Print this answer, or one of these views: {', '.join(VIEWS)}.",
            default="an overview that lists the answers",
        ),
        autocompletion=_complete_answer,
        show_default=False,
    ),
]
WarehouseOption = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help=help_text("Use the tables in this folder.", default=_WAREHOUSE_DEFAULT),
        show_default=False,
    ),
]
MaskingKeyOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help=help_text(MASKING_KEY_HELP, default=f"the key of the samples if the warehouse is {SAMPLE_WAREHOUSE}"),
        show_default=False,
    ),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option(
        metavar="CHAR",
        help=help_text(f"{TEXT_OPTIONS['delimiter']}.", default=TEXT_DEFAULTS["delimiter"]),
        show_default=False,
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=help_text(f"{TEXT_OPTIONS['encoding']}.", default=TEXT_DEFAULTS["encoding"]),
        show_default=False,
    ),
]
QuoteOption = Annotated[
    str | None,
    typer.Option(
        metavar="CHAR", help=help_text(f"{TEXT_OPTIONS['quote']}.", default=TEXT_DEFAULTS["quote"]), show_default=False
    ),
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="NAME=VALUE",
        help=f"{PARAMETER_HELP} Repeat the option for more parameters.",
        show_default=False,
    ),
]
SuiteArgument = Annotated[str, typer.Argument(metavar="SUITE", help=SUITE_HELP, show_default=False)]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help=help_text("Print only the result and errors.", default="print progress to standard error"),
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help=help_text("Print the result as JSON.", default="text"), show_default=False),
]
CsvOption = Annotated[
    bool,
    typer.Option("--csv", help=help_text("Print the result as CSV.", default="text"), show_default=False),
]
