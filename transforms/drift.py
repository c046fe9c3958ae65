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
        column: The column, or the path of a struct's member; of one that was renamed its new name.
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
    gone = {(snake_case(name), type_): name for name, type_ in old.items() if name not in new}
    drifts = []
    for name, type_ in new.items():
        if name in old:
            if old[name] != type_:
                drifts.append(Drift(name, "retyped", old[name], type_))
        elif former := gone.pop((snake_case(name), type_), None):
            drifts.append(Drift(name, "renamed", former, name))
        else:
            drifts.append(Drift(name, "added", None, type_))
    drifts += [Drift(name, "removed", old[name], None) for name in old if name in gone.values()]
    kept = [[name for name in names if name in old and name in new] for names in (before.columns, after.columns)]
    if kept[0] != kept[1]:
        drifts.append(Drift("*", "reordered", *(", ".join(names) for names in kept)))
    return drifts


def _types(schema: T.StructType, inside: str = "") -> Iterator[tuple[str, str]]:
    for field in schema:
        path = inside + field.name
        if isinstance(field.dataType, T.StructType):
            yield path, "struct"
            yield from _types(field.dataType, path + ".")
        else:
            yield path, field.dataType.simpleString()
