"""Compare the schemas of two frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from transforms.names import snake_case


@dataclass(frozen=True)
class Drift:
    """One difference between two schemas.

    Attributes:
        column: The name of a column, or the path of a struct field. If the change is `renamed`, `column` is the new
            name. If the change is `reordered`, `column` is the path of the struct, or `*` for the columns of the frame.
        change: `added`, `removed`, `retyped`, `renamed` or `reordered`.
        before: The earlier type, or None if the change is `added`. If the change is `renamed`, `before` is the earlier
            name. If the change is `reordered`, `before` is the earlier order of the names that both schemas have.
        after: The later type, name or order, or None if the change is `removed`.
    """

    column: str
    change: str
    before: str | None
    after: str | None


def schema_drift(before: DataFrame, after: DataFrame) -> list[Drift]:
    """List the differences between the schema of an earlier frame and the schema of a later frame.

    A column is reported as `renamed` if its old and new names are the same in snake case and its type is unchanged.
    Nullability is not compared, because suites test rows for nulls.

    >>> earlier = spark.createDataFrame([], "CallsOffered int, Date string, BI_ID int")
    >>> later = spark.createDataFrame([], "`Calls Offered` int, Date date")
    >>> [(drift.change, drift.column, drift.before) for drift in schema_drift(earlier, later)]
    [('renamed', 'Calls Offered', 'CallsOffered'), ('retyped', 'Date', 'string'), ('removed', 'BI_ID', 'int')]
    """
    old, new = dict(_list_types(before.schema)), dict(_list_types(after.schema))
    missing = [path for path in old if path not in new]
    drifts = []
    for path, type_ in new.items():
        name, alike = (
            ".".join(path),
            [
                candidate
                for candidate in missing
                if old[candidate] == type_ and _normalize(candidate) == _normalize(path)
            ],
        )
        if path in old:
            if old[path] != type_:
                drifts.append(Drift(name, "retyped", old[path], type_))
        elif alike:
            drifts.append(Drift(name, "renamed", ".".join(alike[0]), name))
            missing.remove(alike[0])
        else:
            drifts.append(Drift(name, "added", None, type_))
    drifts += [Drift(".".join(path), "removed", old[path], None) for path in missing]
    return drifts + _compare_order([path for path in old if path in new], [path for path in new if path in old])


def _normalize(path: tuple[str, ...]) -> list[str]:
    return [snake_case(name) or name for name in path]


def _compare_order(before: list[tuple[str, ...]], after: list[tuple[str, ...]]) -> list[Drift]:
    drifts = []
    for parent in dict.fromkeys(path[:-1] for path in after):
        orders = [", ".join(path[-1] for path in paths if path[:-1] == parent) for paths in (before, after)]
        if orders[0] != orders[1]:
            drifts.append(Drift(".".join(parent) or "*", "reordered", *orders))
    return drifts


def _list_types(schema: T.StructType, parent: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for field in schema:
        path = (*parent, field.name)
        if isinstance(field.dataType, T.StructType):
            yield path, "struct"
            yield from _list_types(field.dataType, path)
        else:
            yield path, field.dataType.simpleString()
