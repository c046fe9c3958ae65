"""Make frames without rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T


def empty_frame(spark: SparkSession, schema: T.StructType | Mapping[str, str]) -> DataFrame:
    """Return a frame without rows. `schema` can also map the names of columns to types in DDL.

    All columns are nullable. `createDataFrame` takes much longer, because it starts an RDD.

    >>> empty_frame(spark, {"day": "date", "visits": "int"}).dtypes
    [('day', 'date'), ('visits', 'int')]
    """
    if isinstance(schema, T.StructType):
        columns = [F.lit(None).cast(field.dataType).alias(field.name) for field in schema]
    else:
        columns = [F.lit(None).cast(type_).alias(name) for name, type_ in schema.items()]
    return spark.range(0).select(*columns)
