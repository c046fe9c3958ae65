"""Draw suites and validation results as tables on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from reports.describe import describe_expectation, describe_value
from reports.plain_table import plain_table

MAX_EXAMPLES = 3
"""Maximum number of unexpected values that a result displays."""

_MAX_VALUE_LENGTH = 60  # characters
_SIGNS = {"critical": "[red]✗[/]", "warning": "[yellow]✗[/]", "info": "[yellow]✗[/]"}


def suite_table(name: str, expectations: Sequence[Mapping[str, Any]], *, scopes: Sequence[str]) -> Table:
    """Draw expectations that are in GX's JSON form. `scopes` says how each expectation is validated."""
    table = plain_table(f"Suite {name}")
    table.add_column("Id, expectation and description", overflow="fold")
    table.add_column("Mostly", justify="right", no_wrap=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Validated", no_wrap=True)
    for entry, scope in zip(expectations, scopes, strict=True):
        lines = [f"[bold]{escape(entry['id'])}[/]", escape(describe_expectation(entry["type"], entry["kwargs"]))]
        if entry.get("description"):
            lines.append(f"[dim]{escape(entry['description'])}[/]")
        severity = entry["severity"] if entry["severity"] == "critical" else f"[yellow]{entry['severity']}[/]"
        mostly = entry["kwargs"].get("mostly", 1)
        table.add_row(
            "\n".join(lines),
            escape(describe_value(mostly)) if isinstance(mostly, dict) else f"{mostly:.4g}",
            severity,
            scope,
        )
        table.add_row()
    return table


def results_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Draw the outcome of each expectation and its observed values. The results are in GX's JSON form."""
    table = Table.grid(padding=(0, 2), expand=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for entry in results:
        config = entry["expectation_config"]
        sign = "[green]✓[/]" if entry["success"] else _SIGNS[config["severity"]]
        severity = "" if config["severity"] == "critical" else f" [yellow]({config['severity']})[/]"
        table.add_row(sign, f"{escape(config['id'])}{severity}", escape(result_text(entry)))
    return table


def result_text(entry: Mapping[str, Any], *, with_values: bool = True) -> str:
    """Return the outcome of one expectation in words: the observed value, or the number of unexpected values.

    If `with_values` is False, the text has only counts and other numbers, and no values of the data.
    """
    result = entry.get("result") or {}
    exceptions = [entry["exception_info"], *entry["exception_info"].values()]
    messages = [
        str(exception["exception_message"])
        for exception in exceptions
        if isinstance(exception, dict) and exception.get("raised_exception")
    ]
    if messages:
        return f"could not be validated: {messages[0]}" if with_values else "could not be validated"
    if not result:
        return ""
    if "element_count" not in result:
        value, config = result.get("observed_value"), entry["expectation_config"]
        is_shown = with_values or isinstance(value, int | float)
        observed = [f"observed {_shorten(value)}"] if is_shown else []
        if not entry["success"]:
            observed.append(f"expected: {describe_expectation(config['type'], config['kwargs'])}")
        return "; ".join(observed)
    examples = result.get("partial_unexpected_list") if with_values else None
    return _unexpected_text(result, examples or (), mostly=entry["expectation_config"]["kwargs"].get("mostly", 1))


def _unexpected_text(result: Mapping[str, Any], values: Sequence[Any], *, mostly: float) -> str:
    validated, unexpected = result["element_count"] - result.get("missing_count", 0), result["unexpected_count"]
    text = f"{unexpected:,} of {validated:,} unexpected"
    if unexpected and validated:
        maximum = f", maximum {format_percent(1 - mostly)}" if mostly < 1 else ""
        text += f" ({format_percent(unexpected / validated)}{maximum})"
    examples = list(dict.fromkeys(map(_shorten, values)))[:MAX_EXAMPLES]
    return f"{text}: {', '.join(examples)}" if examples else text


def format_percent(fraction: float) -> str:
    """Return a fraction as a percentage.

    >>> format_percent(1 / 3)
    '33.33 %'
    """
    return f"{fraction * 100:.4g} %"


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"
