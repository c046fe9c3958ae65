"""The commands for suites: print a suite, validate a table or files, and make Data Docs of saved results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T
from rich.markup import escape

from expectations.core import DELEGATED_TO_GX, ROW_LEVEL, TABLE_LEVEL
from expectations.data_docs import DataDocsError, SavedResult, render
from expectations.errors import SuiteError
from expectations.gate import Gate, compile_gate
from expectations.gx_0x import RETIRED_TYPES
from expectations.parameters import evaluate_suite
from expectations.standard import suite_text
from expectations.suite import parse_suite, read_document
from expectations.validation_result import ValidationResult
from ingest.storage import scheme_of
from lake.ledger import RUNS, runs
from lake.session import is_s3, lake_session
from lake.tables import exists
from reports.describe import describe_expectation
from reports.records import to_json
from reports.validation import result_text, results_table, suite_table
from transforms.datasets import dataset_names, load_dataset
from transforms.text_format import DETECTED_FORMAT
from workflows.column_types import ColumnTypes, cast_to_inferred, ddl
from workflows.output import FAILED, FINE, OutputFormat, print_plain, print_records, print_result, working
from workflows.validation_input import is_text_path, read_path, read_table

MAX_RUNS = 50
"""Maximum number of results that Data Docs show for each dataset. The latest results are shown."""

_STARTED = "%Y-%m-%d %H:%M:%S.%f"

_SUITE_COLUMNS = ("id", "expectation", "description", "mostly", "severity", "validated")
_RESULT_COLUMNS = ("id", "type", "severity", "success", "outcome")
_LEGEND = """\
Mostly: the minimum share of rows that must pass. Nothing is published if a critical expectation is not met.
Per row: a row that fails goes to quarantine if the expectation is critical. Otherwise, the row gets a warning.
Over table: all rows that would be published are validated together.
By GX: Great Expectations itself validates all rows that would be published.
Refused: neither CityLake nor Great Expectations can validate the expectation on Spark."""


def print_suite(name: str, *, parameters: Mapping[str, Any], output: OutputFormat) -> None:
    """Print the expectations of a dataset's suite, or of a suite in a file.

    If no parameters are given, the suite parameters are printed as they are in the suite.
    """
    text, where = _read(name)
    suite = parse_suite(text, where=where)
    suite = evaluate_suite(suite, parameters) if parameters else suite
    entries = [expectation.to_json_dict() for expectation in suite.expectations]
    scopes = [_scope(entry["type"]) for entry in entries]
    if output is OutputFormat.TEXT:
        print_result(suite_table(suite.name, entries, scopes=scopes), _LEGEND)
        return
    records = [
        {
            "id": entry["id"],
            "expectation": describe_expectation(entry["type"], entry["kwargs"]),
            "description": entry.get("description"),
            "mostly": entry["kwargs"].get("mostly", 1),
            "severity": entry["severity"],
            "validated": scope,
        }
        for entry, scope in zip(entries, scopes, strict=True)
    ]
    print_records(records, _SUITE_COLUMNS, output)


def print_converted(name: str) -> None:
    """Print a suite as JSON in the form of Great Expectations 1.24.

    Raises:
        SuiteError: The suite is not valid, or has an expectation type that Great Expectations 1.0 removed.
    """
    text, where = _read(name)
    for expectation in parse_suite(text, where=where).expectations:
        if expectation.type in RETIRED_TYPES:
            problem = f"Great Expectations 1.0 removed {expectation.type}. {RETIRED_TYPES[expectation.type]}."
            raise SuiteError(suite=where, expectation=expectation.id, problem=problem)
    print_plain(json.dumps(read_document(text, where=where), indent=2, ensure_ascii=False))


def validate_rows(
    name: str,
    *,
    table: str | None,
    path: str | None,
    types: ColumnTypes,
    text_options: Mapping[str, str],
    parameters: Mapping[str, Any],
    warehouse: str,
    result_format: str,
    output: OutputFormat,
    quiet: bool,
) -> int:
    """Validate files or a table with a suite, and print the outcome. Return 1 if a critical expectation is not met."""
    text, where = _read(name)
    suite = parse_suite(text, where=where)
    with working("starting Spark", quiet=quiet):
        spark = lake_session(warehouse)
    with working("validating", quiet=quiet):
        if table:
            rows = read_table(spark, table, warehouse=warehouse)
        else:
            text_format = DETECTED_FORMAT.with_options(**text_options)
            rows = read_path(spark, str(path), types=types, text_format=text_format)
        compile_rows = partial(compile_gate, suite=suite, parameters=parameters)
        if path and is_text_path(path):
            gate, numeric = _compile_text_columns(rows, compile_rows, types=types)
        else:
            gate, numeric = compile_rows(rows), []
        outcome = gate.validate(gate.rows, result_format=result_format)
    if output is OutputFormat.JSON:
        print_plain(to_json(outcome.to_json_dict()))
    elif output is OutputFormat.CSV:
        print_records([_result_record(result) for result in outcome.results], _RESULT_COLUMNS, output)
    else:
        _print_outcome(outcome, source=table or str(path))
        if numeric:
            print_result(f"columns that were read as numbers, because an expectation needs numbers: {numeric}", "")
    return FAILED if outcome.failures() else FINE


def make_data_docs(warehouse: str, *, to: str | None, quiet: bool) -> None:
    """Make the Data Docs of all saved results, and print the path of the home page."""
    if to and scheme_of(to):
        raise DataDocsError(f"{to} is not a local folder. Give a local folder for the pages: --to DIR.")
    if to is None and is_s3(warehouse):
        raise DataDocsError(f"warehouse {warehouse} is on S3. Give a local folder for the pages: --to DIR.")
    if not is_s3(warehouse) and not Path(warehouse).is_dir():
        raise DataDocsError(f"warehouse {warehouse} does not exist. Run a dataset first, or give --warehouse DIR.")
    with working("starting Spark", quiet=quiet):
        spark = lake_session(warehouse)
    if not exists(spark, RUNS):
        raise DataDocsError(f"warehouse {warehouse} has no saved results. Run a dataset first: citylake run DATASET.")
    with working("rendering", quiet=quiet):
        home = render(_saved_results(spark), Path(to) if to else Path(warehouse) / "docs")
    print_plain(str(home))


def _saved_results(spark: SparkSession) -> list[SavedResult]:
    return [
        SavedResult(
            dataset=row.job,
            run_id=row.run_id,
            stage=row.stage,
            started=datetime.strptime(row.moment, _STARTED),
            outcome=row.verdict,
            document=row.validation_result,
        )
        for row in _latest_results(spark)
    ]


def _latest_results(spark: SparkSession) -> list[Any]:
    latest = Window.partitionBy("job").orderBy(F.col("started").desc(), "run_id", "stage")
    return (
        runs(spark)
        .where("validation_result is not null")
        .withColumn("_rank", F.row_number().over(latest))
        .where(F.col("_rank") <= MAX_RUNS)
        # Spark converts the timestamps to text in UTC. Python would show timestamps in the time zone of this process.
        .withColumn("moment", F.date_format("started", "yyyy-MM-dd HH:mm:ss.SSSSSS"))
        .collect()
    )


def _compile_text_columns(
    rows: DataFrame, compile_rows: Callable[[DataFrame], Gate], *, types: ColumnTypes
) -> tuple[Gate, list[str]]:
    """Compile a suite for text columns. If an expectation needs numbers, read its column as numbers.

    This happens only if no type is given for any column, and if no value changes. Also return these columns.
    """
    numeric: list[str] = []
    first_error: SuiteError | None = None
    while True:
        try:
            return compile_rows(rows), numeric
        except SuiteError as error:
            column = error.text_column
            first_error = first_error or error
            if column is None and not numeric:
                raise
            if column is None or types.option or column in numeric:
                raise _with_type_hint(first_error, types=types) from error
            rows = cast_to_inferred(rows, [column])
            numeric.append(column)
            if not isinstance(rows.schema[column].dataType, T.NumericType):
                raise _with_type_hint(first_error, types=types) from error


def _with_type_hint(error: SuiteError, *, types: ColumnTypes) -> SuiteError:
    """Add the option that gives the column of a text file another type."""
    example = ddl(str(error.text_column), "INT")
    hint = f"give the type of the column, such as --schema {example}. Other types are DOUBLE, DATE and TIMESTAMP."
    if types.is_inferred:
        hint = f"Spark inferred text from the values. Correct the values. Or remove --infer-types, and {hint}"
    elif types.schema:
        hint = f"--schema leaves this column as text. To change this, {hint}"
    else:
        reason = "Columns of text files are text, and some cells of this column are not plain numbers."
        hint = f"{reason} Correct them, or {hint}"
    return SuiteError(
        suite=error.suite,
        expectation=error.expectation,
        problem=f"{error.problem} {hint}",
        text_column=error.text_column,
    )


def _read(name: str) -> tuple[str, str]:
    """Return the text of a suite, and the name of its file."""
    if Path(name).is_file():
        try:
            return Path(name).read_text(encoding="utf-8-sig"), name
        except UnicodeDecodeError as error:
            problem = f"the file is not valid UTF-8 text: {error}. Save the file in the encoding UTF-8."
            raise SuiteError(suite=name, problem=problem) from error
    if name not in (known := dataset_names()):
        problem = f"the name is neither a file nor a dataset. Datasets: {known}."
        raise SuiteError(suite=name, problem=problem)
    return suite_text(load_dataset(name)), f"{name}.json"


def _scope(type_: str) -> str:
    if type_ in ROW_LEVEL:
        return "per row"
    if type_ in DELEGATED_TO_GX:
        return "by GX"
    return "over table" if type_ in TABLE_LEVEL else "refused"


def _result_record(result: Mapping[str, Any]) -> dict[str, Any]:
    config = result["expectation_config"]
    record = {name: config[name] for name in ("id", "type", "severity")}
    return {**record, "success": result["success"], "outcome": result_text(result)}


def _print_outcome(outcome: ValidationResult, *, source: str) -> None:
    met = sum(result["success"] for result in outcome.results)
    rows = f"{outcome.rows:,} rows"
    if outcome.quarantined:
        rows += f", including {outcome.quarantined:,} for quarantine"
    print_result(f"[bold]{escape(source)}[/], {rows}, suite [bold]{escape(outcome.suite.name)}[/]", "")
    print_result(results_table(outcome.results), "")
    if outcome.failures():
        text = "[red]not met[/]"
    else:
        text = "[green]met[/]" if met == len(outcome.results) else "[yellow]met with warnings[/]"
    print_result(f"the suite is {text}: {met} of {len(outcome.results)} expectations are met")
