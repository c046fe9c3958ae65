"""The bit mask that the gate adds to each row. Each bit records a failed expectation or a missing value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

QUARANTINED = "_quarantined"
"""Name of the boolean column that is true if the row fails a critical row-level expectation."""
WARNINGS = "_warnings"
"""Name of the column with the ids of the `warning` and `info` expectations that the row fails.

The column is null if the row fails no `warning` or `info` expectation.
"""
FAILED = "_failed_expectations"
"""Name of the column with the ids of the critical expectations that the row fails. Only quarantine has this column."""

_BITS_PER_COLUMN = 62  # A bigint has 63 bits besides the sign bit, so 62 bits always fit.


@dataclass(frozen=True)
class Bit:
    """One condition and its position in the bit mask columns `_mask_0`, `_mask_1` and so on."""

    number: int
    condition: Column = field(compare=False)

    @property
    def column(self) -> str:
        """The name of the bit mask column that has the bit."""
        return f"_mask_{self.number // _BITS_PER_COLUMN}"

    @property
    def value(self) -> int:
        """The value of the bit mask column if only this bit is set."""
        return 1 << (self.number % _BITS_PER_COLUMN)

    @property
    def is_set(self) -> Column:
        """A Column that is true if the bit is set in the bit mask column of the row."""
        return F.col(self.column).bitwiseAND(F.lit(self.value)) != 0


def bit_mask_columns(bits: Sequence[Bit]) -> dict[str, Column]:
    """Map the name of each bit mask column to its Column.

    Spark evaluates each condition once. A condition that is null sets no bit.
    """
    columns: dict[str, Column] = {}
    for bit in bits:
        term = F.when(bit.condition, F.lit(bit.value).cast("bigint")).otherwise(F.lit(0).cast("bigint"))
        columns[bit.column] = columns[bit.column].bitwiseOR(term) if bit.column in columns else term
    return columns


def any_bit_set(bits: Sequence[Bit]) -> Column:
    """Return a Column that is true if at least one of the bits is set. Spark reads each bit mask column once."""
    values: dict[str, int] = {}
    for bit in bits:
        values[bit.column] = values.get(bit.column, 0) | bit.value
    comparisons = [F.col(column).bitwiseAND(F.lit(value)) != 0 for column, value in values.items()]
    return reduce(or_, comparisons, F.lit(False))
