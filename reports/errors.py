"""Errors of reports."""

from __future__ import annotations

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
    """The table of an answer was built by older code, and lacks a column that the report reads.

    Attributes:
        column: The missing column.
    """

    def __init__(self, *, answer: str, column: str) -> None:
        self.column = column
        problem = (
            f"the table of the answer has no column {column}, because older code built the table. "
            "To build it again, run the dataset again, or only its stage curate"
        )
        super().__init__(where=answer, problem=problem)


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
