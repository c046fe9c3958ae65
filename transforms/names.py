"""Names of columns: as a table wants them, and which a frame must have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from transforms.errors import DuplicateColumnError, MissingColumnError, SchemaMismatchError

_WORDS = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")


def require_columns(frame: DataFrame, columns: Sequence[str], *, where: str) -> None:
    """Raise an error for the first of `columns` that `frame` does not have, or has twice.

    Raises:
        MissingColumnError: A column is not there; names are compared as they are written.
        SchemaMismatchError: To Spark, which does not tell `a` from `A`, it is there twice.
    """
    available = frame.columns
    for column in columns:
        if column not in available:
            raise MissingColumnError(where=where, column=column, available=available)
        alike = [name for name in available if _as_spark_reads(name) == _as_spark_reads(column)]
        if len(alike) > 1:
            raise SchemaMismatchError(
                where=f"{where}: column {column!r}",
                got=f"{alike}, one name to Spark",
                expected="one such column",
                hint="Rename one with rename_fields, or drop it with drop_fields.",
            )


def require_number(frame: DataFrame, column: str, *, where: str) -> None:
    """Raise `SchemaMismatchError` for a column that is no number, which Spark would try to read as one."""
    type_ = frame.schema[column].dataType
    if not isinstance(type_, T.NumericType):
        raise SchemaMismatchError(
            where=f"{where}: column {column!r}",
            got=f"the type {type_.simpleString()}",
            expected="a number",
            hint="Read it as a number with change_schema first.",
        )


def require_distinct(names: Sequence[str], *, where: str) -> None:
    """Raise `DuplicateColumnError` for names that are one to Spark, which does not tell `a` from `A`."""
    seen: dict[str, str] = {}
    for place, name in enumerate(names, start=1):
        alike = seen.setdefault(_as_spark_reads(name), name)
        if len(seen) < place:
            raise DuplicateColumnError(where=where, columns=(alike, name), available=names)


def snake_case(name: str) -> str:
    """Return a column's name in lower case, its words joined by underscores.

    A word begins at a capital letter after a small one, at the last of several capitals, and after anything that is no
    letter or digit. Accents are taken off; letters of other scripts stay, with their marks. A name without any letter
    or digit is empty.

    >>> [snake_case(name) for name in ("CallsOffered", "BI_ID", "HTTPStatus", "% of Quartier né")]
    ['calls_offered', 'bi_id', 'http_status', 'of_quartier_ne']
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not "\u0300" <= c <= "\u036f")
    apart = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else "_" for c in plain)
    return unicodedata.normalize("NFC", "_".join(filter(None, _WORDS.split(apart))).lower())


def clean_names(rows: DataFrame) -> DataFrame:
    """Rename all columns to snake case; a column without a letter or digit is named for its place, `column_3`.

    Those that are in snake case but for an underscore before it, as the columns that are added here, stay as they are.

    Rows: unchanged. Columns: all kept, in their order.

    >>> spark.createDataFrame([(384, "x")], "CallsOffered int, `% ` string").transform(clean_names).columns
    ['calls_offered', 'column_2']

    Raises:
        DuplicateColumnError: Two columns would have one name. Rename one of them first.
    """
    names = [
        name if re.fullmatch("_[a-z0-9_]*[a-z0-9]", name) else snake_case(name) or f"column_{place}"
        for place, name in enumerate(rows.columns, start=1)
    ]
    require_distinct(names, where="clean_names")
    return rows.toDF(*names)


@lru_cache(maxsize=4096)
def _as_spark_reads(name: str) -> str:
    """Return what two names have in common that are one to Spark: Java's `equalsIgnoreCase`, letter by letter."""
    return "".join((c.upper() if len(c.upper()) == 1 else c).lower()[0] for c in name)
