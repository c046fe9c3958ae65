"""A value of one type as another: Spark's cast, if it neither guessed nor rounded nor asked for the session's zone."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import SchemaMismatchError
from transforms.names import literal
from transforms.text import BLANKS

_DAY = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_FORMS = {
    "date": _DAY + r"([T ]00:00(:00([.]0+)?)?)?\z",
    "timestamp": _DAY + _CLOCK + r"(Z|[+-][0-9]{2}:[0-9]{2})\z",
    "timestamp_ntz": _DAY + _CLOCK + r"\z",
}
_SIMPLE = (T.StringType, T.NumericType, T.BooleanType, T.BinaryType)
_DAYS_AND_TIMES = (T.DateType, T.TimestampType, T.TimestampNTZType)


def cast(value: str, *, given: T.DataType, wanted: T.DataType, where: str) -> Column:
    """Return `value`, an SQL expression of type `given`, read as `wanted`; null where it is none.

    Spark's ANSI rules, on every version and with every setting, but for these:

    - Text is a date as `yyyy-MM-dd` (or that at midnight), a time only with its offset from UTC
      (`2024-03-10T02:30:00-05:00`), a wall-clock time only without; a number is no `NaN`, nothing infinite, and not
      Java's `12d` or `0x1p3`.
    - A number is one of another type only if no digit is lost, but for fractions that a double or float has no exact
      form for (0.1 as decimal and as double).
    - A time is a day, a wall-clock time or text in UTC, and the other way round, not in the session's time zone.
    - A struct, an array or a map becomes text as JSON.

    Raises:
        SchemaMismatchError: The types have no values in common without a guess: a number and a time (seconds or
            milliseconds?), one nested type and another.
    """
    if given.simpleString() == wanted.simpleString():
        return F.expr(value)
    if isinstance(given, T.StringType) and isinstance(wanted, _SIMPLE + _DAYS_AND_TIMES):
        return F.expr(_from_text(value, wanted))
    if isinstance(given, T.NumericType) and isinstance(wanted, T.NumericType):
        return F.expr(_between_numbers(value, given, wanted))
    if isinstance(given, T.TimestampType) and isinstance(wanted, (*_DAYS_AND_TIMES, T.StringType)):
        shown = wall_clock(F.expr(value)).cast(wanted.simpleString())
        return F.concat(shown, F.lit("Z")) if isinstance(wanted, T.StringType) else shown
    if isinstance(given, _DAYS_AND_TIMES) and isinstance(wanted, T.TimestampType):
        return F.expr(f"try_cast(CAST(CAST({value} AS timestamp_ntz) AS string) || 'Z' AS timestamp)")
    if isinstance(given, (T.ArrayType, T.MapType, T.StructType)) and isinstance(wanted, T.StringType):
        return F.to_json(F.expr(value), {"timeZone": "UTC", "ignoreNullFields": "false"})
    same_kind = any(isinstance(given, kind) and isinstance(wanted, kind) for kind in (_SIMPLE, _DAYS_AND_TIMES))
    if not (same_kind or isinstance(wanted, T.StringType) or isinstance(given, T.NullType)):
        raise SchemaMismatchError(
            where=where,
            got=f"the type {given.simpleString()}",
            expected=f"one that can be read as {wanted.simpleString()} without a guess",
            hint="Derive a column with the Spark function that says what is meant, timestamp_millis for instance.",
        )
    return F.expr(f"try_cast({value} AS {wanted.simpleString()})")


def wall_clock(instant: Column) -> Column:
    """Return what a clock in UTC shows at an instant, as `timestamp_ntz`."""
    # A cast to timestamp_ntz goes by the session's time zone.
    none, seconds = F.lit(0), F.unix_micros(instant).cast("decimal(20, 0)") / 1_000_000
    return F.expr("TIMESTAMP_NTZ'1970-01-01 00:00:00'") + F.make_dt_interval(none, none, none, seconds)


def _from_text(value: str, wanted: T.DataType) -> str:
    trimmed = f"btrim({value}, {literal(BLANKS)})"
    name = wanted.simpleString()
    if name in _FORMS:
        return f"CASE WHEN {trimmed} RLIKE {literal(_FORMS[name])} THEN try_cast({trimmed} AS {name}) END"
    read = f"try_cast({value} AS {name})"
    if isinstance(wanted, (T.DoubleType, T.FloatType)):
        return f"CASE WHEN NOT {value} RLIKE '[dDfFxX]' AND abs({read}) < double('Infinity') THEN {read} END"
    if isinstance(wanted, T.DecimalType):
        return _if_same(read, value, f"decimal(38, {38 - wanted.precision + wanted.scale})")
    return read


def _between_numbers(value: str, given: T.DataType, wanted: T.DataType) -> str:
    read = f"try_cast({value} AS {wanted.simpleString()})"
    if isinstance(wanted, (T.DoubleType, T.FloatType)) and not isinstance(given, T.IntegralType):
        infinite = "double('Infinity')"
        return f"CASE WHEN abs({read}) < {infinite} OR NOT abs({value}) < {infinite} THEN {read} END"
    return _if_same(read, value, given.simpleString())


def _if_same(read: str, value: str, in_type: str) -> str:
    return f"CASE WHEN try_cast({read} AS {in_type}) = try_cast({value} AS {in_type}) THEN {read} END"
