"""Select, drop, rename and split columns. Find columns and rows in which all values are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, MissingColumnError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted
from transforms.text import BLANK_CHARACTERS


def select_fields(rows: DataFrame, *, fields: Sequence[str]) -> DataFrame:
    """Keep the columns in `fields`, in the order of `fields`. Replaces Glue Studio's Select Fields.

    Rows: unchanged.

    >>> calls = spark.createDataFrame([(2024, 3, "x")], "year int, calls int, note string")
    >>> calls.transform(select_fields, fields=["calls", "year"]).collect()
    [Row(calls=3, year=2024)]

    Raises:
        MissingColumnError: A column is not in the frame. Glue would ignore the missing column without an error.
        DuplicateColumnError: `fields` contains a column twice.
    """
    require_columns(rows, fields, where="select_fields")
    require_distinct(fields, where="select_fields")
    return rows.select(*map(quoted, fields))


def drop_fields(rows: DataFrame, *, fields: Sequence[str]) -> DataFrame:
    """Drop the columns in `fields`. Replaces Glue Studio's Drop Fields.

    Together with `null_fields`, this transform also replaces Drop Null Fields.

    Rows: unchanged. Columns: the remaining columns, in their order.

    >>> calls = spark.createDataFrame([(2024, 3, "x")], "year int, calls int, note string")
    >>> calls.transform(drop_fields, fields=["note"]).collect()
    [Row(year=2024, calls=3)]

    Raises:
        MissingColumnError: A column is not in the frame. Spark's `drop` would ignore the missing column without an
            error.
    """
    _require_existing(rows, fields, where="drop_fields")
    remaining = {str(index): name for index, name in enumerate(rows.columns) if name not in fields}
    # Spark reads `a` and `A` as the same name, so `drop` would drop both columns. So each column gets its position as a
    # temporary name.
    return rows.toDF(*map(str, range(len(rows.columns)))).select(*remaining).toDF(*remaining.values())


def rename_fields(rows: DataFrame, *, fields: Mapping[str, str]) -> DataFrame:
    """Rename columns. `fields` maps old names to new names. Replaces Glue Studio's Rename Field.

    All names change at once, so two columns can swap their names.

    Rows: unchanged. Columns: all kept, in their order.

    >>> calls = spark.createDataFrame([(2024, 3)], "Year int, Calls int")
    >>> calls.transform(rename_fields, fields={"Year": "year", "Calls": "calls_offered"}).collect()
    [Row(year=2024, calls_offered=3)]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: Two columns would have the same name.
    """
    _require_existing(rows, [*fields], where="rename_fields")
    names = [fields.get(name, name) for name in rows.columns]
    require_distinct(names, where="rename_fields")
    return rows.toDF(*names)


def split_fields(rows: DataFrame, *, fields: Sequence[str]) -> tuple[DataFrame, DataFrame]:
    """Split a frame into the columns in `fields` and the remaining columns. Replaces Glue Studio's Split Fields.

    Rows: both frames have all rows. No column is in both frames, so the frames cannot be joined again. To keep a key in
    both frames, call `select_fields` twice instead.

    >>> calls = spark.createDataFrame([(2024, 3, "x")], "year int, calls int, note string")
    >>> [frame.columns for frame in split_fields(calls, fields=["note"])]
    [['note'], ['year', 'calls']]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: `fields` contains a column twice.
    """
    return select_fields(rows, fields=fields), drop_fields(rows, fields=fields)


def null_fields(rows: DataFrame) -> DataFrame:
    """List the columns whose values are all null or blank text. Helps to replace Glue Studio's Drop Null Fields.

    A transform does not start a Spark job, so this transform cannot drop the columns itself. Collect the list in a job,
    log the list, and drop the columns:
    `rows.transform(drop_fields, fields=rows.transform(null_fields).first().null_fields)`.

    Rows: one row. If the frame is empty, the row lists all columns. Columns: `null_fields`, an array of text.

    >>> calls = spark.createDataFrame([(3, None, " "), (None, None, "")], "calls int, note string, text string")
    >>> calls.transform(null_fields).collect()
    [Row(null_fields=['note', 'text'])]

    Raises:
        SchemaMismatchError: Spark reads the names of two columns as the same name.

    Source: AWS Glue Studio, the Drop Null Fields transform ("null", "empty string").
    """
    require_columns(rows, rows.columns, where="null_fields")
    names = [
        F.when(F.count(F.when(_has_value(rows, name), 1)) == 0, F.array(F.lit(name))).otherwise(F.array())
        for name in rows.columns
    ]
    return rows.agg(F.concat(F.array().cast("array<string>"), *names).alias("null_fields"))


def remove_null_rows(rows: DataFrame, *, fields: Sequence[str] | None = None) -> DataFrame:
    """Drop the rows whose values are all null or blank text. Replaces Glue Studio's Remove Null Rows.

    Rows: a row is dropped if all of `fields` are null or blank text. If `fields` is not given, all columns are tested.
    NaN is treated as a value, whereas Spark's `dropna` treats NaN as null. Columns: unchanged.

    >>> calls = spark.createDataFrame([(3, None), (None, " "), (None, None)], "calls int, note string")
    >>> calls.transform(remove_null_rows).collect()
    [Row(calls=3, note=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        ArgumentError: `fields` is empty, so every row would be dropped.
    """
    names = rows.columns if fields is None else list(fields)
    if not names:
        raise ArgumentError(where="remove_null_rows", argument="fields", got=names, expected="one column or more")
    require_columns(rows, names, where="remove_null_rows")
    return rows.where(F.coalesce(*(F.when(_has_value(rows, name), True) for name in names), F.lit(False)))


def _require_existing(rows: DataFrame, columns: Sequence[str], *, where: str) -> None:
    """Raise an error if a column is missing. Unlike `require_columns`, this function accepts duplicate columns."""
    for column in columns:
        if column not in rows.columns:
            raise MissingColumnError(where=where, column=column, available=rows.columns)


def _has_value(rows: DataFrame, name: str) -> Column:
    """Return whether the value of a column is neither null nor blank text."""
    value = F.col(quoted(name))
    is_text = isinstance(rows.schema[name].dataType, T.StringType)
    return F.btrim(value, F.lit(BLANK_CHARACTERS)) != "" if is_text else value.isNotNull()
