"""Answers, quarantine, suites and validation results as tables on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from reports.answer import Answer
from reports.expected import expected
from transforms.masking import REDACTED
from transforms.schema import CAST_FAILURES

Expectations = Mapping[str, tuple[str, Sequence[str]]]
"""The description and the columns of each expectation of a suite, by its id."""

_BAR = 10
MOST_ROWS = 24
_MOST_EXAMPLES = 3
_SIGNS = {"critical": "[red]✗[/]", "warning": "[yellow]✗[/]", "info": "[yellow]✗[/]"}


def answer_table(answer: Answer, curated: DataFrame) -> Table:
    """Draw at most `MOST_ROWS` rows of an answer: the first rows in its order, or the latest if it has no order."""
    order = answer.order or (f"-{answer.columns[0].column}",)
    found = curated.orderBy(*map(_ordered, order)).limit(MOST_ROWS + 1).collect()
    rows = found[:MOST_ROWS] if answer.order else found[:MOST_ROWS][::-1]
    which = f"The {'first' if answer.order else 'latest'} {MOST_ROWS}"
    more = [f"{which} of {curated.count():,} rows."] if len(found) > MOST_ROWS else []
    table = Table(title=answer.title, title_justify="left", title_style="bold")
    table.caption, table.caption_justify = " ".join([*more, answer.note]).strip() or None, "left"
    for shown in answer.columns:
        table.add_column(shown.header, justify="right" if shown.format else "left")
        if shown.bar:
            table.add_column("", no_wrap=True, min_width=_BAR)
    for row in rows:
        cells: list[str] = []
        for shown in answer.columns:
            value = row[shown.column]
            cells.append(escape(_cell(value, shown.format)))
            if shown.bar:
                cells.append(_bar(value))
        table.add_row(*cells)
    return table


def quarantine_table(
    quarantine: DataFrame,
    *,
    expectations: Expectations,
    sources: Mapping[str, str] | None = None,
    most: int = MOST_ROWS,
) -> Table:
    """Draw at most `most` rows of quarantine, by file and row, with the reasons.

    `sources` has the name of each column in the landed files.
    """
    rows = quarantine.orderBy("_source_file", "_row_number").limit(most).collect()
    table = Table(title="In quarantine", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("File", overflow="fold", ratio=2)
    table.add_column("Row", justify="right")
    table.add_column("Expected, and found", ratio=3)
    for row in rows:
        failed = [expectations.get(name, (name, ())) for name in row["_failed_expectations"]]
        reasons = [_reason(row, what, columns, sources or {}) for what, columns in failed]
        parked = row["_blocked_by"] if "_blocked_by" in quarantine.columns else None
        reasons += [f"parked, because the increment was blocked: {', '.join(parked)}"] if parked else []
        table.add_row(escape(row["_source_file"]), str(row["_row_number"]), escape("\n".join(reasons)))
    return table


def status_table(rows: Sequence[tuple[str, str | None, str, int, int, float | None]]) -> Table:
    """Draw the state of datasets: name, last run (UTC), state, rows in trusted and quarantine, share of quarantine."""
    table = Table(title="Datasets", title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for header in ("Dataset", "Last run, UTC"):
        table.add_column(header, no_wrap=True)
    table.add_column("State")  # wraps between words if the terminal is narrow
    for header in ("Trusted", "Quarantine", "%"):
        table.add_column(header, justify="right", no_wrap=True)
    for dataset, started, state, trusted, quarantined, share in rows:
        share_text = "-" if share is None else f"{share:.2f}"
        table.add_row(dataset, started or "-", state.replace("_", " "), f"{trusted:,}", f"{quarantined:,}", share_text)
    return table


def warning_lines(trusted: DataFrame, *, expectations: Expectations, results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each warning: the number of published rows that have it, and the expectation.

    `results` are the validation results of the suite. Table-level warnings that are not met follow at the end.
    """
    rows = trusted.select(F.explode("_warnings").alias("name")).groupBy("name").count().orderBy(F.desc("count"), "name")
    found = {row["name"]: f"{row['count']:,} row{'' if row['count'] == 1 else 's'}" for row in rows.collect()}
    for entry in results:
        config = entry["expectation_config"]
        if not entry["success"] and config["severity"] != "critical":
            found.setdefault(config["id"], _found(entry))
    return [f"{name} ({how}): {expectations.get(name, (name, ()))[0]}" for name, how in found.items()]


