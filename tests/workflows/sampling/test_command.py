"""Draw samples from files of real datasets, and run these samples."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from transforms.datasets import load_dataset
from workflows.cli import app


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lake: SparkSession) -> None:
    monkeypatch.chdir(tmp_path)
    lake.createDataFrame([], "n int")  # This call makes `lake` the active Spark session.


def citylake(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def failures_of_a_run(dataset: str) -> set[tuple[str, str, int]]:
    """Run the sample in a new warehouse. Return the expectation, file and row of each failure in the tables."""
    from lake.session import lake_session

    key = ["--masking-key", "sample/_masking_key"] if load_dataset(dataset).uses_masking_key else []
    code, out, err = citylake("run", dataset, "--data", "sample", "--warehouse", "w", *key)
    assert code == 0, out + err
    tables = lake_session("w")
    found = set()
    for zone, column in (("quarantine", "_failed_expectations"), ("quarantine", "_warnings"), ("trusted", "_warnings")):
        rows = tables.table(f"lake.{zone}.{dataset}").selectExpr(f"explode({column})", "_source_file", "_row_number")
        found |= {tuple(row) for row in rows.collect()}
    return found


def claimed() -> set[tuple[str, str, int]]:
    """Return the failures that the sample states."""
    failed = json.loads(Path("sample/_truth.json").read_text())["failed"]
    return {(id_, *_place(text)) for id_, places in failed.items() for text in places}


def _place(text: str) -> tuple[str, int]:
    name, _, row = text.rpartition(" row ")
    return name, int(row)


def test_each_expectation_fails_in_the_rows_that_the_sample_states(landing) -> None:
    """If a change of a cell can break an expectation, a row fails the expectation. Equal seeds give equal files."""
    landing.csv("calls 2024.csv", landing.days(count=150))
    options = ["--from", f"{landing}/calls 2024.csv", "--rows", "80", "--seed", "4"]

    code, out, err = citylake("sample", "contact_centre", *options, "--to", "sample")
    citylake("sample", "contact_centre", *options, "--to", "again")

    assert code == 0, err
    assert out.startswith("80 rows in 1 csv files in sample, such as calls 2024.csv.\n")
    assert "one_row_per_key: the publisher keeps only the last row of each key, so no change of a cell makes" in out
    assert "To run the sample: citylake run contact_centre --data sample\n" in out
    for path in Path("sample").iterdir():
        assert path.read_bytes() == (Path("again") / path.name).read_bytes()
    truth = json.loads(Path("sample/_truth.json").read_text())
    assert {*truth["not_failed"]} == {"one_row_per_key", "some_rows", "some_calls"}
    assert len(truth["failed"]) == 14
    dates = [row["Date"] for row in rows_of(Path("sample/calls 2024.csv")) if row["Date"].startswith("2024")]
    assert dates == sorted(dates)
    assert failures_of_a_run("contact_centre") == claimed()


FIRST, LAST = ("Ottilie", "Casimir", "Henrike", "Balthasar"), ("Wexelblatt", "Quistgaard", "Oberholzer")


def write_records(folder: Path, count: int) -> None:
    """Write applications as csv and enrolments as Parquet. Each student has an address and an e-mail address."""
    folder.mkdir()
    applications, enrolments = [], []
    for number in range(count):
        first, last = FIRST[number % 4], LAST[number % 3]
        received = date(2023, 1, 9) + timedelta(days=number % 90)
        person = (f"S{2_000_000 + 7 * number}", first, last)
        course = (("Nursing", "Welding")[number % 2], f"Fall {2020 + number % 3}")
        contact = (
            f"{first}.{last}.{number}@city.example".lower(),
            f"604-555-{1000 + number}",
            f"19{70 + number % 30}-05-17",
        )
        completed = str(received + timedelta(days=9)) if number % 3 else ""
        status = "Complete" if completed else "In Review"
        address = f"{number + 100} Juniper Crescent"
        applications.append((*person, *contact, address, *course, str(received), status, completed))
        if completed:
            enrolments.append((*person, *course, received + timedelta(days=40)))
    header = "Student ID,First Name,Last Name,E-mail,Phone,Date of Birth,Address,Programme,Intake,Received Date,Status,"
    lines = [f"{header}Completed Date", *map(",".join, applications)]
    (folder / "applications.csv").write_text("\n".join(lines))
    names = ("Student ID", "First Name", "Last Name", "Programme", "Intake", "Enrolled Date")
    pq.write_table(
        pa.table(dict(zip(names, map(list, zip(*enrolments, strict=True)), strict=True))), folder / "enrolments.parquet"
    )


def test_no_masked_value_is_in_the_sample() -> None:
    """Records of the registrar have masked columns. The cells of all files are checked."""
    write_records(Path("landing"), 240)
    masked = (
        "Student ID",
        "First Name",
        "Last Name",
        "E-mail",
        "Phone",
        "Date of Birth",
        "Address",
        "Programme",
        "Intake",
    )
    originals = {row[name] for row in rows_of(Path("landing/applications.csv")) for name in masked}

    code, out, err = citylake("sample", "registrar", "--from", "landing", "--rows", "150", "--to", "sample")

    assert code == 0, err
    assert "Kept values of status, because the masking policy publishes them: Cancelled, Complete, In" in out
    texts = [path.read_text().casefold() for path in Path("sample").iterdir()] + [out.casefold()]
    assert not [value for value in originals for text in texts if value.casefold() in text]
    applications, enrolments = rows_of(Path("sample/applications.csv")), rows_of(Path("sample/enrolments.csv"))
    assert len(applications) + len(enrolments) > 120
    students = {row["Student ID"] for row in applications}
    assert sum(row["Student ID"] in students for row in enrolments) > len(enrolments) - 10
    unbroken = json.loads(Path("sample/_truth.json").read_text())["not_failed"]
    assert (
        "Files of another layout have a column for withdrawn_date. Give such a file"
        in unbroken["withdrawn_date_present"]
    )
    found = failures_of_a_run("registrar")
    assert found == claimed()
    assert {"student_id_valid", "status_known", "enrolment_has_an_application", "email_valid"} <= {
        id_ for id_, *_ in found
    }


def test_a_sample_without_a_generator_needs_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.commands.data.sample_writer", lambda _: None)

    code, _, err = citylake("sample", "contact_centre", "--to", "sample")

    assert code == 1
    assert "contact_centre has no sample, and no generator in ingest/samples/contact_centre.py. To draw a" in err
    assert "run: citylake sample contact_centre --from FILE" in err


def test_files_without_rows_are_rejected(landing) -> None:
    landing.csv("calls.csv", [])

    code, _, err = citylake("sample", "contact_centre", "--from", str(landing), "--to", "sample")

    assert (code, Path("sample").exists()) == (1, False)
    assert "samples: the files have no rows. Give files with rows: --from FILE." in err
