"""Validate the column names of frames, and convert column names to snake case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from transforms.errors import DuplicateColumnError, MissingColumnError, SchemaMismatchError

_WORD_BOUNDARY = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")


def require_columns(frame: DataFrame, columns: Sequence[str], *, where: str) -> None:
    """Raise an error for the first of `columns` that is missing from `frame` or exists twice.

    Raises:
        MissingColumnError: A column does not exist. Names are compared exactly.
        SchemaMismatchError: The frame has two columns with this name. Spark does not distinguish `a` from `A`.
    """
    available = frame.columns
    for column in columns:
        if column not in available:
            raise MissingColumnError(where=where, column=column, available=available)
        alike = [name for name in available if _fold_like_spark(name) == _fold_like_spark(column)]
        if len(alike) > 1:
            raise SchemaMismatchError(
                where=f"{where}: column {column!r}",
                got=f"{alike}, which are the same name to Spark",
                expected="one column of that name",
                hint="Rename one column with rename_fields, or drop one column with drop_fields.",
            )


def require_number(frame: DataFrame, column: str, *, where: str) -> None:
    """Raise `SchemaMismatchError` if a column is not a number. Otherwise Spark would try to cast the column."""
    type_ = frame.schema[column].dataType
    if not isinstance(type_, T.NumericType):
        raise SchemaMismatchError(
            where=f"{where}: column {column!r}",
            got=f"the type {type_.simpleString()}",
            expected="a number",
            hint="Convert the column to a number with change_schema first.",
        )


def require_distinct(names: Sequence[str], *, where: str, sources: Sequence[str] = ()) -> None:
    """Raise `DuplicateColumnError` if two names are equal. Spark does not distinguish `a` from `A`.

    If the step renames columns, `sources` lists the original column of each name.
    """
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        first = seen.setdefault(_fold_like_spark(name), position)
        if first < position:
            pair = (sources[first], sources[position]) if sources else ()
            raise DuplicateColumnError(where=where, columns=(names[first], name), available=names, sources=pair)


def snake_case(name: str) -> str:
    """Return a column name in lower case, with its words joined by underscores.

    A new word starts at a capital letter after a small letter, as the O in `CallsOffered`. A new word also starts at a
    capital letter between another capital letter and a small letter, as the S in `HTTPStatus`. Any character that is
    not a letter or digit separates words. Accents (U+0300 to U+036F) are removed, and all other combining marks are
    kept. A name without a letter or digit becomes empty.

    >>> [snake_case(name) for name in ("CallsOffered", "BI_ID", "HTTPStatus", "% of Quartier né")]
    ['calls_offered', 'bi_id', 'http_status', 'of_quartier_ne']
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not "\u0300" <= c <= "\u036f")
    apart = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else "_" for c in plain)
    return unicodedata.normalize("NFC", "_".join(filter(None, _WORD_BOUNDARY.split(apart))).lower())


def clean_names(rows: DataFrame) -> DataFrame:
    """Rename all columns to snake case. A name without a letter or digit becomes its position, such as `column_3`.

    A name in snake case with a leading underscore stays unchanged, because CityLake's own columns have such names.

    Rows: unchanged. Columns: all kept, in their order.

    >>> spark.createDataFrame([(384, "x")], "CallsOffered int, `% ` string").transform(clean_names).columns
    ['calls_offered', 'column_2']

    Raises:
        DuplicateColumnError: Two columns would have the same name. Rename one of the two columns first.
    """
    names = [
        name if re.fullmatch("_[a-z0-9_]*[a-z0-9]", name) else snake_case(name) or f"column_{position}"
        for position, name in enumerate(rows.columns, start=1)
    ]
    require_distinct(names, where="clean_names", sources=rows.columns)
    return rows.toDF(*names)


@lru_cache(maxsize=4096)
def _fold_like_spark(name: str) -> str:
    """Fold the case of a name letter by letter, like Java's `equalsIgnoreCase`, which Spark uses to compare names."""
    return "".join((c.upper() if len(c.upper()) == 1 else c).lower()[0] for c in name)
