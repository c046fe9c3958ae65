"""Find the columns of an expectation in a schema, and convert values of the suite to the types of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from difflib import get_close_matches
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.errors import TextColumnError
from transforms.sql import quoted

PASSES = "_passes"
"""Name of a temporary column. The column is true if the row meets every critical expectation on single rows."""
ORDER = "_order"
"""Name of a temporary column with the position of the row. The gate adds the column only if an expectation reads it."""
STATISTIC_PREFIX = "_statistic_"
"""Prefix of the names of temporary columns that have a statistic, such as the mean of another column."""

_MAX_BIGINT = 2**63 - 1
_USE_ANOTHER = "Use another column or another expectation type"
_TIME_TYPES = (T.DateType, T.TimestampType, T.TimestampNTZType)
_COMPARABLE_TYPES: tuple[tuple[type[T.DataType], ...], ...] = (
    (T.NumericType,),
    (T.StringType,),
    (T.BooleanType,),
    _TIME_TYPES,
)


@dataclass(frozen=True)
class Frame:
    """A frame's schema, and the rows that one expectation validates.

    Attributes:
        schema: The frame's schema. A name in a suite is first looked up as the name of a column. If no column has this
            name, the name is a path into a struct, such as `geo.latitude`.
        condition: The expectation's row condition, which is true for the rows to validate. None to validate all rows.
        number: The position of the expectation in its suite.
    """

    schema: T.StructType
    condition: Column | None = None
    number: int = 0

    @property
    def compared_rows(self) -> Column:
        """A Column that is true for the rows that a rule across rows compares.

        The compared rows pass every critical expectation on single rows, and meet the row condition.
        """
        passes = F.col(PASSES)
        return passes if self.condition is None else passes & F.coalesce(self.condition, F.lit(False))

    def statistic(self, name: str) -> str:
        """Return the name of the temporary column for a statistic of the expectation, such as the mean."""
        return f"{STATISTIC_PREFIX}{self.number}_{name}"

    def value(self, name: str) -> Column:
        """Return a column's value."""
        self.type_of(name)
        name = _strip_backticks(name)
        return F.col(quoted(name) if name in self.schema.names else ".".join(map(quoted, name.split("."))))

    def type_of(self, name: str) -> T.DataType:
        """Return a column's type.

        Raises:
            ValueError: The column does not exist.
        """
        plain = _strip_backticks(name)
        if plain in self.schema.names:
            return self.schema[plain].dataType
        data_type: T.DataType = self.schema
        for part in plain.split("."):
            if not isinstance(data_type, T.StructType) or part not in data_type.names:
                raise ValueError(self._describe_missing(plain))
            data_type = data_type[part].dataType
        return data_type

    def groupable_value(self, name: str) -> Column:
        """Return the value of a column, if Spark can group rows by this value.

        Raises:
            ValueError: The values of the column contain maps, which Spark cannot compare.
        """
        type_name = self.type_of(name).simpleString()
        if "map<" in type_name:
            raise ValueError(f"column {name!r} is {type_name}, whose values Spark cannot compare. {_USE_ANOTHER}")
        return self.value(name)

    def scalar_value(self, name: str) -> Column:
        """Return the value of a column of numbers, text, booleans, dates or timestamps.

        Raises:
            ValueError: The column has another type.
        """
        data_type = self.type_of(name)
        if not any(isinstance(data_type, types) for types in _COMPARABLE_TYPES):
            expected = "expected numbers, text, booleans, dates or times"
            raise ValueError(f"column {name!r} is {_format_type(data_type)}, {expected}. {_USE_ANOTHER}")
        return self.value(name)

    def text_value(self, name: str) -> Column:
        """Return a column's value as text. The cast is explicit, because some Spark versions do not cast implicitly.

        Raises:
            ValueError: The column's type is array, map, struct or binary.
        """
        data_type = self.type_of(name)
        if isinstance(data_type, (T.ArrayType, T.MapType, T.StructType, T.BinaryType)):
            raise ValueError(f"column {name!r} is {_format_type(data_type)}, expected text. {_USE_ANOTHER}")
        return self.value(name).cast("string")

    def number_value(self, name: str) -> Column:
        """Return the value of a column of numbers.

        Raises:
            ValueError: The column is not numeric.
        """
        data_type = self.type_of(name)
        if isinstance(data_type, T.StringType):
            raise TextColumnError(name, f"column {name!r} is text, expected a number. {_USE_ANOTHER}")
        if not isinstance(data_type, T.NumericType):
            raise ValueError(f"column {name!r} is {_format_type(data_type)}, expected a number. {_USE_ANOTHER}")
        return self.value(name)

    def literals(self, name: str, values: Iterable[Any]) -> list[Any]:
        """Convert values of the suite to literals of a column's type. For a date or timestamp column, text is parsed.

        Raises:
            ValueError: A value cannot be compared with the column. Without this check, some Spark versions would
                compare the values as text or as numbers. Other Spark versions would fail when they read a row.
        """
        if isinstance(values, (str, dict)):
            raise ValueError(f"the values for column {name!r} are {values!r}, expected a list")
        data_type, values = self.type_of(name), list(values)
        if wrong := [value for value in values if not _is_comparable(value, data_type)]:
            expected = (
                "dates in ISO form, such as '2024-12-31'" if is_time_type(data_type) else "values of the column's type"
            )
            if isinstance(data_type, T.StringType):
                problem = f"column {name!r} is text and cannot be compared with {wrong}. Write the values as text"
                raise TextColumnError(name, problem)
            type_name = _format_type(data_type)
            raise ValueError(f"column {name!r} is {type_name} and cannot be compared with {wrong}. Write {expected}")
        return [_literal(value, data_type) for value in values]

    def bound(self, name: str, value: Any) -> Any:
        """Return a bound of the suite as a literal of the column's type. If `value` is None, return None.

        Raises:
            ValueError: The bound cannot be compared with the column. As in GX, a text column cannot have bounds.
        """
        if value is None:
            return None
        if isinstance(self.type_of(name), T.StringType):
            problem = f"column {name!r} is text. Bounds are valid only for numbers, dates and times. {_USE_ANOTHER}"
            raise TextColumnError(name, problem)
        return self.literals(name, [value])[0]

    def require_comparable(self, names: Sequence[str]) -> None:
        """Raise ValueError if the types of the columns cannot be compared with each other."""
        groups = {_comparable_group(self.type_of(name)) for name in names}
        if len(groups) > 1:
            types = ", ".join(f"{name!r} is {_format_type(self.type_of(name))}" for name in names)
            raise ValueError(f"the columns cannot be compared with each other: {types}. Use columns of one type")

    def _describe_missing(self, name: str) -> str:
        spellings = {column.casefold(): column for column in self.schema.names}
        alike = get_close_matches(name.casefold(), spellings, n=1, cutoff=0.8)
        hint = f" Did you mean {spellings[alike[0]]!r}?" if alike else ""
        return f"column {name!r} does not exist. Found: {self.schema.names}.{hint}"


