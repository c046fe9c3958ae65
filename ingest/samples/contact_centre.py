"""Generate two workbooks of the contact centre, one for each year, and the expected answers.

The workbooks contain the kinds of errors that real deliveries contain.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.samples import SampleError

_COLUMNS = ("Date", "CallsOffered", "CallsHandled", "CallsAbandoned", "AverageSpeedofAnswer", "ServiceLevel", "BI_ID")
_YEARS = ((date(2023, 1, 1), date(2023, 12, 31)), (date(2024, 1, 1), date(2024, 9, 30)))
# A workbook stores its creation time. This time is fixed, so that equal seeds give equal files.
_CREATED = datetime(2024, 10, 1)


@dataclass
class _Truth:
    """The expected outcome: the number of rows in both files, the rows with errors, and the totals of each year."""

    rows: int = 0
    superseded: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)
    warned: list[str] = field(default_factory=list)
    years: dict[int, dict[str, Any]] = field(default_factory=dict)


def write(folder: Path, *, rows: int | None = None, seed: int = 311) -> None:
    """Write one workbook for each year, and the file `_truth.json` with the expected answers.

    The two workbooks have different formats and some errors, like real deliveries. The first workbook has dates as
    text. The second workbook has date cells and an additional column. A few dates are Excel serial numbers. One date
    has two rows. Some cells are wrong, and the last rows of each workbook are blank.

    Raises:
        SampleError: `rows` is not None. The number of rows is fixed.
    """
    if rows is not None:
        raise SampleError(
            rows=rows, problem="the samples of contact_centre have a fixed number of rows. Omit the number of rows."
        )
    import xlsxwriter  # imported here, so that jobs can run without xlsxwriter

    folder.mkdir(parents=True, exist_ok=True)
    truth, generator = _Truth(), random.Random(seed)
    for number, (first, last) in enumerate(_YEARS):
        path = folder / f"3-1-1-contact-centre-metrics-{first.year}.xlsx"
        delivered = _damage_rows(list(_draw_days(first, last, generator)), truth, path.name)
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
            workbook.set_properties({"created": _CREATED})
            sheet = workbook.add_worksheet("Metrics")
            sheet.write_row(0, 0, (*_COLUMNS, "Notes") if number else _COLUMNS)
            for line, row in enumerate(delivered, start=1):
                _write_row(sheet, line, row, dates_as_cells=bool(number))
            sheet.write_row(len(delivered) + 3, 0, (" ", "", " "))
    (folder / "_truth.json").write_text(json.dumps(truth.__dict__, indent=1), encoding="utf-8")


def _draw_days(first: date, last: date, generator: random.Random) -> Iterator[list[Any]]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        offered = round((420 if day.weekday() >= 5 else 1350) * generator.uniform(0.75, 1.25))
        handled = round(offered * generator.uniform(0.88, 0.99))
        abandoned = round((offered - handled) * generator.uniform(0.5, 1))
        wait = round((1 - handled / offered) * 900 * generator.uniform(0.5, 1.5), 2)
        yield [day, offered, handled, abandoned, wait, round(handled / offered - wait / 1000, 4), number + 1]


def _damage_rows(days: list[list[Any]], truth: _Truth, file: str) -> list[list[Any]]:
    empty = {"days": 0, "first_day": None, "last_day": None, "calls_offered": 0, "calls_handled": 0}
    year = truth.years.setdefault(days[0][0].year, empty)
    wrong_cells: dict[int, tuple[int, Any, str]] = {
        40: (1, "n/a", "every_cell_readable"),
        90: (2, -days[90][2], "calls_handled_not_negative"),
        150: (0, "31/02", "every_cell_readable"),
        200: (2, days[200][1] + 250, "handled_at_most_offered"),
    }
    rows: list[list[Any]] = []
    for index, day in enumerate(days):
        row = list(day)
        if index in wrong_cells:
            column, value, expectation = wrong_cells[index]
            row[column] = value
            truth.quarantined[f"{file} row {len(rows) + 2}"] = expectation
        else:
            if index in (60, 61):
                row[0] = (day[0] - date(1899, 12, 30)).days
            if index % 50 == 25:
                row[3] = row[1] - row[2] + 1
                truth.warned.append(str(day[0]))
            if index == 120:  # this date has two rows, and the first row has wrong numbers of calls
                rows.append([row[0], row[1] - 30, row[2] - 30, *row[3:]])
                truth.superseded += 1
            year["days"] += 1
            year["first_day"], year["last_day"] = year["first_day"] or str(day[0]), str(day[0])
            year["calls_offered"] += row[1]
            year["calls_handled"] += row[2]
        rows.append(row)
    truth.rows += len(rows)
    return rows


def _write_row(sheet: Any, line: int, row: list[Any], *, dates_as_cells: bool) -> None:
    for column, value in enumerate(row):
        if isinstance(value, date):
            value = value if dates_as_cells else value.isoformat()
        sheet.write(line, column, value)
