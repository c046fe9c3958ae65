"""Made-up landing files, one module a dataset, as dirty as delivered ones, with the right answers beside them."""

from __future__ import annotations

from ingest.errors import IngestError


class SampleError(IngestError):
    """Samples of this size cannot be made. Nothing has been written.

    Attributes:
        rows: The number of rows asked for, or None for the default.
    """

    def __init__(self, *, rows: int | None, problem: str) -> None:
        self.rows = rows
        super().__init__(where=f"samples{'' if rows is None else f' of {rows:,} rows'}", problem=problem)
