"""Run the job on good and bad files of a city. The suite's `mostly` of 0.95 allows one bad row in 30."""

from __future__ import annotations

import json
from datetime import date

import pytest
from pyspark.sql import SparkSession

from expectations.errors import ExpectationsNotMetError
from jobs.stages import dataset_job
from lake.errors import NotPublishedError
from lake.ledger import runs
from lake.tables import snapshot_id
from tests.jobs import tables
from tests.jobs.tables import replace_cell, rows
from transforms.datasets.contact_centre import DATASET

pytestmark = pytest.mark.compiled

JOB = dataset_job(DATASET)
TRUSTED, QUARANTINE = "lake.trusted.contact_centre", "lake.quarantine.contact_centre"
ANSWERS = ("lake.curated.contact_centre_calls_handled", "lake.curated.contact_centre_calls_handled_monthly")


def run(lake: SparkSession, landing: object, *stages: str) -> None:
    for stage in stages or ("ingest", "refine"):
        JOB.run(lake, JOB.parse(["--stage", stage, "--landing", str(landing)]))


def quarantined(lake: SparkSession) -> list[tuple[str, int, list[str]]]:
    return tables.quarantined(lake, "contact_centre")


def test_valid_files_give_the_expected_answers(lake: SparkSession, landing) -> None:
    landing.workbook("2023.xlsx", landing.days("2023-12-01", 31))
    landing.csv("2024.csv", landing.days("2024-01-01", 30, offered=200))

    run(lake, landing, "all")

    assert rows(lake, ANSWERS[0]) == [
        (2023, 31, date(2023, 12, 1), date(2023, 12, 31), 3100, 2790, 90.0, None),
        (2024, 30, date(2024, 1, 1), date(2024, 1, 30), 6000, 5700, 95.0, 5.0),
    ]
    monthly = lake.table(ANSWERS[1]).selectExpr("string(month)", "days", "calls_handled_pct", "change_pct_points")
    assert sorted(map(tuple, monthly.collect())) == [("2023-12-01", 31, 90.0, None), ("2024-01-01", 30, 95.0, 5.0)]
    assert quarantined(lake) == []


BAD_CELLS = [
    (1, "n/a", ["every_cell_readable", "calls_offered_present"]),
    (1, "1e2", ["every_cell_readable", "calls_offered_present"]),
    (1, None, ["calls_offered_present"]),
    (2, -1, ["calls_handled_not_negative"]),
    (3, "-3", ["calls_abandoned_not_negative"]),
    (2, 101, ["handled_at_most_offered"]),
    (5, 80, ["service_level_is_a_fraction"]),
    (0, "31/01/2024", ["every_cell_readable", "date_present"]),
    (0, "2024-02-30", ["every_cell_readable", "date_present"]),
    (0, "1924-01-05", ["date_since_3_1_1_began"]),
    (0, "2204-01-05", ["date_not_in_the_future"]),
    (4, "12d", ["every_cell_readable"]),
]


def test_bad_cells_quarantine_their_rows(lake: SparkSession, landing) -> None:
    """Each quarantined row lists the expectations that it fails."""
    days = landing.days("2023-01-01", count=400)
    for number, (column, value, _) in enumerate(BAD_CELLS):
        days = replace_cell(days, number * 20, column, value)
    landing.workbook("2023.xlsx", days)

    run(lake, landing)

    failures = {row_number: failed for _, row_number, failed in quarantined(lake)}
    assert failures == {number * 20 + 2: failed for number, (_, _, failed) in enumerate(BAD_CELLS)}
    assert lake.table(TRUSTED).count() == 400 - len(BAD_CELLS)


def test_unusual_valid_rows_are_not_quarantined(lake: SparkSession, landing) -> None:
    """The file has a serial date, blank rows, and a row that does not meet a warning expectation."""
    days = landing.days()
    days[3][0] = 45295  # the serial number of 2024-01-04 in Excel
    days[5] = [*days[5][:3], 12, *days[5][4:]]  # calls handled plus calls abandoned exceed calls offered
    landing.workbook("2024.xlsx", [*days, [" "], ["", " "]])

    run(lake, landing)

    assert quarantined(lake) == []
    assert [day for (day,) in rows(lake, TRUSTED, "string(date)")] == [day[0] for day in landing.days()]
    warned = lake.table(TRUSTED).where("_warnings is not null").select("date", "calls_unaccounted", "_warnings")
    assert [(str(row[0]), row[1], row[2]) for row in warned.collect()] == [
        ("2024-01-06", -2, ["handled_and_abandoned_at_most_offered"])
    ]


def test_trusted_keeps_the_latest_delivered_rows(lake: SparkSession, landing) -> None:
    landing.workbook("2024 corrected.xlsx", landing.days(count=10, offered=300), delivered=60)
    landing.workbook("2024.xlsx", [*landing.days(), ["2024-01-30", 400, 380, 1, 1, 1, 99]], delivered=0)

    run(lake, landing)

    offered = [count for (_, count) in rows(lake, TRUSTED, "string(date)", "calls_offered")]
    assert offered == [300] * 10 + [100] * 19 + [400]


