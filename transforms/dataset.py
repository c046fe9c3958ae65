"""The `Dataset` value: a dataset's source columns, build function, key, masking policy and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from transforms.masking import MaskingRule
from transforms.schema import Field


@dataclass(frozen=True)
class Answer:
    """The table that answers a question.

    Attributes:
        build: Builds the answer from trusted rows, and from quarantine rows if it reads them.
        reads: The zones that the answer reads, in the order of the arguments of `build`.
    """

    build: Callable[..., DataFrame]
    reads: tuple[str, ...] = ("trusted",)


@dataclass(frozen=True)
class Dataset:
    """A dataset. Jobs, workflows, reports and docs read this value.

    Attributes:
        name: The name of its module, suite, job and tables.
        description: The questions it answers, in one line.
        layouts: The columns of each kind of file, by the name of the layout. Raw has that name in `_layout`.
        build: Builds candidates for trusted from raw rows. Takes `masking_key=` if `uses_masking_key`.
        key: The columns that identify a row.
        revision_order: The columns that order the revisions of one key. The last revision counts.
        answers: The answers by name. Each is published as `curated.<dataset>_<name>`.
        masking_policy: The masked columns, each with its action and reason.
        uses_masking_key: Whether a rule of the masking policy hashes with a key.
        builds_by_layout: Whether `build` takes `layouts=`, the layouts that the raw rows have.
        event_time: The timestamp column whose month partitions trusted. If given, runs are incremental.
        pruning_column: A column with the same value in all rows of a key. Its range limits the files a merge reads.
        min_rows_for_mostly: Minimum number of rows for `mostly` thresholds to block a publish.
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

    @property
    def is_incremental(self) -> bool:
        """Whether a run builds only the rows that raw received since the last run."""
        return self.event_time is not None

    @property
    def source_columns(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the columns of each layout, as its files have them."""
        return {layout: tuple(field.source for field in fields) for layout, fields in self.layouts.items()}
