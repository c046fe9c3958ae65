"""Facts about a dataset of phone calls, and what the tests read from a workbook."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

from pyspark.sql import types as T
from python_calamine import CalamineWorkbook

from reports.answer import Answer, Report, Source
from reports.charts import Chart
from reports.columns import display_columns
from reports.facts import DatasetFacts, Validation
from reports.points import select_points
from reports.rows import AnswerRows

TYPES = {
    "year": T.IntegerType(),
    "month": T.DateType(),
    "day": T.DateType(),
    "calls": T.LongType(),
    "hour": T.IntegerType(),
    "weekday": T.IntegerType(),
    "is_open": T.BooleanType(),
    "rate_pct": T.DoubleType(),
    "completion_rate_pct": T.DoubleType(),
    "change_pct_points": T.DoubleType(),
    "received": T.LongType(),
    "completed": T.LongType(),
    "latitude": T.DoubleType(),
    "longitude": T.DoubleType(),
}
Row = Mapping[str, Any]


def answer_rows(answer: Answer, rows: Sequence[Row], complete: Callable[[Row], bool] = lambda _: True) -> AnswerRows:
    """Return the rows of an answer. Columns that are not in `TYPES` are texts. Each chart shows all rows."""
    names = dict.fromkeys([*answer.columns, *(name for row in rows for name in row)])
    schema = T.StructType([T.StructField(name, TYPES.get(name, T.StringType())) for name in names])
    flags = [(True, complete(row), False) for row in rows]
    charts = tuple(select_points(chart, rows, flags, columns={}) for chart in answer.charts)
    return AnswerRows(answer, schema, display_columns(answer.columns, schema, columns={}), rows, charts)


def facts(*answers: AnswerRows, sources: tuple[Source, ...] = (), **options: Any) -> DatasetFacts:
    report = Report("Phone calls", sources, tuple(rows.answer for rows in answers))
    run = Validation("2024-07-10 12:00", "20240710T120000-1", "met", 12, 10, 2)
    known = {"last_run": "2024-07-10 12:00", "validations": [run], **options}
    return DatasetFacts("phone", report, answers, "SUCCEEDED", rows_in=12, trusted=10, quarantined=2, **known)


def simple(name: str = "calls", rows: Sequence[Row] = (), columns: str = "name calls", **options: Any) -> AnswerRows:
    return answer_rows(Answer(name, f"How many {name}?", lambda _: "Many.", tuple(columns.split()), **options), rows)


def chart_of(
    kind: Any, category: str, value: str, rows: Sequence[Row], name: str = "calls", **options: Any
) -> AnswerRows:
    chart = Chart(kind=kind, category=(category,), values=(value,), axis="Calls per day", **options)
    return simple(name, rows, columns=f"{category} {value}", charts=(chart,))


class Written:
    """A workbook that was written to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells = CalamineWorkbook.from_path(path)
        with ZipFile(path) as archive:
            self.files = {name: archive.read(name).decode() for name in archive.namelist()}

    def rows(self, sheet: str) -> list[list[Any]]:
        return self.cells.get_sheet_by_name(sheet).to_python(skip_empty_area=False)

    def table(self, sheet: str) -> list[list[Any]]:
        return [row[2:] for row in self.rows(sheet)[3:]]

    def xml(self, sheet: str) -> str:
        return self.files[f"xl/worksheets/sheet{self.cells.sheet_names.index(sheet) + 1}.xml"]

    def format(self, sheet: str, cell: str) -> str:
        """Return the number format of a cell."""
        [style] = re.findall(rf'<c r="{cell}" s="(\d+)"', self.xml(sheet))
        styles = ElementTree.fromstring(self.files["xl/styles.xml"])
        number = styles.findall("{*}cellXfs/{*}xf")[int(style)].get("numFmtId")
        return next(str(f.get("formatCode")) for f in styles.iterfind("{*}numFmts/") if f.get("numFmtId") == number)

    def charts(self) -> list[Drawn]:
        names = sorted((name for name in self.files if "/chart" in name), key=lambda name: (len(name), name))
        return [Drawn(self.files[name]) for name in names]


class Drawn:
    """A chart in a workbook."""

    def __init__(self, xml: str) -> None:
        self.xml = re.sub(r'xmlns="[^"]*"', "", xml)
        self.root = ElementTree.fromstring(xml)

    def texts(self, *path: str) -> list[list[str]]:
        """Return the texts of each element that the path of names leads to."""
        steps = "/".join(f".//{{*}}{name}" if number == 0 else f"{{*}}{name}" for number, name in enumerate(path))
        return [[text.text or "" for text in found.iterfind(".//{*}v")] for found in self.root.findall(steps)]

    def numbers(self, part: str) -> list[list[float]]:
        """Return the numbers of each series. XlsxWriter writes them with 16 digits."""
        return [[round(float(text), 9) for text in texts] for texts in self.texts("ser", part)]

    @property
    def kind(self) -> str:
        return next(tag for tag in re.findall(r"<c:(\w+Chart)>", self.xml))

    @property
    def names(self) -> list[str]:
        return [name for [name] in self.texts("ser", "tx")]

    @property
    def categories(self) -> list[list[str]]:
        return self.texts("ser", "cat")

    @property
    def values(self) -> list[list[float]]:
        return self.numbers("val")

    @property
    def minimum(self) -> list[str]:
        return re.findall(r'<c:min val="([^"]*)"', self.xml)

    @property
    def has_legend(self) -> bool:
        return "<c:legend>" in self.xml
