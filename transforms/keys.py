"""Keys for rows: UUIDs from a business key, consecutive numbers, and match keys for similar records."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID, uuid5

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast
from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

CITYLAKE_NAMESPACE = uuid5(UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "citylake")
"""The namespace of CityLake's UUIDs: the UUID of the name `citylake` in the DNS namespace of RFC 9562."""

_TYPE_LETTERS: tuple[tuple[type[T.DataType], str], ...] = (
    (T.StringType, "s"),
    (T.IntegralType, "n"),
    (T.DecimalType, "n"),
    (T.BooleanType, "b"),
    (T.DateType, "d"),
    (T.TimestampType, "t"),
    (T.TimestampNTZType, "w"),
    (T.BinaryType, "x"),
)

_ACCENT_RANGE = "\u0300-\u036f"
_STROKE_LETTERS = dict(zip("øØłŁđĐıħĦŧŦſ", "oOlLdDihHtTs", strict=True))


def _remove_accents(letter: str) -> str:
    plain = re.sub(f"[{_ACCENT_RANGE}]", "", unicodedata.normalize("NFD", letter))
    return _STROKE_LETTERS.get(plain, plain)


_ACCENTED_LETTERS = [chr(code) for code in (*range(0xC0, 0x530), *range(0x1E00, 0x2000))]  # Latin, Greek and Cyrillic
_PLAIN_LETTERS = {
    letter: plain for letter in _ACCENTED_LETTERS if len(plain := _remove_accents(letter)) == 1 and plain != letter
}
_LETTER_SEQUENCES = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ĳ": "ij", "ς": "σ"}


def uuid(rows: DataFrame, *, key: Sequence[str], name: str = "uuid", namespace: UUID = CITYLAKE_NAMESPACE) -> DataFrame:
    """Add a version 5 UUID computed from the key. The same key has the same UUID in every table and every run.

    In contrast, Glue Studio's UUID transform creates different UUIDs in each run and in each retry of a task.

    Rows: all kept. Rows with the same key have the same UUID. Null is treated as a value, so the keys ("a", null) and
    (null, "a") have different UUIDs. The keys ("a|b") and ("a", "b") also have different UUIDs. The text "7" and the
    number 7 have different UUIDs, but a number has the same UUID in every integer type.

    Columns: adds `name`, text of 36 characters.

    >>> cases = spark.createDataFrame([("17", 2024)], "case string, year int")
    >>> cases.transform(uuid, key=["case", "year"]).first().uuid
    'dd922715-2185-5be4-acbe-e84cd4a9b705'

    Raises:
        MissingColumnError: A column of the key is not in the frame.
        DuplicateColumnError: The frame already has a column `name`.
        ArgumentError: The key is empty, so all rows would have the same UUID.
        SchemaMismatchError: A column of the key is a float, a double or a nested type. Equal values of these types can
            have different texts.

    Source: RFC 9562, section 5.5.
    """
    require_distinct([*rows.columns, name], where="uuid")
    encoded = encode_key(rows, key, where="uuid").cast("binary")
    digest = F.sha1(F.concat(F.unhex(F.lit(namespace.hex)), encoded))
    variant = F.translate(F.substring(digest, 17, 1), "0123456789abcdef", "89ab" * 4)
    parts = [
        F.substring(digest, 1, 8),
        F.substring(digest, 9, 4),
        F.concat(F.lit("5"), F.substring(digest, 14, 3)),
        F.concat(variant, F.substring(digest, 18, 3)),
        F.substring(digest, 21, 12),
    ]
    return rows.withColumn(name, F.concat_ws("-", *parts))


def encode_key(rows: DataFrame, key: Sequence[str], *, where: str) -> Column:
    """Encode the values of a key as one text. Different keys have different texts. The text is never null."""
    require_columns(rows, key, where=where)
    if not key:
        raise ArgumentError(where=where, argument="key", got=key, expected="one column or more")
    parts = []
    for column in key:
        source_type = rows.schema[column].dataType
        kind = next((letter for type_, letter in _TYPE_LETTERS if isinstance(source_type, type_)), None)
        if kind is None:
            raise SchemaMismatchError(
                where=f"{where}: column {column!r}",
                got=f"the type {source_type.simpleString()}",
                expected="text, integer, decimal, boolean, date, time or binary",
                hint="Cast the column first, or leave it out of the key.",
            )
        text = cast(quoted(column), source_type=source_type, target_type=T.StringType(), where=where)
        if kind == "x":
            text = F.hex(F.col(quoted(column)))
        parts.append(F.coalesce(F.concat(F.lit(kind), F.length(text), F.lit(":"), text), F.lit("-")))
    return F.concat(*parts)


