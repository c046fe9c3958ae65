"""Several frames to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.dedupe import keep_latest
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

JOINS = ("inner", "outer", "left", "right", "left semi", "left anti")
"""The kinds of join, as Glue Studio calls them."""


def union_by_name(first: DataFrame, *others: DataFrame) -> DataFrame:
    """Put the rows of all frames under one another, columns matched by name. Glue Studio's Union, "all".

    For Union, "distinct", and for Drop Duplicates of whole rows, `.distinct()` follows.

    Rows: all kept, duplicates too: the counts add up.

    Columns: those of the first frame, in its order. Spark's own union matches by position, and types that differ give
    other results on Spark 3.5 than on 4.1; here both are refused.

    >>> y2023 = spark.createDataFrame([(2023, 5)], "year int, handled int")
    >>> y2024 = spark.createDataFrame([(6, 2024)], "handled int, year int")
    >>> union_by_name(y2023, y2024).collect()
    [Row(year=2023, handled=5), Row(year=2024, handled=6)]

    Raises:
        SchemaMismatchError: A frame has other columns or types than the first.
        DuplicateColumnError: A frame has two columns that are one to Spark.
    """
    require_distinct(first.columns, where="union_by_name: frame 1")
    expected = sorted(first.dtypes)
    for number, other in enumerate(others, start=2):
        require_distinct(other.columns, where=f"union_by_name: frame {number}")
        if sorted(other.dtypes) != expected:
            raise SchemaMismatchError(
                where=f"union_by_name: frame {number}",
                got=f"{sorted(set(other.dtypes) - set(expected))} and no {sorted(set(expected) - set(other.dtypes))}",
                expected=f"the columns and types of frame 1, {expected}",
                hint="Bring the frames to one schema with change_schema first.",
            )
    return reduce(DataFrame.unionByName, others, first)


def join(left: DataFrame, right: DataFrame, *, on: Sequence[str] | Mapping[str, str], how: str) -> DataFrame:
    """Join two frames on equal keys, in any of Glue Studio's six kinds.

    Rows: as Spark's join of that kind. A null in a key matches nothing, not even another null: such rows are dropped by
    `inner` and `left semi`, and kept without a partner by the others of their side. A key that is there twice on the
    right multiplies the rows; `lookup` does not.

    Columns: the keys under their left names (of `outer` and `right`, with the values of whichever side has the row),
    then the others of the left, then those of the right; `left semi` and `left anti` have only the left's.

    >>> calls = spark.createDataFrame([(1, "web"), (2, "fax")], "id int, channel string")
    >>> names = spark.createDataFrame([("web", "Online")], "code string, label string")
    >>> join(calls, names, on={"channel": "code"}, how="left").orderBy("id").collect()
    [Row(channel='web', id=1, label='Online'), Row(channel='fax', id=2, label=None)]

    Raises:
        MissingColumnError: A key is not in its frame.
        SchemaMismatchError: A key has two types, which Spark would compare as a third.
        DuplicateColumnError: Both frames have a column of a name that is no key. Rename one.
        ArgumentError: There is no key.
        UnknownFunctionError: `how` is none of `JOINS`.

    Source: AWS Glue Studio, the Join transform.
    """
    if how not in JOINS:
        raise UnknownFunctionError(where="join: how", name=how, known=JOINS)
    keys = _keys(left, right, on, where="join")
    others: list[str] = []
    if how not in ("left semi", "left anti"):
        others = [name for name in right.columns if name not in keys.values()]
        require_distinct([*left.columns, *others], where="join")
    return left.join(right.select(*_left_names(keys), *map(quoted, others)), on=[*keys], how=how.replace(" ", "_"))


def lookup(
    rows: DataFrame,
    reference: DataFrame,
    *,
    on: Sequence[str] | Mapping[str, str],
    columns: Sequence[str],
    order_by: Sequence[str],
    found: str | None = None,
) -> DataFrame:
    """Add what a reference table says of each row's key. Glue Studio's Lookup, which never multiplies rows.

    Rows: all kept, once each. Of several reference rows with one key, the one with the greatest values of `order_by`
    (nulls least) is taken, then the one with the greatest values of the columns taken. A row whose key is null or not
    in the reference gets nulls.

    Columns: all kept; adds `columns` of the reference, and `found`, if named, true where the reference has the key.

    >>> calls = spark.createDataFrame([("web",), ("fax",), (None,)], "channel string")
    >>> labels = [("web", "Internet", 2019), ("web", "Online", 2024)]
    >>> names = spark.createDataFrame(labels, "channel string, label string, since int")
    >>> looked_up = calls.transform(lookup, names, on=["channel"], columns=["label"], order_by=["since"])
    >>> sorted((row.channel or "-", row.label) for row in looked_up.collect())
    [('-', None), ('fax', None), ('web', 'Online')]

    Raises:
        MissingColumnError, SchemaMismatchError, DuplicateColumnError, ArgumentError: As `join`.

    Source: AWS Glue Studio, the Lookup transform.
    """
    keys = _keys(rows, reference, on, where="lookup")
    require_columns(reference, [*columns, *order_by], where="lookup: the reference")
    taken = [*columns, *([found] if found else [])]
    require_distinct([*rows.columns, *taken], where="lookup")
    said_of_it = reference.select(*map(quoted, dict.fromkeys([*keys.values(), *order_by, *columns])))
    order = [*order_by, *columns] or [*keys.values()]
    latest = keep_latest(said_of_it, key=[*keys.values()], order_by=order)
    marks = [F.lit(True).alias(found)] if found else []
    looked_up = rows.join(latest.select(*_left_names(keys), *map(quoted, columns), *marks), on=[*keys], how="left")
    said = [F.coalesce(F.col(quoted(found)), F.lit(False)).alias(found)] if found else []
    return looked_up.select(*map(quoted, [*rows.columns, *columns]), *said)


def _keys(left: DataFrame, right: DataFrame, on: Sequence[str] | Mapping[str, str], *, where: str) -> Mapping[str, str]:
    """Return the names of the keys on the left and on the right."""
    if not on or isinstance(on, str):
        expected = "a list of the columns that are equal, or a mapping of the left's to the right's"
        raise ArgumentError(where=where, argument="on", got=on, expected=expected)
    keys = dict(on) if isinstance(on, Mapping) else {name: name for name in on}
    require_columns(left, [*keys], where=f"{where}: the left frame")
    require_columns(right, [*keys.values()], where=f"{where}: the right frame")
    for ours, theirs in keys.items():
        types = (left.schema[ours].dataType.simpleString(), right.schema[theirs].dataType.simpleString())
        if types[0] != types[1]:
            raise SchemaMismatchError(
                where=f"{where}: key {ours!r}",
                got=f"the type {types[1]} on the right",
                expected=f"{types[0]}, as on the left",
                hint="Bring both to one type with change_schema first.",
            )
    return keys


def _left_names(keys: Mapping[str, str]) -> list[Column]:
    return [F.col(quoted(theirs)).alias(ours) for ours, theirs in keys.items()]
