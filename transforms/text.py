"""Clean, standardize, concatenate and extract text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

BLANK_CHARACTERS = " \t\r\n\u00a0"
"""The characters of blank text. The last character is the no-break space, which spreadsheets use for padding."""

_BLANK_CLASS = r"\s\p{Z}\p{Cc}\u200b\ufeff"
_CLEAN_TEXT = r"\A[!-~]++(?: [!-~]++)*+\z"
_SEPARATORS = r"[^\p{L}\p{N}]+"
_LETTERS, _SPELLING = "__unify_case_letters", "__unify_case_spelling"


def clean_text(value: Column) -> Column:
    """Trim a text and replace each sequence of blanks by one space. The result is null if no text is left.

    Blanks are all kinds of spaces, including no-break and zero-width spaces, and all control characters, including tabs
    and line ends.

    >>> types = spark.createDataFrame([(" Noise   complaint ",), ("  ",)], "type string")
    >>> [row[0] for row in types.select(clean_text(F.col("type"))).collect()]
    ['Noise complaint', None]
    """
    value = value.cast("string")
    cleaned = F.btrim(F.regexp_replace(value, f"[{_BLANK_CLASS}]+", " "))
    # The condition tests the original text. With a test of the cleaned text, Spark would clean the text twice.
    cleaned = F.when(value.rlike(f"[^{_BLANK_CLASS}]"), cleaned)
    # Most texts are already clean. This test takes less than half the time of cleaning.
    return F.when(value.rlike(_CLEAN_TEXT), value).otherwise(cleaned)


def map_to_canonical(value: Column, *, canonical: Sequence[str], aliases: Mapping[str, str] | None = None) -> Column:
    """Replace a text by its canonical spelling. Case, blanks and punctuation are ignored in the comparison.

    `aliases` maps a synonym of a category to the canonical spelling of the category. If a text matches neither a
    canonical spelling nor an alias, the text is cleaned and kept. So an unknown category stays visible.

    >>> channels = spark.createDataFrame([("EMAIL",), (" e - mail",), ("Internet",), ("Fax ",)], "channel string")
    >>> spelled = map_to_canonical(F.col("channel"), canonical=["E-mail", "WEB"], aliases={"internet": "WEB"})
    >>> [row[0] for row in channels.select(spelled).collect()]
    ['E-mail', 'E-mail', 'WEB', 'Fax']
    """
    targets = {name: name for name in canonical} | dict(aliases or {})
    spellings = {re.sub(r"[\W_]", "", word.lower()): name for word, name in targets.items()}
    entries = [F.lit(text) for entry in spellings.items() for text in entry]
    if not entries:
        return clean_text(value)
    # With a map, `regexp_replace` runs once for each text. A chain of comparisons would run `regexp_replace` again for
    # each entry.
    return F.coalesce(F.create_map(*entries)[F.regexp_replace(F.lower(value), _SEPARATORS, "")], clean_text(value))


def unify_case(rows: DataFrame, *, columns: Sequence[str]) -> DataFrame:
    """Replace texts that differ only in capitals by their most frequent spelling.

    If two spellings are equally frequent, the first spelling in sort order is used.

    Rows: all kept, never multiplied. A separate pass counts the spellings.

    Columns: `columns` get the most frequent spellings. All other columns are unchanged.

    >>> types = spark.createDataFrame([("Property Tax",), ("Property tax",), ("Property Tax",), (None,)], "type string")
    >>> [row[0] for row in types.transform(unify_case, columns=["type"]).collect()]
    ['Property Tax', 'Property Tax', 'Property Tax', None]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: Spark reads two column names as the same name, or a column has the name of a helper column
            of this step.
        SchemaMismatchError: A column is not text.
        ArgumentError: `columns` is empty.
    """
    require_columns(rows, columns, where="unify_case")
    if not columns:
        raise ArgumentError(where="unify_case", argument="columns", got=columns, expected="one column or more")
    for column in columns:
        if (column_type := rows.schema[column].dataType.simpleString()) != "string":
            where, hint = f"unify_case: column {column!r}", "Only text has capitals. Leave the column out."
            raise SchemaMismatchError(where=where, got=f"the type {column_type}", expected="string", hint=hint)
    require_distinct([*rows.columns, _LETTERS, _SPELLING], where="unify_case")
    texts = {column: F.col(quoted(column)) for column in columns}
    # One frame has the spellings of all columns, so Spark counts all spellings in one pass.
    letters = {
        column: F.concat(F.lit(f"{index} "), F.lower(text)) for index, (column, text) in enumerate(texts.items())
    }
    spellings = F.array(
        *(F.struct(letters[column].alias(_LETTERS), texts[column].alias(_SPELLING)) for column in columns)
    )
    counted = rows.select(F.inline(spellings)).groupBy(_LETTERS, _SPELLING).agg(F.count("*").alias("rows"))
    most_frequent = F.min(F.struct(-F.col("rows"), F.col(_SPELLING)))[_SPELLING]
    spelling_by_letters = (
        counted.groupBy(_LETTERS).agg(most_frequent.alias(_SPELLING), F.count("*").alias("n")).where("n > 1").drop("n")
    )
    unified = rows
    for column, text in texts.items():
        spelling = F.coalesce(F.col(_SPELLING), text).alias(column)
        joined = unified.join(F.broadcast(spelling_by_letters), letters[column] == F.col(_LETTERS), how="left")
        unified = joined.select(*(spelling if name == column else F.col(quoted(name)) for name in rows.columns))
    return unified


def concatenate(*values: Column, separator: str = " ", null_text: str | None = None) -> Column:
    """Join values into one text, in order. Replaces Glue Studio's Concatenate Columns.

    If a value is null, the whole text is null. If `null_text` is given, `null_text` replaces each null instead. Nulls
    are never skipped, because otherwise ("a", null, "b") and ("a", "b") would give the same text. If the parts of a key
    can contain the separator, different keys can give the same text. Use `keys.uuid` for such keys. Spark casts values
    that are not text. A cast of a timestamp uses the session's time zone. Call `format_timestamp` first to choose a
    time zone. If ANSI mode is off, Spark writes the decimal 0.0000000 as `0E-7`.

    >>> streets = spark.createDataFrame([("Main", "1st"), ("Main", None)], "a string, b string")
    >>> corners = concatenate(F.col("a"), F.col("b"), separator=" & ", null_text="?")
    >>> [row[0] for row in streets.select(corners).collect()]
    ['Main & 1st', 'Main & ?']

    Source: AWS Glue Studio, the Concatenate Columns transform.
    """
    texts = [value.cast("string") for value in values]
    if null_text is not None:
        texts = [F.coalesce(text, F.lit(null_text)) for text in texts]
    separated = [part for text in texts for part in (F.lit(separator), text)]
    return F.concat(*separated[1:])


def extract(value: Column, *, pattern: str, group: int = 1) -> Column:
    r"""Find the first match of a Java regular expression, and return the text of one group of the match.

    The result is null if the pattern does not match, or if the group matches an empty text. In Java, `$` also matches
    before a final line end. Use `\A` and `\z` for the start and the end of the text.

    >>> cases = spark.createDataFrame([("case 17 of 2024",), ("none",)], "text string")
    >>> [row[0] for row in cases.select(extract(F.col("text"), pattern=r"case (\d+)")).collect()]
    ['17', None]

    Raises:
        ArgumentError: The pattern does not have the group with the number `group`. Group 0 is the whole match.

    Source: AWS Glue Studio, the Regex Extractor transform.
    """
    if not 0 <= group <= pattern.count("("):
        expected = f"a group of {pattern!r}, or 0 for the whole match"
        raise ArgumentError(where="extract", argument="group", got=group, expected=expected)
    match = F.regexp_extract(value, pattern, group)
    return F.when(match != "", match)
