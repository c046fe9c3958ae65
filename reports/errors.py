"""Errors of reports."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from transforms.errors import CityLakeError


class TargetError(CityLakeError, ValueError):
    """A report cannot be written to its target. `where` is the path of the target."""


class DrawingError(CityLakeError):
    """The charts of a report cannot be drawn."""


class AnswerTooLargeError(CityLakeError, ValueError):
    """An answer has too many rows for a report. `where` is the table of the answer.

    Attributes:
        rows: The number of rows.
    """

    def __init__(self, *, table: str, rows: int, max_rows: int) -> None:
        self.rows = rows
        problem = (
            f"the table has {rows:,} rows. A report displays answers of at most {max_rows:,} rows. Group the answer by "
            "fewer columns, or keep only its greatest values with top_n. To see all rows, use citylake show with --csv."
        )
        super().__init__(where=table, problem=problem)


class OutdatedAnswerError(CityLakeError, LookupError):
    """The table of an answer does not have the columns that the report reads. `where` is the table, or the answer.

    Attributes:
        column: The column or the SQL expression that the report reads.
        expected: What the report needs.
        found: What the table has.
    """

    def __init__(self, *, where: str, column: str, expected: str, found: str) -> None:
        self.column, self.expected, self.found = column, expected, found
        problem = (
            f"the report cannot use {column!r}. Expected {expected}, found {found}. If older code "
            "built the table, build it again: run the dataset again, or only its stage curate. Otherwise, correct the "
            "report of the dataset"
        )
        super().__init__(where=where, problem=problem)


def missing_column(where: str, column: str, available: Sequence[str]) -> OutdatedAnswerError:
    """Return the error for a column that the table of an answer lacks."""
    alike = get_close_matches(column, available, n=1, cutoff=0.8)
    found = f"only the columns {[*available]}" + (f" (did you mean {alike[0]!r}?)" if alike else "")
    return OutdatedAnswerError(where=where, column=column, expected="a column of this name", found=found)


class MissingAnswersError(CityLakeError, LookupError):
    """Answers of a dataset have no tables.

    Attributes:
        tables: The missing tables.
    """

    def __init__(self, *, dataset: str, tables: list[str]) -> None:
        self.tables = tables
        problem = (
            f"these tables of answers do not exist: {', '.join(tables)}. "
            "To build them, run the dataset again, or only its stage curate"
        )
        super().__init__(where=dataset, problem=problem)
