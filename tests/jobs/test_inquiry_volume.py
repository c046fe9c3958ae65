"""Run the job on good and bad files of the city. The suite's `mostly` of 0.95 allows one bad row in 30.

Most tests do not build the answers. The tests of transforms/datasets cover the answers.
"""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from ingest.errors import LandedFilesError
from jobs.stages import dataset_job
from lake.tables import exists, snapshot_id
from tests.jobs import tables
from tests.jobs.tables import replace_cell, rows
from transforms.datasets.inquiry_volume import DATASET

pytestmark = pytest.mark.compiled

JOB = dataset_job(DATASET)
COLUMNS = ("Department", "Type", "Year Month", "Channel", "Number of Records", "BI_ID")
RAW, TRUSTED = "lake.raw.inquiry_volume", "lake.trusted.inquiry_volume"


def run(lake: SparkSession, landing: object, *stages: str) -> None:
    for stage in stages or ("ingest", "refine"):
        JOB.run(lake, JOB.parse(["--stage", stage, "--landing", str(landing)]))


def inquiries(count: int = 30, *, number: int = 100, year: int = 2024) -> list[list[Any]]:
    """Return valid rows. Each row has a different inquiry type, and most rows have no BI_ID."""
    return [
        ["ENG - Parking", f"Type {n:02}", f"{year}-{1 + n % 12:02}", "Phone", number, 9000 + n if n % 10 > 6 else None]
        for n in range(count)
    ]


def numbers(lake: SparkSession) -> list[int]:
    """Return the numbers of inquiries in trusted, ordered by type."""
    return [number for _, number in rows(lake, TRUSTED, "inquiry_type", "number_of_records")]


def quarantined(lake: SparkSession) -> list[tuple[str, int, list[str]]]:
    return tables.quarantined(lake, "inquiry_volume")


def test_each_answer_takes_one_spark_job(lake: SparkSession, landing, count_jobs) -> None:
    landing.workbook("2023.xlsx", inquiries(year=2023), COLUMNS)
    landing.csv(
        "2024.csv", [*inquiries(number=150), ["LS - Legal", "ZZ OLD - Wills", "2024-01", "Chat", 500, None]], COLUMNS
    )
    run(lake, landing, "ingest")
    count_jobs()

    run(lake, landing, "refine")
    assert count_jobs() == 5  # The jobs read deliveries, unify spellings, stage, validate, and write quarantine.
    run(lake, landing, "curate")
    assert count_jobs() == len(DATASET.answers)  # one job for each answer

    assert (lake.table(TRUSTED).count(), quarantined(lake)) == (61, [])
    yearly = rows(lake, "lake.curated.inquiry_volume_yearly")
    assert yearly == [(2023, 12, 3000, 250.0, None, None), (2024, 12, 5000, 416.7, 2000, 66.67)]
    names = {row.tableName for row in lake.sql("SHOW TABLES IN lake.curated").collect()}
    assert names == {f"inquiry_volume_{name}" for name in DATASET.answers}


def test_bad_cells_quarantine_their_rows(lake: SparkSession, landing) -> None:
    """Each quarantined row lists the expectations that it fails."""
    unreadable = ["every_cell_readable"]
    cells: list[tuple[int, object, list[str]]] = [
        (2, "2024-13", [*unreadable, "year_month_present"]),
        (2, "2024", [*unreadable, "year_month_present"]),
        (2, 2024, [*unreadable, "year_month_present"]),
        (2, "February 2024", [*unreadable, "year_month_present"]),
        (2, "2024-02-15", [*unreadable, "year_month_present"]),
        (2, None, ["year_month_present"]),
        (2, "1924-02", ["month_since_3_1_1_began"]),
        (2, "2204-02", ["year_month_not_in_the_future"]),
        (4, -1, ["number_not_negative"]),
        (4, "n/a", [*unreadable, "number_present"]),
        (4, 0.5, [*unreadable, "number_present"]),
        (4, 2**31, [*unreadable, "number_present"]),
        (4, None, ["number_present"]),
        (0, "\u00a0", ["inquiry_department_present"]),
        (1, None, ["inquiry_type_present"]),
        (3, " ", ["inquiry_channel_present"]),
    ]
    lines = inquiries(400)
    for index, (column, value, _) in enumerate(cells):
        lines = replace_cell(lines, index, column, value)
    landing.workbook("2024.xlsx", lines, COLUMNS)

    run(lake, landing)

    expected = [("2024.xlsx", index + 2, failed) for index, (*_, failed) in enumerate(cells)]
    assert sorted(quarantined(lake)) == expected
    assert lake.table(TRUSTED).count() == 400 - len(cells)


