"""Generate the inquiry volumes of two years, and the expected answers.

The files contain the kinds of errors that real deliveries contain.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from ingest.samples.files import Truth, excel_serial, file_name, write_parts, write_rows

_COLUMNS = ("Department", "Type", "Year Month", "Channel", "Number of Records", "BI_ID")
_STEM = "3-1-1-inquiry-volume"
_NEW = "Festival Office"  # this department exists only in the second year, with unusually few inquiries
_DEPARTMENTS = {
    "FSC - Tax Office": 640,
    "ENG - Waste Collection": 520,
    "DBL - Building Permits": 410,
    "DBL - Licences": 330,
    "ENG - Parking": 290,
    "FSC - Fines and Tickets": 240,
    "DBL - Trades Inspections": 190,
    "PR - Recreation": 160,
    "ENG - Sewers": 130,
    "ENG - Waterworks": 110,
    "PR - Parks": 105,
    "DBL - Animal Shelter": 100,
    "PR - Trees": 95,
    "ENG - Streets": 90,
    "VFRS - Fire Prevention": 85,
    "VPD - Records": 80,
    "HR - Human Resources": 75,
    "PDS - Zoning": 70,
    "CMO - Council Clerks": 65,
    "ACCS - Culture": 60,
    "REFM - City Buildings": 55,
    "VPL - Library": 50,
    "LS - Legal": 45,
    _NEW: 0,
}
_CHANNELS = {"Phone": 1.0, "E-mail": 0.3, "Chat": 0.2, "WEB": 0.25, "Mobile App": 0.15, "Social Media": 0.05}
_TOPICS = (
    "Account",
    "Application",
    "Schedule",
    "Complaint",
    "Fees",
    "Appointment",
    "Map",
    "Closure",
    "Refund",
    "Permit",
    "Hours",
    "Form",
)
_KEYS = 12 * len(_CHANNELS) * len(_DEPARTMENTS) * len(_TOPICS)
_STRIDE = 12_815  # coprime to _KEYS, so no key repeats before all keys are used
_ODD_SPELLING = {"Phone": "phone", "E-mail": "EMAIL", "Chat": " chat ", "WEB": "Web", "Mobile App": "mobile  app"}
_DAMAGE: tuple[tuple[int, Any, str], ...] = (
    (2, "{year}-13", "every_cell_readable"),
    (2, "March {year}", "every_cell_readable"),
    (2, "{year}", "every_cell_readable"),
    (4, -12, "number_not_negative"),
    (4, "n/a", "every_cell_readable"),
    (4, None, "number_present"),
    (0, " ", "inquiry_department_present"),
    (3, None, "inquiry_channel_present"),
    (2, "{past}-03", "month_since_3_1_1_began"),
)
_YEARS = (2023, 2024)
_RATES = {f"{answer} rounded_pct": (answer, "yearly", 3) for answer in ("departments", "channels")}


def write(folder: Path, *, rows: int | None = None, seed: int = 311) -> None:
    """Write one file for each year, one file of corrections, and the expected answers.

    The files have different formats and some errors, like real deliveries. The first year is a text file. The second
    year is a workbook with months as date cells. Some cells are wrong, have extra blanks, or contain Excel serial
    numbers. Channels have several spellings. Some rows are delivered twice. The file of corrections comes last. Some of
    its rows correct a number, and some of its rows cannot be read. The files also have new channels and retired types.

    The expected answers are numbers of inquiries. The expected rates are percentages of a year's inquiries, and each
    percentage is rounded separately. Expected answers by inquiry type exist only if the sample has one part, because
    each part has its own inquiry types.

    Args:
        folder: The landing folder.
        rows: The approximate number of rows [default: 6,000].
        seed: Equal seeds give equal files.
    """

    def write_part(folder: Path, number: int, size: int) -> Truth:
        return _Part(folder, number, size, seed=seed, whole=total == size).write()

    total = 6000 if rows is None else rows
    write_parts(folder, write_part, rows=total, rates=_RATES)


class _Part:
    """Writes one part, and records its expected outcome."""

    def __init__(self, folder: Path, number: int, size: int, *, seed: int, whole: bool) -> None:
        self.folder, self.number, self.size, self.whole = folder, number, size, whole
        self.random, self.truth = random.Random(f"{seed} {number}"), Truth()
        self.corrections: list[list[Any]] = []
        self.correction_file = file_name(f"{_STEM}-corrections", ".csv", number=number, whole=whole)

    def write(self) -> Truth:
        for year, suffix in zip(_YEARS, (".csv", ".xlsx"), strict=True):
            file = file_name(f"{_STEM}-{year}", suffix, number=self.number, whole=self.whole)
            path = self.folder / file
            rows = list(self.draw_year(year, file, as_cells=path.suffix == ".xlsx"))
            if rows:
                write_rows(path, _COLUMNS, rows)
        if self.corrections:
            write_rows(self.folder / self.correction_file, _COLUMNS, self.corrections, hours=24)
        return self.truth

    def draw_year(self, year: int, file: str, *, as_cells: bool) -> Iterator[list[Any]]:
        line = 1
        for index in range(self.size // 2 + (self.size % 2 if year == _YEARS[0] else 0)):
            for row in self.deliver(year, index, file, line + 1, as_cells=as_cells):
                line += 1
                self.truth.counts["rows"] += 1
                yield row

    def deliver(self, year: int, index: int, file: str, line: int, *, as_cells: bool) -> list[list[Any]]:
        """Return the rows that the file has for one key. Most keys have one row in the file."""
        row = self.draw_row(year, index)
        if (row[0], year) == (_NEW, _YEARS[0]):
            return []
        if index % 97 == 50:
            return self.damage(row, year, index // 97, file, line)
        expected = list(row)
        if index % 71 == 40:
            row[3] = expected[3] = "Kiosk"
            self.truth.warned["channel_known"] += 1
        if " - " not in expected[0]:
            self.truth.warned["department_has_a_code"] += 1
        if index % 101 == 20:
            self.correct(row, expected, valid=index % 202 == 20)
        self.count(expected)
        row = self.distort(row, index, as_cells=as_cells)
        if index % 61 == 30:
            self.truth.counts.update(["duplicates", "superseded"])
            return [row, row]
        return [row]

    def draw_row(self, year: int, index: int) -> list[Any]:
        """Generate a row without errors. In one year, different indexes give rows with different keys."""
        rest, month = divmod((index * _STRIDE + 100 * year) % _KEYS, 12)
        rest, channel = divmod(rest, len(_CHANNELS))
        topic, department = divmod(rest, len(_DEPARTMENTS))
        layer = index // _KEYS + self.number * 10  # each part has its own inquiry types
        name, channel_name = [*_DEPARTMENTS][department], [*_CHANNELS][channel]
        kind = f"{_TOPICS[topic]} Inquiry" + (f" {layer}" if layer else "")
        if (topic + department) % 9 == 8:
            kind = f"ZZ OLD - {kind}"
        volume = _DEPARTMENTS[name] * _CHANNELS[channel_name] * self.random.uniform(0.7, 1.3)
        number = max(1, round(volume * (1.1 if year == _YEARS[1] else 1)))
        return [name, kind, date(year, month + 1, 1), channel_name, number, index + 9000 if index % 10 > 6 else None]

    def damage(self, row: list[Any], year: int, kind: int, file: str, line: int) -> list[list[Any]]:
        row[2] = f"{row[2]:%Y-%m}"
        # Write a second row with the same key but a different number of inquiries.
        if kind % (len(_DAMAGE) + 1) == len(_DAMAGE):
            other = [*row[:4], row[4] + 1, row[5]]
            self.truth.counts["superseded"] += 1  # the first row is superseded, and the second row is quarantined
            self.truth.damage(file, line + 1, "one_number_in_a_file")
            return [row, other]
        position, value, expectation = _DAMAGE[kind % (len(_DAMAGE) + 1)]
        row[position] = value.format(year=year, past=year - 100) if isinstance(value, str) else value
        self.truth.damage(file, line, expectation)
        return [row]

    def correct(self, row: list[Any], expected: list[Any], *, valid: bool) -> None:
        """Deliver a row again in the corrections file.

        If the row in the corrections file is not valid, the first delivery of the row stays published.
        """
        self.truth.counts["rows"] += 1
        month = f"{row[2]:%Y-%m}"
        if valid:
            expected[4] = row[4] + 7
            self.truth.counts["superseded"] += 1
            self.corrections.append([*row[:2], month, row[3], expected[4], None])
        else:
            self.corrections.append([*row[:2], month, row[3], "?", None])
            self.truth.damage(self.correction_file, len(self.corrections) + 1, "every_cell_readable")

    def count(self, row: list[Any]) -> None:
        department, kind, month, channel, number, _ = row
        self.truth.counts["trusted"] += 1
        self.truth.answers["departments"][f"{month.year} {department}"] += number
        self.truth.answers["channels"][f"{month.year} {channel}"] += number
        self.truth.answers["monthly"][f"{month:%Y-%m}"] += number
        self.truth.answers["yearly"][f"{month.year}"] += number
        self.truth.answers["department_channels"][f"{month.year} {department}: {channel}"] += number
        if self.whole:
            self.truth.answers["department_types"][f"{month.year} {department}: {kind}"] += number

    def distort(self, row: list[Any], index: int, *, as_cells: bool) -> list[Any]:
        department, kind, month, channel, number, bi_id = row
        if index % 13 == 3:
            department, kind = f"\u00a0{department} ", kind.replace(" ", "  ")
        if index % 23 == 4:
            department = department.replace(" - ", "-", 1)
        if index % 17 == 5:
            channel = _ODD_SPELLING.get(channel, channel)
        if index % 29 == 7:
            month = excel_serial(month)
        elif not as_cells:
            month = f"{month:%Y-%m}" if index % 11 else f"{month:%Y-%m-%d}"
        return [department, kind, month, channel, number, bi_id]
