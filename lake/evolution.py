"""Schema evolution: the column changes that a publish applies, and the column changes that it rejects."""

from __future__ import annotations

import re

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from lake.errors import NarrowedColumnError
from transforms.sql import quoted


def has_schema(spark: SparkSession, table: str, schema: T.StructType) -> bool:
    """Return True if a table has the columns and types of a schema, in any order."""
    return _types(spark.table(table).schema) == _types(schema)


def require_no_narrowing(spark: SparkSession, table: str, schema: T.StructType) -> None:
    """Check that a new schema keeps every published value. Runs one Spark job for each column whose type changes.

    A column may be added or removed. Its type may change if the new type holds all its published values.

    Raises:
        NarrowedColumnError: A column would get a type that cannot hold its published values.
    """
    published, after = spark.table(table), {field.name: field.dataType for field in schema}
    before, types = _types(published.schema), _types(schema)
    for field in published.schema:
        name = field.name
        if types.get(name, before[name]) == before[name]:
            continue
        try:
            lost = published.where(_loses(quoted(name), field.dataType, after[name])).limit(1).count()
        except AnalysisException:  # Spark has no cast between the two types
            lost = published.where(f"{quoted(name)} IS NOT NULL").limit(1).count()
        if lost:
            raise NarrowedColumnError(table=table, column=name, before=before[name], after=types[name])


def _loses(value: str, before: T.DataType, after: T.DataType) -> str:
    """Return a SQL condition that is true if a change of type loses the value.

    Fields of structs may be added and removed.
    """
    if isinstance(before, T.ArrayType) and isinstance(after, T.ArrayType):
        item = f"item{value.count('item')}"
        return f"coalesce(exists({value}, {item} -> {_loses(item, before.elementType, after.elementType)}), false)"
    if isinstance(before, T.StructType) and isinstance(after, T.StructType):
        types = {field.name: field.dataType for field in after}
        shared = [field for field in before if field.name in types]
        return (
            " OR ".join(
                f"({_loses(f'{value}.{quoted(field.name)}', field.dataType, types[field.name])})" for field in shared
            )
            or "false"
        )
    return f"NOT (CAST(try_cast({value} AS {after.simpleString()}) AS {before.simpleString()}) <=> {value})"


def _types(schema: T.StructType) -> dict[str, str]:
    # Iceberg stores tinyint and smallint as int.
    return {field.name: re.sub(r"\b(tinyint|smallint)\b", "int", field.dataType.simpleString()) for field in schema}
