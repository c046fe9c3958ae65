"""The declaration of a report: its sources, and for each answer the question, sentence, columns and charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reports.charts import Chart
from reports.columns import Columns
from reports.errors import OutdatedAnswerError, missing_column

Rows = Sequence[Mapping[str, Any]]
"""The rows of an answer in the order of the answer. Each row maps the columns of the curated table to values."""


@dataclass(frozen=True)
class Source:
    """A source of the data from which the answers are computed.

    Attributes:
        title: The publisher or the owner of the data, and the name of the data.
        url: The page of the published data. Empty if the data is not published.
        licence: The name of the licence. Empty if no licence is known.
    """

    title: str
    url: str = ""
    licence: str = ""


@dataclass(frozen=True)
class SortKey:
    """A sort key of the rows of an answer.

    Attributes:
        expression: A column or an SQL expression.
        is_descending: Whether the greatest value comes first. Missing values come last in descending order, and first
            in ascending order.
        is_absolute: Whether the rows are sorted by the absolute value.
    """

    expression: str
    is_descending: bool
    is_absolute: bool


@dataclass(frozen=True)
class Answer:
    """The declaration of an answer. Terminal, site, workbook, SQL and dashboards are made from this declaration.

    Attributes:
        name: The name of the answer. The table of the answer is `lake.curated.<dataset>_<name>`.
        question: The question that the table answers. A short question fits on a line of a terminal.
        sentence: The function that returns the answer in one to three sentences. The function takes the rows of the
            table, and is called only if there is at least one row.
        columns: The displayed columns, in order [default: all columns of the table].
        charts: The charts of the answer. A report displays the charts above the table.
        order: The sort keys of the rows: columns or SQL expressions. `-name` sorts in descending order. `-|name|` sorts
            by absolute value, in descending order. If `order` is empty, the rows are sorted by the first displayed
            column, in descending order.
        note: The facts that a reader needs to understand the figures, such as the total that 100 % stands for.
        empty: The answer if the table has no rows.
        exported_as: The names of columns in csv files, and in SQL views and tables. The names are those of the Athena
            table in the document that asks the question. A column that is not in the mapping keeps its name.
    """

    name: str
    question: str
    sentence: Callable[[Rows], str]
    columns: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    order: tuple[str, ...] = ()
    note: str = ""
    empty: str = "There is no data for this question."
    exported_as: Mapping[str, str] = field(default_factory=dict)

    def with_columns(self, names: Sequence[str]) -> Answer:
        """Return the answer with its displayed columns. `names` are all columns of the table."""
        return self if self.columns else replace(self, columns=tuple(names))

    def sort_keys(self) -> tuple[SortKey, ...]:
        """Return the sort keys of the rows."""
        return tuple(
            SortKey(key.strip("-|"), is_descending=key.startswith("-"), is_absolute=key.endswith("|"))
            for key in self.order or (f"-{self.columns[0]}",)
        )

    def exported_name(self, column: str) -> str:
        """Return the name of a column in csv files, and in SQL views and tables."""
        return self.exported_as.get(column, column)

    def text(self, rows: Rows, *, table: str = "") -> str:
        """Return the answer in one to three sentences. `table` is the name of the table, for error messages.

        Raises:
            OutdatedAnswerError: The rows lack a column that the sentence reads, or a column has values of another type.
        """
        if not rows:
            return self.empty
        where = table or self.name
        try:
            return self.sentence(rows)
        except KeyError as error:
            if error.args[0] in rows[0]:
                raise
            raise missing_column(where, str(error.args[0]), [*rows[0]]) from error
        except (AttributeError, TypeError, ValueError) as error:
            expected, found = "values that fit the sentence of the answer", f"{type(error).__name__}: {error}"
            raise OutdatedAnswerError(where=where, column="sentence", expected=expected, found=found) from error


@dataclass(frozen=True)
class Report:
    """The declaration of the report of a dataset.

    Attributes:
        title: The title of the report.
        sources: The sources of the data.
        answers: The answers in the order of the report. The first answer is the headline of the dataset.
        columns: The columns whose header or format differs from the rules of `reports.columns`, by name.
        sparkline: The name of the answer whose first chart is the small line of the dataset on the index page.
        sections: The headings between the answers. Each heading is above the answer that the mapping names.
    """

    title: str
    sources: tuple[Source, ...]
    answers: tuple[Answer, ...]
    columns: Columns = field(default_factory=dict)
    sparkline: str = ""
    sections: Mapping[str, str] = field(default_factory=dict)
