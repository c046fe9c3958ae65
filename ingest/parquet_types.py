"""Find the type in which Spark reads a column of a Parquet file, and write the values as text.

Source: Apache Parquet Format, `parquet.thrift` and `LogicalTypes.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.parquet_footer import Node, Thrift
from transforms.casts import cast, utc_wall_clock

_BOOLEAN, _INT32, _INT64, _INT96, _FLOAT, _DOUBLE, _BYTES, _FIXED_BYTES = range(8)

# Logical types. The converted types of older writers are translated to logical types.
_TEXT, _MAP, _LIST, _ENUM, _DECIMAL, _DATE, _TIME, _TIMESTAMP = range(1, 9)
_INTEGER, _JSON, _UUID = 10, 12, 14
_MILLIS, _MICROS, _NANOS = range(1, 4)
_CONVERTED: dict[int, Thrift] = {
    0: {_TEXT: {}},
    1: {_MAP: {}},
    2: {_MAP: {}},
    3: {_LIST: {}},
    4: {_ENUM: {}},
    5: {_DECIMAL: {}},
    6: {_DATE: {}},
    **{number: {_TIME: {1: True, 2: {unit: {}}}} for number, unit in ((7, _MILLIS), (8, _MICROS))},
    **{number: {_TIMESTAMP: {1: True, 2: {unit: {}}}} for number, unit in ((9, _MILLIS), (10, _MICROS))},
    **{11 + power: {_INTEGER: {1: 8 << power, 2: False}} for power in range(4)},
    **{15 + power: {_INTEGER: {1: 8 << power, 2: True}} for power in range(4)},
    19: {_JSON: {}},
}
_SECOND = {_MILLIS: 1_000, _MICROS: 1_000_000, _NANOS: 1_000_000_000}
_UNSIGNED = {8: T.ShortType(), 16: T.IntegerType(), 32: T.LongType(), 64: T.DecimalType(20, 0)}
_MAX_PRECISION = 38
_KEY_TYPES = (T.StringType, T.NumericType, T.BooleanType)
_KEY_AND_VALUE = 2


class UnsupportedTypeError(ValueError):
    """The values of a column cannot be written as text. The message is the reason."""


@dataclass(frozen=True)
class CellType:
    """The type of a column.

    Attributes:
        type: The type in which Spark reads the column.
        to_text: The function that takes the name of a column in backticks, and returns its values as text.
        is_binary: Whether the column has bytes, and not values of a known type. A nested value may also have bytes.
    """

    type: T.DataType
    to_text: Callable[[str], Column]
    is_binary: bool = False


def cell_type(node: Node) -> CellType:
    """Return the type of a column.

    Raises:
        UnsupportedTypeError: The values of the column cannot be written as text.
    """
    _require_known_types(node)
    if node.children or node.is_repeated or node.physical is None:
        nested = _nested_type(node)
        to_text = partial(cast, source_type=nested, target_type=T.StringType(), where="parquet")
        return CellType(nested, to_text, is_binary=_has_bytes(nested))
    logical = _logical_type(node)
    if ticks := logical.get(_TIME) or logical.get(_TIMESTAMP):
        return _moment_type(node, ticks, is_time=_TIME in logical)
    if _UUID in logical:
        return CellType(T.BinaryType(), _uuid_text)
    type_ = _flat_type(node)
    if isinstance(type_, T.BinaryType):
        return CellType(type_, lambda value: F.lower(F.hex(F.expr(value))), is_binary=True)
    if isinstance(type_, T.TimestampType):
        return CellType(type_, _timestamp_text)
    if isinstance(type_, (T.FractionalType, T.DecimalType)):
        return CellType(type_, _number_text)
    return CellType(type_, lambda value: F.expr(value).cast("string"))


def _require_known_types(node: Node) -> None:
    """Raise an error for the types that the Parquet library of Spark 3.5 does not know, such as FLOAT16."""
    if any(number > _UUID for number in node.logical):
        raise UnsupportedTypeError("its type, such as a half-precision float, is not known to this version of Spark.")
    for child in node.children:
        _require_known_types(child)


def _logical_type(node: Node) -> Thrift:
    return node.logical or (_CONVERTED.get(node.converted, {}) if node.converted is not None else {})


def _flat_type(node: Node) -> T.DataType:
    """Return the type of a value that is neither a time nor nested."""
    logical = _logical_type(node)
    if _DECIMAL in logical:
        precision = logical[_DECIMAL].get(2, node.precision)
        if not 0 < precision <= _MAX_PRECISION:
            raise UnsupportedTypeError(f"it has decimals of {precision} digits. Expected at most {_MAX_PRECISION}.")
        return T.DecimalType(precision, logical[_DECIMAL].get(1, node.scale))
    if _INTEGER in logical and not logical[_INTEGER].get(2):
        return _UNSIGNED[logical[_INTEGER][1]]
    if node.physical == _INT32:
        return T.DateType() if _DATE in logical else T.IntegerType()
    if node.physical == _BYTES:
        return T.StringType() if logical.keys() & {_TEXT, _ENUM, _JSON} else T.BinaryType()
    types = {_BOOLEAN: T.BooleanType(), _INT64: T.LongType(), _INT96: T.TimestampType(), _FLOAT: T.FloatType()}
    types |= {_DOUBLE: T.DoubleType(), _FIXED_BYTES: T.BinaryType()}
    if node.physical not in types:
        raise UnsupportedTypeError("its type is unknown.")
    return types[node.physical]


def _moment_type(node: Node, moment: Thrift, *, is_time: bool) -> CellType:
    """Return the type of a timestamp or a time of day. Spark reads neither times of day nor nanoseconds."""
    unit = next(iter(moment[2]))
    is_utc = bool(moment.get(1))
    if is_time or unit == _NANOS:
        type_ = T.IntegerType() if node.physical == _INT32 else T.LongType()
        return CellType(type_, partial(_ticks_text, second=_SECOND[unit], is_utc=is_utc, is_time=is_time))
    return CellType(T.TimestampType() if is_utc else T.TimestampNTZType(), _timestamp_text if is_utc else _local_text)


def _nested_type(node: Node) -> T.DataType:
    """Return the type of a nested value. Readers must accept several forms of lists, see `LogicalTypes.md`."""
    if node.is_repeated:
        return T.ArrayType(_value_type(node))
    return _value_type(node)


def _value_type(node: Node) -> T.DataType:
    """Return the type of one value of a node, whether or not the node is repeated."""
    logical = _logical_type(node)
    if not node.children:
        if node.physical is None:
            raise UnsupportedTypeError("it has an empty group.")
        if _TIME in logical or (_TIMESTAMP in logical and _NANOS in logical[_TIMESTAMP][2]):
            raise UnsupportedTypeError("it has times of day or nanoseconds in a nested value.")
        if _TIMESTAMP in logical:
            return T.TimestampType() if logical[_TIMESTAMP].get(1) else T.TimestampNTZType()
        return _flat_type(node)
    if (_LIST in logical or _MAP in logical) and len(node.children) == 1 and node.children[0].is_repeated:
        entry = node.children[0]
        if _LIST in logical:
            is_element = len(entry.children) != 1 or entry.name in ("array", f"{node.name}_tuple")
            return T.ArrayType(_value_type(entry) if is_element else _nested_type(entry.children[0]))
        if len(entry.children) != _KEY_AND_VALUE:
            raise UnsupportedTypeError("it has a map without values.")
        key, value = (_nested_type(child) for child in entry.children)
        if not isinstance(key, _KEY_TYPES):
            raise UnsupportedTypeError(f"it has a map with keys of the type {key.simpleString()}.")
        return T.MapType(key, value)
    names = [child.name for child in node.children]
    if len({name.casefold() for name in names}) < len(names):
        raise UnsupportedTypeError("it has a struct in which two names differ only in case.")
    return T.StructType([T.StructField(child.name, _nested_type(child)) for child in node.children])


def _has_bytes(type_: T.DataType) -> bool:
    if isinstance(type_, T.StructType):
        return any(_has_bytes(field.dataType) for field in type_)
    if isinstance(type_, T.ArrayType):
        return _has_bytes(type_.elementType)
    if isinstance(type_, T.MapType):
        return _has_bytes(type_.valueType)  # a key is never bytes
    return isinstance(type_, T.BinaryType)


def _timestamp_text(value: str) -> Column:
    text = cast(value, source_type=T.TimestampType(), target_type=T.StringType(), where="parquet")
    return F.replace(text, F.lit(" "), F.lit("T"))


def _local_text(value: str) -> Column:
    return F.replace(F.expr(value).cast("string"), F.lit(" "), F.lit("T"))


def _ticks_text(value: str, *, second: int, is_utc: bool, is_time: bool) -> Column:
    """Write a number of units since 1970 or midnight as a time. `second` is the number of units in a second."""
    fraction = f"pmod({value}, {second})"
    seconds = F.timestamp_seconds(F.expr(f"({value} - {fraction}) div {second}"))
    local = utc_wall_clock(seconds).cast("string")
    clock = F.substring(local, 12, 8) if is_time else F.replace(local, F.lit(" "), F.lit("T"))
    digits = f"lpad({fraction}, {len(str(second)) - 1}, '0')"
    decimals = F.expr(f"if({fraction} = 0, '', concat('.', trim(TRAILING '0' FROM {digits})))")
    return F.concat(clock, decimals, F.lit("Z" if is_utc else ""))


def _number_text(value: str) -> Column:
    """Write a decimal, float or double without a power of ten. A whole double has no decimal point."""
    text, sign = f"CAST({value} AS string)", f"if({value} < 0, '-', '')"
    mantissa, power = f"trim(LEADING '-' FROM split_part({text}, 'E', 1))", f"CAST(split_part({text}, 'E', 2) AS int)"
    digits = f"replace(regexp_replace({mantissa}, '[.]0$', ''), '.', '')"
    below_one = f"concat('0.', repeat('0', -{power} - 1), {digits})"
    whole = f"rpad({digits}, {power} + 1, '0')"
    broken = f"concat(left({digits}, {power} + 1), '.', substring({digits}, {power} + 2))"
    plain = f"CASE WHEN {power} < 0 THEN {below_one} WHEN length({digits}) > {power} + 1 THEN {broken} ELSE {whole} END"
    return F.expr(
        f"CASE WHEN contains({text}, 'E') THEN concat({sign}, {plain}) ELSE regexp_replace({text}, '[.]0$', '') END"
    )


def _uuid_text(value: str) -> Column:
    digits = F.lower(F.hex(F.expr(value)))
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return F.concat_ws("-", *(F.substring(digits, start, length) for start, length in parts))
