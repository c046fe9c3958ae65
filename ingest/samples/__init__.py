"""Made-up landing files, one module a dataset, as dirty as delivered ones, with the right answers beside them."""

from __future__ import annotations


class SampleError(ValueError):
    """Samples of this size cannot be made; nothing has been written.

    Attributes:
        rows: How many rows were asked for; None for as many as there mostly are.
    """

    def __init__(self, *, rows: int | None, problem: str) -> None:
        self.rows = rows
        super().__init__(f"samples{'' if rows is None else f' of {rows:,} rows'}: {problem}")
