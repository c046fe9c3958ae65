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
    """A frame has other columns or types than a step can work on.

    Attributes:
        where: The step that compares them.
        got: What the frame has.
        expected: What it must have.
        hint: What to do.
    """

    def __init__(self, *, where: str, got: str, expected: str, hint: str) -> None:
        self.where, self.got, self.expected, self.hint = where, got, expected, hint
        super().__init__(f"{where}: got {got}, expected {expected}. {hint}")


class DuplicateColumnError(TransformError):
    """A step would give a frame two columns that are one to Spark, which does not tell `a` from `A`.

    Attributes:
        where: The step.
        columns: The two names.
        available: All names that the frame would have.
    """

    def __init__(self, *, where: str, columns: tuple[str, str], available: Sequence[str]) -> None:
        self.where, self.columns, self.available = where, columns, tuple(available)
        first, second = columns
        both = f"two columns {first!r}" if first == second else f"columns {first!r} and {second!r}, one name to Spark"
        super().__init__(f"{where}: would give {both}, of {list(available)}. Rename or drop one of them first.")


class ArgumentError(TransformError):
    """A step was called with a value that it cannot work with.

    Attributes:
        where: The step.
        argument: The argument.
        got: Its value.
        expected: What it must be.
    """

    def __init__(self, *, where: str, argument: str, got: object, expected: str) -> None:
        self.where, self.argument, self.got, self.expected = where, argument, got, expected
        super().__init__(f"{where}: {argument} is {got!r}, expected {expected}.")


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


class DatasetNotFoundError(TransformError):
    """A dataset was asked for that has no module, or whose module has no `DATASET`.

    Attributes:
        name: The name that was asked for.
        known: The names of the modules in `transforms/datasets/`.
    """

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"dataset {name!r}: {self._problem()}")

    def _problem(self) -> str:
        module = f"transforms.datasets.{self.name}"
        if self.name in self.known:
            return f"the module {module} has no DATASET. End it with DATASET = Dataset(...) from transforms.dataset."
        alike = get_close_matches(self.name, self.known, n=1, cutoff=0.6)
        hint = f"Did you mean {alike[0]!r}?" if alike else "Check the spelling, or add the module."
        return f"module {module} does not exist. Found: {list(self.known)}. {hint}"


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
