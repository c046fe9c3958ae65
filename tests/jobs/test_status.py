"""Test the status of a dataset after its job has run."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from expectations.errors import ExpectationsNotMetError
from jobs.blocked import NotIncrementalError
from jobs.stages import dataset_job
from jobs.status import DatasetStatus, status_of
from lake.ledger import StageRun
from transforms.datasets.contact_centre import DATASET
from workflows.cli import app

JOB = dataset_job(DATASET)


@pytest.fixture
def job(lake: SparkSession, landing):
    def run(stage: str = "all") -> list[StageRun]:
        args = JOB.parse(["--stage", stage, "--landing", str(landing)])
        return JOB.run(lake, args)

    return run


def status(lake: SparkSession) -> DatasetStatus:
    return status_of(lake, ["contact_centre"])[0]


def test_new_and_successful_datasets_need_no_attention(lake: SparkSession, landing, job) -> None:
    assert (status(lake).state, status(lake).attention, status(lake).quarantined_pct) == ("never run", (), None)
    days = landing.days()
    days[4][1] = "n/a"
    landing.workbook("2024.xlsx", days)
    job()

    after = status(lake)
    assert (after.state, after.trusted, after.quarantined, after.attention) == ("SUCCEEDED", 29, 1, ())
    assert after.quarantined_pct == pytest.approx(100 / 30)


def test_skipped_file_is_listed_until_removed(lake: SparkSession, landing, job) -> None:
    landing.workbook("2024.xlsx", landing.days())
    notes = landing.file("notes.pdf", b"%PDF")

    assert [entry.state for entry in job()] == ["SUCCEEDED_WITH_SKIPS", "SUCCEEDED", "SUCCEEDED"]
    for _ in range(2):
        assert (
            status(lake)
            .attention[0]
            .startswith("file notes.pdf is skipped: unknown format. Expected .xlsx or .xlsm files, .csv or .tsv")
        )
        job()
    notes.unlink()
    job()
    assert status(lake).attention == ()


def test_stale_answers_are_listed_until_rebuilt(lake: SparkSession, landing, job, monkeypatch) -> None:
    landing.workbook("2024.xlsx", landing.days())
    job()
    landing.workbook("2025.xlsx", landing.days("2025-01-01"))
    for stage in ("ingest", "refine"):
        job(stage)

    assert status(lake).attention == (
        "answers are stale, because their tables or code changed (calls_handled, calls_handled_monthly). "
        "Run the job again",
    )
    job("curate")
    assert status(lake).attention == ()
    monkeypatch.setattr("jobs.answers.code_version", lambda *packages: "the next version")
    assert status(lake).attention[0].startswith("answers are stale, because")
    assert job("curate")[0].result.notes == ("2 of 2 answers built",)
    assert status(lake).attention == ()


def test_blocked_run_is_listed_until_a_success(lake: SparkSession, landing, job) -> None:
    landing.workbook("2024.xlsx", landing.days())
    job()
    landing.csv("2025.csv", [[*day[:2], -5, *day[3:]] for day in landing.days("2025-01-01", 10)])
    for _ in range(2):  # The second run finds no new files.
        with pytest.raises(ExpectationsNotMetError):
            job()
        blocked = status(lake)
        assert blocked.state == "BLOCKED"
        assert "calls_handled_not_negative" in blocked.attention[0]
        assert "Examples: -5" in blocked.attention[0]
        assert blocked.public_attention == ("blocked: new rows are not published",)
    with pytest.raises(NotIncrementalError, match="resolve contact_centre: the dataset is not incremental"):
        job("resolve")
    job("curate")  # a later success of another stage does not repair the blocked stage
    assert status(lake).state == "BLOCKED"
    assert "calls_handled_not_negative" in status(lake).attention[0]
    landing.csv("2025.csv", landing.days("2025-01-01", 10), delivered=60)
    job()
    assert (status(lake).state, status(lake).attention) == ("SUCCEEDED", ())


def test_the_status_lists_a_failed_stage(lake: SparkSession, landing, job) -> None:
    """A later success of another stage does not repair the failed stage."""
    landing.workbook("2024.xlsx", landing.days())
    job()
    broken = landing.file("2025.xlsx", b"no workbook")
    with suppress(ValueError):
        job()
    problem = "stage ingest failed: LandedFilesError: contact_centre: 1 landed file(s)"
    assert (status(lake).state, status(lake).attention[0][: len(problem)]) == ("FAILED", problem)
    job("curate")
    assert (status(lake).state, status(lake).attention[0][: len(problem)]) == ("FAILED", problem)
    broken.unlink()
    job()
    assert (status(lake).state, status(lake).attention) == ("SUCCEEDED", ())


def test_datasets_needing_attention_give_exit_code_3(lake: SparkSession, landing, job, monkeypatch) -> None:
    monkeypatch.chdir(landing.folder.parent)  # This folder contains the warehouse of the test.
    monkeypatch.setenv("COLUMNS", "80")
    landing.workbook("2024.xlsx", landing.days())
    notes = landing.file("notes.pdf", b"%PDF")
    job()

    result = CliRunner().invoke(app, ["status", "contact_centre"])
    assert result.exit_code == 3
    assert "contact_centre file notes.pdf is skipped" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    record = json.loads(CliRunner().invoke(app, ["status", "contact_centre", "--json"]).stdout)[0]
    assert (record["dataset"], record["trusted"], len(record["attention"])) == ("contact_centre", 30, 1)
    assert record["started"].endswith("Z")

    notes.unlink()
    job()
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 0
    assert "never run" in result.stdout
    rows = CliRunner().invoke(app, ["status", "--csv"]).stdout.splitlines()
    assert rows[0] == "dataset,state,started,trusted,quarantined,attention,quarantined_pct"
    assert [row.split(",")[:2] for row in rows[1:3]] == [
        ["contact_centre", "SUCCEEDED"],
        ["inquiry_volume", "never run"],
    ]
