"""Run the registrar's job on a few rows. The suite's `mostly` allows one bad row in ten."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from expectations.errors import ExpectationsNotMetError
from jobs.masking_key import MaskingKeyError
from jobs.stages import dataset_job
from lake.ledger import runs
from tests.jobs import tables
from tests.jobs.tables import rows
from transforms.datasets.registrar import DATASET

pytestmark = pytest.mark.compiled

JOB = dataset_job(DATASET)
LAYOUTS = DATASET.source_columns
TRUSTED, QUARANTINE = "lake.trusted.registrar", "lake.quarantine.registrar"
COURSE = ("Nursing", "Fall 2023")


def application(n: int, day: object = "2023-03-01", status: object = "Received", done: object = None) -> list[Any]:
    contact = (f"s{n}@example.org", f"604-555-01{n:02}", "1999-03-05", f"{n} Example St")
    return [f"S10000{n:02}", "Ada", f"Abbott{n}", *contact, *COURSE, day, status, done]


def complete(n: int) -> list[Any]:
    return application(n, status="Complete", done="2023-04-01")


def enrolment(n: int, day: object = "2023-05-01") -> list[Any]:
    return [f"S10000{n:02}", "Ada", f"Abbott{n}", *COURSE, day]


def withdrawal(n: int, day: object = "2023-06-01", reason: str = "Health") -> list[Any]:
    return [f"S10000{n:02}", "Ada", f"Abbott{n}", *COURSE, day, reason]


def deliver(landing, name: str, rows: list[list[Any]], form: str, delivered: int = 0) -> None:
    write = landing.workbook if name.endswith(".xlsx") else landing.csv
    write(name, rows, columns=LAYOUTS[form], delivered=delivered)


def run(lake: SparkSession, landing, stage: str = "all", key: bytes | None = b"k" * 32) -> None:
    argv = ["--stage", stage, "--landing", str(landing)]
    if key is not None:
        argv += ["--masking-key", str(landing.file("_key", key))]
    JOB.run(lake, JOB.parse(argv))


def ingest_and_refine(lake: SparkSession, landing) -> None:
    run(lake, landing, "ingest")
    run(lake, landing, "refine")


def quarantined(lake: SparkSession) -> list[tuple[str, int, list[str]]]:
    return tables.quarantined(lake, "registrar")


def test_bad_rows_of_each_workbook_are_quarantined(lake, landing) -> None:
    """Each quarantined row lists the expectations that it fails."""
    bad = [
        [None, *application(61)[1:]],
        application(62, day="03/04/2023"),
        application(63, status="ask Ann"),
        application(64, status="Complete"),
        application(65, status="Received", done="2023-04-01"),
        application(66, status="Complete", done="2023-02-28"),
        application(67, day="2203-04-01"),
        [*application(68)[:8], "some day", *application(68)[9:]],
        application(69, status="Complete", done="2199-01-01"),
    ]
    good = [*map(complete, range(45)), *map(application, range(45, 60))]
    total = ["Total", None, "68 students"]
    deliver(landing, "applications.xlsx", [*good, *bad, complete(0), total], "application")
    enrolled = [*map(enrolment, range(30)), enrolment(90), enrolment(31, "spring term")]
    deliver(landing, "enrolments.xlsx", [*enrolled, ["Grand total", None, "32"]], "enrolment")
    withdrawn = [*(withdrawal(n, reason="call Ada") for n in range(3)), *map(withdrawal, range(3, 12))]
    deliver(landing, "withdrawals.xlsx", [*withdrawn, withdrawal(12, "2023-04-30")], "withdrawal")

    run(lake, landing)

    assert quarantined(lake) == [
        ("applications.xlsx", 62, ["student_id_present"]),
        ("applications.xlsx", 63, ["every_cell_readable", "received_date_present"]),
        ("applications.xlsx", 64, ["status_known"]),
        ("applications.xlsx", 65, ["completed_date_present"]),
        ("applications.xlsx", 66, ["status_is_complete"]),
        ("applications.xlsx", 67, ["completed_not_before_received"]),
        ("applications.xlsx", 68, ["day_not_in_the_future"]),
        ("applications.xlsx", 69, ["intake_is_a_season_and_a_year"]),
        ("applications.xlsx", 70, ["completed_not_in_the_future"]),
        ("applications.xlsx", 72, ["record_is_not_a_total_line"]),
        ("enrolments.xlsx", 32, ["enrolment_has_an_application"]),
        ("enrolments.xlsx", 33, ["every_cell_readable", "enrolled_date_present"]),
        ("enrolments.xlsx", 34, ["record_is_not_a_total_line"]),
        ("withdrawals.xlsx", 14, ["withdrawn_not_before_enrolled"]),
    ]
    curated = {name: rows(lake, f"lake.curated.registrar_{name}") for name in ("completion_by_year", "yield")}
    assert curated == {
        "completion_by_year": [(2023, 60, 45, 75.0, None)],
        "yield": [(*COURSE, 45, 30, 66.67, 0)],
    }
    assert rows(lake, "lake.curated.registrar_withdrawal_rates") == [(*COURSE, 30, 12, 40.0, 31.0, 31, 31)]
    warned = lake.table(TRUSTED).where("_warnings is not null").selectExpr("withdrawal_reason")
    assert [row[0] for row in warned.collect()] == ["*****"] * 3
    condition = "record = 'application' and field in ('student_id', 'received_date', 'status')"
    completeness = lake.table("lake.curated.registrar_completeness").where(condition)
    assert sorted(map(tuple, completeness.select("field", "rows", "filled").collect())) == [
        ("received_date", 69, 68), ("status", 69, 69), ("student_id", 69, 68),
    ]  # fmt: skip


def test_later_valid_rows_replace_earlier_rows(lake, landing) -> None:
    deliver(landing, "applications.xlsx", [*map(application, range(20))], "application")
    ingest_and_refine(lake, landing)
    fixes = [complete(1), application(2, day="soon"), [" s1000003", None, "Abbott3, Ada", *complete(3)[3:]]]
    deliver(landing, "fixes.csv", fixes, "application", delivered=60)
    ingest_and_refine(lake, landing)

    assert lake.table(TRUSTED).count() == 20
    assert lake.table(TRUSTED).where("status = 'Complete' and _source_file = 'fixes.csv'").count() == 2
    assert quarantined(lake) == [("fixes.csv", 3, ["every_cell_readable", "received_date_present"])]

    deliver(landing, "applications.xlsx", [*map(application, range(15))], "application", delivered=120)
    ingest_and_refine(lake, landing)
    assert lake.table(TRUSTED).count() == 15
    # This workbook is the latest delivery, so its rows replace the corrected rows of `fixes.csv`.
    assert lake.table(TRUSTED).where("status = 'Complete'").count() == 0


def test_late_enrolment_releases_its_quarantined_withdrawal(lake, landing) -> None:
    deliver(landing, "applications.xlsx", [*map(complete, range(12))], "application")
    deliver(landing, "withdrawals.xlsx", [*map(withdrawal, range(11))], "withdrawal")
    with pytest.raises(ExpectationsNotMetError, match="withdrawal_has_an_enrolment.*11 of 11 rows") as raised:
        ingest_and_refine(lake, landing)
    assert "S10000" not in str(raised.value)
    assert [row.state for row in runs(lake).where("stage = 'refine'").collect()] == ["BLOCKED"]

    deliver(landing, "enrolments.xlsx", [*map(enrolment, range(10))], "enrolment", delivered=60)
    ingest_and_refine(lake, landing)
    assert quarantined(lake) == [("withdrawals.xlsx", 12, ["withdrawal_has_an_enrolment"])]

    deliver(landing, "late.csv", [enrolment(10)], "enrolment", delivered=120)
    ingest_and_refine(lake, landing)
    assert quarantined(lake) == []
    assert lake.table(TRUSTED).where("record = 'withdrawal' and enrolled_on is not null").count() == 11


def test_a_different_masking_key_changes_only_the_pseudonyms(lake, landing, count_jobs) -> None:
    deliver(landing, "applications.xlsx", [*map(complete, range(9)), application(9, status="ask Ann")], "application")
    ingest_and_refine(lake, landing)
    before = {table: rows(lake, table) for table in (TRUSTED, QUARANTINE)}
    count_jobs()
    for key in (None, b"short"):
        with pytest.raises(MaskingKeyError, match="masking key"):
            run(lake, landing, "refine", key=key)
        assert count_jobs() == 0
    assert {table: rows(lake, table) for table in before} == before
    failed = runs(lake).where("state = 'FAILED'").selectExpr("rows_in", "error").collect()
    assert {(row.rows_in, row.error[:16]) for row in failed} == {(None, "MaskingKeyError:")}

    run(lake, landing, "refine", key=b"o" * 32)
    columns = lake.table(TRUSTED).columns
    students = {row[0] for row in lake.table(TRUSTED).select("student_id").collect()}
    assert len(students) == 9
    assert not students & {row[columns.index("student_id")] for row in before[TRUSTED]}
    same = ("record", "programme", "intake", "first_name", "phone", "status", "received_date")
    assert rows(lake, TRUSTED, *same) == sorted(
        (tuple(row[columns.index(name)] for name in same) for row in before[TRUSTED]), key=repr
    )
