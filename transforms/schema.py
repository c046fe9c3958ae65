"""Change schema: select, rename and type columns, and report every value that is not of its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.errors import ParseException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.arrays import array_where
from transforms.casts import cast
from transforms.errors import ArgumentError, MissingColumnError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted
from transforms.text import BLANKS

CAST_FAILURES = "_cast_failures"
"""Column that `change_schema` adds: `array<struct<column, value, expected>>`, null where every value was read."""

CAST_WARNINGS = "_cast_warnings"
"""The same, of the fields without which a row is still worth something."""

REPORT_TYPE = "array<struct<column:string,value:string,expected:string>>"
"""The type of both reports."""

ApplyMapping = tuple[str, str, str, str]
"""A mapping as Glue writes it: source, its type, target, its type."""
_GLUE_TYPES = {"decimal": "decimal(10,2)", "null": "void"}
_AS_IT_IS = {"array", "choice", "map", "struct"}
_PART = r"(?:`(?:[^`]|``)+`|[^.`]+)"
_PATH = re.compile(rf"{_PART}(?:\.{_PART})*")
_PARTS_OF_A_MAPPING = 4
_SOURCE = "__change_schema_source_"


@dataclass(frozen=True)
class Field:
    """One column of a new schema.

    Attributes:
        source: The column's name in the frame that is read.
        name: Its name afterwards.
        type: Its Spark SQL type afterwards, as DDL (`int`, `date`, `decimal(10,2)`).
        parse: Reads text that a cast cannot: given the source column's name, returns a Column of `type`, null
            where the text is none. Without it the value is cast.
        form: What a value looks like, in words, for who reads of one that could not be read: `month such as 2024-05`.
            Without it that is the type.
        required: Whether a row is worth nothing where this value cannot be read. If not, that is reported apart, in
            `_cast_warnings`.
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
    """Keep the named columns under new names and types; drop the rest. Glue's ApplyMapping, without its silence.

    A value that cannot be read as its new type becomes null *and* is reported in `_cast_failures`, so that no value
    is lost unseen: nor is a fraction that a whole number or a decimal has no room for. Text that is blank is a missing
    value, not a failure. What is read as what is the same with ANSI on and off, in every time zone: `casts.cast` says.

    Rows: all kept, one for one.

    Columns: the fields in their order, then those of `keep` unchanged, then, where a field is parsed or cast from
    another type, `_cast_failures`, which also holds what an earlier change of schema reported; `_cast_warnings` the
    same, where one of them is not required. `malformed` names a text column that holds the whole record where the
    reader could not split it; such a record is reported as a failure too.

    A field may also be a tuple of Glue's ApplyMapping, `("source", "type", "target", "type")`, in which a source
    `a.b` is the member b of the struct a, and a name with a dot in it stands in backticks. The types are Glue's: array,
    map and struct are those of any elements, choice is any type, and all four stay what they are.

    >>> raw = spark.createDataFrame([("384", "x"), ("n/a", "y")], "CallsOffered string, Note string")
    >>> calls = raw.transform(change_schema, fields=[("CallsOffered", "string", "calls_offered", "int")])
    >>> [(row.calls_offered, row._cast_failures) for row in calls.collect()]
    [(384, None), (None, [Row(column='calls_offered', value='n/a', expected='int')])]

    Raises:
        MissingColumnError: A source column is not in the frame.
        DuplicateColumnError: Two columns would have one name, or one that of `_cast_failures`.
        SchemaMismatchError: A mapping says that its source has another type than it has; no value of the one type is
            one of the other; or a field's `parse` gives another type than the field's.
        ArgumentError: There is no such type, or the target of a mapping is more than a name.

    Source: AWS Glue, ApplyMapping class and the Change Schema transform of Glue Studio.
    """
    records = [malformed] if malformed else []
    earlier = [name for name in (CAST_FAILURES, CAST_WARNINGS) if dict(rows.dtypes).get(name) == REPORT_TYPE]
    keep = [name for name in keep if name not in earlier]
    sources = [field.source for field in fields if isinstance(field, Field)]
    require_columns(rows, [*sources, *keep, *records], where="change_schema")
    cells = [_cell(rows, field) for field in fields]
    changed = [cell for cell in cells if cell.changed]
    failures = {
        report: [
            (_unread(cell), _failure(cell.name, _source_text(cell), cell.expected))
            for cell in changed
            if cell.report == report
        ]
        for report in (CAST_FAILURES, CAST_WARNINGS)
    }
    failures[CAST_FAILURES] += [
        (F.col(_SOURCE).isNotNull(), _failure(name, F.col(_SOURCE), "record")) for name in records
    ]
    reports = [name for name, found in failures.items() if found or name in earlier]
    added = [*(_SOURCE + cell.name for cell in changed), *reports]
    require_distinct([*(cell.name for cell in cells), *keep, *added], where="change_schema")
    # In two steps, for Spark would compute a value twice to know in one whether it is null.
    read = rows.select(
        *(cell.read.alias(cell.name) for cell in cells),
        *(F.col(quoted(name)) for name in keep),
        *(cell.source.alias(_SOURCE + cell.name) for cell in changed),
        *(F.col(quoted(name)).alias(_SOURCE) for name in records),
        *earlier,
    )
    _require_parsed_types(read, [field for field in fields if isinstance(field, Field) and field.parse])
    columns = [F.col(quoted(name)) for name in (*(cell.name for cell in cells), *keep)]
    return read.select(*columns, *(_report(name, failures[name], earlier) for name in reports))


