"""Check whether a publish may change the columns of a table."""

from __future__ import annotations

import re

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.errors import ChangedColumnsError, NarrowedColumnError, UnsupportedColumnError
from transforms.names import require_distinct
from transforms.sql import quoted


def has_schema(spark: SparkSession, table: str, schema: T.StructType) -> bool:
    """Return True if a table has exactly the columns and types of a schema, in any order of the columns."""
    return _name_types(spark.table(table).schema) == _name_types(schema)


def require_storable(table: str, schema: T.StructType) -> None:
    """Check that a table can store all columns of a schema.

    Raises:
        UnsupportedColumnError: The type of a column is an interval, or the type of a null without a type.
        DuplicateColumnError: Two columns have the same name.
    """
    require_distinct(schema.names, where=table)
    for field in schema:
        type_ = field.dataType.simpleString()
        if re.search(r"\b(void|interval)\b", re.sub(r"`[^`]*`|\w+:", "", type_)):
            raise UnsupportedColumnError(table=table, column=field.name, type_=type_)


def require_same_columns(spark: SparkSession, table: str, schema: T.StructType) -> None:
    """Check that a table has exactly the columns and types of a schema, in any order of the columns.

    Raises:
        ChangedColumnsError: A column differs.
    """
    expected, found = _name_types(spark.table(table).schema), _name_types(schema)
    for name in dict.fromkeys([*expected, *found]):
        if expected.get(name) != found.get(name):
            raise ChangedColumnsError(table=table, column=name, expected=expected.get(name), found=found.get(name))


def require_no_narrowing(spark: SparkSession, table: str, schema: T.StructType) -> None:
    """Check that new column types can hold all published values. Runs one Spark job for each column whose type changes.

    A column may be added or removed. The type of a column may change if the new type can hold all published values.

    Raises:
        NarrowedColumnError: A column would get a type that cannot hold its published values.
    """
    published, new_types = spark.table(table), {field.name: field.dataType for field in schema}
    before, after = _name_types(published.schema), _name_types(schema)
    for field in published.schema:
        name = field.name
        if after.get(name, before[name]) == before[name]:
            continue
        try:
            loss = _build_loss_condition(quoted(name), field.dataType, new_types[name])
            rows_with_loss = published.where(loss).limit(1).count()
        except AnalysisException:  # Spark cannot cast between the two types, so every value would be lost
            rows_with_loss = published.where(f"{quoted(name)} IS NOT NULL").limit(1).count()
        if rows_with_loss:
            raise NarrowedColumnError(table=table, column=name, before=before[name], after=after[name])


def convert_columns(rows: DataFrame, schema: T.StructType) -> DataFrame:
    """Convert columns to the types of a schema. A value that the new type cannot hold becomes null.

    Columns that the schema lacks are unchanged. Call `require_no_narrowing` first, so that no value is lost.
    """
    types = {field.name.casefold(): field.dataType for field in schema}
    columns = []
    for field in rows.schema:
        after = types.get(field.name.casefold(), field.dataType)
        column = F.col(quoted(field.name))
        if after.simpleString() != field.dataType.simpleString():
            conversion = F.expr(_build_conversion(quoted(field.name), field.dataType, after))
            column = conversion if _is_valid(rows, conversion) else F.lit(None).cast(after)
        columns.append(column.alias(field.name))
    return rows.select(*columns)


def _is_valid(rows: DataFrame, column: Column) -> bool:
    try:
        rows.select(column)
    except AnalysisException:
        return False
    return True


def _build_conversion(value: str, before: T.DataType, after: T.DataType) -> str:
    if isinstance(before, T.ArrayType) and isinstance(after, T.ArrayType):
        item = f"item{value.count('item')}"
        return f"transform({value}, {item} -> {_build_conversion(item, before.elementType, after.elementType)})"
    if isinstance(before, T.StructType) and isinstance(after, T.StructType):
        types = {field.name: field.dataType for field in before}
        fields = (
            f"'{field.name}', " + _build_conversion(f"{value}.{quoted(field.name)}", types[field.name], field.dataType)
            if field.name in types
            else f"'{field.name}', CAST(NULL AS {field.dataType.simpleString()})"
            for field in after
        )
        return f"IF({value} IS NULL, NULL, named_struct({', '.join(fields)}))"
    return f"try_cast({value} AS {after.simpleString()})"


def _build_loss_condition(value: str, before: T.DataType, after: T.DataType) -> str:
    """Return a SQL condition that is true if the new type cannot hold the value.

    The condition ignores fields that exist in only one of the two struct types.
    """
    if isinstance(before, T.ArrayType) and isinstance(after, T.ArrayType):
        item = f"item{value.count('item')}"
        loss = _build_loss_condition(item, before.elementType, after.elementType)
        return f"coalesce(exists({value}, {item} -> {loss}), false)"
    if isinstance(before, T.StructType) and isinstance(after, T.StructType):
        types = {field.name: field.dataType for field in after}
        shared = [field for field in before if field.name in types]
        losses = (
            _build_loss_condition(f"{value}.{quoted(field.name)}", field.dataType, types[field.name])
            for field in shared
        )
        return " OR ".join(f"({loss})" for loss in losses) or "false"
    return f"NOT (CAST(try_cast({value} AS {after.simpleString()}) AS {before.simpleString()}) <=> {value})"


def _name_types(schema: T.StructType) -> dict[str, str]:
    # Iceberg stores tinyint and smallint as int.
    return {field.name: re.sub(r"\b(tinyint|smallint)\b", "int", field.dataType.simpleString()) for field in schema}
