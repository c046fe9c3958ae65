"""Columns kept, dropped, renamed, and put into two frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, MissingColumnError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted
from transforms.text import BLANKS


def select_fields(rows: DataFrame, *, fields: Sequence[str]) -> DataFrame:
    """Keep the named columns, in that order. Glue Studio's Select Fields.

    Rows: unchanged.

    >>> calls = spark.createDataFrame([(2024, 3, "x")], "year int, calls int, note string")
    >>> calls.transform(select_fields, fields=["calls", "year"]).collect()
    [Row(calls=3, year=2024)]

    Raises:
        MissingColumnError: A column is not in the frame; Glue leaves it out without a word.
        DuplicateColumnError: A column is named twice.
    """
    require_columns(rows, fields, where="select_fields")
    require_distinct(fields, where="select_fields")
    return rows.select(*map(quoted, fields))


def drop_fields(rows: DataFrame, *, fields: Sequence[str]) -> DataFrame:
    """Drop the named columns. Glue Studio's Drop Fields, and Drop Null Fields together with `null_fields`.

    Rows: unchanged. Columns: the others, in their order.

    >>> calls = spark.createDataFrame([(2024, 3, "x")], "year int, calls int, note string")
    >>> calls.transform(drop_fields, fields=["note"]).collect()
    [Row(year=2024, calls=3)]

    Raises:
        MissingColumnError: A column is not in the frame; Spark's `drop` says nothing.
    """
    _require_any(rows, fields, where="drop_fields")
    kept = {str(place): name for place, name in enumerate(rows.columns) if name not in fields}
    # By their places, so that of `a` and `A`, one name to Spark, one can be dropped.
    return rows.toDF(*map(str, range(len(rows.columns)))).select(*kept).toDF(*kept.values())


def rename_fields(rows: DataFrame, *, fields: Mapping[str, str]) -> DataFrame:
    """Rename columns, old name to new, all at once: two columns can change names. Glue Studio's Rename Field.

    Rows: unchanged. Columns: all kept, in their order.

    >>> calls = spark.createDataFrame([(2024, 3)], "Year int, Calls int")
    >>> calls.transform(rename_fields, fields={"Year": "year", "Calls": "calls_offered"}).collect()
    [Row(year=2024, calls_offered=3)]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: Two columns would have one name.
    """
    _require_any(rows, [*fields], where="rename_fields")
    names = [fields.get(name, name) for name in rows.columns]
    require_distinct(names, where="rename_fields")
    return rows.toDF(*names)


def split_fields(rows: DataFrame, *, fields: Sequence[str]) -> tuple[DataFrame, DataFrame]:
    """Return two frames: the named columns, and the others. Glue Studio's Split Fields.

    Rows: all in both. Nothing says afterwards which belong together: name a key's columns in neither call, but select
    them, if the frames are to be joined again.

    >>> calls = spark.createDataFrame([(2024, 3, "x")], "year int, calls int, note string")
    >>> [frame.columns for frame in split_fields(calls, fields=["note"])]
    [['note'], ['year', 'calls']]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: A column is named twice.
    """
    return select_fields(rows, fields=fields), drop_fields(rows, fields=fields)


def null_fields(rows: DataFrame) -> DataFrame:
    """Return one row: the names of the columns that hold nothing but nulls and blank text. For Drop Null Fields.

    A transform does not look at its rows, so which columns to drop is for a job to collect, and to log:
    `rows.transform(drop_fields, fields=rows.transform(null_fields).first().null_fields)`.

    Rows: one; of an empty frame it names every column. Columns: `null_fields`, an array of text.

    >>> calls = spark.createDataFrame([(3, None, " "), (None, None, "")], "calls int, note string, text string")
    >>> calls.transform(null_fields).collect()
    [Row(null_fields=['note', 'text'])]

    Raises:
        SchemaMismatchError: Two columns have names that are one to Spark.

    Source: AWS Glue Studio, the Drop Null Fields transform ("null", "empty string").
    """
    require_columns(rows, rows.columns, where="null_fields")
    names = [
        F.when(F.count(F.when(_has_value(rows, name), 1)) == 0, F.array(F.lit(name))).otherwise(F.array())
        for name in rows.columns
    ]
    return rows.agg(F.concat(F.array().cast("array<string>"), *names).alias("null_fields"))


def remove_null_rows(rows: DataFrame, *, fields: Sequence[str] | None = None) -> DataFrame:
    """Drop the rows in which all of the columns are null or blank text. Glue Studio's Remove Null Rows.

    Rows: dropped where none of `fields`, or of all columns, holds anything. NaN is something (to Spark's `dropna` it
    is null). Columns: unchanged.

    >>> calls = spark.createDataFrame([(3, None), (None, " "), (None, None)], "calls int, note string")
    >>> calls.transform(remove_null_rows).collect()
    [Row(calls=3, note=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        ArgumentError: `fields` is empty: no row holds anything in no column.
    """
    names = rows.columns if fields is None else list(fields)
    if not names:
        raise ArgumentError(where="remove_null_rows", argument="fields", got=names, expected="one column or more")
    require_columns(rows, names, where="remove_null_rows")
    return rows.where(F.coalesce(*(F.when(_has_value(rows, name), True) for name in names), F.lit(False)))


def _require_any(rows: DataFrame, columns: Sequence[str], *, where: str) -> None:
    """Raise for a column that is not there, but not, as `require_columns` does, for one that is there twice."""
    for column in columns:
        if column not in rows.columns:
            raise MissingColumnError(where=where, column=column, available=rows.columns)


def _has_value(rows: DataFrame, name: str) -> Column:
    """Return whether a column is neither null nor blank text."""
    value = F.col(quoted(name))
    is_text = isinstance(rows.schema[name].dataType, T.StringType)
    return F.btrim(value, F.lit(BLANKS)) != "" if is_text else value.isNotNull()
