"""The `citylake` command."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from transforms.errors import CityLakeError
from workflows.commands import check, data, look, new, report, run, suites
from workflows.commands.options import DatasetArgument
from workflows.output import FAILED, print_error, print_plain
from workflows.parts import workflow_of

_EXIT_CODES = (
    "The exit code is 0 if the command succeeds, and 1 if the command fails or a critical expectation is not met. The "
    "exit code is 2 if an argument is not valid, and 3 if a dataset needs attention. Results go to standard output. "
    "Progress and errors go to standard error. Times are in UTC."
)


class _Commands(TyperGroup):
    """The commands of `citylake`. A `CityLakeError` is printed as one message, and the exit code is 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CityLakeError as error:
            print_error(error)
            raise typer.Exit(FAILED) from error


app = typer.Typer(
    name="citylake",
    cls=_Commands,
    help="Compute answers from landed files of city data, and display the results.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)


def render(dataset: DatasetArgument) -> None:
    """Print the CloudFormation template of a dataset's workflow."""
    from workflows.cloudformation import render as render_template

    print_plain(json.dumps(render_template(workflow_of(dataset)), indent=2))


def _add(name: str, function: Callable[..., None], *, panel: str, examples: Sequence[str]) -> None:
    lines = "\n\n".join(f"citylake {example}" for example in examples)
    app.command(name, rich_help_panel=panel, epilog=f"Examples:\n\n{lines}")(function)


_add("run", run.run, panel="Run", examples=["run", "run contact_centre", "run registrar --data DIR --masking-key FILE"])
_add("resolve", run.resolve, panel="Run", examples=["resolve police_dispatch", "resolve police_dispatch --row-by-row"])
_add("check", check.check, panel="Run", examples=["check", "check contact_centre"])
_add("list", look.list_datasets, panel="Look", examples=["list", "list --json"])
_add(
    "show",
    look.show,
    panel="Look",
    examples=[
        "show contact_centre",
        "show contact_centre calls_handled_monthly --rows 50",
        "show contact_centre quarantine",
        "show contact_centre calls_handled --csv > calls.csv",
    ],
)
_add("status", look.status, panel="Look", examples=["status", "status registrar --json"])
_add("report", report.report, panel="Look", examples=["report", "report contact_centre registrar --to public"])
_add(
    "new",
    new.new,
    panel="Data",
    examples=["new library_visits --from visits.csv", "new library_visits --from 2023.xlsx 2024.xlsx"],
)
_add(
    "sample",
    data.sample,
    panel="Data",
    examples=["sample registrar --to landing --rows 5000", "sample contact_centre --from calls.csv --to landing"],
)
_add("fetch", data.fetch, panel="Data", examples=["fetch contact_centre --to landing"])
_add("suite", suites.suite, panel="Suites", examples=["suite contact_centre", "suite mine.json --json"])
_add(
    "validate",
    suites.validate,
    panel="Suites",
    examples=[
        "validate --suite contact_centre --table lake.trusted.contact_centre",
        "validate --suite mine.json --path calls.csv --json",
    ],
)
_add("docs", suites.docs, panel="Suites", examples=["docs", "docs --to public"])
_add(
    "publish",
    report.publish,
    panel="Deploy",
    examples=["publish --to s3://my-bucket/reports", "publish registrar --to /var/www"],
)
_add("render", render, panel="Deploy", examples=["render contact_centre > contact_centre.json"])


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command. This function always raises `SystemExit` with the exit code."""
    app(None if argv is None else [*argv], prog_name="citylake")


if __name__ == "__main__":
    main()
