"""Errors of the transforms: what is wrong, where, what was found, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class TransformError(ValueError):
    """A transform was given a frame or arguments that it cannot work on."""


class MissingColumnError(TransformError):
    """A frame or a file lacks a column that a step reads.

    Attributes:
        where: The step, dataset or file that needs the column.
        column: The missing column.
        available: The columns that are there.
    """

    def __init__(self, *, where: str, column: str, available: Sequence[str]) -> None:
        self.where, self.column, self.available = where, column, tuple(available)
        super().__init__(f"{where}: column {column!r} is missing; it has {list(available)}. {self._hint()}")

    def _hint(self) -> str:
        folded = {_fold(name): name for name in self.available}
        alike = get_close_matches(_fold(self.column), folded, n=1, cutoff=0.8)
        if alike:
            return f"Did the source rename it to {folded[alike[0]]!r}?"
        return "Did the source rename or drop it?"


class SchemaMismatchError(TransformError):
    """Two frames that must have the same columns and types do not.

    Attributes:
        where: The step that compares them.
        got: What the second frame has.
        expected: What the first frame has.
        hint: What to do.
    """

    def __init__(self, *, where: str, got: str, expected: str, hint: str) -> None:
        self.where, self.got, self.expected, self.hint = where, got, expected, hint
        super().__init__(f"{where}: got {got}, expected {expected}. {hint}")


class UnknownFunctionError(TransformError):
    """A name was given that is none of the functions a step knows.

    Attributes:
        where: The step.
        name: What was asked for.
        known: What the step knows.
    """

    def __init__(self, *, where: str, name: str, known: Sequence[str]) -> None:
        self.where, self.name, self.known = where, name, tuple(known)
        super().__init__(f"{where}: {name!r} is no function it knows; use one of {list(known)}.")


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