def _report(name: str, failures: Sequence[tuple[Column, Column]], earlier: Sequence[str]) -> Column:
    found = [*([F.col(name)] if name in earlier else []), *([array_where(failures)] if failures else [])]
    # Of two that are null, the concatenation is null.
    return (F.coalesce(F.concat(*found), *found) if len(found) > 1 else found[0]).alias(name)


@dataclass(frozen=True)
class _Cell:
    """A column of the new schema, as it is read from the rows."""

    name: str
    expected: str
    source: Column
    source_type: T.DataType
    read: Column
    changed: bool
    report: str = CAST_FAILURES


def _cell(rows: DataFrame, field: Field | ApplyMapping) -> _Cell:
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
        target_type = _data_type(field.type)
    elif len(field) != _PARTS_OF_A_MAPPING:
        expected = "a Field, or a tuple of source, its type, target, its type"
        raise ArgumentError(where="change_schema", argument="a mapping", got=field, expected=expected)
    else:
        path, stated_type, target, target_name = field
        require_columns(rows, _parts(path)[:1], where="change_schema")
        source_type, source = _member(rows, _parts(path))
        _require_type(path, source_type, stated_type)
        target_type = source_type if target_name in _AS_IT_IS else _data_type(_GLUE_TYPES.get(target_name, target_name))
        name, expected = _target(target), target_type.simpleString()
    read = cast(source, source_type=source_type, target_type=target_type, where=f"change_schema: column {name!r}")
    changed = source_type.simpleString() != target_type.simpleString()
    return _Cell(name, expected, F.expr(source), source_type, read, changed, report)


def _unread(cell: _Cell) -> Column:
    value = F.col(quoted(_SOURCE + cell.name))
    is_text = isinstance(cell.source_type, T.StringType)
    has_value = F.btrim(value, F.lit(BLANKS)) != "" if is_text else value.isNotNull()
    return F.col(quoted(cell.name)).isNull() & has_value


def _source_text(cell: _Cell) -> Column:
    return cast(
        quoted(_SOURCE + cell.name), source_type=cell.source_type, target_type=T.StringType(), where="change_schema"
    )


def _failure(name: str, value: Column, expected: str) -> Column:
    return F.struct(F.lit(name).alias("column"), value.alias("value"), F.lit(expected).alias("expected"))


def _data_type(ddl: str) -> T.DataType:
    try:
        return T._parse_datatype_string(ddl)
    except ParseException:
        expected = "a type of Spark SQL or of Glue, such as int, date or decimal(10,2)"
        raise ArgumentError(where="change_schema", argument="a type", got=ddl, expected=expected) from None


def _parts(path: str) -> list[str]:
    """Split a path of ApplyMapping at its dots, but for those in backticks; what is no path is one name."""
    parts = re.findall(_PART, path) if _PATH.fullmatch(path) else [path]
    return [part[1:-1].replace("``", "`") if part[:1] == part[-1:] == "`" else part for part in parts]


def _target(name: str) -> str:
    parts = _parts(name)
    if len(parts) > 1 or not name:
        raise ArgumentError(
            where="change_schema",
            argument="the target of a mapping",
            got=name,
            expected="one name, in backticks if it has a dot; to make a struct, use Spark's struct()",
        )
    return parts[0]


def _member(rows: DataFrame, parts: Sequence[str]) -> tuple[T.DataType, str]:
    found: T.DataType = rows.schema
    for depth, part in enumerate(parts):
        where = ".".join(["change_schema", *parts[:depth]])
        if not isinstance(found, T.StructType):
            hint = f"Explode it first, or write the source in backticks if {'.'.join(parts)!r} is the column's name."
            raise SchemaMismatchError(
                where=where, got=f"the type {found.simpleString()}", expected=f"a struct with {part!r}", hint=hint
            )
        if part not in found.names:
            raise MissingColumnError(where=where, column=part, available=found.names)
        found = found[part].dataType
    return found, ".".join(map(quoted, parts))


def _require_type(path: str, source_type: T.DataType, expected: str) -> None:
    of_any_members = expected in {*_AS_IT_IS, "decimal"}
    same = (
        source_type.typeName() == expected
        if of_any_members
        else source_type.simpleString() == _data_type(_GLUE_TYPES.get(expected, expected)).simpleString()
    )
    if not same and expected != "choice":
        raise SchemaMismatchError(
            where=f"change_schema: source {path!r}",
            got=f"the type {source_type.simpleString()}",
            expected=expected,
            hint="Correct the mapping, or the source is not what it was made for.",
        )


def _require_parsed_types(read: DataFrame, parsed: Sequence[Field]) -> None:
    for field in parsed:
        source_type = read.schema[field.name].dataType.simpleString()
        if source_type != _data_type(field.type).simpleString():
            raise SchemaMismatchError(
                where=f"change_schema: column {field.name!r}",
                got=f"the type {source_type} from its parse",
                expected=field.type,
                hint="Let parse cast what it returns, or correct the field's type.",
            )
