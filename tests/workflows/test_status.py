"""The state of datasets, through the jobs' own entrypoints: nothing that needs attention is green."""

from __future__ import annotations

from contextlib import suppress

import pytest
from pyspark.sql import SparkSession

from expectations.errors import ExpectationsNotMetError
from jobs import contact_centre
from lake.ledger import StageRun
from workflows import runs
from workflows.status import DatasetStatus, status_of


@pytest.fixture
def job(lake: SparkSession, landing):
    def run(stage: str = "all") -> list[StageRun]:
        args = contact_centre.JOB.parse(["--stage", stage, "--landing", str(landing)])
        return contact_centre.JOB.run(lake, args)

    return run


def status(lake: SparkSession) -> DatasetStatus:
    return status_of(lake, ["contact_centre"])[0]


def test_a_dataset_that_never_ran_and_one_in_order_need_no_attention(lake: SparkSession, landing, job) -> None:
    assert (status(lake).state, status(lake).attention, status(lake).quarantined_pct) == ("never run", (), None)
    days = landing.days()
    days[4][1] = "n/a"
    landing.workbook("2024.xlsx", days)
    job()

    found = status(lake)
    assert (found.state, found.trusted, found.quarantined, found.attention) == ("SUCCEEDED", 29, 1, ())
    assert found.quarantined_pct == pytest.approx(100 / 30)


def test_a_skipped_file_is_listed_until_it_is_removed(lake: SparkSession, landing, job) -> None:
    landing.workbook("2024.xlsx", landing.days())
    notes = landing.file("notes.pdf", b"%PDF")

    assert [entry.state for entry in job()] == ["SUCCEEDED_WITH_SKIPS", "SUCCEEDED", "SUCCEEDED"]
    for _ in range(2):
        assert status(lake).attention[0].startswith("file notes.pdf is skipped: not one of .xlsx or .csv files")
        job()
    notes.unlink()
    job()
    assert status(lake).attention == ()


def test_stale_answers_are_listed_until_they_are_made(lake: SparkSession, landing, job, monkeypatch) -> None:
    landing.workbook("2024.xlsx", landing.days())
    job()
    landing.workbook("2025.xlsx", landing.days("2025-01-01"))
    for stage in ("ingest", "refine"):
        job(stage)

    assert status(lake).attention == (
        "2 answers are older than trusted or the code: calls_handled, calls_handled_monthly. Run the stage curate",
    )
    job("curate")
    assert status(lake).attention == ()
    monkeypatch.setattr("jobs.answers.code_version", lambda *packages: "the next version")
    assert status(lake).attention[0].startswith("2 answers are older than trusted or the code")
    assert job("curate")[0].result.notes == ("2 of 2 answers made",)
    assert status(lake).attention == ()


def test_a_blocked_run_is_shown_until_a_run_goes_through(lake: SparkSession, landing, job) -> None:
    landing.workbook("2024.xlsx", landing.days())
    job()
    landing.csv("2025.csv", [[*day[:2], -5, *day[3:]] for day in landing.days("2025-01-01", 10)])
    for _ in range(2):  # also when nothing new has landed
        with pytest.raises(ExpectationsNotMetError):
            job()
        found = status(lake)
        assert found.state == "BLOCKED"
        assert "calls_handled_not_negative" in found.attention[0]
    landing.csv("2025.csv", landing.days("2025-01-01", 10), delivered=60)
    job()
    assert (status(lake).state, status(lake).attention) == ("SUCCEEDED", ())


def test_a_failed_stage_is_shown(lake: SparkSession, landing, job) -> None:
    landing.file("2025.xlsx", b"no workbook")
    with suppress(ValueError):
        job()

    assert status(lake).state == "FAILED"
    assert (
        status(lake).attention[0].startswith("stage ingest failed: LandedFilesError: contact_centre: 1 landed file(s)")
    )


def test_the_command_exits_with_3_while_anything_needs_attention(
    lake: SparkSession, landing, job, tmp_path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(runs, "lake_session", lambda warehouse: lake)
    landing.workbook("2024.xlsx", landing.days())
    notes = landing.file("notes.pdf", b"%PDF")
    job()

    assert runs.show_status(["contact_centre"], warehouse="w") == 3
    printed = capsys.readouterr().out
    assert "contact_centre" in printed
    assert "! contact_centre file notes.pdf is skipped" in printed
    notes.unlink()
    job()
    assert runs.show_status(["contact_centre", "registrar"], warehouse="w") == 0
    assert "never run" in capsys.readouterr().out
