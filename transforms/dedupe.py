"""One row a key out of many deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import quoted, require_columns, require_distinct

LINEAGE = ("_ingested_at", "_delivered_at", "_source_file", "_row_number")
"""What raw says of a row's delivery: when raw got the file, when it was delivered, its name, the row in it."""

IS_CURRENT = "_is_current"
"""What raw says of a row where files were delivered anew: whether some file still says it."""

LATEST = (IS_CURRENT, *LINEAGE)
"""What orders the deliveries of one key, the one that counts last: what is no longer said comes before what is."""

_RANK, _VALID_SO_FAR = "__keep_latest_rank", "__keep_latest_valid"
_IN_CURRENT = "__drop_withdrawn_current"


def keep_latest(
    rows: DataFrame, *, key: Sequence[str], order_by: Sequence[str], valid: Column | None = None
) -> DataFrame:
    """Keep the latest row of each key.

    With `valid` a broken newer delivery does not take a good older one away: of each key the latest valid row is
    kept and, where the very latest row is not valid, that row too, so that it can be seen and mended.

    Rows: all but the latest of each key dropped. A row with a null in its key has no key: it is kept.

    Columns: unchanged. The latest row has the greatest values of `order_by`, nulls least. Give an order in which no
    two rows are equal (end with file and row number), or which of two equal rows stays is not said.

    >>> calls = spark.createDataFrame([("2024-01-01", 1, 289), ("2024-01-01", 2, 290)], "day string, file int, n int")
    >>> calls.transform(keep_latest, key=["day"], order_by=["file"]).collect()
    [Row(day='2024-01-01', file=2, n=290)]

    Raises:
        MissingColumnError: A column of the key or the order is not in the frame.
        DuplicateColumnError: Two columns of the frame are one to Spark, or have the name of one needed on the way.
        ArgumentError: The key or the order is empty.
    """
    _require(rows, {"key": key, "order_by": order_by}, added=(_RANK, _VALID_SO_FAR), where="keep_latest")
    latest_first = Window.partitionBy(*map(quoted, key)).orderBy(
        *(F.col(quoted(name)).desc_nulls_last() for name in order_by)
    )
    so_far = latest_first.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    keyless = reduce(or_, (F.col(quoted(name)).isNull() for name in key))
    ranks, kept = [F.row_number().over(latest_first).alias(_RANK)], F.col(_RANK) == 1
    if valid is not None:
        is_valid = F.coalesce(valid, F.lit(False))
        ranks.append(F.sum(F.when(is_valid, 1)).over(so_far).alias(_VALID_SO_FAR))
        kept = (is_valid & (F.col(_VALID_SO_FAR) == 1)) | (~is_valid & kept)
    return rows.select("*", *ranks).where(keyless | kept).select(*map(quoted, rows.columns))


def drop_withdrawn(
    rows: DataFrame, *, key: Sequence[str], file: str = "_source_file", current: str = IS_CURRENT
) -> DataFrame:
    """Drop what earlier contents of a file said and its current content no longer says.

    Rows: a current one is kept. One of an earlier content is kept only where a current row of the same file has its
    key: it stands in if that one turns out broken. So a row without a key is kept only if it is current.

    Columns: reads `current`, true for rows of a file's current content. Without that column all rows are current: it is
    added. Unchanged otherwise.

    >>> rows = [("mon", 1, "a", False), ("mon", 2, "a", True), ("tue", 3, "a", False), ("tue", 4, "b", True)]
    >>> calls = spark.createDataFrame(rows, "d string, n int, f string, c boolean")
    >>> sorted(row.n for row in calls.transform(drop_withdrawn, key=["d"], file="f", current="c").collect())
    [1, 2, 4]

    Raises:
        MissingColumnError, DuplicateColumnError, ArgumentError: As `keep_latest`.
        SchemaMismatchError: `current` is no boolean.
    """
    if current not in rows.columns:
        _require(rows, {"key": key}, added=(current,), where="drop_withdrawn")
        return rows.withColumn(current, F.lit(True))
    _require(rows, {"key": key, "file": [file]}, added=(_IN_CURRENT,), where="drop_withdrawn")
    if not isinstance(rows.schema[current].dataType, T.BooleanType):
        raise SchemaMismatchError(
            where=f"drop_withdrawn: column {current!r}",
            got=f"the type {rows.schema[current].dataType.simpleString()}",
            expected="a boolean",
            hint="Read it as one with change_schema first.",
        )
    is_current = F.coalesce(F.col(quoted(current)), F.lit(False))
    in_current = F.max(is_current).over(Window.partitionBy(*map(quoted, [*key, file])))
    keyed = ~reduce(or_, (F.col(quoted(name)).isNull() for name in key))
    kept = rows.select("*", in_current.alias(_IN_CURRENT)).where(is_current | (keyed & F.col(_IN_CURRENT)))
    return kept.select(*map(quoted, rows.columns))


def _require(rows: DataFrame, named: Mapping[str, Sequence[str]], *, added: Sequence[str], where: str) -> None:
    for argument, columns in named.items():
        require_columns(rows, columns, where=where)
        if not columns:
            raise ArgumentError(where=where, argument=argument, got=columns, expected="one column or more")
    require_distinct([*rows.columns, *added], where=where)
