"""Route rows to groups by condition, and take stable samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.keys import encode_key


def route(rows: DataFrame, *, groups: Mapping[str, Column], default: str = "default_group") -> dict[str, DataFrame]:
    """Return a frame for each group, with the rows that meet the condition of the group.

    Rows that meet no condition are in an additional group with the name `default`.

    Replaces Glue Studio's Conditional Router. `route(...)["passed"]` replaces Select From Collection.

    Rows: a row that meets several conditions is in several groups, as in Glue. If each row must be in only one group,
    write conditions that exclude each other. A null condition is treated as false. Spark computes the rows from scratch
    for each frame. If the rows or the conditions depend on random values or the clock, write the rows to a table first.
    To write trusted and quarantine rows in one pass, use `expectations.gate` instead.

    Columns: unchanged.

    >>> calls = spark.createDataFrame([(5,), (None,), (50,)], "minutes int")
    >>> frames = route(calls, groups={"long": F.col("minutes") > 30}, default="others")
    >>> {name: [row.minutes for row in frame.collect()] for name, frame in frames.items()}
    {'long': [50], 'others': [5, None]}

    Raises:
        ArgumentError: `groups` is empty, or a group has the same name as the default group.

    Source: AWS Glue Studio, the Conditional Router and SelectFromCollection transforms.
    """
    if not groups or default in groups:
        expected = f"one group or more, with names other than {default!r}"
        raise ArgumentError(where="route", argument="groups", got=[*groups], expected=expected)
    conditions = {name: F.coalesce(condition, F.lit(False)) for name, condition in groups.items()}
    frames = {name: rows.where(condition) for name, condition in conditions.items()}
    return {**frames, default: rows.where(~reduce(or_, conditions.values()))}


def spigot(rows: DataFrame, *, key: Sequence[str], share: float) -> DataFrame:
    """Keep a sample of the rows. Every run keeps the same sample. Replaces Glue Studio's Spigot.

    Rows: `share` is the approximate fraction of keys to keep, from 0 to 1. All rows of a kept key are kept. Keys are
    selected by their hash, so the same keys are selected in every table and every run. Columns: unchanged.

    >>> calls = spark.createDataFrame([(n,) for n in range(1000)], "id int")
    >>> sample = calls.transform(spigot, key=["id"], share=0.1)
    >>> 60 < sample.count() < 140 and sample.collect() == calls.transform(spigot, key=["id"], share=0.1).collect()
    True

    Raises:
        ArgumentError: The share is not between 0 and 1.
        MissingColumnError, SchemaMismatchError: As in `uuid`.
    """
    if not 0 <= share <= 1:
        raise ArgumentError(where="spigot", argument="share", got=share, expected="a number from 0 to 1")
    position = F.pmod(F.xxhash64(encode_key(rows, key, where="spigot")), F.lit(1_000_000))
    return rows.where(position < round(share * 1_000_000))
