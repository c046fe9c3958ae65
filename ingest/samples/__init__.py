"""Generate landing files with made-up data, and write the expected answers to the same folder.

The data has the errors of real deliveries. Each dataset has its own module.
"""

from __future__ import annotations

from ingest.errors import IngestError


class SampleError(IngestError):
    """Samples of this size cannot be generated. No file was written.

    Attributes:
        rows: The requested number of rows. None stands for the default number.
    """

    def __init__(self, *, rows: int | None, problem: str) -> None:
        self.rows = rows
        super().__init__(where=f"samples{'' if rows is None else f' of {rows:,} rows'}", problem=problem)
