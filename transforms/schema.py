"""Change schema: select, rename and type columns, and report every value that is not of its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.arrays import array_where
from transforms.errors import MissingColumnError

CAST_FAILURES = "_cast_failures"
"""Column that `change_schema` adds: `array<struct<column, value, expected>>`, null where every value was read."""


BLANKS = " \t\r\n\u00a0"
"""What a text may hold and still be blank; the last is the no-break space that spreadsheets pad with."""


@dataclass(frozen=True)
class Field:
    """One column of a new schema.

    Attributes:
        source: The column's name in the frame that is read.
        name: Its name afterwards.
        type: Its Spark SQL type afterwards, as DDL (`int`, `date`, `decimal(10,2)`).
        parse: Reads text that a cast cannot: given the source column's name, returns a Column of `type`, null
            where the text is none. Without it the value is cast.
    """

    source: str
    name: str
    type: str
    parse: Callable[[str], Column] | None = None


def quoted(name: str) -> str:
    """Return a column's name as Spark SQL reads it, whatever characters it has.

    >>> quoted("Calls. Offered")
    '`Calls. Offered`'
    """
    return "`" + name.replace("`", "``") + "`"


def require_columns(frame: DataFrame, columns: Sequence[str], *, where: str) -> None:
    """Raise `MissingColumnError` for the first of `columns` that `frame` does not have."""
    for column in columns:
        if column not in frame.columns:
            raise MissingColumnError(where=where, column=column, available=frame.columns)


def change_schema(
    rows: DataFrame, *, fields: Sequence[Field], keep: Sequence[str] = (), malformed: str | None = None
) -> DataFrame:
    """Keep the named columns under new names and types; drop the rest. Glue's ApplyMapping, without its silence.

    A value that cannot be read as its new type becomes null *and* is reported in `_cast_failures`, so that no value
    is lost unseen: nor is a fraction that a whole number or a decimal has no room for. Text that is blank is a missing
    value, not a failure. The outcome is the same with ANSI on and off.

    Rows: all kept, one for one.

    Columns: the fields in their order, then those of `keep` unchanged, then, where a field is parsed or cast from
    another type, `_cast_failures`. `malformed` names a text column that holds the whole record where the reader could
    not split it; such a record is reported as a failure too.

    >>> raw = spark.createDataFrame([("384", "x"), ("n/a", "y")], "CallsOffered string, Note string")
    >>> calls = raw.transform(change_schema, fields=[Field("CallsOffered", "calls_offered", "int")])
    >>> [(row.calls_offered, row._cast_failures) for row in calls.collect()]
    [(384, None), (None, [Row(column='calls_offered', value='n/a', expected='int')])]

    Raises:
        MissingColumnError: A source column is not in the frame.

    Source: AWS Glue, ApplyMapping class and the Change Schema transform of Glue Studio.
    """
    reported = [malformed] if malformed else []
    require_columns(rows, [*(field.source for field in fields), *keep, *reported], where="change_schema")
    types = {field.name: field.dataType for field in rows.schema}
    changed = [field for field in fields if field.parse or types[field.source] != _data_type(field.type)]
    failures = [(_unread(f, types), _failure(f.name, F.col(quoted(f.source)), f.type)) for f in changed]
    records = [(name, F.col(quoted(name))) for name in reported]
    failures += [(record.isNotNull(), _failure(name, record, "record")) for name, record in records]
    columns = [_read(field, types).alias(field.name) for field in fields]
    columns += [F.col(quoted(name)) for name in keep]
    if failures:
        columns.append(array_where(failures).alias(CAST_FAILURES))
    return rows.select(*columns)


def _read(field: Field, types: Mapping[str, T.DataType]) -> Column:
    if field.parse:
        return field.parse(field.source)
    # try_cast has the ANSI rules on every version and with every setting, so '38.4' is no int anywhere.
    source, given, wanted = quoted(field.source), types[field.source], _data_type(field.type)
    cast = f"try_cast({source} AS {field.type})"
    if _is_text(given) and isinstance(wanted, (T.DoubleType, T.FloatType)):
        # Java also reads '12d', '0x1p3' and 'Infinity' as doubles; in a city's figures they are slips.
        return F.expr(f"CASE WHEN NOT {source} RLIKE '[dDfFxX]' THEN {cast} END")
    may_round = isinstance(wanted, T.DecimalType) or (isinstance(wanted, T.IntegralType) and not _is_text(given))
    if may_round and given != wanted and isinstance(given, (T.StringType, T.FractionalType)):
        return F.expr(f"CASE WHEN CAST({cast} AS double) = try_cast({source} AS double) THEN {cast} END")
    return F.expr(cast)


def _unread(field: Field, types: Mapping[str, T.DataType]) -> Column:
    value = F.col(quoted(field.source))
    given = F.btrim(value, F.lit(BLANKS)) != "" if _is_text(types[field.source]) else value.isNotNull()
    return _read(field, types).isNull() & given


def _is_text(data_type: T.DataType) -> bool:
    return isinstance(data_type, T.StringType)


def _failure(name: str, value: Column, expected: str) -> Column:
    return F.struct(F.lit(name).alias("column"), value.cast("string").alias("value"), F.lit(expected).alias("expected"))


def _data_type(ddl: str) -> T.DataType:
    return T._parse_datatype_string(ddl)
