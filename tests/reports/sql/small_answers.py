"""Make small tables of answers, with missing values, ties, and texts that csv files must quote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import sqlglot
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from sqlglot import exp

from reports.answer import Answer
from reports.facts import DatasetFacts
from reports.rows import read_answers
from workflows.parts import report_of

_PAGES = Path(__file__).parents[3] / "docs" / "reference" / "tables"
_ROWS = 60
_TEXTS = ("Ash, North", 'Elm "Old"', "oak_road", "Île", None)


def small_tables(lake: SparkSession, dataset: str) -> dict[str, DataFrame]:
    """Return a table for each answer. The table is also a temporary view with the name of the curated table.

    The generated reference pages have the columns of the tables. Another test checks that these pages are up to date.
    """
    page = (_PAGES / f"{dataset}.md").read_text(encoding="utf-8")
    tables = {}
    for answer in report_of(dataset).answers:
        _, _, section = page.partition(f"`lake.curated.{dataset}_{answer.name}`")
        columns = re.findall(r"^\| `(\w+)` \| `([\w(),]+)` \|$", section.partition("\n## ")[0], flags=re.MULTILINE)
        schema = T._parse_datatype_string(", ".join(f"`{name}` {type_}" for name, type_ in columns))
        assert isinstance(schema, T.StructType)
        rows = _rows(answer.with_columns(schema.names), schema)
        tables[answer.name] = lake.createDataFrame(rows, schema).coalesce(1)
        tables[answer.name].createOrReplaceTempView(f"{dataset}_{answer.name}")
    return tables


def small_facts(dataset: str, tables: dict[str, DataFrame]) -> DatasetFacts:
    """Return the facts of a dataset with these tables."""
    report = report_of(dataset)
    answers = read_answers(report, tables)
    return DatasetFacts(dataset, report, answers, "SUCCEEDED", None, rows_in=0, trusted=0, quarantined=0)


def _rows(answer: Answer, schema: T.StructType) -> list[tuple[Any, ...]]:
    """Return rows that differ in the sort keys, so that the order of the answer is unique."""
    random = Random(answer.name)
    texts = _texts_in_conditions(answer)
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for _ in range(_ROWS):
        row = {field.name: _value(random, field, texts.get(field.name, [])) for field in schema}
        keys = [(row[key.expression], key.is_absolute) for key in answer.sort_keys() if key.expression in row]
        rows[tuple(abs(value) if absolute and value else value for value, absolute in keys)] = tuple(row.values())
    return [*rows.values()]


def _value(random: Random, field: T.StructField, texts: list[str]) -> Any:
    if isinstance(field.dataType, T.StringType):
        return random.choice([*texts * 3, *_TEXTS])
    if isinstance(field.dataType, T.DateType):
        return date(2024, random.randint(1, 12), 1)
    if field.name == "year":
        return random.randint(2020, 2024)
    if random.random() < 0.1:
        return None
    if isinstance(field.dataType, T.BooleanType):
        return random.random() < 0.5
    number = random.randint(-8, 40)
    if isinstance(field.dataType, T.DecimalType):
        return Decimal(number) / 4  # Multiples of 0.25 have exact sums, also as floats.
    return number / 4 if isinstance(field.dataType, T.DoubleType) else number


def _texts_in_conditions(answer: Answer) -> dict[str, list[str]]:
    """Return the texts with which the conditions of charts compare each column."""
    texts: dict[str, list[str]] = {}
    for column, text in _compared(answer):
        texts.setdefault(column, []).append(text.replace("%", "slower, "))
    return texts


def _compared(answer: Answer) -> Iterator[tuple[str, str]]:
    for chart in answer.charts:
        for part in sqlglot.parse_one(chart.where or "true", read="spark").find_all(exp.Predicate):
            for literal in part.find_all(exp.Literal):
                if literal.is_string:
                    yield part.this.name, literal.name
