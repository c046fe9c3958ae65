"""Decide the fields, masks and answers of a new dataset from the profile of its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.profile import OffsetConflict, Profile
from ingest.profile_columns import ColumnProfile
from workflows.new.words import figure_of, is_count, most_of, singular_of, words_of

SOURCE_ROW = ("_source_file", "_row_number")
"""The key if no columns of the files identify a row."""

MONTH, ROWS = "month", "rows"
_MAX_QUESTION = 49  # characters
_NOT_ADDITIVE = frozenset(
    {"age", "average", "avg", "code", "degrees", "hour", "index", "latitude", "level", "longitude", "max", "maximum"}
    | {"mean", "median", "min", "minimum", "month", "order", "pct", "percent", "percentage", "priority", "rank", "rate"}
    | {"ratio", "score", "share", "speed", "temperature", "version", "week", "weekday", "year", "day", "quarter", "id"}
    | {"number", "no", "num", "nr", "key", "ref", "service", "ward", "district", "zone", "area", "beat", "precinct"}
    | {"column"}
)
_CODES = frozenset({"code", "id", "key", "no", "number", "zip", "time", "description"})
_COUNT_WORDS = frozenset({"amount", "calls", "count", "counts", "records", "total", "visits", "volume"})
_MIN_CATEGORIES = 2
_DEFAULT_MOSTLY = 0.95  # as in `Dataset`
_MAX_ANSWER_NAME = 30  # characters
_NAMES_IN_CODE = frozenset({"aggregate", "columns", "key", "months", "partial"})


@dataclass(frozen=True)
class NewAnswer:
    """An answer of the new dataset.

    Attributes:
        name: The name of the answer.
        group: The column that the rows are grouped by. None for the totals of all rows.
        measure: The column of numbers that is summed. None if the answer only counts rows.
        question: The question that the answer answers.
    """

    name: str
    group: ColumnProfile | None
    measure: ColumnProfile | None
    question: str

    @property
    def is_monthly(self) -> bool:
        """Whether the rows are grouped by the month of the event time."""
        return self.group is not None and self.group.moments is not None

    @property
    def group_name(self) -> str:
        """The column of the answer that names the group. Empty for the totals of all rows."""
        return "" if self.group is None else MONTH if self.is_monthly else self.group.name

    @property
    def value(self) -> str:
        """The column of the answer with the main figure."""
        return self.measure.name if self.measure else ROWS

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the answer."""
        group = (self.group_name,) if self.group_name else ()
        return (*group, ROWS, *((self.measure.name,) if self.measure else ()))


@dataclass(frozen=True)
class NewDataset:
    """The plan of a new dataset.

    Attributes:
        name: The name of the dataset.
        profile: The findings about its files.
    """

    name: str
    profile: Profile

    @property
    def frame(self) -> str:
        """The name of the frame in the build functions."""
        return "rows" if self.name in _NAMES_IN_CODE or self.name.startswith(("parse_", "local_")) else self.name

    @property
    def title(self) -> str:
        """The name in words, for readers."""
        return words_of(self.name).capitalize()

    @property
    def columns(self) -> Sequence[ColumnProfile]:
        """The columns of the files."""
        return self.profile.columns

    @property
    def is_key_of_file(self) -> bool:
        """Whether no columns of the files identify a row, so that the key is the file and the row number."""
        return not self.profile.key.columns

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        return self.profile.key.columns or SOURCE_ROW

    @property
    def event_time(self) -> ColumnProfile | None:
        """The column with the time of the event."""
        return self.profile.column(self.profile.event_time) if self.profile.event_time else None

    @property
    def mostly(self) -> float | None:
        """The fraction of rows that must be valid, if the default would block the files. None for the default."""
        profile = self.profile
        share = profile.rows / (profile.rows + len(profile.malformed))
        return None if share >= _DEFAULT_MOSTLY else max(0.05, int(20 * share - 1) / 20)

    @property
    def masked(self) -> tuple[ColumnProfile, ...]:
        """The columns that look personal."""
        return tuple(column for column in self.columns if column.personal)

    def conflict(self, column: ColumnProfile) -> OffsetConflict | None:
        """Return the conflict of a column of times whose offset from UTC is suspicious, if its pattern is known."""
        has_pattern = column.moments is not None and column.moments.pattern
        return next((item for item in self.profile.conflicts if item.column == column.name and has_pattern), None)

    def is_local(self, column: ColumnProfile) -> bool:
        """Return True if the times of a column are local times, so that parsing them needs a time zone."""
        moments = column.moments
        if moments is None or moments.is_date or moments.kind == "local_time" or column.type != "timestamp":
            return False
        return not moments.has_offset or self.conflict(column) is not None

    @cached_property
    def needs_zone(self) -> bool:
        """Whether a column has local times, or the answer by month needs the zone of the event time."""
        is_instant = self.event_time is not None and self.event_time.type == "timestamp"
        return is_instant or any(map(self.is_local, self.columns))

    @cached_property
    def measure(self) -> ColumnProfile | None:
        """The column of numbers that an answer adds up. None if no column of numbers can be added up."""
        candidates = [
            column
            for column in self.columns
            if column.is_number and not column.personal and column.name not in (*self.key, MONTH, ROWS)
            if not _NOT_ADDITIVE.intersection(column.words[-1:]) and column.distinct > 1
            if not {"pct", "percent", "average", "avg", "rate", "latitude", "longitude"}.intersection(column.words)
            if column.unit != "percent" and not column.name.startswith("column_")
        ]
        counts = [column for column in candidates if _COUNT_WORDS.intersection(column.words)]
        integers = [column for column in candidates if column.type in ("int", "bigint")]
        return next(iter([*counts, *integers, *candidates]), None)

    @cached_property
    def category(self) -> ColumnProfile | None:
        """The column of categories that makes the best groups. Among similar columns, the first is used."""
        candidates = [
            column
            for column in self.columns
            if column.is_category and column.type == "string" and column.distinct >= _MIN_CATEGORIES
            if column.name not in (MONTH, ROWS)
        ]
        complete = [column for column in candidates if 10 * column.blanks <= column.rows]
        named = [
            column
            for column in complete
            if not (column.values.has_leading_zeros or _CODES.intersection(column.words[-1:]))
        ]
        return next(iter([*named, *complete, *candidates]), None)

    @cached_property
    def answers(self) -> tuple[NewAnswer, ...]:
        """The answers of the new dataset: one or two."""
        measure = self.measure
        figure = figure_of(measure)
        answers = []
        if self.event_time:
            text = (
                f"How many {figure} are there each month?" if is_count(measure) else f"What is the {figure} each month?"
            )
            question = _question(text, "How does the total change by month?")
            answers.append(NewAnswer("by_month", self.event_time, measure, question))
        if self.category:
            text = f"Which {singular_of(self.category.name)} has {most_of(measure)}?"
            question = _question(text, "Which group has the highest total?")
            answers.append(
                NewAnswer(f"by_{self.category.name}"[:_MAX_ANSWER_NAME].rstrip("_"), self.category, measure, question)
            )
        if not answers:
            text = f"How many {figure} are there?" if is_count(measure) else f"What is the {figure}?"
            question = _question(text, "What is the total of all rows?")
            answers.append(NewAnswer("totals", None, measure, question))
        return tuple(answers)


def _question(text: str, short_text: str) -> str:
    return text if len(text) <= _MAX_QUESTION else short_text