def test_invalid_corrections_do_not_replace_valid_rows(lake: SparkSession, landing) -> None:
    landing.workbook("2024.xlsx", landing.days())
    run(lake, landing)
    landing.csv("fix.csv", [["2024-01-05", "many", 5, 1, 1, 1, 1]], delivered=60)

    run(lake, landing)

    assert lake.table(TRUSTED).count() == 30
    assert quarantined(lake) == [("fix.csv", 2, ["every_cell_readable", "calls_offered_present"])]

    landing.csv("fix again.csv", [["2024-01-05", 150, 140, 1, 1, 1, 1]], delivered=120)
    run(lake, landing)

    assert lake.table(TRUSTED).where("calls_offered = 150").count() == 1
    assert quarantined(lake) == []

    landing.workbook("2024.xlsx", replace_cell(landing.days(offered=200), 4, 1, "n/a"), delivered=180)
    run(lake, landing)

    offered = [count for _, count in rows(lake, TRUSTED, "string(date)", "calls_offered")]
    assert offered == [200] * 4 + [150] + [200] * 25
    assert quarantined(lake) == [("2024.xlsx", 6, ["every_cell_readable", "calls_offered_present"])]


def test_redelivered_files_replace_their_earlier_rows(lake: SparkSession, landing) -> None:
    wrong = replace_cell(landing.days(), 4, 0, "2025-01-05")
    landing.csv("2024.csv", wrong)
    run(lake, landing)
    landing.csv("2024.csv", landing.days(), delivered=60)
    run(lake, landing)

    assert lake.table(TRUSTED).count() == 30
    assert lake.table(TRUSTED).where("year = 2025").count() == 0
    assert lake.table("lake.raw.contact_centre").count() == 60

    landing.csv("2024.csv", wrong, delivered=120)  # the file is the same as in the first delivery
    run(lake, landing)
    assert lake.table(TRUSTED).where("year = 2025").count() == 1


def test_corrected_file_replaces_a_blocked_delivery(lake: SparkSession, landing) -> None:
    landing.csv("2024.csv", [["30/01/2024", *day[1:]] for day in landing.days()])
    with pytest.raises(ExpectationsNotMetError, match="date_present"):
        run(lake, landing)
    landing.csv("2024.csv", landing.days(), delivered=60)

    run(lake, landing)

    assert (lake.table(TRUSTED).count(), quarantined(lake)) == (30, [])


def test_blocked_runs_save_their_validation_results(lake: SparkSession, landing) -> None:
    """The published tables do not change."""
    landing.workbook("2024.xlsx", landing.days())
    run(lake, landing, "all")
    before = {table: (rows(lake, table), snapshot_id(lake, table)) for table in (TRUSTED, QUARANTINE, *ANSWERS)}
    landing.csv("2025.csv", [[*day[:2], -5, *day[3:]] for day in landing.days("2025-01-01", 10)], delivered=60)

    with pytest.raises(
        ExpectationsNotMetError,
        match=r"calls_handled_not_negative .*: 10 of 40 rows fail, .* must pass. Examples: -5, -5, -5. "
        r"First in 2025.csv row 2, 2025.csv row 3, 2025.csv row 4\n",
    ):
        run(lake, landing, "all")

    assert {table: (rows(lake, table), snapshot_id(lake, table)) for table in before} == before
    blocked = runs(lake).where("state = 'BLOCKED'").collect()
    assert [(row.stage, row.verdict, row.rows_quarantined) for row in blocked] == [("refine", "blocked", 10)]
    result = json.loads(blocked[0].validation_result)
    assert (result["success"], result["suite_name"]) == (False, "contact_centre")


def test_repeated_stages_do_not_change_tables(lake: SparkSession, landing) -> None:
    landing.workbook("2024.xlsx", replace_cell(landing.days(), 4, 1, "n/a"))
    names = ("lake.raw.contact_centre", TRUSTED, QUARANTINE, *ANSWERS)
    run(lake, landing, "all")
    before = {table: rows(lake, table) for table in names}
    run(lake, landing, "ingest", "ingest", "refine", "refine", "curate", "curate")

    assert {table: rows(lake, table) for table in names} == before


@pytest.mark.parametrize(("stage", "missing"), [("refine", "raw"), ("curate", "trusted")])
def test_error_shows_the_unpublished_input_table(lake: SparkSession, landing, stage: str, missing: str) -> None:
    with pytest.raises(NotPublishedError, match=f"lake.{missing}.contact_centre: no run has published this table"):
        run(lake, landing, stage)


def test_number_of_spark_jobs_is_limited(lake: SparkSession, landing, count_jobs) -> None:
    """The stage refine starts four Spark jobs. The stage curate starts one Spark job for each answer."""
    landing.workbook("2024.xlsx", replace_cell(landing.days(), 4, 1, "n/a"))
    run(lake, landing, "ingest")
    count_jobs()

    run(lake, landing, "refine")
    assert count_jobs() == 4  # The jobs read deliveries, stage, validate, and write quarantine.
    run(lake, landing, "curate")
    assert count_jobs() == 2  # one job for each answer
