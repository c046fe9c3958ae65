"""Change the schema of rows: select, rename and cast columns, and report every value that cannot be cast."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from pyspark.errors import ParseException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.arrays import array_where
from transforms.casts import cast
from transforms.errors import ArgumentError, MissingColumnError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted
from transforms.text import BLANK_CHARACTERS

CAST_FAILURES = "_cast_failures"
"""Column that `change_schema` adds: `array<struct<column, value, expected>>`. The array is null if nothing failed."""

CAST_WARNINGS = "_cast_warnings"
"""Column that reports failed casts of optional fields. The type is the same as the type of `_cast_failures`."""

REPORT_TYPE = "array<struct<column:string,value:string,expected:string>>"
"""The type of the columns `_cast_failures` and `_cast_warnings`."""

ApplyMapping = tuple[str, str, str, str]
"""A mapping in Glue's form: source, source type, target, target type."""
_GLUE_TYPES = {"decimal": "decimal(10,2)", "null": "void"}
_UNCHANGED_TYPES = {"array", "choice", "map", "struct"}
_PATH_PART = r"(?:`(?:[^`]|``)+`|[^.`]+)"
_PATH = re.compile(rf"{_PATH_PART}(?:\.{_PATH_PART})*")
_MAPPING_LENGTH = 4
_SOURCE = "__change_schema_source_"


@dataclass(frozen=True)
class Field:
    """One column of a new schema.

    Attributes:
        source: The column's name in the source frame.
        name: The new name.
        type: The new Spark SQL type as DDL (`int`, `date`, `decimal(10,2)`).
        parse: A function that parses text in a form that `casts.cast` does not read. The function takes the name of the
            source column, and returns a Column of the type `type`. The result is null if the text is not valid. If
            `parse` is not given, the value is cast.
        expected: The description of a valid value, for example `month such as 2024-05` [default: the type]. Reports of
            failed casts show this description.
        required: Whether a row is unusable if this value cannot be read. Failures of required fields are reported in
            `_cast_failures`. Failures of optional fields are reported in `_cast_warnings`.
    """

    source: str
    name: str
    type: str
    parse: Callable[[str], Column] | None = None
    expected: str = ""
    required: bool = True


