"""Analyse the functions of a dataset on empty frames. Spark analyses the queries, but starts no job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import update_wrapper
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from expectations.empty import empty_frame
from jobs.blocked import BLOCKED_BY, not_parked
from transforms.candidates import build_candidates
from transforms.dataset import Answer, Dataset
from transforms.errors import ArgumentError
from workflows.checks.declaration import Declaration
from workflows.checks.problems import Problem, explain, unknown_name
from workflows.checks.report import check_report_columns
from workflows.checks.suite import compile_suite

RAW_COLUMNS = {
    **dict.fromkeys(("_source_file", "_checksum", "_layout", "_other_fields", "_malformed_record"), "string"),
    **dict.fromkeys(("_row_number", "_date_system"), "int"),
    **dict.fromkeys(("_modified_at", "_ingested_at"), "timestamp"),
    "_is_current": "boolean",
}
"""The columns that ingest adds to raw, and the column `_is_current`, with their types."""

THREADS = 2
"""Number of threads that analyse datasets or answers. Java analyses the queries of several threads at the same time."""

_ANY_KEY = b"0" * 32
_DATE_OR_TIME = (T.DateType, T.TimestampType, T.TimestampNTZType)


def analyse_all(spark: SparkSession, declarations: Sequence[Declaration]) -> dict[str, list[Problem]]:
    """Return the problems that the analysis of each dataset finds. No Spark job is started, and no table is read."""
    with ThreadPoolExecutor(THREADS) as threads:
        found = threads.map(lambda declaration: _analyse(spark, declaration), declarations)
        return {declaration.name: problems for declaration, problems in zip(declarations, found, strict=True)}


def _analyse(spark: SparkSession, declaration: Declaration) -> list[Problem]:
    """Return the problems that the analysis of a dataset finds. No Spark job is started, and no table is read."""
    dataset = declaration.dataset
    if dataset is None:
        return []
    raw = empty_raw(spark, dataset)
    try:
        candidates = _build(raw, dataset)
    except Exception as error:  # noqa: BLE001 - each error of a function is a problem of the dataset.
        return list(_build_problems(raw, declaration, dataset, error))
    candidates = empty_frame(spark, candidates.schema)
    problems = [*_column_problems(declaration, dataset, candidates)]
    if declaration.suite is None:
        return problems
    gate, found = compile_suite(declaration, declaration.suite, candidates, reports_generated=not problems)
    trusted = empty_frame(spark, gate.rows.schema)
    quarantine = gate.rows_for_quarantine(trusted).withColumn(BLOCKED_BY, not_parked())
    zones = {"trusted": trusted, "quarantine": empty_frame(spark, quarantine.schema)}
    answers, broken = _build_answers(declaration, dataset, zones)
    problems += [*found, *broken]
    if declaration.report:
        problems += check_report_columns(declaration, declaration.report, answers)
    return problems


def empty_raw(spark: SparkSession, dataset: Dataset) -> DataFrame:
    """Return a frame without rows that has the columns of raw."""
    names = [name for columns in dataset.source_columns.values() for name in columns]
    sources = {name.casefold(): name for name in reversed(names)}  # For Spark, `Date` and `DATE` are the same column.
    return empty_frame(spark, {**dict.fromkeys(sources.values(), "string"), **RAW_COLUMNS})


def _build(raw: DataFrame, dataset: Dataset) -> DataFrame:
    dataset = replace(
        dataset,
        build=_returning_rows(dataset.build),
        build_layout=_returning_rows(dataset.build_layout) if dataset.build_layout else None,
        complete=_returning_rows(dataset.complete),
    )
    return build_candidates(raw, dataset=dataset, masking_key=_ANY_KEY if dataset.uses_masking_key else None)


def _returning_rows(function: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    """Return the function with a check of its result. A function without `return` returns None."""

    def call(*arguments: Any) -> DataFrame:
        rows = function(*arguments)
        if not isinstance(rows, DataFrame):
            name = getattr(function, "__name__", str(function))
            expected = "a DataFrame. Return the rows"
            raise ArgumentError(where=name, argument="the result", got=rows, expected=expected)
        return rows

    return update_wrapper(call, function)


def _build_problems(raw: DataFrame, declaration: Declaration, dataset: Dataset, error: Exception) -> Iterator[Problem]:
    """Yield the reasons why the candidates cannot be built. First look for columns that do not exist."""
    file = declaration.dataset_file
    plain = replace(dataset, key=("_row_number",), columns=(), masking_policy=(), uses_masking_key=False)
    try:
        built = _build(raw, plain)
    except Exception as cause:  # noqa: BLE001 - see `_build_answers`. The error is reported as a problem of the dataset.
        yield Problem(file, "build", f"the rows cannot be built. {explain(cause, file=file)}")
        return
    problems = [*_unknown_columns(declaration, dataset, built)]
    yield from problems or [Problem(file, "build", f"the rows cannot be built. {explain(error, file=file)}")]


def _unknown_columns(declaration: Declaration, dataset: Dataset, rows: DataFrame) -> Iterator[Problem]:
    named = {
        "key": dataset.key,
        "columns": dataset.columns,
        "event_time": [dataset.event_time] if dataset.event_time else [],
        "pruning_column": [dataset.pruning_column] if dataset.pruning_column else [],
        "revision_order": dataset.revision_order,
        "masking_policy": [rule.column for rule in dataset.masking_policy],
    }
    own = [name for name in rows.columns if not name.startswith("_")]
    for subject, names in named.items():
        for name in names:
            if name not in rows.columns:
                yield Problem(declaration.dataset_file, subject, unknown_name("column", name, own))


def _column_problems(declaration: Declaration, dataset: Dataset, candidates: DataFrame) -> Iterator[Problem]:
    """Yield the columns that do not exist in the candidates, or have a type that does not fit their purpose."""
    dropped = [rule for rule in dataset.masking_policy if rule.column not in candidates.columns]
    policy = tuple(rule for rule in dataset.masking_policy if rule not in dropped)
    yield from _unknown_columns(declaration, replace(dataset, masking_policy=policy), candidates)
    # A cell that cannot be read has the name of its field, even if the function `build` renames the column.
    own = [name for name in candidates.columns if not name.startswith("_")]
    readable = dict.fromkeys([*(field.name for field in dataset.fields), *own])
    for column in dataset.visible_failure_columns:
        if column not in readable:
            text = unknown_name("column", column, readable)
            yield Problem(declaration.dataset_file, "visible_failure_columns", text)
    times = (T.TimestampType,) if dataset.is_incremental else _DATE_OR_TIME
    kinds = {
        "event_time": (dataset.event_time, times, "timestamp" if dataset.is_incremental else "date or timestamp"),
        "pruning_column": (dataset.pruning_column, (T.TimestampType, T.StringType), "timestamp or text"),
    }
    for subject, (name, types, expected) in kinds.items():
        if name in candidates.columns and not isinstance(candidates.schema[str(name)].dataType, types):
            found = candidates.schema[str(name)].dataType.simpleString()
            text = (
                f"column {name!r} has the type {found}, expected {expected}. Change its type, or name another column."
            )
            yield Problem(declaration.dataset_file, subject, text)


def _build_answers(
    declaration: Declaration, dataset: Dataset, zones: dict[str, DataFrame]
) -> tuple[dict[str, DataFrame], list[Problem]]:
    def build(answer: Answer) -> DataFrame | Exception:
        try:
            frame = _returning_rows(answer.build)(*(zones[zone] for zone in answer.reads))
            return empty_frame(zones["trusted"].sparkSession, frame.schema)
        except Exception as error:  # noqa: BLE001 - each error of a function is a problem of the dataset.
            return error

    # `check_definition` reports unknown zones.
    answers = {name: answer for name, answer in dataset.answers.items() if {*answer.reads} <= {*zones}}
    with ThreadPoolExecutor(THREADS) as threads:
        built = dict(zip(answers, threads.map(build, answers.values()), strict=True))
    problems, file = [], declaration.dataset_file
    for name, outcome in built.items():
        if isinstance(outcome, Exception):
            text = f"the answer cannot be built. {_explain_column(outcome, zones) or explain(outcome, file=file)}"
            problems.append(Problem(file, f"answer {name!r}", text))
    return {name: frame for name, frame in built.items() if isinstance(frame, DataFrame)}, problems


def _explain_column(error: Exception, zones: dict[str, DataFrame]) -> str | None:
    """Return the message about a column that neither the answer nor trusted has. None for other errors."""
    if not isinstance(error, PySparkException) or not (error.getErrorClass() or "").startswith("UNRESOLVED_COLUMN"):
        return None
    name = (error.getMessageParameters() or {})["objectName"].strip("`")
    return unknown_name("column", name, [name for name in zones["trusted"].columns if not name.startswith("_")])
