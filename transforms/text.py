"""Text: cleaned, joined, and parts taken out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

BLANKS = " \t\r\n\u00a0"
"""What a text may hold and still be blank; the last is the no-break space that spreadsheets pad with."""

_BLANK = r"\s\p{Z}\p{Cc}\u200b\ufeff"
_CLEAN = r"\A[!-~]++(?: [!-~]++)*+\z"
_APART = r"[^\p{L}\p{N}]+"
_LETTERS, _SPELLING = "__agree_on_case_letters", "__agree_on_case_spelling"


def clean_text(value: Column) -> Column:
    """Return a text without blanks around it, each run of blanks in it one space; null where nothing is left.

    Blanks are spaces, tabs, line ends, no-break and zero-width spaces, and other control characters.

    >>> types = spark.createDataFrame([(" Noise   complaint ",), ("  ",)], "type string")
    >>> [row[0] for row in types.select(clean_text(F.col("type"))).collect()]
    ['Noise complaint', None]
    """
    value = value.cast("string")
    cleaned = F.btrim(F.regexp_replace(value, f"[{_BLANK}]+", " "))
    # Whether anything is left is asked of the value: of the cleaned text, Spark would clean it twice.
    cleaned = F.when(value.rlike(f"[^{_BLANK}]"), cleaned)
    # Most texts are clean, and to see that takes less than half the time.
    return F.when(value.rlike(_CLEAN), value).otherwise(cleaned)


def map_to_canonical(value: Column, *, known: Sequence[str], others: Mapping[str, str] | None = None) -> Column:
    """Return a text in the known spelling of what it says, whatever its case, blanks and dashes.

    `others` are words that say the same as a known one, and which. A text that says none of them is cleaned and stays:
    an unknown category is news, and not for a spelling to hide.

    >>> channels = spark.createDataFrame([("EMAIL",), (" e - mail",), ("Internet",), ("Fax ",)], "channel string")
    >>> spelled = map_to_canonical(F.col("channel"), known=["E-mail", "WEB"], others={"internet": "WEB"})
    >>> [row[0] for row in channels.select(spelled).collect()]
    ['E-mail', 'E-mail', 'WEB', 'Fax']
    """
    meant = {name: name for name in known} | dict(others or {})
    spellings = {re.sub(r"[\W_]", "", said.lower()): name for said, name in meant.items()}
    entries = [F.lit(text) for entry in spellings.items() for text in entry]
    if not entries:
        return clean_text(value)
    # In a map the letters are looked up once; compared one by one, Spark would find them anew for each.
    return F.coalesce(F.create_map(*entries)[F.regexp_replace(F.lower(value), _APART, "")], clean_text(value))


def unify_case(rows: DataFrame, *, columns: Sequence[str]) -> DataFrame:
    """Spell texts that differ in capitals alone as most rows do; of as many, as the first in order.

    Rows: all kept, one for one; those of each column are counted first, in a step of their own.

    Columns: `columns`, in other capitals where they are outnumbered; the others unchanged.

    >>> types = spark.createDataFrame([("Property Tax",), ("Property tax",), ("Property Tax",), (None,)], "type string")
    >>> [row[0] for row in types.transform(unify_case, columns=["type"]).collect()]
    ['Property Tax', 'Property Tax', 'Property Tax', None]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: Two columns of the frame are one to Spark, or have the name of one needed on the way.
        SchemaMismatchError: A column is no text.
        ArgumentError: No column is named.
    """
    require_columns(rows, columns, where="unify_case")
    if not columns:
        raise ArgumentError(where="unify_case", argument="columns", got=columns, expected="one column or more")
    for column in columns:
        if (given := rows.schema[column].dataType.simpleString()) != "string":
            where, hint = f"unify_case: column {column!r}", "Only text has capitals. Leave the column out."
            raise SchemaMismatchError(where=where, got=f"the type {given}", expected="string", hint=hint)
    require_distinct([*rows.columns, _LETTERS, _SPELLING], where="unify_case")
    texts = {column: F.col(quoted(column)) for column in columns}
    # The spellings of all columns in one frame, which Spark then makes once.
    letters = {
        column: F.concat(F.lit(f"{place} "), F.lower(text)) for place, (column, text) in enumerate(texts.items())
    }
    spellings = F.array(
        *(F.struct(letters[column].alias(_LETTERS), texts[column].alias(_SPELLING)) for column in columns)
    )
    counted = rows.select(F.inline(spellings)).groupBy(_LETTERS, _SPELLING).agg(F.count("*").alias("rows"))
    most = F.min(F.struct(-F.col("rows"), F.col(_SPELLING)))[_SPELLING]
    agreed = counted.groupBy(_LETTERS).agg(most.alias(_SPELLING), F.count("*").alias("n")).where("n > 1").drop("n")
    respelled = rows
    for column, text in texts.items():
        spelling = F.coalesce(F.col(_SPELLING), text).alias(column)
        joined = respelled.join(F.broadcast(agreed), letters[column] == F.col(_LETTERS), how="left")
        respelled = joined.select(*(spelling if name == column else F.col(quoted(name)) for name in rows.columns))
    return respelled


def concatenate(*values: Column, separator: str = " ", null_as: str | None = None) -> Column:
    """Join values to one text, in order. Glue Studio's Concatenate Columns.

    A null makes the whole null, unless `null_as` says what stands for it. It is never left out, which would make
    ("a", null, "b") and ("a", "b") one. For a key, whose parts may hold the separator, use `uuid`. What is no text is
    cast by Spark: a time as the session's zone shows it (`format_timestamp` takes a zone), a decimal 0.0000000 with
    ANSI off as `0E-7`.

    >>> streets = spark.createDataFrame([("Main", "1st"), ("Main", None)], "a string, b string")
    >>> [row[0] for row in streets.select(concatenate(F.col("a"), F.col("b"), separator=" & ", null_as="?")).collect()]
    ['Main & 1st', 'Main & ?']

    Source: AWS Glue Studio, the Concatenate Columns transform.
    """
    texts = [value.cast("string") for value in values]
    if null_as is not None:
        texts = [F.coalesce(text, F.lit(null_as)) for text in texts]
    spaced = [part for text in texts for part in (F.lit(separator), text)]
    return F.concat(*spaced[1:])


def extract(value: Column, *, pattern: str, group: int = 1) -> Column:
    r"""Return what a group of a regular expression (Java's) finds first; null where it finds none or an empty one.

    In Java `$` also matches before a last line end; `\A` and `\z` are the ends of the text.

    >>> cases = spark.createDataFrame([("case 17 of 2024",), ("none",)], "text string")
    >>> [row[0] for row in cases.select(extract(F.col("text"), pattern=r"case (\d+)")).collect()]
    ['17', None]

    Raises:
        ArgumentError: The pattern has no such group; 0 is the whole of what it finds.

    Source: AWS Glue Studio, the Regex Extractor transform.
    """
    if not 0 <= group <= pattern.count("("):
        expected = f"a group that {pattern!r} has, or 0 for the whole of what it finds"
        raise ArgumentError(where="extract", argument="group", got=group, expected=expected)
    found = F.regexp_extract(value, pattern, group)
    return F.when(found != "", found)
