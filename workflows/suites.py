"""The commands for suites: print a suite, validate a table or files, and make Data Docs of saved results."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F
from rich.console import Console
from rich.markup import escape

from expectations.core import DELEGATED_TO_GX, ROW_LEVEL, TABLE_LEVEL
from expectations.data_docs import DataDocsError, SavedResult, render
from expectations.errors import SuiteError
from expectations.gate import compile_gate
from expectations.suite import Suite, load_suite, parse_suite
from expectations.validation_result import ValidationResult
from ingest.storage import scheme_of
from lake.ledger import RUNS, runs
from lake.session import is_s3, lake_session
from lake.tables import exists
from reports.console import results_table, suite_table
from workflows.judged_data import read_path, read_table

MOST_RUNS = 50
"""Maximum number of saved results of a dataset in Data Docs, the latest first."""

_STARTED = "%Y-%m-%d %H:%M:%S.%f"

out = Console(highlight=False, emoji=False)


def print_suite(name: str) -> int:
    """Print the expectations of a dataset's suite, or of a suite in a file."""
    suite = _suite(name)
    entries = [expectation.to_json_dict() for expectation in suite.expectations]
    out.print(suite_table(suite.name, entries, judged=[_judged(entry["type"]) for entry in entries]))
    out.print(
        "Mostly is the minimum share of rows that must pass. If a critical expectation is not met, nothing "
        "is published. "
        "Validated per row: a row that fails a critical expectation goes to quarantine. Otherwise it gets a warning. "
        "Over table: computed for all rows that would be published. By GX: validated by Great Expectations itself. "
        "Refused: cannot be validated here."
    )
    return 0


def validate(
    name: str, *, table: str | None, path: str | None, warehouse: str, result_format: str, as_json: bool
) -> int:
    """Validate a table or files with a suite, and print the outcome. Return 0 if every critical expectation is met."""
    suite = _suite(name)
    with Console(stderr=True).status("starting Spark"):
        spark = lake_session(warehouse)
    rows = read_table(spark, table, warehouse=warehouse) if table else read_path(spark, str(path))
    gate = compile_gate(rows, suite=suite)
    verdict = gate.validate(gate.rows, result_format=result_format)
    if as_json:
        out.out(json.dumps(verdict.to_json_dict(), ensure_ascii=False, indent=2, default=str), highlight=False)
    else:
        _print_verdict(verdict, of=table or str(path))
    return 1 if verdict.outcome == "refused" else 0


def make_data_docs(warehouse: str, *, to: str | None) -> int:
    """Make the Data Docs of all saved results, and print the path of their first page."""
    if to and scheme_of(to):
        raise DataDocsError(f"{to} is not a folder on this machine. Give a local folder for the pages: --to DIR.")
    if to is None and is_s3(warehouse):
        raise DataDocsError(f"warehouse {warehouse} is on S3. Give a local folder for the pages: --to DIR.")
    saved = _saved_results(warehouse)
    with out.status("rendering"):
        home = render(saved, Path(to) if to else Path(warehouse) / "docs")
    out.out(str(home), highlight=False)
    return 0


def _saved_results(warehouse: str) -> list[SavedResult]:
    if not is_s3(warehouse) and not Path(warehouse).is_dir():
        raise DataDocsError(f"warehouse {warehouse} does not exist. Run a dataset first, or give --warehouse DIR.")
    with out.status("starting Spark"):
        spark = lake_session(warehouse)
    if not exists(spark, RUNS):
        raise DataDocsError(f"warehouse {warehouse} has no saved results. Run a dataset first: citylake run DATASET.")
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
        .where(F.col("_rank") <= MOST_RUNS)
        # Python would get a timestamp in the time zone of its process. As text it has the session's time zone, UTC.
        .withColumn("moment", F.date_format("started", "yyyy-MM-dd HH:mm:ss.SSSSSS"))
        .collect()
    )


def _suite(name: str) -> Suite:
    if Path(name).is_file():
        try:
            return parse_suite(Path(name).read_text(encoding="utf-8"), where=name)
        except UnicodeDecodeError as error:
            raise SuiteError(suite=name, problem=f"is not valid UTF-8 text: {error}.") from error
    files = resources.files("expectations.suites").iterdir()
    known = sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))
    if name not in known:
        problem = f"is not a file, and not the name of a dataset's suite. Suites: {known}."
        raise SuiteError(suite=name, problem=problem)
    return load_suite(name)


def _judged(type_: str) -> str:
    if type_ in ROW_LEVEL:
        return "per row"
    if type_ in DELEGATED_TO_GX:
        return "by GX"
    return "over table" if type_ in TABLE_LEVEL else "refused"


def _print_verdict(verdict: ValidationResult, *, of: str) -> None:
    met = sum(result["success"] for result in verdict.results)
    rows = f"{verdict.rows:,} rows"
    if verdict.quarantined:
        rows += f", {verdict.quarantined:,} of them for quarantine"
    out.print(f"[bold]{escape(of)}[/], {rows}, suite [bold]{escape(verdict.suite.name)}[/]\n")
    out.print(results_table(verdict.results))
    color = {"met": "green", "met with warnings": "yellow", "refused": "red"}[verdict.outcome]
    word = "not met" if verdict.outcome == "refused" else verdict.outcome
    out.print(f"\n[{color}]{word}[/]: {met} of {len(verdict.results)} expectations are met")
