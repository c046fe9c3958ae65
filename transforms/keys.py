"""Keys of rows: stable ones out of what a row says, numbers in an order, and keys that alike records share."""

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

CITYLAKE = uuid5(UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "citylake")
"""The namespace of the UUIDs, itself one, in RFC 9562's namespace of DNS names."""

_KINDS: tuple[tuple[type[T.DataType], str], ...] = (
    (T.StringType, "s"),
    (T.IntegralType, "n"),
    (T.DecimalType, "n"),
    (T.BooleanType, "b"),
    (T.DateType, "d"),
    (T.TimestampType, "t"),
    (T.TimestampNTZType, "w"),
    (T.BinaryType, "x"),
)

_ACCENTS = "\u0300-\u036f"
_OTHERS = dict(zip("øØłŁđĐıħĦŧŦſ", "oOlLdDihHtTs", strict=True))


def _without_accents(letter: str) -> str:
    plain = re.sub(f"[{_ACCENTS}]", "", unicodedata.normalize("NFD", letter))
    return _OTHERS.get(plain, plain)


_ACCENTED = [chr(code) for code in (*range(0xC0, 0x530), *range(0x1E00, 0x2000))]  # Latin, Greek and Cyrillic
_PLAIN = {letter: plain for letter in _ACCENTED if len(plain := _without_accents(letter)) == 1 and plain != letter}
_LONG = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ĳ": "ij", "ς": "σ"}


def uuid(rows: DataFrame, *, key: Sequence[str], name: str = "uuid", namespace: UUID = CITYLAKE) -> DataFrame:
    """Add a UUID of version 5 made from the key: the same key has the same one in every table and every run.

    Glue Studio's UUID is drawn anew by each run, and by each retry of a task.

    Rows: all kept. Rows of one key have one UUID. Null is a value like others: ("a", null) and (null, "a") differ, and
    so do ("a|b") and ("a", "b"), the text "7" and the number 7. A whole number is the same in every integer type.

    Columns: adds `name`, text of 36 characters.

    >>> cases = spark.createDataFrame([("17", 2024)], "case string, year int")
    >>> cases.transform(uuid, key=["case", "year"]).first().uuid
    'dd922715-2185-5be4-acbe-e84cd4a9b705'

    Raises:
        MissingColumnError: A column of the key is not in the frame.
        DuplicateColumnError: The frame has a column of that name.
        ArgumentError: The key is empty: all rows would have one UUID.
        SchemaMismatchError: A column of the key is a float or nested, of which equal values may be written differently.

    Source: RFC 9562, section 5.5.
    """
    require_distinct([*rows.columns, name], where="uuid")
    encoded = key_of(rows, key, where="uuid").cast("binary")
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


def key_of(rows: DataFrame, key: Sequence[str], *, where: str) -> Column:
    """Return the values of a key as one text, such that other values give another text; never null."""
    require_columns(rows, key, where=where)
    if not key:
        raise ArgumentError(where=where, argument="key", got=key, expected="one column or more")
    parts = []
    for column in key:
        source_type = rows.schema[column].dataType
        kind = next((letter for type_, letter in _KINDS if isinstance(source_type, type_)), None)
        if kind is None:
            raise SchemaMismatchError(
                where=f"{where}: column {column!r}",
                got=f"the type {source_type.simpleString()}",
                expected="text, a whole number, decimal, boolean, date, time or bytes",
                hint="Cast it first, or leave it out of the key.",
            )
        text = cast(quoted(column), source_type=source_type, target_type=T.StringType(), where=where)
        if kind == "x":
            text = F.hex(F.col(quoted(column)))
        parts.append(F.coalesce(F.concat(F.lit(kind), F.length(text), F.lit(":"), text), F.lit("-")))
    return F.concat(*parts)


def identifier(rows: DataFrame, *, order_by: Sequence[str], name: str = "id") -> DataFrame:
    """Number the rows 1, 2, 3 … in an order: by the named columns, then by all others. Glue Studio's Identifier.

    For tables of one machine's size: a number without a gap needs all rows in one task. For rows without end `uuid`
    gives each row a key that does not depend on the others.

    Rows: all kept. Columns: adds `name`, an int. Equal rows are numbered too; which of them is first shows nowhere.

    >>> types = spark.createDataFrame([("Noise",), ("Graffiti",)], "type string")
    >>> sorted(types.transform(identifier, order_by=["type"]).collect())
    [Row(type='Graffiti', id=1), Row(type='Noise', id=2)]

    Raises:
        MissingColumnError: A column of the order is not in the frame.
        DuplicateColumnError: The frame has a column of that name.
    """
    require_columns(rows, order_by, where="identifier")
    require_distinct([*rows.columns, name], where="identifier")
    ordered = [F.col(quoted(column)).asc_nulls_last() for column in order_by]
    return rows.withColumn(name, F.row_number().over(Window.orderBy(*ordered, *tie_breakers(rows, order_by))))


def tie_breakers(rows: DataFrame, named: Sequence[str]) -> list[Column]:
    """Return an order by all columns but the named ones, to end an order with: only equal rows are still tied."""
    ordered = []
    for field in rows.schema:
        if field.name not in named:
            value, type_ = quoted(field.name), field.dataType
            # Spark does not compare maps.
            target_type = T.StringType() if "map<" in type_.simpleString() else type_
            ordered.append(
                cast(value, source_type=type_, target_type=target_type, where=f"an order: column {field.name!r}")
            )
    return [column.asc_nulls_last() for column in ordered]


def match_key(*values: Column) -> Column:
    """Return a key that records share whose texts differ only in case, accents, punctuation, blanks and word order.

    Accents are those of Latin, Greek and Cyrillic letters; `ß` is `ss`, `æ` is `ae`.

    For Glue Studio's Record Matching, where a rule that can be read is enough: records of one key are taken for one,
    by `keep_latest` for instance. It is not fuzzy: it finds no typing errors, no nicknames and no abbreviations, and
    two people of one name and one birthday are one to it. Glue's FindMatches learns such things from examples.

    A record of which a text is null, or holds no letter or digit, has no key: null, which matches nothing.

    >>> names = spark.createDataFrame([("O'Brien, Zoë",), ("zoe  OBRIEN",), (None,)], "name string")
    >>> [row[0] for row in names.select(match_key(F.col("name"))).collect()]
    ['obrien zoe', 'obrien zoe', None]

    Raises:
        ArgumentError: No text is given.
    """
    if not values:
        raise ArgumentError(where="match_key", argument="values", got=values, expected="one column or more")
    parts = [_words(value) for value in values]
    spaced = [piece for part in parts for piece in (F.lit("|"), part)]
    return F.concat(*spaced[1:])


def _words(value: Column) -> Column:
    text = F.lower(F.translate(value.cast("string"), "".join(_PLAIN), "".join(_PLAIN.values())))
    for letter, letters in _LONG.items():
        text = F.replace(text, F.lit(letter), F.lit(letters))
    text = F.regexp_replace(text, f"[{_ACCENTS}'’`]", "")
    # Marks of other scripts stay: without them words that differ in a vowel would be one.
    words = F.array_sort(F.split(F.btrim(F.regexp_replace(text, r"[^\p{L}\p{M}\p{N}]+", " ")), " "))
    joined = F.array_join(words, " ")
    return F.when(joined != "", joined)
