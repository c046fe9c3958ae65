"""Combine frames: union, join and lookup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.dedupe import keep_latest
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

JOIN_TYPES = ("inner", "outer", "left", "right", "left semi", "left anti")
"""The join types, under their names in Glue Studio."""


def union_by_name(first: DataFrame, *others: DataFrame) -> DataFrame:
    """Append the rows of all frames and match the columns by name. Replaces Glue Studio's Union of type "all".

    To replace Union of type "distinct", call `.distinct()` on the result. To replace Drop Duplicates for whole rows,
    call `.distinct()` on a single frame.

    Rows: all kept, including duplicates.

    Columns: the columns of the first frame, in the order of that frame. All frames must have the same columns and
    types. In contrast, Spark's `union` matches columns by position, and casts the columns if their types differ. The
    rules for these casts differ between Spark 3.5 and 4.1.

    >>> y2023 = spark.createDataFrame([(2023, 5)], "year int, handled int")
    >>> y2024 = spark.createDataFrame([(6, 2024)], "handled int, year int")
    >>> union_by_name(y2023, y2024).collect()
    [Row(year=2023, handled=5), Row(year=2024, handled=6)]

    Raises:
        SchemaMismatchError: A frame does not have the same columns and types as the first frame.
        DuplicateColumnError: Spark reads the names of two columns of a frame as the same name.
    """
    require_distinct(first.columns, where="union_by_name: frame 1")
    expected = sorted(first.dtypes)
    for number, other in enumerate(others, start=2):
        require_distinct(other.columns, where=f"union_by_name: frame {number}")
        if sorted(other.dtypes) != expected:
            extra, missing = sorted(set(other.dtypes) - set(expected)), sorted(set(expected) - set(other.dtypes))
            raise SchemaMismatchError(
                where=f"union_by_name: frame {number}",
                got=f"{extra} instead of {missing}",
                expected=f"the columns and types of frame 1, {expected}",
                hint="Give all frames the same schema with change_schema first.",
            )
    return reduce(DataFrame.unionByName, others, first)


def join(left: DataFrame, right: DataFrame, *, on: Sequence[str] | Mapping[str, str], how: str) -> DataFrame:
    """Join two frames on equal keys, with one of Glue Studio's six join types.

    Rows: the same rows as in Spark's join of the same type. A null in a key matches nothing, not even another null. So
    every join type treats a row with a null key as a row without a match. If several rows of the right frame have the
    same key, the matching left rows are repeated, except in `left semi` and `left anti` joins. Use `lookup` to keep
    each left row only once.

    Columns: the keys, then the remaining columns of the left frame, then the remaining columns of the right frame. The
    keys have the same names as in the left frame. In `outer` and `right` joins, the keys of a right row without a match
    come from the right frame. `left semi` and `left anti` return only the left columns.

    >>> calls = spark.createDataFrame([(1, "web"), (2, "fax")], "id int, channel string")
    >>> names = spark.createDataFrame([("web", "Online")], "code string, label string")
    >>> join(calls, names, on={"channel": "code"}, how="left").orderBy("id").collect()
    [Row(channel='web', id=1, label='Online'), Row(channel='fax', id=2, label=None)]

    Raises:
        MissingColumnError: A key is missing from the left or the right frame.
        SchemaMismatchError: A key has different types in the two frames. Without this error, Spark would cast the keys
            to one type.
        DuplicateColumnError: A column that is not a key has the same name in both frames. Rename the column in one
            frame.
        ArgumentError: `on` is empty.
        UnknownFunctionError: `how` is not in `JOIN_TYPES`.

    Source: AWS Glue Studio, the Join transform.
    """
    if how not in JOIN_TYPES:
        raise UnknownFunctionError(where="join: how", name=how, known=JOIN_TYPES)
    keys = _resolve_keys(left, right, on, where="join")
    right_columns: list[str] = []
    if how not in ("left semi", "left anti"):
        right_columns = [name for name in right.columns if name not in keys.values()]
        require_distinct([*left.columns, *right_columns], where="join")
    return left.join(
        right.select(*_select_keys(keys), *map(quoted, right_columns)), on=[*keys], how=how.replace(" ", "_")
    )


def lookup(
    rows: DataFrame,
    reference: DataFrame,
    *,
    on: Sequence[str] | Mapping[str, str],
    columns: Sequence[str],
    order_by: Sequence[str],
    match_column: str | None = None,
) -> DataFrame:
    """Add columns from the reference row with the same key. Replaces Glue Studio's Lookup.

    Rows: all kept, never multiplied. If several reference rows have the same key, the row with the greatest values of
    `order_by` is used. Nulls rank lowest. Ties are broken by the greatest values of `columns`. If the key of a row is
    null or not in the reference, the added columns are null.

    Columns: all kept. Adds the columns in `columns` from the reference. If `match_column` is given, a boolean column
    with this name is also added. The boolean is true if the reference has the key of the row.

    >>> calls = spark.createDataFrame([("web",), ("fax",), (None,)], "channel string")
    >>> labels = [("web", "Internet", 2019), ("web", "Online", 2024)]
    >>> names = spark.createDataFrame(labels, "channel string, label string, since int")
    >>> looked_up = calls.transform(lookup, names, on=["channel"], columns=["label"], order_by=["since"])
    >>> sorted((row.channel or "-", row.label) for row in looked_up.collect())
    [('-', None), ('fax', None), ('web', 'Online')]

    Raises:
        MissingColumnError, SchemaMismatchError, DuplicateColumnError, ArgumentError: As in `join`.

    Source: AWS Glue Studio, the Lookup transform.
    """
    keys = _resolve_keys(rows, reference, on, where="lookup")
    require_columns(reference, [*columns, *order_by], where="lookup: the reference")
    require_distinct([*rows.columns, *columns, *([match_column] if match_column else [])], where="lookup")
    candidates = reference.select(*map(quoted, dict.fromkeys([*keys.values(), *order_by, *columns])))
    order = [*order_by, *columns] or [*keys.values()]
    latest = keep_latest(candidates, key=[*keys.values()], order_by=order)
    marker = [F.lit(True).alias(match_column)] if match_column else []
    joined = rows.join(latest.select(*_select_keys(keys), *map(quoted, columns), *marker), on=[*keys], how="left")
    is_match = [F.coalesce(F.col(quoted(name)), F.lit(False)).alias(name) for name in [match_column] if name]
    return joined.select(*map(quoted, [*rows.columns, *columns]), *is_match)


def _resolve_keys(
    left: DataFrame, right: DataFrame, on: Sequence[str] | Mapping[str, str], *, where: str
) -> Mapping[str, str]:
    """Map the name of each key in the left frame to the name of that key in the right frame."""
    if not on or isinstance(on, str):
        expected = "a list of key columns, or a mapping from left key columns to right key columns"
        raise ArgumentError(where=where, argument="on", got=on, expected=expected)
    keys = dict(on) if isinstance(on, Mapping) else {name: name for name in on}
    require_columns(left, [*keys], where=f"{where}: the left frame")
    require_columns(right, [*keys.values()], where=f"{where}: the right frame")
    for ours, theirs in keys.items():
        types = (left.schema[ours].dataType.simpleString(), right.schema[theirs].dataType.simpleString())
        if types[0] != types[1]:
            raise SchemaMismatchError(
                where=f"{where}: key {ours!r}",
                got=f"the type {types[1]} in the right frame",
                expected=f"{types[0]}, as in the left frame",
                hint="Give both keys the same type with change_schema first.",
            )
    return keys


def _select_keys(keys: Mapping[str, str]) -> list[Column]:
    return [F.col(quoted(theirs)).alias(ours) for ours, theirs in keys.items()]