def to_datetime(value: Any) -> Any:
    """Convert a date or a text in ISO form to a datetime in UTC. Return any other value unchanged.

    Raises:
        ValueError: The text is not a valid date or timestamp.
    """
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError as error:
            hint = "Write the ISO form, such as '2024-12-31' or '2024-12-31T13:00:00'"
            raise ValueError(f"{value!r} is not a valid date or time. {hint}") from error
        return parsed.astimezone(timezone.utc).replace(tzinfo=None) if parsed.tzinfo else parsed
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def is_time_type(data_type: T.DataType) -> bool:
    """Return whether a type is date or timestamp."""
    return isinstance(data_type, _TIME_TYPES)


def require_numbers(**values: Any) -> None:
    """Raise ValueError if an argument is not a number."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name} is {value!r}, expected a number")


def require_booleans(**values: Any) -> None:
    """Raise ValueError if an argument is neither a boolean nor None."""
    for name, value in values.items():
        if not isinstance(value, bool) and value is not None:
            raise ValueError(f"{name} is {value!r}, expected true or false")


def require_order(low: Any, high: Any) -> None:
    """Raise ValueError if a minimum is greater than its maximum, as GX does. Texts are dates or times in ISO form."""
    if low is not None and high is not None and to_datetime(low) > to_datetime(high):
        raise ValueError(f"min_value {low!r} is greater than max_value {high!r}, so no value can pass. Correct a bound")


def _strip_backticks(name: Any) -> str:
    """Return a column name without backticks. Many suites write Spark's backticks around names."""
    text = str(name)
    return text[1:-1].replace("``", "`") if len(text) > 1 and text[0] == text[-1] == "`" else text


def _format_type(data_type: T.DataType) -> str:
    return data_type.simpleString()


def _literal(value: Any, data_type: T.DataType) -> Any:
    if isinstance(data_type, _TIME_TYPES):
        timestamp = to_datetime(value)
        # For a date column, a value at midnight becomes a date. Any other value becomes a timestamp. Spark then treats
        # each date of the column as midnight of this date. `sep=" "` replaces the `T`, because every Spark version can
        # cast text with a space.
        if isinstance(data_type, T.DateType) and timestamp.time() == time():
            return F.lit(timestamp.date().isoformat()).cast("date")
        return F.lit(timestamp.isoformat(sep=" ")).cast(
            "timestamp_ntz" if isinstance(data_type, T.TimestampNTZType) else "timestamp"
        )
    if isinstance(value, int) and not -_MAX_BIGINT <= value <= _MAX_BIGINT:
        try:
            return float(value)
        except OverflowError as error:
            raise ValueError(f"a number has {len(str(abs(value)))} digits, expected at most 308") from error
    return value


def _is_comparable(value: Any, data_type: T.DataType) -> bool:
    if isinstance(data_type, _TIME_TYPES):
        if not isinstance(value, str):
            return False
        to_datetime(value)
        return True
    if isinstance(value, bool):
        return isinstance(data_type, T.BooleanType)
    if isinstance(value, str):
        return isinstance(data_type, T.StringType)
    return isinstance(value, (int, float)) and isinstance(data_type, T.NumericType)


def _comparable_group(data_type: T.DataType) -> Any:
    groups = (number for number, types in enumerate(_COMPARABLE_TYPES) if isinstance(data_type, types))
    return next(groups, data_type.simpleString())
