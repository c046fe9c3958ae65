"""Check the declaration of a report, and then its columns. Only the check of the columns needs Java."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from reports.answer import Answer, Report
from reports.charts import KINDS, Chart
from reports.columns import Column
from transforms.dataset import Dataset
from workflows.checks.declaration import Declaration
from workflows.checks.problems import Problem, explain, unknown_name

_NAMES = ("category", "values", "panel", "coordinates", "series", "series_order", "weight")
_CONDITIONS = ("where", "complete", "places")


def check_report(declaration: Declaration, dataset: Dataset, report: Report) -> Iterator[Problem]:
    """Yield the problems of a report that need no schema."""
    for subject, text in (*_name_problems(dataset, report), *_declared_problems(report)):
        yield Problem(declaration.report_file, subject, text)


def _name_problems(dataset: Dataset, report: Report) -> Iterator[tuple[str, str]]:
    """Yield the differences between the answers of the dataset and of the report."""
    names = [answer.name for answer in report.answers]
    for name, count in Counter(names).items():
        if name not in dataset.answers:
            yield f"answer {name!r}", unknown_name("answer", name, dataset.answers)
        if count > 1:
            yield f"answer {name!r}", f"{count} answers have this name. Rename one of them."
    for name in dataset.answers:
        if name not in names:
            fix = f"Add Answer(name={name!r}, ...) to the report."
            yield f"answer {name!r}", f"the dataset has this answer, but the report does not. {fix}"
    for name in report.sections:
        if name not in {*names, *dataset.answers}:
            yield "sections", unknown_name("answer", name, names)
    if report.sparkline and report.sparkline not in {*names, *dataset.answers}:
        yield "sparkline", unknown_name("answer", report.sparkline, names)


def _declared_problems(report: Report) -> Iterator[tuple[str, str]]:
    for answer in report.answers:
        if not answer.question.endswith("?"):
            text = f"the question is {answer.question!r}. A question ends with a question mark. Add it."
            yield f"answer {answer.name!r}", text
        for number, chart in enumerate(answer.charts, start=1):
            if chart.kind not in KINDS:
                yield f"answer {answer.name!r}, chart {number}", unknown_name("kind", chart.kind, KINDS)
            if chart.kind == "map" and not chart.coordinates:
                text = "a map needs coordinates. Name the columns, such as coordinates=('latitude', 'longitude')."
                yield f"answer {answer.name!r}, chart {number}", text
        if answer.name == report.sparkline and not answer.charts:
            text = f"the answer {answer.name!r} has no chart, but the small line is its first chart. Add a chart."
            yield "sparkline", text
    for name, column in report.columns.items():
        if not isinstance(column, Column):
            text = f"found {column!r}, expected a declaration such as Column(header='Name'). Correct the value."
            yield f"column {name!r}", text


def check_report_columns(
    declaration: Declaration, report: Report, answers: Mapping[str, DataFrame]
) -> Iterator[Problem]:
    """Yield the columns and expressions of a report that do not exist in the answers."""
    for answer in report.answers:
        if answer.name in answers and not _is_resolved(answer, answers[answer.name]):
            for subject, text in _answer_problems(answer, answers[answer.name]):
                yield Problem(declaration.report_file, subject, text)
    known = dict.fromkeys(name for frame in answers.values() for name in frame.columns)
    # An answer that cannot be built has unknown columns.
    if all(answer.name in answers for answer in report.answers):
        for name in report.columns:
            if name not in known:
                text = unknown_name("column", name, known)
                yield Problem(declaration.report_file, f"column {name!r} of the report", text)


def _is_resolved(answer: Answer, frame: DataFrame) -> bool:
    """Return whether all columns and expressions of an answer exist. One query is faster than a query for each."""
    conditions = [getattr(chart, kind) for chart in answer.charts for kind in _CONDITIONS if getattr(chart, kind)]
    names = [name for _, name in _names_of(answer)]
    keys = [key.expression for key in answer.sort_keys()] if answer.order or answer.columns else []
    try:
        schema = frame.select(*map(F.expr, [*keys, *conditions])).schema
    except PySparkException:
        return False
    are_booleans = all(isinstance(field.dataType, T.BooleanType) for field in schema.fields[len(keys) :])
    are_numbers = not any(_other_than_numbers(chart, frame) for chart in answer.charts)
    return are_booleans and are_numbers and {*names} <= {*frame.columns}


def _other_than_numbers(chart: Chart, frame: DataFrame) -> list[T.StructField]:
    """Return the columns of an answer that a chart draws as numbers, but that have another type."""
    names = dict.fromkeys(name for name in chart.numbers() if name in frame.columns)
    return [field for name in names if not isinstance((field := frame.schema[name]).dataType, T.NumericType)]


def _names_of(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the columns that an answer names, each with the attribute that names it."""
    for attribute in ("columns", "exported_as"):
        for name in getattr(answer, attribute):
            yield attribute, name
    for number, chart in enumerate(answer.charts, start=1):
        for attribute in _NAMES:
            value = getattr(chart, attribute) or ()
            for name in (value,) if isinstance(value, str) else value:
                yield f"{attribute} of chart {number}", name


def _answer_problems(answer: Answer, frame: DataFrame) -> Iterator[tuple[str, str]]:
    subject = f"answer {answer.name!r}"
    for attribute, name in _names_of(answer):
        if name not in frame.columns:
            yield f"{subject}, {attribute}", unknown_name("column", name, frame.columns)
    for key in answer.order:
        if text := _expression_problem(key.strip("-|"), frame, is_condition=False):
            yield f"{subject}, sort key {key!r}", text
    for number, chart in enumerate(answer.charts, start=1):
        for attribute, text in _chart_problems(chart, frame):
            yield f"{subject}, {attribute} of chart {number}", text
        for field in _other_than_numbers(chart, frame):
            found = f"column {field.name!r} has the type {field.dataType.simpleString()}, expected a number"
            yield f"{subject}, chart {number}", f"{found}. Name a column of numbers."


def _chart_problems(chart: Chart, frame: DataFrame) -> Iterator[tuple[str, str]]:
    for attribute in _CONDITIONS:
        condition = getattr(chart, attribute)
        if condition and (text := _expression_problem(condition, frame, is_condition=True)):
            yield attribute, text


def _expression_problem(expression: str, frame: DataFrame, *, is_condition: bool) -> str | None:
    try:
        (field,) = frame.select(F.expr(expression)).schema.fields
    except PySparkException as error:
        if (error.getErrorClass() or "").startswith("UNRESOLVED_COLUMN"):
            name = (error.getMessageParameters() or {})["objectName"].strip("`")
            return unknown_name("column", name, frame.columns)
        return f"Spark cannot read the expression {expression!r}. {explain(error)}"
    if is_condition and not isinstance(field.dataType, T.BooleanType):
        found = f"the condition {expression!r} has the type {field.dataType.simpleString()}"
        return f"{found}, expected boolean. Correct the condition."
    return None
