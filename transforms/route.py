"""Rows to groups: every row goes somewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.keys import key_of


def route(rows: DataFrame, *, groups: Mapping[str, Column], default: str = "default_group") -> dict[str, DataFrame]:
    """Return one frame for each group: the rows that meet its condition; and those that meet none, as `default`.

    Glue Studio's Conditional Router, and with it Select From Collection: `route(...)["passed"]`.

    Rows: as in Glue, a row that meets several conditions is in each of these groups; write the conditions so that they
    exclude one another if it must be in one. A condition that is null is not met, so that no row is in no group.
    Each frame computes the rows anew: conditions and rows that depend on chance or on the clock need them written
    first. To write trusted rows and quarantine in one pass there is the gate.

    Columns: unchanged.

    >>> calls = spark.createDataFrame([(5,), (None,), (50,)], "minutes int")
    >>> frames = route(calls, groups={"long": F.col("minutes") > 30}, default="others")
    >>> {name: [row.minutes for row in frame.collect()] for name, frame in frames.items()}
    {'long': [50], 'others': [5, None]}

    Raises:
        ArgumentError: There is no group, or one has the name of the default.

    Source: AWS Glue Studio, the Conditional Router and SelectFromCollection transforms.
    """
    if not groups or default in groups:
        expected = f"one group or more, none of them named {default!r}"
        raise ArgumentError(where="route", argument="groups", got=[*groups], expected=expected)
    met = {name: F.coalesce(condition, F.lit(False)) for name, condition in groups.items()}
    frames = {name: rows.where(condition) for name, condition in met.items()}
    return {**frames, default: rows.where(~reduce(or_, met.values()))}


def spigot(rows: DataFrame, *, key: Sequence[str], share: float) -> DataFrame:
    """Keep a sample of the rows, the same ones each time, to be written beside the whole. Glue Studio's Spigot.

    Rows: about `share` of the keys, 0 to 1, and of each all rows or none; a key is drawn by its hash, so the same in
    every table and every run. Columns: unchanged.

    >>> calls = spark.createDataFrame([(n,) for n in range(1000)], "id int")
    >>> sample = calls.transform(spigot, key=["id"], share=0.1)
    >>> 60 < sample.count() < 140 and sample.collect() == calls.transform(spigot, key=["id"], share=0.1).collect()
    True

    Raises:
        ArgumentError: The share is not between 0 and 1.
        MissingColumnError, SchemaMismatchError: As `uuid`.
    """
    if not 0 <= share <= 1:
        raise ArgumentError(where="spigot", argument="share", got=share, expected="a number from 0 to 1")
    drawn = F.pmod(F.xxhash64(key_of(rows, key, where="spigot")), F.lit(1_000_000))
    return rows.where(drawn < round(share * 1_000_000))
