"""`Dataset`, the definition of a dataset: its fields, key, functions, masking policy and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from transforms.dedupe import LINEAGE_COLUMNS
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


def unchanged(rows: DataFrame) -> DataFrame:
    """Return the rows. This is the default for the functions of a dataset."""
    return rows


@dataclass(frozen=True)
class Dataset:
    """The definition of a dataset. Jobs, workflows, reports and docs read this definition.

    `transforms.candidates` builds the rows of trusted from this definition. Its steps are: cast the fields, `build`,
    mask, drop superseded rows, `complete`. The functions of a dataset compute only the dataset's own columns. They keep
    the columns whose names start with an underscore, so they add columns with `withColumns` and do not use `select`.

    Attributes:
        name: The name of the dataset. The module, suite, report and tables of the dataset have the same name.
        description: The questions that the dataset answers, in one line.
        layouts: The columns of each file layout, by the name of the layout. In raw, the column `_layout` has the name
            of the layout.
        key: The columns that identify a row.
        answers: The answers by name. Each answer is published as `curated.<dataset>_<name>`.
        build: The function that standardizes values and adds columns. The function takes the rows with the cast fields,
            before they are masked. The three functions must keep all rows.
        build_layout: A function that runs before `build`, for the rows of each layout. The function takes the rows and
            the name of their layout. Use it if the files of different sources have different rules.
        complete: A function that runs after `build`. The function takes masked rows, without superseded rows. Use it
            for columns that depend on masked values or on other rows.
        columns: The columns of trusted in order [default: all columns without a leading underscore].
        event_time: The date or timestamp column with the time of the event. A standard expectation checks that this
            time is not after the arrival of the row.
        is_incremental: Whether a run builds only the rows that raw received since the last run. Trusted is then
            partitioned by the month of `event_time`, which must be a timestamp.
        revision_order: The columns that order the revisions of one key. The last revision is kept.
        pruning_column: A timestamp or text column that has the same value in all rows with the same key. A merge
            compares the range of this column in each data file with the ranges of this column in the new rows. The
            merge skips a data file if the range in the file overlaps no range in the new rows.
        masking_policy: The masked columns, each with a masking action and a reason. Every row is masked before it is
            validated.
        uses_masking_key: Whether a rule of the masking policy needs the masking key.
        visible_failure_columns: The columns whose unreadable cells quarantine shows. Without a masking policy,
            quarantine shows the unreadable cells of all columns.
        mostly: The `mostly` of the standard expectations, except `one_row_per_key` and `some_rows`.
        min_rows_for_mostly: Minimum number of rows for `mostly` thresholds to block a publish.
        text_format: The format of the text files, if it is known.
    """

    name: str
    description: str
    layouts: Mapping[str, Sequence[Field]]
    key: tuple[str, ...]
    answers: Mapping[str, Answer]
    build: Callable[[DataFrame], DataFrame] = unchanged
    build_layout: Callable[[DataFrame, str], DataFrame] | None = None
    complete: Callable[[DataFrame], DataFrame] = unchanged
    columns: tuple[str, ...] = ()
    event_time: str | None = None
    is_incremental: bool = False
    revision_order: tuple[str, ...] = LINEAGE_COLUMNS
    pruning_column: str | None = None
    masking_policy: tuple[MaskingRule, ...] = ()
    uses_masking_key: bool = False
    visible_failure_columns: tuple[str, ...] = ()
    mostly: float = 0.95
    min_rows_for_mostly: int = 100
    text_format: TextFormat = DETECTED_FORMAT

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of all layouts. A field that several layouts share is listed once."""
        return tuple(dict.fromkeys(field for fields in self.layouts.values() for field in fields))

    @property
    def source_columns(self) -> Mapping[str, tuple[str, ...]]:
        """The column names of each layout, as they are written in the files."""
        return {
            layout: tuple(dict.fromkeys(field.source for field in fields)) for layout, fields in self.layouts.items()
        }