def test_unknown_values_do_not_quarantine_rows(lake: SparkSession, landing) -> None:
    """Different spellings of a value are unified."""
    lines = inquiries()
    lines[0][:4] = ["eng–Parking\u00a0", " Type  00", 45292, "PHONE"]
    lines[1][3], lines[2][3], lines[3][0], lines[4][5] = "Kiosk", "email", "Festival Office", "A7"
    landing.workbook("2024.xlsx", [*lines, [" "], ["", "\u00a0"]], COLUMNS)

    run(lake, landing)

    assert quarantined(lake) == []
    assert numbers(lake) == [100] * 30
    columns = ("inquiry_type", "inquiry_department", "string(year_month)", "inquiry_channel", "_warnings")
    assert rows(lake, TRUSTED, *columns)[:5] == [
        ("Type 00", "ENG - Parking", "2024-01-01", "Phone", None),
        ("Type 01", "ENG - Parking", "2024-02-01", "Kiosk", ["channel_known"]),
        ("Type 02", "ENG - Parking", "2024-03-01", "E-mail", None),
        ("Type 03", "Festival Office", "2024-04-01", "Phone", ["department_has_a_code"]),
        ("Type 04", "ENG - Parking", "2024-05-01", "Phone", ["other_cells_readable"]),
    ]


def test_duplicate_rows_are_counted_once(lake: SparkSession, landing) -> None:
    """If a file has two different numbers for one key, neither number is published."""
    lines = inquiries()
    other_id, other_spelling = [*lines[1][:5], 77], ["ENG-Parking", *lines[2][1:3], "phone", *lines[2][4:]]
    other_number, other_file = [*lines[3][:4], 101, None], [*lines[4][:4], 105, None]
    landing.csv("2024.csv", [*lines, lines[0], other_id, other_spelling, other_number], COLUMNS)
    landing.csv("more.csv", [other_file], COLUMNS, delivered=60)

    run(lake, landing)

    assert quarantined(lake) == [("2024.csv", 35, ["one_number_in_a_file"])]
    # One key has the numbers 100 and 101, so neither number is published.
    assert numbers(lake) == [100] * 3 + [105] + [100] * 25
    assert lake.table(RAW).count() == 35


def test_rows_in_two_workbooks_are_counted_once(lake: SparkSession, landing) -> None:
    about = [["Inquiries of 2024"], ["Department", "is the city's"]]
    landing.workbook("2024.xlsx", inquiries(), COLUMNS)
    landing.sheets("again.xlsx", {"About": about, "Data": [COLUMNS, *inquiries()]}, delivered=60)

    run(lake, landing)

    assert (lake.table(RAW).count(), numbers(lake), quarantined(lake)) == (60, [100] * 30, [])


def test_error_lists_every_unreadable_file(lake: SparkSession, landing) -> None:
    """The error also shows the problem of each file."""
    lines = inquiries()
    landing.csv("2023.csv", lines, COLUMNS)
    run(lake, landing, "ingest")
    before = snapshot_id(lake, RAW)
    landing.sheets("two.xlsx", {"May": [COLUMNS, *lines[:9]], "June": [COLUMNS, *lines[9:]]})
    landing.sheets("other.xlsx", {"A": [["Private", "Person"]], "B": [["Jane Doe", 1]]})
    landing.csv("missing.csv", [line[:4] for line in lines], COLUMNS[:4])
    landing.csv("renamed.csv", lines, [name.replace("Year Month", "YearMonth") for name in COLUMNS])
    landing.csv("headless.csv", lines[1:], ["Jane Doe", "Type 01", "2024-01", "Phone", 5, None])
    landing.file("empty.csv", b"")

    with pytest.raises(LandedFilesError) as caught:
        run(lake, landing)

    problems = dict(problem.split(": ", 1) for problem in caught.value.problems)
    assert problems["two.xlsx"].startswith(
        "sheets 1 and 2 all have the dataset's columns. Expected one sheet with these columns."
    )
    no_header = (
        f"the first row has no column of the dataset. Expected the header: {[*COLUMNS]} (layout inquiry_volume). Check "
        "that this is the right file."
    )
    assert (problems["other.xlsx"], problems["headless.csv"]) == (no_header, no_header)
    assert "Jane Doe" not in str(caught.value)
    assert problems["missing.csv"].startswith("2 of the 6 expected columns are missing: 'Number of Records', 'BI_ID'.")
    assert problems["renamed.csv"].endswith("Did the source rename it to 'YearMonth'?")
    assert problems["empty.csv"].startswith("the file is empty")
    assert len(problems) == 6
    assert snapshot_id(lake, RAW) == before
    assert not exists(lake, TRUSTED)


def test_only_later_valid_rows_replace_published_rows(lake: SparkSession, landing) -> None:
    lines = inquiries(60)
    landing.workbook("to September.xlsx", lines[:50], COLUMNS)
    landing.csv("from October.csv", lines[50:], COLUMNS)
    run(lake, landing)
    assert numbers(lake) == [100] * 60
    corrections = [[*lines[0][:4], 150, 4711], [*lines[1][:4], "many", None], [*lines[2][:4], -3, None]]
    landing.csv("fix.csv", corrections, COLUMNS, delivered=60)
    without_first = [[*line[:4], 120, None] for line in lines[51:]]
    landing.csv("from October.csv", replace_cell(without_first, 0, 4, "n/a"), COLUMNS, delivered=60)

    run(lake, landing)

    assert numbers(lake) == [150] + [100] * 49 + [100] + [120] * 8
    assert quarantined(lake) == [
        ("fix.csv", 3, ["every_cell_readable", "number_present"]),
        ("fix.csv", 4, ["number_not_negative"]),
        ("from October.csv", 2, ["every_cell_readable", "number_present"]),
    ]
    assert lake.table(RAW).count() == 50 + 10 + 3 + 9
