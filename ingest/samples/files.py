"""Write landing files in parts, in this process or with Spark. Also write the expected outcome of these files."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from itertools import count
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from ingest.samples import SampleError
from lake.session import lake_session

PART = 200_000
"""The number of rows in one part.

The rows of a part depend only on the seed, the number of the part, and the number of rows in the part.
"""

MASKING_KEY = "_masking_key"
"""The file with the masking key. The file is in the landing folder of each dataset that needs a masking key."""

_MODIFIED_AT = datetime(2024, 10, 1, 16, 26, 40, tzinfo=timezone.utc)
"""This time is fixed, because a workbook stores its modification time, and equal seeds must give equal files."""


@dataclass
class Truth:
    """The expected outcome of landing files.

    Attributes:
        counts: The numbers of rows. `rows` counts all rows, and `trusted` counts the published rows. `superseded`
            counts the rows that a later row with the same key replaces. `duplicates` counts the superseded rows that
            equal the later row.
        quarantined: For each expectation, the number of quarantined rows. A row counts only for its first failed
            expectation.
        warned: For each expectation, the number of published rows with a warning.
        answers: For each answer, the expected count of each group.
        rates: For each rate, the expected percentage of each group, computed from `answers`. None if the denominator is
            0.
        damaged: The rows that must be quarantined. An entry has a file, a row number, and the first failed expectation.
    """

    counts: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    answers: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rates: dict[str, dict[str, float | None]] = field(default_factory=dict)
    damaged: list[tuple[str, int, str]] = field(default_factory=list)

    def damage(self, file: str, row: int, expectation: str) -> None:
        """Record a row that must be quarantined."""
        self.quarantined[expectation] += 1
        self.damaged.append((file, row, expectation))

    def __add__(self, other: Truth) -> Truth:
        for name, values in other.answers.items():
            self.answers[name].update(values)
        self.counts.update(other.counts)
        self.quarantined.update(other.quarantined)
        self.warned.update(other.warned)
        return self


def write_parts(
    folder: Path, write_part: Callable[[Path, int, int], Truth], *, rows: int, rates: Mapping[str, tuple[str, str, int]]
) -> None:
    """Write landing files part by part. Write the expected outcome of all parts to `_truth.json`.

    A single part is written in this process. Several parts are written with Spark. The folder `_damaged` has one csv
    file for each part. This csv file lists the rows that must be quarantined. Its columns are file, row and
    expectation.

    Args:
        folder: The landing folder.
        write_part: The function that writes one part. Its arguments are the folder, the number of the part (from 0),
            and the number of rows in the part.
        rows: The number of rows of all parts.
        rates: For each rate, the answer with the numerators, the answer with the denominators, and the number of
            decimals. A numerator and its denominator have the same key. If no denominator has the key of the numerator,
            the first word of this key is used, such as `2024` for `2024 Phone`.

    Raises:
        SampleError: `rows` is less than 1.
    """
    if rows < 1:
        raise SampleError(rows=rows, problem="expected 1 row or more.")
    (folder / "_damaged").mkdir(parents=True, exist_ok=True)
    sizes = [min(PART, rows - first) for first in range(0, rows, PART)]

    def write(number: int) -> Truth:
        truth = write_part(folder, number, sizes[number])
        with (folder / "_damaged" / f"{number:04}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("file", "row", "expectation"), *truth.damaged])
        truth.damaged = []
        return truth

    if len(sizes) == 1:
        truth = write(0)
    else:
        spark = SparkSession.getActiveSession() or lake_session(str(folder / "_warehouse"))
        parts = spark.sparkContext.parallelize(range(len(sizes)), len(sizes)).map(write)
        truth = reduce(Truth.__add__, parts.toLocalIterator(), Truth())
    for name, (part, total, digits) in rates.items():
        totals = truth.answers[total]
        truth.rates[name] = {
            key: quotient(100 * count, totals[key if key in totals else key.split()[0]], digits=digits)
            for key, count in truth.answers[part].items()
        }
    outcome = {name: value for name, value in vars(truth).items() if name != "damaged"}
    (folder / "_truth.json").write_text(json.dumps(outcome, indent=1, sort_keys=True), encoding="utf-8")


def file_name(stem: str, suffix: str, *, number: int, whole: bool) -> str:
    """Return the file name of a part. If there are several parts, the file is a csv with a number in its name.

    Samples with several parts are never workbooks, because a sheet has at most 1,048,576 rows.
    """
    return f"{stem}{suffix}" if whole else f"{stem}-{number + 1:04}.csv"


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, hours: int = 0) -> None:
    """Write a workbook if the suffix of the path is .xlsx. Otherwise write a text file with the separator `;`.

    The modification time of the file is `hours` hours after a fixed time.
    """
    modified_at = _MODIFIED_AT + timedelta(hours=hours)
    if path.suffix == ".xlsx":
        _write_workbook(path, columns, rows, modified_at=modified_at)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    os.utime(path, (modified_at.timestamp(),) * 2)


def numbered(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Return rows with their row numbers in a landed file. The header is row 1, so the first data row is row 2."""
    return zip(count(2), rows, strict=False)


def excel_serial(day: date) -> int:
    """Return the serial number of a date in Excel."""
    return (day - date(1899, 12, 30)).days


def quotient(part: int, total: int, *, digits: int) -> float | None:
    """Return part / total, rounded half up, or None if the total is 0."""
    return float((Decimal(part) / total).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)) if total else None


def _write_workbook(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, modified_at: datetime
) -> None:
    import xlsxwriter  # imported here, so that jobs can run without xlsxwriter

    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        workbook.set_properties({"created": modified_at})
        sheet = workbook.add_worksheet("Data")
        sheet.write_row(0, 0, columns)
        for line, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(line, column, cell)
