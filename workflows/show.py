"""Show the tables of a warehouse: an overview or an answer of a dataset, and the state of all datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from jobs.report_data import expectations_of
from jobs.source_cells import source_cells
from jobs.status import DatasetStatus, status_of
from lake.errors import NotPublishedError
from lake.ledger import RUNS as RUNS_TABLE
from lake.ledger import runs
from lake.tables import exists, read, table_name
from reports.answer import Answer
from reports.console import answer_table, quarantine_table, shown_of
from reports.plain_table import plain_table
from reports.records import records_of, to_json
from reports.rows import sort_rows
from transforms.datasets import load_dataset
from workflows.commands.options import QUARANTINE, WARNINGS
from workflows.output import (
    FINE,
    NEEDS_ATTENTION,
    OutputFormat,
    print_plain,
    print_records,
    print_result,
    result_console,
    working,
)
from workflows.overview import detailed_overview, warnings_of
from workflows.parts import report_of
from workflows.screens import attention_lines, count_of, overview_screen, status_table
from workflows.session import short_session


def show_overview(dataset: str, *, warehouse: str, output: OutputFormat, quiet: bool) -> int:
    """Print one screen about a dataset. Return `NEEDS_ATTENTION` if anything needs attention, otherwise `FINE`."""
    spark = short_session(warehouse, quiet=quiet)
    with working("reading tables", quiet=quiet):
        overview = detailed_overview(spark, dataset)
    if overview.status.started is None and not overview.raw:
        raise NotPublishedError(table=table_name("trusted", dataset))
    answers = report_of(dataset).answers
    if output is OutputFormat.TEXT:
        print_result(overview_screen(overview, answers, warehouse=warehouse))
    else:
        record = {**_status_record(overview.status), "raw": overview.raw, "headline": overview.headline}
        record["quarantine_reasons"] = [{"reason": reason, "rows": count} for reason, count in overview.reasons]
        record["answers"] = [{"name": answer.name, "question": answer.question} for answer in answers]
        print_records([record], list(record), output) if output is OutputFormat.CSV else print_plain(to_json(record))
    return NEEDS_ATTENTION if overview.status.attention else FINE


def show_answer(dataset: str, name: str, *, warehouse: str, max_rows: int, output: OutputFormat, quiet: bool) -> None:
    """Print an answer, the rows in quarantine, the warnings or the last runs of a dataset."""
    spark = short_session(warehouse, quiet=quiet)
    if name == WARNINGS:
        _show_warnings(spark, dataset, max_rows=max_rows, output=output)
        return
    answer = next((answer for answer in report_of(dataset).answers if answer.name == name), None)
    rows = _rows(spark, dataset, name, answer)
    if output is not OutputFormat.TEXT:
        print_records(records_of(rows), rows.columns, output)
    elif answer:
        print_result(
            answer_table(
                answer,
                rows,
                table_name=table_name("curated", dataset, name),
                columns=report_of(dataset).columns,
                max_rows=max_rows,
                width=result_console().width,
            )
        )
    elif name == QUARANTINE:
        _print_quarantine(spark, dataset, rows, max_rows)
    else:
        print_result(_runs_table(rows, max_rows))


def show_status(names: Sequence[str], *, warehouse: str, output: OutputFormat, quiet: bool) -> int:
    """Print the state of datasets. Return `NEEDS_ATTENTION` if anything needs attention, otherwise `FINE`."""
    spark = short_session(warehouse, quiet=quiet)
    with working("reading tables", quiet=quiet):
        statuses = status_of(spark, names)
    if output is OutputFormat.TEXT:
        print_result(f"warehouse {escape(warehouse)}", "", status_table(statuses), "", attention_lines(statuses))
    else:
        records = [_status_record(status) for status in statuses]
        print_records(records, list(records[0]), output)
    return NEEDS_ATTENTION if any(status.attention for status in statuses) else FINE


def _status_record(status: DatasetStatus) -> dict[str, object]:
    started = f"{status.started.replace(' ', 'T')}Z" if status.started else None
    record = {**asdict(status), "started": started, "quarantined_pct": status.quarantined_pct}
    del record["public_attention"]  # `attention` has the same lines with details.
    return record


def _rows(spark: SparkSession, dataset: str, name: str, answer: Answer | None) -> DataFrame:
    """Return the rows of an answer, of the quarantine table or of the run ledger, in order."""
    if answer:
        table = table_name("curated", dataset, answer.name)
        return sort_rows(answer, read(spark, table), table=table)
    if name == QUARANTINE:
        return read(spark, table_name("quarantine", dataset)).orderBy("_source_file", "_row_number")
    if not exists(spark, RUNS_TABLE):
        raise NotPublishedError(table=RUNS_TABLE)
    jobs = F.col("job").isin(dataset, f"{dataset}_maintain")
    return runs(spark).where(jobs).drop("validation_result").orderBy(F.desc("started"))


def _show_warnings(spark: SparkSession, dataset: str, *, max_rows: int, output: OutputFormat) -> None:
    lines = warnings_of(spark, dataset)
    if output is not OutputFormat.TEXT:
        print_records([{"warning": line} for line in lines], ["warning"], output)
    else:
        title = f"Published rows do not meet {count_of(len(lines), 'expectation')}"
        shown = [Padding(escape(line), (0, 0, 0, 2)) for line in lines[:max_rows]]
        more = [shown_of(max_rows, len(lines), "expectations")] if len(lines) > max_rows else []
        print_result(f"[bold]{title}[/]", *shown, *more)


def _print_quarantine(spark: SparkSession, dataset: str, rows: DataFrame, max_rows: int) -> None:
    spellings: dict[str, list[str]] = {}
    for field in (field for fields in load_dataset(dataset).layouts.values() for field in fields):
        spellings.setdefault(field.name, []).append(field.source)
    sources = {name: " or ".join(dict.fromkeys(names)) for name, names in spellings.items()}
    count = rows.count()
    if not count:
        print_result("Nothing is in quarantine.")
        return
    cells = source_cells(spark, load_dataset(dataset), rows.limit(max_rows))
    table = quarantine_table(
        rows, expectations=expectations_of(dataset), sources=sources, cells=cells, max_rows=max_rows
    )
    table.caption = f"{shown_of(min(count, max_rows), count)} Table: lake.quarantine.{dataset}"
    table.caption_justify = "left"
    print_result(table)


def _runs_table(rows: DataFrame, max_rows: int) -> Table:
    # Spark converts the timestamps to text in UTC. Python would show the timestamps in the time zone of this process.
    started = F.date_format("started", "yyyy-MM-dd HH:mm:ss").alias("began")
    seconds = (F.col("ended").cast("double") - F.col("started").cast("double")).alias("seconds")
    latest = rows.select("*", started, seconds).limit(max_rows).collect()
    table = plain_table("Last runs")
    if len(latest) == max_rows and (count := rows.count()) > max_rows:
        table.caption, table.caption_justify = shown_of(max_rows, count, "stages"), "left"
    table.add_column("Started, UTC", no_wrap=True)
    table.add_column("Stage, state and notes")
    for header in ("Seconds", "In", "Out", "Quarantine"):
        table.add_column(header, justify="right", no_wrap=True)
    run_id = None
    for row in latest:
        if row["run_id"] != run_id:
            run_id = row["run_id"]
            table.add_row("", f"[dim]run {escape(run_id)}[/]")
        lines = [f"{row['stage']} {row['state']}", row["error"] or row["note"] or ""]
        counts = ("" if row[name] is None else f"{row[name]:,}" for name in ("rows_in", "rows_out", "rows_quarantined"))
        duration = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        table.add_row(row["began"], escape("\n".join(line for line in lines if line)), duration, *counts)
    return table
