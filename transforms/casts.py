"""A value of one type as another: Spark's cast, if it neither guessed nor rounded nor asked for the session's zone."""

from __future__ import annotations

import math
import struct
from datetime import date, datetime
from decimal import Context, Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import SchemaMismatchError
from transforms.sql import literal
from transforms.text import BLANKS

_DAY = r"\A\s*(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK, _SECONDS = r"[T ][0-9]{2}:[0-9]{2}", r":[0-9]{2}(?:[.][0-9]{1,6})?"
_FORMS = {
    "date": _DAY + r"(?:[T ]00:00(?::00(?:[.]0+)?)?)?\s*\z",
    "timestamp": _DAY + _CLOCK + _SECONDS + r"(?:Z|[+-][0-9]{2}:[0-9]{2})\s*\z",
    "timestamp_ntz": _DAY + _CLOCK + rf"(?:{_SECONDS})?\s*\z",
}
NUMBER = r"\A\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\s*\z"
"""What a text is that is a number: digits, a point, a power of ten; blanks around it."""

_EPOCH = "TIMESTAMP_NTZ'1970-01-01 00:00:00'"
_SHORT = r"\A-?[0-9]{1,7}([.][0-9]{1,20})?\z"
_WHOLE_UP_TO = {"double": 2**53, "float": 2**24}
_SIMPLE = (T.StringType, T.NumericType, T.BooleanType)
_DAYS_AND_TIMES = (T.DateType, T.TimestampType, T.TimestampNTZType)
_BITS = {T.ByteType(): 8, T.ShortType(): 16, T.IntegerType(): 32, T.LongType(): 64}
_PYTHON: tuple[tuple[type[T.DataType], type | tuple[type, ...]], ...] = (
    (T.StringType, str),
    (T.DateType, date),
    (T.BinaryType, (bytes, bytearray)),
)
_JSON = {
    "timeZone": "UTC",
    "ignoreNullFields": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


def cast(value: str, *, source_type: T.DataType, target_type: T.DataType, where: str) -> Column:
    """Return `value`, an SQL expression of type `source_type`, read as `target_type`; null where it is none.

    Spark's ANSI rules, on every version and with every setting, but for these:

    - Text is a date as `yyyy-MM-dd` (or that at midnight), a time only with its offset from UTC
      (`2024-03-10T02:30:00-05:00`), a wall-clock time only without; a number is no `NaN`, nothing infinite, and not
      Java's `12d` or `0x1p3`. Blanks around it are none of it, spreadsheets' no-break space neither.
    - A number is one of another type, or that of a text, only if no digit is lost, but for fractions that a double or
      float has no exact form for (0.1 as decimal and as double). Nor is 5 a boolean, or 1e-400 the double 0.
    - A time is a day, a wall-clock time or text in UTC, and the other way round, not in the session's time zone.
    - A struct, an array or a map becomes text as JSON, its times to the microsecond.

    Raises:
        SchemaMismatchError: The types have no values in common without a guess: a number and a time (seconds or
            milliseconds?), one nested type and another, a map and text where its keys are no text, number or boolean.
    """
    if source_type.simpleString() == target_type.simpleString():
        return F.expr(value)
    if isinstance(source_type, T.StringType) and isinstance(target_type, (*_SIMPLE, *_DAYS_AND_TIMES, T.BinaryType)):
        return (
            _time_from_text(value)
            if isinstance(target_type, T.TimestampType)
            else F.expr(_from_text(value, target_type))
        )
    if isinstance(source_type, T.NumericType) and isinstance(target_type, (T.NumericType, T.BooleanType)):
        return F.expr(_between_numbers(value, source_type, target_type))
    if isinstance(source_type, T.TimestampType) and isinstance(target_type, (*_DAYS_AND_TIMES, T.StringType)):
        shown = wall_clock(F.expr(value)).cast(target_type.simpleString())
        return F.concat(shown, F.lit("Z")) if isinstance(target_type, T.StringType) else shown
    if isinstance(source_type, _DAYS_AND_TIMES) and isinstance(target_type, T.TimestampType):
        return in_utc(F.expr(f"CAST({value} AS timestamp_ntz)"))
    nested = isinstance(source_type, (T.ArrayType, T.MapType, T.StructType)) and isinstance(target_type, T.StringType)
    if nested and _has_a_json_form(source_type):
        return F.to_json(F.expr(value), _JSON)
    same_kind = any(
        isinstance(source_type, kind) and isinstance(target_type, kind) for kind in (_SIMPLE, _DAYS_AND_TIMES)
    )
    if nested or not (same_kind or isinstance(target_type, T.StringType) or isinstance(source_type, T.NullType)):
        raise SchemaMismatchError(
            where=where,
            got=f"the type {source_type.simpleString()}",
            expected=f"one that can be read as {target_type.simpleString()} without a guess",
            hint="Derive it with the Spark function that says what is meant, timestamp_millis of a number, say.",
        )
    return F.expr(f"try_cast({value} AS {target_type.simpleString()})")


def wall_clock(instant: Column) -> Column:
    """Return what a clock in UTC shows at an instant, as `timestamp_ntz`."""
    # A cast to timestamp_ntz goes by the session's time zone.
    return F.expr(_EPOCH) + F.expr("INTERVAL '0.000001' SECOND") * F.unix_micros(instant)


def in_utc(shown: Column) -> Column:
    """Return the instant at which a clock in UTC shows a `timestamp_ntz`."""
    # Not by a text that ends with `Z`: of what such a cast takes, three quarters are for the zone.
    return F.timestamp_seconds((shown - F.expr(_EPOCH)).cast("decimal(20, 6)"))


def literal_of(value: object, type_: T.DataType) -> Column | None:
    """Return a Python value as a literal of a Spark type; None if it is no value of it, or would be cut or rounded.

    A time with its time zone is a timestamp, one without a `timestamp_ntz`.
    """
    text = str(value)
    if isinstance(value, bool) or isinstance(type_, T.BooleanType):
        fits = isinstance(value, bool) and isinstance(type_, T.BooleanType)
    elif isinstance(type_, T.IntegralType):
        fits = isinstance(value, int) and -(2 ** (_BITS[type_] - 1)) <= value < 2 ** (_BITS[type_] - 1)
    elif isinstance(type_, T.DecimalType):
        fits = isinstance(value, (int, float, Decimal)) and _fits(Decimal(text), type_)
        text = f"{Decimal(text):f}" if fits else text
    elif isinstance(value, datetime):
        fits = isinstance(type_, T.TimestampType if value.tzinfo else T.TimestampNTZType)
    elif isinstance(type_, T.FractionalType):
        fits = isinstance(value, (int, float, Decimal)) and _fits_floating(value, type_)
        value = float(value) if fits else value  # type: ignore[arg-type]
    else:
        fits = any(isinstance(type_, kind) and isinstance(value, python) for kind, python in _PYTHON)
    if isinstance(type_, (T.DecimalType, T.TimestampType, T.TimestampNTZType)):
        return F.lit(text).cast(type_) if fits else None
    return F.lit(value).cast(type_) if fits else None


def _time_from_text(value: str) -> Column:
    text = _trimmed(value)
    # Nearly all are in UTC; of another offset the cast takes longer to find out which it is.
    ends = [f"WHEN endswith({text}, '{end}') THEN left({text}, length({text}) - {len(end)})" for end in ("Z", "+00:00")]
    shown = F.expr(f"try_cast(CASE {' '.join(ends)} END AS timestamp_ntz)")
    read = F.coalesce(in_utc(shown), F.expr(f"try_cast({text} AS timestamp)"))
    return F.when(F.expr(f"{text} RLIKE {literal(_FORMS['timestamp'])}"), read)


def _trimmed(value: str) -> str:
    # Casts trim all but the no-break space, and faster.
    return f"if(contains({value}, '\u00a0'), btrim({value}, {literal(BLANKS)}), {value})"


def _from_text(value: str, target_type: T.DataType) -> str:
    name, text = target_type.simpleString(), _trimmed(value)
    read = f"try_cast({text} AS {name})"
    if name in _FORMS:
        return f"CASE WHEN {text} RLIKE {literal(_FORMS[name])} THEN {read} END"
    if name in _WHOLE_UP_TO:
        return _to_floating(text, name)
    if isinstance(target_type, T.DecimalType):
        return _to_decimal(f"btrim({value}, {literal(BLANKS)})", name, target_type.scale)
    if isinstance(target_type, T.BinaryType):
        return f"try_cast({value} AS binary)"
    # Where there is no number, `try_cast` raises and catches an error within, which takes far longer than to look.
    return f"CASE WHEN {value} != '' THEN {read} END" if isinstance(target_type, T.IntegralType) else read


def _to_floating(text: str, name: str) -> str:
    read, whole = f"try_cast({text} AS {name})", "decimal(38, 0)"
    vanished = f"({read} = 0 AND {text} RLIKE '^[^eE]*[1-9]')"
    written_rounded = f"({text} RLIKE '[eE]' AND abs({read}) < double('Infinity'))"
    same = f"try_cast({read} AS {whole}) = try_cast({text} AS {whole})"
    kept = f"(abs({read}) < {_WHOLE_UP_TO[name]} OR {written_rounded} OR {same})"
    fits = f"{text} RLIKE {literal(NUMBER)} AND NOT {vanished} AND {kept}"
    # Most are short, and lose nothing.
    return f"CASE WHEN {text} RLIKE {literal(_SHORT)} THEN {read} WHEN {fits} THEN {read} END"


def _to_decimal(text: str, name: str, scale: int) -> str:
    plain = rf"\A[+-]?[0-9]*[.]?[0-9]{{0,{scale}}}0*\z"
    digits, power = f"split_part(lower({text}), 'e', 1)", f"try_cast(split_part(lower({text}), 'e', 2) AS int)"
    all_digits = f"replace({digits}, '.', '')"
    zeros = f"(length({all_digits}) - length(trim(TRAILING '0' FROM {all_digits})))"
    decimals = f"length(split_part({digits}, '.', 2)) - coalesce({power}, 0) - {zeros}"
    fits = f"({text} RLIKE {literal(plain)} OR {text} RLIKE {literal(NUMBER)} AND {decimals} <= {scale})"
    return f"CASE WHEN {text} != '' AND {fits} THEN try_cast({text} AS {name}) END"


def _between_numbers(value: str, source_type: T.DataType, target_type: T.DataType) -> str:
    name = target_type.simpleString()
    read = f"try_cast({value} AS {name})"
    same = f"try_cast({read} AS {source_type.simpleString()}) = {value}"
    if {source_type.simpleString(), name} in ({"bigint", "double"}, {"bigint", "float"}):
        # Spark takes the double 2^63 for the greatest bigint, which is one less.
        same += f" AND double({read}) < 9223372036854775808D"
    if name in _WHOLE_UP_TO and not isinstance(source_type, T.IntegralType):
        same += f" OR (abs({value}) < {_WHOLE_UP_TO[name]} AND NOT ({read} = 0 AND {value} != 0))"
    return f"CASE WHEN {same} THEN {read} END"


def _fits(value: Decimal, type_: T.DecimalType) -> bool:
    if not value.is_finite():
        return False
    _, digits, exponent = value.normalize(Context(prec=100)).as_tuple()
    whole, broken = len(digits) + int(exponent), -int(exponent)
    return not value or (broken <= type_.scale and whole <= type_.precision - type_.scale)


def _fits_floating(value: float | Decimal, type_: T.DataType) -> bool:
    """Return whether a float or double is the number, or the nearest to a fraction."""
    try:
        nearest = float(value)
        nearest = struct.unpack("f", struct.pack("f", nearest))[0] if isinstance(type_, T.FloatType) else nearest
    except OverflowError:
        return False
    return not math.isfinite(value) or nearest == value or (value % 1 != 0 and nearest != 0)


def _has_a_json_form(type_: T.DataType) -> bool:
    """Return whether JSON can say a value: Spark writes a map's key that is a day as a number, bytes as an address."""
    if isinstance(type_, T.StructType):
        return all(_has_a_json_form(field.dataType) for field in type_)
    if isinstance(type_, T.ArrayType):
        return _has_a_json_form(type_.elementType)
    return not isinstance(type_, T.MapType) or (
        isinstance(type_.keyType, _SIMPLE) and _has_a_json_form(type_.valueType)
    )
