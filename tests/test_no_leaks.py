"""Test that personal data of students is only in the landing folder and raw.

The tests search the other tables, the files of the warehouse, the messages and the log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.samples import registrar as samples
from ingest.samples.files import MASKING_KEY
from transforms.datasets.registrar import DATASET
from transforms.datasets.registrar.records import REASONS
from workflows.cli import main

FIRST = ("Zephyrine", "Quillonia", "Xanthippe", "Wolfhilde", "Yggdrasille")
LAST = ("Vrouwenvelder", "Oyinkansola", "Kszczotkova", "Jørgensdottir", "Umlaufheimer")
SAMPLE_NAMES = [name.casefold() for name in (*FIRST, *LAST)]
APPLICATION = [*DATASET.source_columns["application"]]
VALID_ROW = (
    *("S7700001", "Barnabasius", "Ptolemaiosson", "barnabasius@ptolemaiosson.example", "778-555-9071"),
    *("1971-08-23", "41 Mulberrybush Lane", "Nursing", "Fall 2023", "2023-03-01", "Received", ""),
)
WRONG_CELLS = {  # each value has the index of a wrong cell in an application, and the text of the cell
    "a day of birth": (5, "born to Theodorakis"),
    "a day": (9, "ask Hieronymusson"),
    "a status": (10, "with Fitzgibbonsworth"),
    "an id": (0, "see Wertheimerstein"),
    "an address for a mail": (3, "c/o Lilienkronish"),
    "a phone": (4, "mother: Abernathyson"),
    "an intake": (8, "when Montmorencyx can"),
}
SHIFTED_ROWS = {  # each value is an application whose cells are in wrong columns
    "to the left": VALID_ROW[1:],
    "to the right": ["", *VALID_ROW[:-1]],
    "two to the right": ["", "", *VALID_ROW[:-1]],
    "by a comma in a name": [VALID_ROW[0], "Ptolemaiosson, Barnabasius", *VALID_ROW[1:]],
    "by a comma in the address": [*VALID_ROW[:7], "Mulberrybush House", *VALID_ROW[7:]],
    "beyond the header": [*VALID_ROW, "", "call Barnabasius"],
}


def needles() -> set[str]:
    """Return the personal words and texts in `WRONG_CELLS` and `VALID_ROW`."""
    words = {word for _, text in WRONG_CELLS.values() for word in text.split() if len(word) > 8}
    return words | {*VALID_ROW[:7], *VALID_ROW[1:3], "mulberrybush", "778-555"}


def personal_texts(lake: SparkSession) -> set[str]:
    """Return the texts in raw that can identify a student. All letters are lower case."""
    raw = lake.table("lake.raw.registrar").where("lower(_source_file) NOT LIKE '%.csv'")
    personal = ["Student ID", "First Name", "Last Name", "E-mail", "Phone", "Address", "Date of Birth", "Reason"]
    rows = raw.where("`Student ID` != 'Total'").select(*(F.trim(F.col(f"`{name}`")) for name in personal)).collect()
    cells = {str(cell).casefold() for row in rows for cell in row if cell}
    return {cell for cell in cells if len(cell) > 6 and not cell.isdigit()} - {*map(str.casefold, REASONS), "nursing"}


class Command:
    """Run the command `citylake` in this process, and collect the output and the log of the command."""

    def __init__(self, lake: SparkSession, caplog: Any, capsys: Any) -> None:
        self.lake, self.caplog, self.capsys, self.output = lake, caplog, capsys, ""

    def __call__(self, *argv: str) -> int:
        self.lake.createDataFrame([], "n int")  # this call makes `lake` the active Spark session
        with pytest.raises(SystemExit) as stopped, self.caplog.at_level(logging.DEBUG):
            main(argv)
        printed = self.capsys.readouterr()
        self.output += printed.out + printed.err + self.caplog.text
        self.caplog.clear()
        return int(stopped.value.code or 0)


@pytest.fixture
def citylake(
    lake: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture, monkeypatch
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "4000")  # no output line is wrapped at this width
    monkeypatch.setattr(samples, "_FIRST", FIRST)
    monkeypatch.setattr(samples, "_LAST", LAST)
    return Command(lake, caplog, capsys)


def csv(folder: Path, name: str, *rows: Sequence[str], columns: Sequence[str] = APPLICATION) -> None:
    (folder / name).write_text("\n".join(",".join(row) for row in [columns, *rows]), encoding="utf-8")


def workbook(path: Path, *rows: Iterable[str]) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, [cell or None for cell in row])


def dirty(folder: Path) -> None:
    samples.write(folder, rows=200)
    csv(
        folder,
        "stray.csv",
        *([*VALID_ROW[:index], text, *VALID_ROW[index + 1 :]] for index, text in WRONG_CELLS.values()),
    )
    csv(folder, "aside.csv", *SHIFTED_ROWS.values())
    workbook(folder / "aside.xlsx", APPLICATION, *SHIFTED_ROWS.values())


def run(citylake: Command, folder: Path) -> int:
    key = str(folder / MASKING_KEY)
    return citylake("run", "registrar", "--data", str(folder), "--warehouse", "lake", "--masking-key", key)


def tables(lake: SparkSession) -> list[str]:
    zones = [row[0] for row in lake.sql("SHOW NAMESPACES IN lake").collect()]
    found = [f"{zone}.{row.tableName}" for zone in zones for row in lake.sql(f"SHOW TABLES IN lake.{zone}").collect()]
    return [name for name in found if not name.startswith("raw.")]


def stored(lake: SparkSession, warehouse: Path) -> str:
    """Return all text in the warehouse outside raw, including the rows of branches and the metadata of Iceberg."""
    rows, bounds = [], []
    for table in tables(lake):
        files = lake.read.schema(lake.table(f"lake.{table}").schema).option("recursiveFileLookup", True)
        rows.append(files.parquet(str(warehouse.joinpath(*table.split("."), "data"))).select(F.to_json(F.struct("*"))))
        bounds.append(lake.table(f"lake.{table}.all_files").select("lower_bounds", "upper_bounds"))
    texts = [str(row[0]) for row in reduce(DataFrame.union, rows).collect()]
    maps = [bound for row in reduce(DataFrame.union, bounds).collect() for bound in row if bound]
    texts += [bytes(value).decode(errors="ignore") for bound in maps for value in bound.values()]
    for file in warehouse.rglob("*"):
        if file.is_file() and file.relative_to(warehouse).parts[0] != "raw":
            texts += [str(file), file.read_bytes().decode(errors="ignore")]
    return "\n".join(texts)


def leaked(needles: Iterable[str], text: str) -> list[str]:
    folded = text.casefold()
    return sorted({needle for needle in needles if needle.casefold() in folded})


def test_personal_data_stays_in_landing_and_raw(citylake: Command, lake: SparkSession, tmp_path: Path) -> None:
    dirty(tmp_path / "landing")
    key = (tmp_path / "landing" / MASKING_KEY).read_text().strip()

    lake.conf.set("spark.sql.catalog.lake.warehouse", str(tmp_path / "lake"))
    assert run(citylake, tmp_path / "landing") == 0, citylake.output
    for view in ([], ["quarantine"], ["warnings"], ["runs"]):
        assert citylake("show", "registrar", *view, "--warehouse", "lake") == 0
    assert citylake("show", "registrar", "quarantine", "--json", "--warehouse", "lake") == 0
    assert citylake("docs", "--warehouse", "lake") == 0
    table = ("--table", "lake.quarantine.registrar", "--warehouse", "lake")
    assert citylake("validate", "--suite", "registrar", *table, "--json", "--result-format", "COMPLETE") == 1

    text = stored(lake, tmp_path / "lake")
    personal = personal_texts(lake)
    assert len(personal) > 700
    assert leaked([*personal, *SAMPLE_NAMES, *needles(), key], text) == []
    assert leaked([*personal, *SAMPLE_NAMES, *needles(), key], citylake.output) == []
    # `aside.csv` and `aside.xlsx` have six rows each. Three keys are in both files, so three of the twelve rows are
    # superseded. The other nine rows are in quarantine.
    assert lake.table("lake.quarantine.registrar").where("_source_file like 'aside%'").count() == 9
    assert all(word in text for word in ("BSc Computing", "every_cell_readable", "SUCCEEDED"))
    assert "partial_unexpected_list" in citylake.output
    raw = lake.table("lake.raw.registrar").select(F.to_json(F.struct("*")))
    assert set(leaked(needles(), str(raw.collect()))) == needles()


def test_errors_do_not_show_personal_data(citylake: Command, lake: SparkSession, tmp_path: Path) -> None:
    """One run cannot read its files. Another run is blocked."""
    files, rows = tmp_path / "files", tmp_path / "rows"
    for folder in (files, rows):
        folder.mkdir()
        (folder / MASKING_KEY).write_text("k" * 32)
    csv(files, "headerless.csv", columns=VALID_ROW)
    csv(files, "twice.csv", VALID_ROW, columns=[*APPLICATION, "Phone"])
    workbook(files / "headerless.xlsx", VALID_ROW, VALID_ROW)
    workbook(files / "on its side.xlsx", *zip(APPLICATION, VALID_ROW, strict=True))
    workbook(files / "two on it.xlsx", *zip(APPLICATION, VALID_ROW, VALID_ROW, strict=True))
    workbook(files / "titled.xlsx", ["Status", *VALID_ROW[:5]], APPLICATION, VALID_ROW)
    good = [[f"S77{n:05}", *VALID_ROW[1:]] for n in range(9)]
    csv(
        rows,
        "rows.csv",
        *good,
        *([*VALID_ROW[:index], text, *VALID_ROW[index + 1 :]] for index, text in WRONG_CELLS.values()),
    )
    csv(rows, "aside.csv", *SHIFTED_ROWS.values())
    lake.conf.set("spark.sql.catalog.lake.warehouse", str(tmp_path / "lake"))

    assert run(citylake, files) == 1
    assert "6 landed file(s) cannot be read" in citylake.output
    assert "on its side.xlsx (as enrolment): 5 of the 6 expected columns are missing: 'First Name'" in citylake.output
    assert "two on it.xlsx: the columns ['…', '…'] have the same name" in citylake.output
    assert "twice.csv: the columns ['Phone', 'Phone'] have the same name" in citylake.output
    assert run(citylake, rows) == 1
    assert "every_cell_readable (Each cell of a required column can be read" in citylake.output
    assert citylake("show", "registrar", "--warehouse", "lake") == 3  # exit code 3, because the last run is blocked
    assert citylake("docs", "--warehouse", "lake") == 0
    raw = ("--table", "lake.raw.registrar", "--warehouse", "lake")
    assert citylake("validate", "--suite", "registrar", *raw) == 1  # raw lacks columns that the suite needs

    text = stored(lake, tmp_path / "lake")
    assert "candidates_" in text
    assert lake.table("lake.ops.runs").where("state = 'BLOCKED'").count() == 1
    assert leaked(needles(), text) == []
    assert leaked(needles(), citylake.output) == []