def identifier(rows: DataFrame, *, order_by: Sequence[str], name: str = "id") -> DataFrame:
    """Number the rows from 1, in the order of `order_by`. Replaces Glue Studio's Identifier.

    Use this transform only for tables that fit on one machine, because consecutive numbers need all rows in one task.
    For large tables, use `uuid`. A UUID does not depend on other rows.

    Rows: all kept. Rows that are equal in the `order_by` columns are sorted by the remaining columns. Rows that are
    equal in all columns also get different numbers. Columns: adds `name`, an int.

    >>> types = spark.createDataFrame([("Noise",), ("Graffiti",)], "type string")
    >>> sorted(types.transform(identifier, order_by=["type"]).collect())
    [Row(type='Graffiti', id=1), Row(type='Noise', id=2)]

    Raises:
        MissingColumnError: A column of `order_by` is not in the frame.
        DuplicateColumnError: The frame already has a column `name`.
    """
    require_columns(rows, order_by, where="identifier")
    require_distinct([*rows.columns, name], where="identifier")
    ordered = [F.col(quoted(column)).asc_nulls_last() for column in order_by]
    return rows.withColumn(name, F.row_number().over(Window.orderBy(*ordered, *tie_breakers(rows, order_by))))


def tie_breakers(rows: DataFrame, leading_columns: Sequence[str]) -> list[Column]:
    """Return sort expressions for all columns except `leading_columns`.

    Append these expressions to a sort by `leading_columns`, so that only rows that are equal in all columns are tied.
    """
    ordered = []
    for field in rows.schema:
        if field.name not in leading_columns:
            value, type_ = quoted(field.name), field.dataType
            # Spark cannot sort maps, so a column with maps is sorted by its JSON text.
            target_type = T.StringType() if "map<" in type_.simpleString() else type_
            ordered.append(
                cast(value, source_type=type_, target_type=target_type, where=f"tie_breakers: column {field.name!r}")
            )
    return [column.asc_nulls_last() for column in ordered]


def match_key(*values: Column) -> Column:
    """Return the same key for texts that differ only in case, accents, punctuation, blanks and word order.

    Accents are removed from Latin, Greek and Cyrillic letters. `ß` becomes `ss` and `æ` becomes `ae`.

    This function replaces Glue Studio's Record Matching if records with the same key can be treated as the same thing.
    For example, `keep_latest` can deduplicate records by the match key. A typing error, a nickname or an abbreviation
    changes the key. If the texts are name and birthday, two people with the same name and birthday have the same key.
    In contrast, Glue's FindMatches learns matching rules from examples.

    The key is null if one of the texts is null or has no letter or digit. In a join, a null key matches no key.

    >>> names = spark.createDataFrame([("O'Brien, Zoë",), ("zoe  OBRIEN",), (None,)], "name string")
    >>> [row[0] for row in names.select(match_key(F.col("name"))).collect()]
    ['obrien zoe', 'obrien zoe', None]

    Raises:
        ArgumentError: `values` is empty.
    """
    if not values:
        raise ArgumentError(where="match_key", argument="values", got=values, expected="one column or more")
    parts = [_normalize_words(value) for value in values]
    separated = [piece for part in parts for piece in (F.lit("|"), part)]
    return F.concat(*separated[1:])


def _normalize_words(value: Column) -> Column:
    text = F.lower(F.translate(value.cast("string"), "".join(_PLAIN_LETTERS), "".join(_PLAIN_LETTERS.values())))
    for letter, letters in _LETTER_SEQUENCES.items():
        text = F.replace(text, F.lit(letter), F.lit(letters))
    text = F.regexp_replace(text, f"[{_ACCENT_RANGE}'’`]", "")
    # Marks outside `_ACCENT_RANGE` are not accents. These marks are kept, because some scripts write vowels as marks.
    words = F.array_sort(F.split(F.btrim(F.regexp_replace(text, r"[^\p{L}\p{M}\p{N}]+", " ")), " "))
    joined = F.array_join(words, " ")
    return F.when(joined != "", joined)
