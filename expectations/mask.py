"""What the gate adds to rows: the outcome of all row-level expectations, folded into one or a few number columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

QUARANTINED = "_quarantined"
"""Whether a row fails a critical row-level expectation."""
WARNINGS = "_warnings"
"""The ids of the expectations of lesser severity that a row fails; null for none."""
FAILED = "_failed_expectations"
"""In quarantine, the ids of the critical expectations that a row failed."""

_BITS = 62  # of a bigint's 63 without the sign


@dataclass(frozen=True)
class Bit:
    """One condition's place in the mask columns, `_mask_0`, `_mask_1` and so on."""

    number: int
    condition: Column = field(compare=False)

    @property
    def word(self) -> str:
        """The mask column it stands in."""
        return f"_mask_{self.number // _BITS}"

    @property
    def value(self) -> int:
        """Its value in that column."""
        return 1 << (self.number % _BITS)

    @property
    def is_set(self) -> Column:
        """True where its condition was true, read from the mask column."""
        return F.col(self.word).bitwiseAND(F.lit(self.value)) != 0


def mask_columns(bits: Sequence[Bit]) -> dict[str, Column]:
    """Return the mask columns by name: each condition is evaluated once, null counting as false."""
    words: dict[str, Column] = {}
    for bit in bits:
        term = F.when(bit.condition, F.lit(bit.value).cast("bigint")).otherwise(F.lit(0).cast("bigint"))
        words[bit.word] = words[bit.word].bitwiseOR(term) if bit.word in words else term
    return words


def any_set(bits: Sequence[Bit]) -> Column:
    """Return a Column that is true where at least one of the bits is set: one comparison for each mask column."""
    masks: dict[str, int] = {}
    for bit in bits:
        masks[bit.word] = masks.get(bit.word, 0) | bit.value
    tests = [F.col(word).bitwiseAND(F.lit(mask)) != 0 for word, mask in masks.items()]
    return reduce(or_, tests, F.lit(False))