def change_schema(
    rows: DataFrame,
    *,
    fields: Sequence[Field | ApplyMapping],
    keep: Sequence[str] = (),
    malformed: str | None = None,
) -> DataFrame:
    """Select, rename and cast columns, and report failed casts. Replaces Glue's ApplyMapping.

    A value that cannot be cast becomes null and is reported in `_cast_failures` or `_cast_warnings`, so no value is
    lost silently. A cast of a fraction to an integer or a decimal fails if digits would be lost. Blank text is a
    missing value, not a failure. Values are cast with `casts.cast`, which does not depend on ANSI mode or on the
    session's time zone.

    Rows: all kept, never multiplied.

    Columns: the fields in the order of `fields`, then the columns of `keep` unchanged. All other columns are dropped.
    Adds `_cast_failures` if a required field is parsed or cast to a new type, or if `malformed` is given. Adds
    `_cast_warnings` if an optional field is parsed or cast to a new type. If an earlier `change_schema` already added
    one of these two columns, the earlier failures are kept. `malformed` is the name of a text column. This column holds
    the whole record if the reader could not split the record into columns. Each malformed record is reported in
    `_cast_failures`.

    A field can also be a tuple of Glue's ApplyMapping, `("source", "type", "target", "type")`. The source `a.b` is the
    field b of the struct a. A name that contains a dot is written in backticks. The type names are Glue's names. The
    types `array`, `map` and `struct` match any element types, and the type `choice` matches every type. If the target
    type is one of these four types, the column keeps its source type.

    >>> raw = spark.createDataFrame([("384", "x"), ("n/a", "y")], "CallsOffered string, Note string")
    >>> calls = raw.transform(change_schema, fields=[("CallsOffered", "string", "calls_offered", "int")])
    >>> [(row.calls_offered, row._cast_failures) for row in calls.collect()]
    [(384, None), (None, [Row(column='calls_offered', value='n/a', expected='int')])]

    Raises:
        MissingColumnError: A source column is not in the frame.
        DuplicateColumnError: Two columns would have the same name, or a column has the name `_cast_failures`.
        SchemaMismatchError: The source of a mapping does not have the stated type, or the source type cannot be cast to
            the target type. This error is also raised if `parse` does not return the type of the field.
        ArgumentError: A type does not exist, or the target of a mapping is not a plain name.

    Source: AWS Glue, ApplyMapping class and the Change Schema transform of Glue Studio.
    """
    records = [malformed] if malformed else []
    earlier = [name for name in (CAST_FAILURES, CAST_WARNINGS) if dict(rows.dtypes).get(name) == REPORT_TYPE]
    keep = [name for name in keep if name not in earlier]
    sources = [field.source for field in fields if isinstance(field, Field)]
    require_columns(rows, [*sources, *keep, *records], where="change_schema")
    cells = [_resolve_field(rows, field) for field in fields]
    changed = [cell for cell in cells if cell.changed]
    failures = {
        report: [
            (_is_build_failure(cell), _build_failure(cell.name, _cast_source_to_text(cell), cell.expected))
            for cell in changed
            if cell.report == report
        ]
        for report in (CAST_FAILURES, CAST_WARNINGS)
    }
    failures[CAST_FAILURES] += [
        (F.col(_SOURCE).isNotNull(), _build_failure(name, F.col(_SOURCE), "record")) for name in records
    ]
    reports = [name for name, entries in failures.items() if entries or name in earlier]
    added = [*(_SOURCE + cell.name for cell in changed), *reports]
    require_distinct([*(cell.name for cell in cells), *keep, *added], where="change_schema")
    # Values are computed in one select, and tested for null in a second select. In a single select, Spark would compute
    # each value twice.
    parsed = rows.select(
        *(cell.value.alias(cell.name) for cell in cells),
        *(F.col(quoted(name)) for name in keep),
        *(cell.source.alias(_SOURCE + cell.name) for cell in changed),
        *(F.col(quoted(name)).alias(_SOURCE) for name in records),
        *earlier,
    )
    _require_parsed_types(parsed, [field for field in fields if isinstance(field, Field) and field.parse])
    columns = [F.col(quoted(name)) for name in (*(cell.name for cell in cells), *keep)]
    return parsed.select(*columns, *(_build_report(name, failures[name], earlier) for name in reports))


def _build_report(name: str, failures: Sequence[tuple[Column, Column]], earlier: Sequence[str]) -> Column:
    reports = [*([F.col(name)] if name in earlier else []), *([array_where(failures)] if failures else [])]
    # `concat` is null if one of the reports is null. Then `coalesce` takes the report that is not null.
    return (F.coalesce(F.concat(*reports), *reports) if len(reports) > 1 else reports[0]).alias(name)


@dataclass(frozen=True)
class _Cell:
    """A column of the new schema, with the expression that reads the source of the column."""

    name: str
    expected: str
    source: Column
    source_type: T.DataType
    value: Column
    changed: bool
    report: str = CAST_FAILURES


def _resolve_field(rows: DataFrame, field: Field | ApplyMapping) -> _Cell:
    report = CAST_FAILURES
    if isinstance(field, Field):
        source_type, source = rows.schema[field.source].dataType, quoted(field.source)
        name, expected, report = (
            field.name,
            field.expected or field.type,
            CAST_FAILURES if field.required else CAST_WARNINGS,
        )
        if field.parse:
            return _Cell(
                name, expected, F.col(source), source_type, field.parse(field.source), changed=True, report=report
            )
        where = _where(field.name, field.source)
        target_type = _parse_type(field.type, where=where)
    elif len(field) != _MAPPING_LENGTH:
        expected = "a Field, or a tuple (source, source type, target, target type)"
        raise ArgumentError(where="change_schema", argument="a mapping", got=field, expected=expected)
    else:
        path, stated_type, target, target_type_name = field
        where = _where(target, path)
        require_columns(rows, _split_path(path)[:1], where="change_schema")
        source_type, source = _resolve_member(rows, _split_path(path))
        _require_type(source_type, stated_type, where=where)
        target_type = (
            source_type
            if target_type_name in _UNCHANGED_TYPES
            else _parse_type(_GLUE_TYPES.get(target_type_name, target_type_name), where=where)
        )
        name, expected = _parse_target(target, where=where), target_type.simpleString()
    value = cast(source, source_type=source_type, target_type=target_type, where=where)
    changed = source_type.simpleString() != target_type.simpleString()
    return _Cell(name, expected, F.expr(source), source_type, value, changed, report)


