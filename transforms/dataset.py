"""`Dataset`, the definition of a dataset: its source columns, build function, key, masking policy and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from transforms.masking import MaskingRule
from transforms.schema import Field
from transforms.text_format import DETECTED_FORMAT, TextFormat


@dataclass(frozen=True)
class Answer:
    """A table that answers a question.

    Attributes:
        build: The function that builds the answer. The function takes one frame for each zone in `reads`, in the order
            of `reads`.
        reads: The zones that the answer reads: only trusted, or both trusted and quarantine.
    """

    build: Callable[..., DataFrame]
    reads: tuple[str, ...] = ("trusted",)


@dataclass(frozen=True)
class Dataset:
    """The definition of a dataset. Jobs, workflows, reports and docs read this definition.

    Attributes:
        name: The name of the dataset. The module, suite, job and tables of the dataset have the same name.
        description: The questions that the dataset answers, in one line.
        layouts: The columns of each file layout, by the name of the layout. In raw, the column `_layout` has the name
            of the layout.
        build: The function that takes raw rows and returns the candidates for trusted. The function also takes
            `masking_key=` if `uses_masking_key` is true.
        key: The columns that identify a row.
        revision_order: The columns that order the revisions of one key. The last revision is kept.
        answers: The answers by name. Each answer is published as `curated.<dataset>_<name>`.
        masking_policy: The masked columns, each with a masking action and a reason.
        uses_masking_key: Whether a rule of the masking policy needs the masking key.
        builds_by_layout: Whether `build` takes `layouts=`, the names of the layouts that the raw rows have.
        event_time: A timestamp column. Trusted is partitioned by the month of this column. If `event_time` is given,
            runs are incremental.
        pruning_column: A timestamp or text column that has the same value in all rows with the same key. A merge
            compares the range of this column in each data file with the ranges of this column in the new rows. The
            merge skips a data file if the range in the file overlaps no range in the new rows.
        min_rows_for_mostly: Minimum number of rows for `mostly` thresholds to block a publish.
        text_format: The format of the text files, if it is known.
    """

    name: str
    description: str
    layouts: Mapping[str, Sequence[Field]]
    build: Callable[..., DataFrame]
    key: tuple[str, ...]
    revision_order: tuple[str, ...]
    answers: Mapping[str, Answer]
    masking_policy: tuple[MaskingRule, ...] = ()
    uses_masking_key: bool = False
    builds_by_layout: bool = False
    event_time: str | None = None
    pruning_column: str | None = None
    min_rows_for_mostly: int = 100
    text_format: TextFormat = DETECTED_FORMAT

    @property
    def is_incremental(self) -> bool:
        """Whether a run builds only the rows that raw received since the last run."""
        return self.event_time is not None

    @property
    def source_columns(self) -> Mapping[str, tuple[str, ...]]:
        """The column names of each layout, as they are written in the files."""
        return {layout: tuple(field.source for field in fields) for layout, fields in self.layouts.items()}
