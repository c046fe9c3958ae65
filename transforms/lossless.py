"""Mark the functions that parse a cell without losing a part of its meaning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pyspark.sql import Column

_Parse = TypeVar("_Parse", bound=Callable[..., Column])
_LOSSLESS: list[Callable[..., Column]] = []


def lossless(parse: _Parse) -> _Parse:
    """Mark a function for the attribute `parse` of a field as lossless. Returns the function unchanged.

    The value of a lossless function has the full meaning of the cell. Only the form of the cell can be lost, such as
    the order of day and month, the time zone in which a time is written, or leading zeros. A function that reads the
    year of a birth date is not lossless.

    `citylake show DATASET quarantine` displays readable cells only if their function is lossless. All functions of this
    library that parse dates, times or numbers are marked.
    """
    _LOSSLESS.append(parse)
    return parse


def is_lossless(parse: Callable[..., Column]) -> bool:
    """Return whether a function is marked with `lossless`. The function can be wrapped in `functools.partial`."""
    while isinstance(parse, partial):
        parse = parse.func
    return any(parse is function for function in _LOSSLESS)  # a callable object may have no hash
