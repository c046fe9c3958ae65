"""Provide a landing folder, and methods that write files to the folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

COLUMNS = ("Date", "CallsOffered", "CallsHandled", "CallsAbandoned", "AverageSpeedofAnswer", "ServiceLevel", "BI_ID")

FIRST_MODIFIED = 1_700_000_000
"""Modification time, in seconds since 1970, of a file that is written with `delivered=0`."""


class Landing:
    """A landing folder of contact centre files."""

    columns = COLUMNS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __str__(self) -> str:
        return str(self.folder)

    @staticmethod
    def days(first: str = "2024-01-01", count: int = 30, offered: int = 100) -> list[list[Any]]:
        """Return one valid row for each day. Each day has 10 calls that are not handled. 8 of these are abandoned."""
        start = date.fromisoformat(first)
        dates = [str(start + timedelta(days=number)) for number in range(count)]
        return [[day, offered, offered - 10, 8, 12.5, 0.8, number] for number, day in enumerate(dates, 1)]

    def workbook(
        self, name: str, rows: Sequence[Sequence[Any]], columns: Sequence[str] = COLUMNS, delivered: int = 0
    ) -> Path:
        """Write a workbook. Its modification time is `delivered` seconds after `FIRST_MODIFIED`."""
        return self.sheets(name, {"Sheet1": [columns, *rows]}, delivered)

    def sheets(self, name: str, sheets: Mapping[str, Sequence[Sequence[Any]]], delivered: int = 0) -> Path:
        """Write a workbook with several sheets. The first row of each sheet is its header."""
        path = self.folder / name
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
            book.set_properties({"created": datetime.fromtimestamp(FIRST_MODIFIED + delivered, timezone.utc)})
            for title, rows in sheets.items():
                sheet = book.add_worksheet(title)
                for line, row in enumerate(rows):
                    for column, cell in enumerate(row):
                        sheet.write(line, column, cell)
        return self._set_time(path, delivered)

    def csv(
        self,
        name: str,
        rows: Sequence[Sequence[Any]],
        columns: Sequence[str] = COLUMNS,
        delivered: int = 0,
        encoding: str = "utf-8",
    ) -> Path:
        """Write a csv file in which `;` is the delimiter."""
        lines = [";".join("" if cell is None else str(cell) for cell in row) for row in [columns, *rows]]
        return self.file(name, "\n".join(lines).encode(encoding), delivered)

    def file(self, name: str, content: bytes, delivered: int = 0) -> Path:
        """Write a file that contains the bytes `content`."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return self._set_time(path, delivered)

    @staticmethod
    def _set_time(path: Path, seconds: int) -> Path:
        moment = FIRST_MODIFIED + seconds
        os.utime(path, (moment, moment))
        return path


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")
