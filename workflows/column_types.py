"""Give the columns of text files the types that `citylake validate` is asked for. By default, all columns are text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.iceberg import infer_csv_types
from transforms.casts import cast, utc_instant
from transforms.sql import quoted
from workflows.errors import ValidationInputError

_SCALAR_TYPES = (T.StringType, T.NumericType, T.BooleanType, T.DateType, T.TimestampType, T.TimestampNTZType)
_PLAIN_NUMBER = r"\A\s*-?(0|[1-9][0-9]*)(\.[0-9]+)?\s*\z"
_EXAMPLE = 'Write Spark DDL such as "id INT, zip STRING", or name a file with DDL or with the JSON of a Spark schema.'


@dataclass(frozen=True)
class ColumnTypes:
    """The types for the columns of text files.

    Attributes:
        schema: The option `--schema`: Spark DDL, or the path of a file with DDL or with the JSON of a Spark schema.
        is_inferred: Whether Spark infers the types.
    """

    schema: str | None = None
    is_inferred: bool = False

    @property
    def option(self) -> str | None:
        """The option that gives the types, or None."""
        return "--infer-types" if self.is_inferred else None if self.schema is None else "--schema"


def parse_schema(schema: str) -> dict[str, T.DataType]:
    """Parse the option `--schema`. Map the name of each column to its type. Spark must have been started.

    As in Spark's own csv reader, `NOT NULL` in the schema has no effect.

    Raises:
        ValidationInputError: The text is neither a valid schema nor a file with one, a column is in the schema twice,
            or a text file cannot have a type.
    """
    where, text = "--schema", schema
    try:
        if Path(schema).is_file():
            where, text = f"schema file {schema}", Path(schema).read_text(encoding="utf-8-sig")
        parsed = _parse_json(text) if text.lstrip().startswith("{") else _parse_ddl(text)
    except (KeyError, TypeError, ValueError, PySparkException) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        subject = f"{text!r} is neither a file nor" if where == "--schema" else "the content of the file is not"
        problem = f"{subject} a valid schema: {reason}. {_EXAMPLE}"
        raise ValidationInputError(where=where, problem=problem) from error
    if repeated := [name for name, count in Counter(parsed.names).items() if count > 1]:
        problem = f"the schema has the columns {repeated} twice. Write each column once."
        raise ValidationInputError(where=where, problem=problem)
    for field in parsed.fields:
        if not isinstance(field.dataType, _SCALAR_TYPES):
            expected = "expected text, a number, a boolean, a date or a timestamp. Use STRING for other values"
            problem = f"column {field.name!r} has the type {field.dataType.simpleString()}, {expected}."
            raise ValidationInputError(where=where, problem=problem)
    return {field.name: field.dataType for field in parsed.fields}


def cast_to_schema(text: DataFrame, types: Mapping[str, T.DataType], *, file: str) -> DataFrame:
    """Cast the columns of one file. If `types` is not empty, a Spark job looks for a cell that cannot be cast.

    Rows: all rows are kept. Columns: reads `_row_number`, and keeps the other columns.

    Raises:
        ValidationInputError: The file has no column of this name, or a cell cannot be cast.
    """
    names = [name for name in text.columns if name != "_row_number"]
    if missing := [name for name in types if name not in names]:
        spellings = {name.casefold(): name for name in names}
        alike = get_close_matches(missing[0].casefold(), spellings, n=1, cutoff=0.8)
        hint = f"Did you mean {spellings[alike[0]]!r}?" if alike else "Correct the schema."
        problem = f"the schema has the columns {missing}, which the file does not have. Found: {names}. {hint}"
        raise ValidationInputError(where=f"file {file}", problem=problem)
    if failure := _first_failure(text, types):
        row, name, value = failure
        hint = f"Correct the cell, or give a type that fits all cells, such as --schema {ddl(name, 'STRING')}."
        found = f"column {name!r}, row {row}: {value!r} cannot be cast to {types[name].simpleString()}"
        problem = f"{found}. The header is row 1. {hint}"
        raise ValidationInputError(where=f"file {file}", problem=problem)
    return _cast(text, names, types)


def ddl(name: str, type_name: str) -> str:
    """Return the DDL of one column in single quotes, because a shell would run a name in backticks.

    >>> ddl("zip", "STRING"), ddl("zip code", "STRING")
    ("'zip STRING'", "'`zip code` STRING'")
    """
    return f"'{name if name.isidentifier() else quoted(name)} {type_name}'"


def _first_failure(text: DataFrame, types: Mapping[str, T.DataType]) -> tuple[int, str, str] | None:
    """Return the row, the column and the value of the first cell that cannot be cast, or None."""
    if not types:
        return None
    cells = [
        F.when(
            _fails(name, type_),
            F.struct("_row_number", F.lit(name).alias("column"), F.col(quoted(name)).alias("value")),
        )
        for name, type_ in types.items()
    ]
    first = text.agg(F.min(F.coalesce(*cells)).alias("cell")).first()
    return tuple(first["cell"]) if first and first["cell"] else None


def cast_to_inferred(text: DataFrame, columns: Sequence[str] | None = None) -> DataFrame:
    """Cast columns [default: all] to the types that Spark infers. Runs two Spark jobs.

    A column stays text if the inferred type would change a value. Spark reads `12d`, `12E5` and `02134` as numbers.
    """
    candidates = text.columns if columns is None else columns
    inferred = infer_csv_types(text.select(*map(quoted, candidates)))
    types = {
        name: field.dataType
        for name, field in zip(candidates, inferred, strict=True)
        if isinstance(field.dataType, _SCALAR_TYPES) and not isinstance(field.dataType, T.StringType)
    }
    checks = [
        F.max(_fails(name, type_) | _is_rewritten(name, type_)).alias(str(number))
        for number, (name, type_) in enumerate(types.items())
    ]
    failed: Sequence[bool | None] = (text.agg(*checks).first() or ()) if checks else ()
    kept = {name: type_ for (name, type_), has_failed in zip(types.items(), failed, strict=True) if not has_failed}
    return _cast(text, text.columns, kept)


def _parse_json(text: str) -> T.StructType:
    try:
        return T.StructType.fromJson(json.loads(text))
    except AssertionError as error:  # pyspark 3.5 cannot build its own error for an unknown type.
        raise ValueError(
            "a column has a type that Spark does not know. Spark's names are integer, string, …"
        ) from error


def _parse_ddl(text: str) -> T.StructType:
    parsed = T._parse_datatype_string(text)
    if not isinstance(parsed, T.StructType):
        raise ValueError(f"{parsed.simpleString()} is a type without the name of a column")
    return parsed


def _cast(text: DataFrame, names: Sequence[str], types: Mapping[str, T.DataType]) -> DataFrame:
    return text.select(
        *(_cast_value(name, types[name]).alias(name) if name in types else F.col(quoted(name)) for name in names)
    )


def _is_rewritten(name: str, type_: T.DataType) -> Column:
    """Return whether a number has another text than its value, such as leading zeros or an exponent."""
    is_number = isinstance(type_, T.NumericType)
    return F.lit(is_number) & F.col(quoted(name)).isNotNull() & ~F.col(quoted(name)).rlike(_PLAIN_NUMBER)


def _fails(name: str, type_: T.DataType) -> Column:
    return F.col(quoted(name)).isNotNull() & _cast_value(name, type_).isNull()


def _cast_value(name: str, type_: T.DataType) -> Column:
    """Cast text strictly. A timestamp without an offset is in UTC, the time zone of the session."""

    def strict(target_type: T.DataType) -> Column:
        return cast(quoted(name), source_type=T.StringType(), target_type=target_type, where=f"column {name}")

    if isinstance(type_, T.TimestampType):
        return F.coalesce(strict(type_), utc_instant(strict(T.TimestampNTZType())))
    return strict(type_)
