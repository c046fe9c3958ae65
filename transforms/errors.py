"""`CityLakeError`, the base class of all errors of CityLake, and the errors of the transforms."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class CityLakeError(Exception):
    """An error whose message explains the problem and the fix. The command line prints no stack trace for this error.

    Attributes:
        where: The step, file, table or setting that has the problem.
        problem: What failed, the expected and the actual value, and how to fix the problem.
    """

    def __init__(self, *, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


class TransformError(CityLakeError, ValueError):
    """A transform cannot work with the given frame or arguments."""


class MissingColumnError(TransformError):
    """A frame or a file lacks a column that a step reads.

    Attributes:
        where: The step, dataset or file that needs the column.
        column: The missing column.
        available: The columns that exist.
    """

    def __init__(self, *, where: str, column: str, available: Sequence[str]) -> None:
        self.column, self.available = column, tuple(available)
        super().__init__(where=where, problem=f"column {column!r} is missing. Found: {list(available)}. {self._hint()}")

    def _hint(self) -> str:
        folded = {_fold(name): name for name in self.available}
        alike = get_close_matches(_fold(self.column), folded, n=1, cutoff=0.8)
        if alike:
            return f"Did the source rename it to {folded[alike[0]]!r}?"
        return "Did the source rename or drop it?"


class SchemaMismatchError(TransformError):
    """A frame has columns or types that a step does not expect.

    Attributes:
        where: The step.
        got: The actual columns or type.
        expected: The expected columns or type.
        hint: How to fix the problem.
    """

    def __init__(self, *, where: str, got: str, expected: str, hint: str) -> None:
        self.got, self.expected, self.hint = got, expected, hint
        super().__init__(where=where, problem=f"got {got}, expected {expected}. {hint}")


class RowLossError(TransformError):
    """A function of a dataset removes rows."""


class DuplicateColumnError(TransformError):
    """The result of a step would have two columns with the same name. Spark does not distinguish `a` from `A`.

    Attributes:
        where: The step.
        columns: The two names that Spark reads as the same name.
        available: All column names that the result would have.
        sources: The columns that would get the two names, if the step renames columns.
    """

    def __init__(
        self, *, where: str, columns: tuple[str, str], available: Sequence[str], sources: tuple[str, ...] = ()
    ) -> None:
        self.columns, self.available, self.sources = columns, tuple(available), sources
        first, second = columns
        pair = (
            f"two columns {first!r}"
            if first == second
            else f"columns {first!r} and {second!r}, which are the same name to Spark"
        )
        if sources:
            pair += f", from the columns {sources[0]!r} and {sources[1]!r}"
        problem = f"the result would have {pair}. All columns: {list(available)}. Rename or drop one of the two first."
        super().__init__(where=where, problem=problem)


class ArgumentError(TransformError):
    """An argument of a step is not valid.

    Attributes:
        where: The step.
        argument: The name of the argument.
        got: The given value.
        expected: A description of a valid value.
    """

    def __init__(self, *, where: str, argument: str, got: object, expected: str) -> None:
        self.argument, self.got, self.expected = argument, got, expected
        super().__init__(where=where, problem=f"{argument} is {got!r}, expected {expected}.")


class UnknownFunctionError(TransformError):
    """The given name is not a function, statistic, date part or join type that the step supports.

    Attributes:
        where: The step.
        name: The given name.
        known: The supported names.
    """

    def __init__(self, *, where: str, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(where=where, problem=f"{name!r} is not supported. Use one of {list(known)}.")


class DatasetNotFoundError(TransformError):
    """A dataset has no module, or its module has no `DATASET`.

    Attributes:
        name: The name of the dataset.
        known: The names of the modules in `transforms/datasets/`.
    """

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(where=f"dataset {name!r}", problem=self._describe_problem())

    def _describe_problem(self) -> str:
        module = f"transforms.datasets.{self.name}"
        if self.name in self.known:
            hint = "Import Dataset from transforms.dataset, and add DATASET = Dataset(...) at the end of the module."
            return f"the module {module} has no DATASET. {hint}"
        alike = get_close_matches(self.name, self.known, n=1, cutoff=0.6)
        hint = f"Did you mean {alike[0]!r}?" if alike else "Check the spelling, or add the module."
        return f"module {module} does not exist. Found: {list(self.known)}. {hint}"


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