def suite_table(name: str, expectations: Sequence[Mapping[str, Any]], *, judged: Sequence[str]) -> Table:
    """Draw a suite: its expectations in GX's JSON form, and the way in which each is validated."""
    table = Table(title=f"Suite {escape(name)}", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("Id, expectation and description", overflow="fold")
    table.add_column("Mostly", justify="right", no_wrap=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Validated", no_wrap=True)
    for entry, of in zip(expectations, judged, strict=True):
        lines = [f"[bold]{escape(entry['id'])}[/]", escape(expected(entry["type"], entry["kwargs"]))]
        if entry.get("description"):
            lines.append(f"[dim]{escape(entry['description'])}[/]")
        severity = entry["severity"] if entry["severity"] == "critical" else f"[yellow]{entry['severity']}[/]"
        table.add_row("\n".join(lines), f"{entry['kwargs'].get('mostly', 1):.4g}", severity, of)
        table.add_row()
    return table


def results_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Draw the results of a suite, in GX's JSON form: whether each expectation is met, and the values found."""
    table = Table.grid(padding=(0, 2), expand=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for entry in results:
        config = entry["expectation_config"]
        sign = "[green]✓[/]" if entry["success"] else _SIGNS[config["severity"]]
        severity = "" if config["severity"] == "critical" else f" [yellow]({config['severity']})[/]"
        table.add_row(sign, f"{escape(config['id'])}{severity}", escape(_found(entry)))
    return table


def _found(entry: Mapping[str, Any]) -> str:
    result = entry.get("result") or {}
    raised = [entry["exception_info"], *entry["exception_info"].values()]
    messages = [
        str(each["exception_message"]) for each in raised if isinstance(each, dict) and each.get("raised_exception")
    ]
    if messages:
        return f"could not be validated: {messages[0]}"
    if not result:
        return ""
    if "element_count" not in result:
        what = expected(entry["expectation_config"]["type"], entry["expectation_config"]["kwargs"])
        return f"observed {_short(result.get('observed_value'))}" + ("" if entry["success"] else f"; expected: {what}")
    judged, unexpected = result["element_count"] - result.get("missing_count", 0), result["unexpected_count"]
    found = f"{unexpected:,} of {judged:,} unexpected"
    if unexpected and judged:
        allowed = 1 - entry["expectation_config"]["kwargs"].get("mostly", 1)
        most = f", at most {_percent(allowed)} may be" if allowed else ""
        found += f" ({_percent(unexpected / judged)}{most})"
    examples = [_short(each) for each in result.get("partial_unexpected_list") or ()]
    shown = list(dict.fromkeys(examples))[:_MOST_EXAMPLES]
    return f"{found}: {', '.join(shown)}" if shown else found


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.4g} %"


def _short(value: Any, *, most: int = 60) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _reason(row: Row, description: str, columns: Sequence[str], sources: Mapping[str, str]) -> str:
    if CAST_FAILURES in columns:
        return "\n".join(_unread(failure, sources) for failure in row[CAST_FAILURES] or ())
    found = ", ".join(f"{sources.get(name, name)} = {row[name]}" for name in columns if row[name] is not None)
    return f"{description} ({found})" if found else description


def _unread(failure: Row, sources: Mapping[str, str]) -> str:
    column, value = sources.get(failure["column"], failure["column"]), failure["value"]
    said = "the cell (masked here; see the file)" if value == REDACTED else repr(value)
    return f"{column}: {said} is not a valid {failure['expected']}"


def _ordered(order: str) -> Column:
    column = F.expr(order.strip("-|"))
    column = F.abs(column) if order.endswith("|") else column
    return column.desc() if order.startswith("-") else column


def _cell(value: Any, form: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "-" if value is None else format(value, form)


def _bar(percentage: float | None) -> str:
    filled = round(min(max(percentage or 0, 0), 100) / 100 * _BAR)
    return "█" * filled + "░" * (_BAR - filled)
