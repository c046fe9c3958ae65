"""Keep one row of each key when rows are delivered more than once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

LINEAGE_COLUMNS = ("_is_current", "_modified_at", "_ingested_at", "_source_file", "_row_number")
"""The columns of raw that identify the source of a row. A sort by these columns puts the latest row of a key last.

`_is_current` is true for rows of the latest version of a file, so rows of earlier versions come first. `_modified_at`
is the modification time of the file (UTC). `_ingested_at` is the time at which raw received the file (UTC).
Modification times are compared before ingestion times. So a file that was last modified in 2020 and lands today does
not replace the figures of a file from 2023.
"""

_RANK, _VALID_SO_FAR = "__keep_latest_rank", "__keep_latest_valid"
_SUPERSEDED, _IN_CURRENT = "drop_superseded_rows", "__drop_superseded_rows_current"


def keep_latest(
    rows: DataFrame, *, key: Sequence[str], order_by: Sequence[str], valid: Column | None = None
) -> DataFrame:
    """Keep the latest row of each key.

    `valid` is an optional condition. If the latest row of a key does not meet the condition, the latest row that meets
    the condition is also kept. So an invalid row does not replace an earlier valid row. The invalid row is kept too, so
    that somebody can find and fix the row.

    Rows: all other rows of each key are dropped. A row with a null in a key column has no key, and is kept.

    Columns: unchanged. The latest row has the greatest values of `order_by`, where nulls rank lowest. End `order_by`
    with the file and the row number, so that no two rows are equal. Otherwise either of two equal rows may be kept.

    >>> calls = spark.createDataFrame([("2024-01-01", 1, 289), ("2024-01-01", 2, 290)], "day string, file int, n int")
    >>> calls.transform(keep_latest, key=["day"], order_by=["file"]).collect()
    [Row(day='2024-01-01', file=2, n=290)]

    Raises:
        MissingColumnError: A column of `key` or `order_by` is not in the frame.
        DuplicateColumnError: Spark reads two column names as the same name, or a column has the name of a helper column
            of this step.
        ArgumentError: `key` or `order_by` is empty.
    """
    _require(rows, {"key": key, "order_by": order_by}, added=(_RANK, _VALID_SO_FAR), where="keep_latest")
    latest_first = Window.partitionBy(*map(quoted, key)).orderBy(
        *(F.col(quoted(name)).desc_nulls_last() for name in order_by)
    )
    rows_so_far = latest_first.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    keyless = reduce(or_, (F.col(quoted(name)).isNull() for name in key))
    ranks, is_kept = [F.row_number().over(latest_first).alias(_RANK)], F.col(_RANK) == 1
    if valid is not None:
        is_valid = F.coalesce(valid, F.lit(False))
        ranks.append(F.sum(F.when(is_valid, 1)).over(rows_so_far).alias(_VALID_SO_FAR))
        is_kept = (is_valid & (F.col(_VALID_SO_FAR) == 1)) | (~is_valid & is_kept)
    return rows.select("*", *ranks).where(keyless | is_kept).select(*map(quoted, rows.columns))


def drop_superseded_rows(
    rows: DataFrame,
    *,
    key: Sequence[str],
    file_column: str = "_source_file",
    current_column: str = "_is_current",
) -> DataFrame:
    """Drop a row of an earlier file version if the latest version of the file has no row with the same key.

    Rows: all rows of the latest version are kept. A row of an earlier version is kept only if the latest version still
    has the key of the row. `keep_latest` can then use the earlier row if the latest row is not valid. A row of an
    earlier version is dropped if a key column is null.

    Columns: unchanged. Reads `current_column`, which is true for rows of the latest version of a file. Null is treated
    as false.

    >>> rows = [("mon", 1, "a", False), ("mon", 2, "a", True), ("tue", 3, "a", False), ("tue", 4, "b", True)]
    >>> calls = spark.createDataFrame(rows, "d string, n int, f string, c boolean")
    >>> kept = calls.transform(drop_superseded_rows, key=["d"], file_column="f", current_column="c")
    >>> sorted(row.n for row in kept.collect())
    [1, 2, 4]

    Raises:
        MissingColumnError, DuplicateColumnError, ArgumentError: As in `keep_latest`.
        SchemaMismatchError: `current_column` is not a boolean.
    """
    arguments = {"key": key, "file_column": [file_column], "current_column": [current_column]}
    _require(rows, arguments, added=(_IN_CURRENT,), where=_SUPERSEDED)
    current_type = rows.schema[current_column].dataType
    if not isinstance(current_type, T.BooleanType):
        raise SchemaMismatchError(
            where=f"{_SUPERSEDED}: column {current_column!r}",
            got=f"the type {current_type.simpleString()}",
            expected="a boolean",
            hint="Convert the column to a boolean with change_schema first.",
        )
    is_current = F.coalesce(F.col(quoted(current_column)), F.lit(False))
    in_current = F.max(is_current).over(Window.partitionBy(*map(quoted, [*key, file_column])))
    has_key = ~reduce(or_, (F.col(quoted(name)).isNull() for name in key))
    by_key = rows.repartition(*map(quoted, key))  # `keep_latest` can reuse this shuffle
    marked = by_key.select("*", in_current.alias(_IN_CURRENT))
    return marked.where(is_current | (has_key & F.col(_IN_CURRENT))).select(*map(quoted, rows.columns))


def _require(rows: DataFrame, arguments: Mapping[str, Sequence[str]], *, added: Sequence[str], where: str) -> None:
    for argument, columns in arguments.items():
        require_columns(rows, columns, where=where)
        if not columns:
            raise ArgumentError(where=where, argument=argument, got=columns, expected="one column or more")
    require_distinct([*rows.columns, *added], where=where)
