"""Landing files written in parts, in this process or by Spark, and the truth about them."""

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
"""Rows of one part. What a part holds depends on the seed, its number and how many rows it has, and on nothing else."""

MASKING_KEY = "_masking_key"
"""The file, beside the landing files of a dataset that masks, with a key for them."""

_DELIVERED = datetime(2024, 10, 1, 16, 26, 40, tzinfo=timezone.utc)
"""A fixed time: a workbook carries its modification time, and the same seed must give the same bytes."""


@dataclass
class Truth:
    """What landing files hold, and what must come of it.

    Attributes:
        counts: `rows`; `trusted`; `superseded` (rows that a later one of their key takes the place of); `duplicates`
            (of these, those that are the later one once more).
        quarantined: Expectation to how many rows go to quarantine for failing it first.
        warned: Expectation to how many rows are published with its warning.
        answers: The name of an answer to its right values: what they are of, and how many.
        rates: The name of an answer's percentage to its right values, which follow from `answers`; None where it is of
            nothing.
        damaged: The rows for quarantine: file, row, and the expectation that each fails first.
    """

    counts: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    answers: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rates: dict[str, dict[str, float | None]] = field(default_factory=dict)
    damaged: list[tuple[str, int, str]] = field(default_factory=list)

    def damage(self, file: str, row: int, expectation: str) -> None:
        """Note a row for quarantine."""
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
    """Write landing files part by part, and `_truth.json`: in this process if there is one part, else by Spark.

    `write_part` is given the folder, the part's number from 0 and how many rows it is of. The rows that are damaged are
    in `_damaged/`, one file a part: file, row, expectation. `rates` maps the name of a percentage to the answers that
    are its part and its total, and to its decimals; what has no total of its own is of that of its first word.

    Raises:
        SampleError: There is nothing to write.
    """
    if rows < 1:
        raise SampleError(rows=rows, problem="expected 1 or more.")
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
        of = truth.answers[total]
        truth.rates[name] = {
            key: quotient(100 * count, of[key if key in of else key.split()[0]], digits=digits)
            for key, count in truth.answers[part].items()
        }
    right = {name: value for name, value in vars(truth).items() if name != "damaged"}
    (folder / "_truth.json").write_text(json.dumps(right, indent=1, sort_keys=True), encoding="utf-8")


def file_name(stem: str, suffix: str, *, number: int, whole: bool) -> str:
    """Return a part's file name: `stem.suffix` where the part is the whole, else numbered, and text.

    Nobody delivers millions of rows as workbooks, and one has room for 1,048,576.
    """
    return f"{stem}{suffix}" if whole else f"{stem}-{number + 1:04}.csv"


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, hours: int = 0) -> None:
    """Write a workbook or `;` text, by the file's ending, modified some hours after a fixed time."""
    modified_at = _DELIVERED + timedelta(hours=hours)
    if path.suffix == ".xlsx":
        _write_workbook(path, columns, rows, modified_at=modified_at)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    os.utime(path, (modified_at.timestamp(),) * 2)


def numbered(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Return rows with their numbers in a landed file, whose header is row 1."""
    return zip(count(2), rows, strict=False)


def excel_serial(day: date) -> int:
    """Return the number that Excel keeps for a day."""
    return (day - date(1899, 12, 30)).days


def quotient(part: int, total: int, *, digits: int) -> float | None:
    """Return a part of a total, half rounded up; None of nothing."""
    return float((Decimal(part) / total).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)) if total else None


def _write_workbook(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, modified_at: datetime
) -> None:
    import xlsxwriter  # Only samples and reports write workbooks; no job does.

    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        workbook.set_properties({"created": modified_at})
        sheet = workbook.add_worksheet("Data")
        sheet.write_row(0, 0, columns)
        for line, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write(line, place, cell)
