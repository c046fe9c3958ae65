"""Make frames without rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.sql import quoted


def empty_frame(spark: SparkSession, schema: T.StructType | Mapping[str, str]) -> DataFrame:
    """Return a frame without rows. `schema` can also map the names of columns to types in DDL.

    All columns are nullable. `createDataFrame` takes much longer, because it starts an RDD.

    >>> empty_frame(spark, {"day": "date", "visits": "int"}).dtypes
    [('day', 'date'), ('visits', 'int')]
    """
    if isinstance(schema, T.StructType):
        row: T.StructType | str = schema
    else:
        row = f"struct<{', '.join(f'{quoted(name)}: {type_}' for name, type_ in schema.items())}>"
    # One cast of a whole row takes much less time than a cast of each column.
    return spark.range(0).select(F.lit(None).cast(row).alias("row")).select("row.*")
