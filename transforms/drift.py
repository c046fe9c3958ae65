"""What changed between the schemas of two frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from transforms.names import snake_case


@dataclass(frozen=True)
class Drift:
    """One change of a schema.

    Attributes:
        column: The column, or the path of a struct's member; of one that was renamed its new name; of `reordered` the
            struct, or `*` for the columns of the frame.
        change: `added`, `removed`, `retyped`, `renamed` or `reordered`.
        before: The type before; of one renamed its name; of `reordered` the names that both have, in their order.
        after: The same afterwards.
    """

    column: str
    change: str
    before: str | None
    after: str | None


def schema_drift(before: DataFrame, after: DataFrame) -> list[Drift]:
    """Report how the schema of a frame differs from that of an earlier one; nothing where it does not.

    A column is `renamed` if its new name has the same snake case and its type stayed. Whether a column may be null is
    not compared: what rows hold is for a suite.

    >>> earlier = spark.createDataFrame([], "CallsOffered int, Date string, BI_ID int")
    >>> later = spark.createDataFrame([], "`Calls Offered` int, Date date")
    >>> [(drift.change, drift.column, drift.before) for drift in schema_drift(earlier, later)]
    [('renamed', 'Calls Offered', 'CallsOffered'), ('retyped', 'Date', 'string'), ('removed', 'BI_ID', 'int')]
    """
    old, new = dict(_types(before.schema)), dict(_types(after.schema))
    gone = [path for path in old if path not in new]
    drifts = []
    for path, type_ in new.items():
        shown, alike = ".".join(path), [each for each in gone if old[each] == type_ and _words(each) == _words(path)]
        if path in old:
            if old[path] != type_:
                drifts.append(Drift(shown, "retyped", old[path], type_))
        elif alike:
            drifts.append(Drift(shown, "renamed", ".".join(alike[0]), shown))
            gone.remove(alike[0])
        else:
            drifts.append(Drift(shown, "added", None, type_))
    drifts += [Drift(".".join(path), "removed", old[path], None) for path in gone]
    return drifts + _reordered([path for path in old if path in new], [path for path in new if path in old])


def _words(path: tuple[str, ...]) -> list[str]:
    return [snake_case(name) or name for name in path]


def _reordered(before: list[tuple[str, ...]], after: list[tuple[str, ...]]) -> list[Drift]:
    drifts = []
    for parent in dict.fromkeys(path[:-1] for path in after):
        orders = [", ".join(path[-1] for path in paths if path[:-1] == parent) for paths in (before, after)]
        if orders[0] != orders[1]:
            drifts.append(Drift(".".join(parent) or "*", "reordered", *orders))
    return drifts


def _types(schema: T.StructType, inside: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for field in schema:
        path = (*inside, field.name)
        if isinstance(field.dataType, T.StructType):
            yield path, "struct"
            yield from _types(field.dataType, path)
        else:
            yield path, field.dataType.simpleString()
