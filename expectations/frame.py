"""The rows that an expectation is compiled for: their columns by name, and values of a suite as literals of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.sql import quoted

PASSES = "_passes"
"""While rows are judged: true where no critical expectation that looks at one row alone has failed."""
ORDER = "_order"
"""While rows are judged: their order in the frame, where an expectation needs it."""

STATISTIC = "_statistic_"
"""How the columns begin that hold, while rows are judged, a statistic of a column."""
_LONGEST = 2**63 - 1
_MOMENTS = (T.DateType, T.TimestampType, T.TimestampNTZType)
_FAMILIES: tuple[tuple[type[T.DataType], ...], ...] = ((T.NumericType,), (T.StringType,), (T.BooleanType,), _MOMENTS)


@dataclass(frozen=True)
class Frame:
    """A frame's schema, and which of its rows an expectation is about.

    Attributes:
        schema: The frame's schema. A name in a suite is that of a column, else a path into a struct (`geo.latitude`).
        condition: The expectation's row condition, true on the rows it is about; None for all.
        place: The expectation's place in its suite.
    """

    schema: T.StructType
    condition: Column | None = None
    place: int = 0

    @property
    def among(self) -> Column:
        """True on the rows that a rule across rows compares: of those it is about, the ones that pass."""
        passes = F.col(PASSES)
        return passes if self.condition is None else passes & F.coalesce(self.condition, F.lit(False))

    def statistic(self, name: str) -> str:
        """Return the name of a column that holds a statistic for the expectation."""
        return f"{STATISTIC}{self.place}_{name}"

    def value(self, name: str) -> Column:
        """Return a column's value."""
        self.type_of(name)
        name = _unquoted(name)
        return F.col(quoted(name) if name in self.schema.names else ".".join(map(quoted, name.split("."))))

    def type_of(self, name: str) -> T.DataType:
        """Return a column's type.

        Raises:
            ValueError: There is no such column.
        """
        plain = _unquoted(name)
        if plain in self.schema.names:
            return self.schema[plain].dataType
        found: T.DataType = self.schema
        for part in plain.split("."):
            if not isinstance(found, T.StructType) or part not in found.names:
                raise ValueError(f"column {name!r} does not exist; the rows have {self.schema.names}")
            found = found[part].dataType
        return found

    def distinct(self, name: str) -> Column:
        """Return the value of a column whose values are equal or not.

        Raises:
            ValueError: It has maps, which Spark cannot compare.
        """
        kind = self.type_of(name).simpleString()
        if "map<" in kind:
            raise ValueError(f"column {name!r} is {kind}, whose values cannot be compared")
        return self.value(name)

    def nameable(self, name: str) -> Column:
        """Return the value of a column whose values a suite can name.

        Raises:
            ValueError: It has other than numbers, texts, booleans, dates or times.
        """
        kind = self.type_of(name)
        if not any(isinstance(kind, family) for family in _FAMILIES):
            raise ValueError(f"column {name!r} is {kind.simpleString()}, whose values no suite can name")
        return self.value(name)

    def text(self, name: str) -> Column:
        """Return a column's value as text; Spark would do that itself, but not in all versions."""
        kind = self.type_of(name)
        if isinstance(kind, (T.ArrayType, T.MapType, T.StructType, T.BinaryType)):
            raise ValueError(f"column {name!r} is {kind.simpleString()}, expected text")
        return self.value(name).cast("string")

    def number(self, name: str) -> Column:
        """Return the value of a column of numbers.

        Raises:
            ValueError: It is of another type.
        """
        kind = self.type_of(name)
        if not isinstance(kind, T.NumericType):
            raise ValueError(f"column {name!r} is {kind.simpleString()}, expected a number")
        return self.value(name)

    def literals(self, name: str, values: Iterable[Any]) -> list[Any]:
        """Return a suite's values for comparing them with a column: days and times in text become what they mean.

        Raises:
            ValueError: The column is of a type that one of the values cannot be compared with. Spark would compare
                them as text or as numbers, or fail on the first row that is neither, as the version may be.
        """
        if isinstance(values, (str, dict)):
            raise ValueError(f"{values!r} is no list of values")
        kind, values = self.type_of(name), list(values)
        if wrong := [value for value in values if not _comparable(value, kind)]:
            raise ValueError(f"column {name!r} is {kind.simpleString()}, no type to compare {wrong} with")
        return [_literal(value, kind) for value in values]

    def bound(self, name: str, value: Any) -> Any:
        """Return a bound of a suite as `literals` does; None for None. As in GX, text has no bounds.

        Raises:
            ValueError: The column is of a type that cannot be compared with it.
        """
        if value is None:
            return None
        kind = self.type_of(name)
        if isinstance(kind, T.StringType):
            raise ValueError(f"column {name!r} is {kind.simpleString()}, no type to compare {[value]} with")
        return self.literals(name, [value])[0]

    def require_one_family(self, names: Sequence[str]) -> None:
        """Raise ValueError if the columns are not of types to compare with each other."""
        families = {_family(self.type_of(name)) for name in names}
        if len(families) > 1:
            types = ", ".join(f"{name!r} is {self.type_of(name).simpleString()}" for name in names)
            raise ValueError(f"the columns are of types that cannot be compared: {types}")


def moment(value: Any) -> Any:
    """Return the moment that a date, or a date or time in text, stands for, UTC; any other value as it is.

    Raises:
        ValueError: The text is neither.
    """
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(timezone.utc).replace(tzinfo=None) if parsed.tzinfo else parsed
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def is_moment(kind: T.DataType) -> bool:
    """Whether a type is one of dates or times."""
    return isinstance(kind, _MOMENTS)


def require_numbers(**values: Any) -> None:
    """Raise ValueError if a named value is no number."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name} is {value!r}, expected a number")


def require_true_or_false(**values: Any) -> None:
    """Raise ValueError if a named value is neither true nor false nor left out."""
    for name, value in values.items():
        if not isinstance(value, bool) and value is not None:
            raise ValueError(f"{name} is {value!r}, expected true or false")


def _unquoted(name: Any) -> str:
    """Return a name without the backticks that Spark, and so many a suite, writes around it."""
    text = str(name)
    return text[1:-1].replace("``", "`") if len(text) > 1 and text[0] == text[-1] == "`" else text


def _literal(value: Any, kind: T.DataType) -> Any:
    if isinstance(kind, _MOMENTS):
        at = moment(value)
        # A day is compared with a time as the moment it begins. The text is one that every Spark reads.
        if isinstance(kind, T.DateType) and at.time() == time():
            return F.lit(at.date().isoformat()).cast("date")
        return F.lit(at.isoformat(sep=" ")).cast(
            "timestamp_ntz" if isinstance(kind, T.TimestampNTZType) else "timestamp"
        )
    if isinstance(value, int) and not -_LONGEST <= value <= _LONGEST:
        return float(value)
    return value


def _comparable(value: Any, kind: T.DataType) -> bool:
    if isinstance(kind, _MOMENTS):
        if not isinstance(value, str):
            return False
        moment(value)
        return True
    if isinstance(value, bool):
        return isinstance(kind, T.BooleanType)
    if isinstance(value, str):
        return isinstance(kind, T.StringType)
    return isinstance(value, (int, float)) and isinstance(kind, T.NumericType)


def _family(kind: T.DataType) -> Any:
    return next((number for number, family in enumerate(_FAMILIES) if isinstance(kind, family)), kind.simpleString())
