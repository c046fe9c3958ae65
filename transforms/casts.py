"""Cast values strictly: without guessing, rounding or using the session's time zone."""

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
from transforms.text import BLANK_CHARACTERS

_DAY = r"\A\s*(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK, _SECONDS = r"[T ][0-9]{2}:[0-9]{2}", r":[0-9]{2}(?:[.][0-9]{1,6})?"
_TEXT_PATTERNS = {
    "date": _DAY + r"(?:[T ]00:00(?::00(?:[.]0+)?)?)?\s*\z",
    "timestamp": _DAY + _CLOCK + _SECONDS + r"(?:Z|[+-][0-9]{2}:[0-9]{2})\s*\z",
    "timestamp_ntz": _DAY + _CLOCK + rf"(?:{_SECONDS})?\s*\z",
}
NUMBER_PATTERN = r"\A\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\s*\z"
"""Pattern of a number in text: sign, digits, decimal point and power of ten. Blanks around the number are allowed."""

_EPOCH = "TIMESTAMP_NTZ'1970-01-01 00:00:00'"
_SHORT_NUMBER = r"\A-?[0-9]{1,7}([.][0-9]{1,20})?\z"
_EXACT_INTEGER_LIMIT = {"double": 2**53, "float": 2**24}
_SCALAR_TYPES = (T.StringType, T.NumericType, T.BooleanType)
_DATETIME_TYPES = (T.DateType, T.TimestampType, T.TimestampNTZType)
_INTEGER_BITS = {T.ByteType(): 8, T.ShortType(): 16, T.IntegerType(): 32, T.LongType(): 64}
_PYTHON_TYPES: tuple[tuple[type[T.DataType], type | tuple[type, ...]], ...] = (
    (T.StringType, str),
    (T.DateType, date),
    (T.BinaryType, (bytes, bytearray)),
)
_JSON_OPTIONS = {
    "timeZone": "UTC",
    "ignoreNullFields": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


def cast(value: str, *, source_type: T.DataType, target_type: T.DataType, where: str) -> Column:
    """Cast `value`, an SQL expression of type `source_type`, to `target_type`. A value that does not fit becomes null.

    The cast follows the rules of Spark's ANSI mode on every Spark version and with every setting, with these
    exceptions:

    - Text is cast to a date only if the text has the form `yyyy-MM-dd`. The date can be followed by midnight, as in
      `2024-03-10T00:00:00`.
    - Text is cast to a timestamp only if the text has an offset from UTC, such as `2024-03-10T02:30:00-05:00`. Text is
      cast to a `timestamp_ntz` only if the text has no offset.
    - Text is not cast to a number if the text is `NaN`, infinity, or a number in Java's syntax, such as `12d` or
      `0x1p3`.
    - Blanks around text are ignored, including the no-break space that spreadsheets write.
    - A number is cast only if the cast loses no digit. This rule also applies to numbers in text. For example, 5 is not
      cast to a boolean, and 1e-400 is not cast to the double 0. A fraction such as 0.1 is still cast to a double or
      float, although the result is only the nearest double or float.
    - A cast from a timestamp to a date, a `timestamp_ntz` or text uses UTC, not the session's time zone. A cast from a
      date or a `timestamp_ntz` to a timestamp also uses UTC.
    - A cast of a struct, array or map to text gives JSON. Timestamps in the JSON have microseconds.

    Raises:
        SchemaMismatchError: The cast has more than one possible result. For example, a cast between a number and a
            timestamp depends on the unit of the number. A cast between two nested types also raises this error. A cast
            of a map to text raises this error if the keys of the map are not text, numbers or booleans.
    """
    if source_type.simpleString() == target_type.simpleString():
        return F.expr(value)
    if isinstance(source_type, T.StringType) and isinstance(
        target_type, (*_SCALAR_TYPES, *_DATETIME_TYPES, T.BinaryType)
    ):
        return (
            _parse_instant(value)
            if isinstance(target_type, T.TimestampType)
            else F.expr(_parse_text(value, target_type))
        )
    if isinstance(source_type, T.NumericType) and isinstance(target_type, (T.NumericType, T.BooleanType)):
        return F.expr(_cast_number(value, source_type, target_type))
    if isinstance(source_type, T.TimestampType) and isinstance(target_type, (*_DATETIME_TYPES, T.StringType)):
        local = utc_wall_clock(F.expr(value)).cast(target_type.simpleString())
        return F.concat(local, F.lit("Z")) if isinstance(target_type, T.StringType) else local
    if isinstance(source_type, _DATETIME_TYPES) and isinstance(target_type, T.TimestampType):
        return utc_instant(F.expr(f"CAST({value} AS timestamp_ntz)"))
    nested = isinstance(source_type, (T.ArrayType, T.MapType, T.StructType)) and isinstance(target_type, T.StringType)
    if nested and _has_json_form(source_type):
        return F.to_json(F.expr(value), _JSON_OPTIONS)
    same_kind = any(
        isinstance(source_type, kind) and isinstance(target_type, kind) for kind in (_SCALAR_TYPES, _DATETIME_TYPES)
    )
    if nested or not (same_kind or isinstance(target_type, T.StringType) or isinstance(source_type, T.NullType)):
        raise SchemaMismatchError(
            where=where,
            got=f"the type {source_type.simpleString()}",
            expected=f"a type whose cast to {target_type.simpleString()} has only one possible result",
            hint="Derive the value with an explicit Spark function first, for example timestamp_millis for a number.",
        )
    return F.expr(f"try_cast({value} AS {target_type.simpleString()})")


def utc_wall_clock(instant: Column) -> Column:
    """Convert a timestamp to its wall-clock time in UTC, a `timestamp_ntz`."""
    # A cast to timestamp_ntz would use the session's time zone.
    return F.expr(_EPOCH) + F.expr("INTERVAL '0.000001' SECOND") * F.unix_micros(instant)


def utc_instant(wall_clock: Column) -> Column:
    """Convert a `timestamp_ntz`, a wall-clock time in UTC, to a timestamp."""
    # A cast of text such as `2024-07-01 10:00:00Z` to a timestamp gives the same result, but takes four times as long,
    # because Spark looks up the zone.
    return F.timestamp_seconds((wall_clock - F.expr(_EPOCH)).cast("decimal(20, 6)"))


def to_literal(value: object, type_: T.DataType) -> Column | None:
    """Convert a Python value to a literal of a Spark type. Return None if the type cannot hold the value.

    A `datetime` with a time zone becomes a timestamp. A `datetime` without a time zone becomes a `timestamp_ntz`. A
    fraction may be rounded to the nearest float or double, but not to 0.
    """
    text = str(value)
    if isinstance(value, bool) or isinstance(type_, T.BooleanType):
        fits = isinstance(value, bool) and isinstance(type_, T.BooleanType)
    elif isinstance(type_, T.IntegralType):
        fits = isinstance(value, int) and -(2 ** (_INTEGER_BITS[type_] - 1)) <= value < 2 ** (_INTEGER_BITS[type_] - 1)
    elif isinstance(type_, T.DecimalType):
        fits = isinstance(value, (int, float, Decimal)) and _fits_decimal(Decimal(text), type_)
        text = f"{Decimal(text):f}" if fits else text
    elif isinstance(value, datetime):
        fits = isinstance(type_, T.TimestampType if value.tzinfo else T.TimestampNTZType)
    elif isinstance(type_, T.FractionalType):
        fits = isinstance(value, (int, float, Decimal)) and _fits_floating(value, type_)
        value = float(value) if fits else value  # type: ignore[arg-type]  # `fits` is True only for a number
    else:
        fits = any(isinstance(type_, kind) and isinstance(value, python) for kind, python in _PYTHON_TYPES)
    if isinstance(type_, (T.DecimalType, T.TimestampType, T.TimestampNTZType)):
        return F.lit(text).cast(type_) if fits else None
    return F.lit(value).cast(type_) if fits else None


def _parse_instant(value: str) -> Column:
    text = _trim(value)
    # Almost all timestamps are in UTC. For a timestamp in UTC, the offset is removed before the cast, because Spark
    # casts text without an offset faster.
    utc_branches = [
        f"WHEN endswith({text}, '{end}') THEN left({text}, length({text}) - {len(end)})" for end in ("Z", "+00:00")
    ]
    in_utc = F.expr(f"try_cast(CASE {' '.join(utc_branches)} END AS timestamp_ntz)")
    result = F.coalesce(utc_instant(in_utc), F.expr(f"try_cast({text} AS timestamp)"))
    return F.when(F.expr(f"{text} RLIKE {literal(_TEXT_PATTERNS['timestamp'])}"), result)


def _trim(value: str) -> str:
    # A cast already trims all blanks except the no-break space, and is faster than `btrim`. So `btrim` is applied only
    # to text with a no-break space.
    return f"if(contains({value}, '\u00a0'), btrim({value}, {literal(BLANK_CHARACTERS)}), {value})"


def _parse_text(value: str, target_type: T.DataType) -> str:
    name, text = target_type.simpleString(), _trim(value)
    result = f"try_cast({text} AS {name})"
    if name in _TEXT_PATTERNS:
        return f"CASE WHEN {text} RLIKE {literal(_TEXT_PATTERNS[name])} THEN {result} END"
    if name in _EXACT_INTEGER_LIMIT:
        return _parse_floating(text, name)
    if isinstance(target_type, T.DecimalType):
        return _parse_decimal(f"btrim({value}, {literal(BLANK_CHARACTERS)})", name, target_type.scale)
    if isinstance(target_type, T.BinaryType):
        return f"try_cast({value} AS binary)"
    # For empty text, `try_cast` raises and catches an internal error. The comparison with '' is much faster.
    return f"CASE WHEN {value} != '' THEN {result} END" if isinstance(target_type, T.IntegralType) else result


def _parse_floating(text: str, name: str) -> str:
    result, whole = f"try_cast({text} AS {name})", "decimal(38, 0)"
    vanished = f"({result} = 0 AND {text} RLIKE '^[^eE]*[1-9]')"
    written_rounded = f"({text} RLIKE '[eE]' AND abs({result}) < double('Infinity'))"
    same = f"try_cast({result} AS {whole}) = try_cast({text} AS {whole})"
    exact = f"(abs({result}) < {_EXACT_INTEGER_LIMIT[name]} OR {written_rounded} OR {same})"
    fits = f"{text} RLIKE {literal(NUMBER_PATTERN)} AND NOT {vanished} AND {exact}"
    # Most numbers are short. A cast of a short number cannot lose a digit, so short numbers skip the slower tests.
    return f"CASE WHEN {text} RLIKE {literal(_SHORT_NUMBER)} THEN {result} WHEN {fits} THEN {result} END"


def _parse_decimal(text: str, name: str, scale: int) -> str:
    plain = rf"\A[+-]?[0-9]*[.]?[0-9]{{0,{scale}}}0*\z"
    digits, power = f"split_part(lower({text}), 'e', 1)", f"try_cast(split_part(lower({text}), 'e', 2) AS int)"
    all_digits = f"replace({digits}, '.', '')"
    zeros = f"(length({all_digits}) - length(trim(TRAILING '0' FROM {all_digits})))"
    decimals = f"length(split_part({digits}, '.', 2)) - coalesce({power}, 0) - {zeros}"
    fits = f"({text} RLIKE {literal(plain)} OR {text} RLIKE {literal(NUMBER_PATTERN)} AND {decimals} <= {scale})"
    return f"CASE WHEN {text} != '' AND {fits} THEN try_cast({text} AS {name}) END"


def _cast_number(value: str, source_type: T.DataType, target_type: T.DataType) -> str:
    name = target_type.simpleString()
    result = f"try_cast({value} AS {name})"
    same = f"try_cast({result} AS {source_type.simpleString()}) = {value}"
    if {source_type.simpleString(), name} in ({"bigint", "double"}, {"bigint", "float"}):
        # Spark casts the double 2^63 to the greatest bigint, 2^63 - 1. A cast of this bigint back to double gives 2^63
        # again, so `same` does not detect the error.
        same += f" AND double({result}) < 9223372036854775808D"
    if name in _EXACT_INTEGER_LIMIT and not isinstance(source_type, T.IntegralType):
        same += f" OR (abs({value}) < {_EXACT_INTEGER_LIMIT[name]} AND NOT ({result} = 0 AND {value} != 0))"
    return f"CASE WHEN {same} THEN {result} END"


def _fits_decimal(value: Decimal, type_: T.DecimalType) -> bool:
    if not value.is_finite():
        return False
    _, digits, exponent = value.normalize(Context(prec=100)).as_tuple()
    whole, broken = len(digits) + int(exponent), -int(exponent)
    return not value or (broken <= type_.scale and whole <= type_.precision - type_.scale)


def _fits_floating(value: float | Decimal, type_: T.DataType) -> bool:
    """Return whether a float or double can hold the number. A fraction may be rounded, but not to 0."""
    try:
        nearest = float(value)
        nearest = struct.unpack("f", struct.pack("f", nearest))[0] if isinstance(type_, T.FloatType) else nearest
    except OverflowError:
        return False
    return not math.isfinite(value) or nearest == value or (value % 1 != 0 and nearest != 0)


def _has_json_form(type_: T.DataType) -> bool:
    """Return whether JSON can represent the type.

    The keys of a map must be text, numbers or booleans. Spark would write a date key as a number, and a binary key as
    a memory address.
    """
    if isinstance(type_, T.StructType):
        return all(_has_json_form(field.dataType) for field in type_)
    if isinstance(type_, T.ArrayType):
        return _has_json_form(type_.elementType)
    return not isinstance(type_, T.MapType) or (
        isinstance(type_.keyType, _SCALAR_TYPES) and _has_json_form(type_.valueType)
    )