def _is_build_failure(cell: _Cell) -> Column:
    value = F.col(quoted(_SOURCE + cell.name))
    is_text = isinstance(cell.source_type, T.StringType)
    has_value = F.btrim(value, F.lit(BLANK_CHARACTERS)) != "" if is_text else value.isNotNull()
    return F.col(quoted(cell.name)).isNull() & has_value


def _cast_source_to_text(cell: _Cell) -> Column:
    return cast(
        quoted(_SOURCE + cell.name), source_type=cell.source_type, target_type=T.StringType(), where="change_schema"
    )


def _build_failure(name: str, value: Column, expected: str) -> Column:
    return F.struct(F.lit(name).alias("column"), value.alias("value"), F.lit(expected).alias("expected"))


def _where(name: object, source: object) -> str:
    return f"change_schema: column {name!r} (source {source!r})"


def _parse_type(ddl: str, *, where: str) -> T.DataType:
    try:
        if isinstance(ddl, str):
            return _parse_ddl(ddl)
    except ParseException:
        pass
    expected = "a type of Spark SQL or Glue as text, such as int, date or decimal(10,2)"
    raise ArgumentError(where=where, argument="the type", got=ddl, expected=expected)


@cache  # Java parses the text in several calls, and a dataset has the same few types in all fields.
def _parse_ddl(ddl: str) -> T.DataType:
    return T._parse_datatype_string(ddl)


def _split_path(path: str) -> list[str]:
    """Split a path of ApplyMapping at the dots outside backticks. Text that is not a valid path stays one name."""
    parts = re.findall(_PATH_PART, path) if _PATH.fullmatch(path) else [path]
    return [part[1:-1].replace("``", "`") if part[:1] == part[-1:] == "`" else part for part in parts]


def _parse_target(name: str, *, where: str) -> str:
    parts = _split_path(name)
    if len(parts) > 1 or not name:
        raise ArgumentError(
            where=where,
            argument="the target of the mapping",
            got=name,
            expected="one name, in backticks if the name has a dot. To build a struct, use Spark's struct()",
        )
    return parts[0]


def _resolve_member(rows: DataFrame, parts: Sequence[str]) -> tuple[T.DataType, str]:
    type_: T.DataType = rows.schema
    for depth, part in enumerate(parts):
        where = ".".join(["change_schema", *parts[:depth]])
        if not isinstance(type_, T.StructType):
            hint = f"If {'.'.join(parts)!r} is the name of one column, write the name in backticks."
            if isinstance(type_, T.ArrayType):
                hint = f"Explode the array first. {hint}"
            raise SchemaMismatchError(
                where=where, got=f"the type {type_.simpleString()}", expected=f"a struct with {part!r}", hint=hint
            )
        if part not in type_.names:
            raise MissingColumnError(where=where, column=part, available=type_.names)
        type_ = type_[part].dataType
    return type_, ".".join(map(quoted, parts))


def _require_type(source_type: T.DataType, expected: str, *, where: str) -> None:
    ignores_elements = expected in {*_UNCHANGED_TYPES, "decimal"}
    same = (
        source_type.typeName() == expected
        if ignores_elements
        else source_type.simpleString() == _parse_type(_GLUE_TYPES.get(expected, expected), where=where).simpleString()
    )
    if not same and expected != "choice":
        raise SchemaMismatchError(
            where=where,
            got=f"the source type {source_type.simpleString()}",
            expected=expected,
            hint="Correct the source type in the mapping, or use the mapping that fits these rows.",
        )


def _require_parsed_types(parsed: DataFrame, fields: Sequence[Field]) -> None:
    for field in fields:
        where = _where(field.name, field.source)
        source_type = parsed.schema[field.name].dataType.simpleString()
        if source_type != _parse_type(field.type, where=where).simpleString():
            raise SchemaMismatchError(
                where=where,
                got=f"the type {source_type} from the function `parse`",
                expected=field.type,
                hint="Cast the result of `parse`, or correct the field's type.",
            )
