"""Test the commands `citylake run`, `citylake resolve` and `citylake sample`."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from expectations.errors import ExpectationsNotMetError
from ingest.errors import LandedFilesError
from ingest.samples import SampleError
from ingest.samples.files import MASKING_KEY
from jobs.stages import dataset_job
from tests.jobs.incidents import FEW, GOOD, deliver, event
from transforms.datasets import police_dispatch
from workflows.cli import app
from workflows.output import NEEDS_ATTENTION
from workflows.parts import sample_writer
from workflows.progress import RunProgress
from workflows.runs import prepare_sample


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def citylake(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_an_existing_sample_is_not_written_again() -> None:
    folder = Path("samples/landing/registrar")
    folder.mkdir(parents=True)
    (folder / MASKING_KEY).touch()

    registrar, contact_centre = prepare_sample("registrar"), prepare_sample("contact_centre")

    assert registrar.masking_key == str(folder / MASKING_KEY)
    assert [path.name for path in folder.iterdir()] == [MASKING_KEY]
    assert (contact_centre.landing, contact_centre.masking_key) == ("samples/landing/contact_centre", None)
    assert Path("samples/landing/contact_centre/_truth.json").exists()


def test_missing_masking_key_prevents_the_run() -> None:
    Path("landing").mkdir()

    code, out, err = citylake("run", "registrar", "--data", "landing")

    assert (code, out) == (1, "")
    assert "citylake: workflow registrar: the option --masking-key is missing. Its help text is: Read the" in err
    assert [path.name for path in Path().iterdir()] == ["landing"]


def test_dataset_without_a_sample_is_displayed_as_failed(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise SampleError(rows=None, problem="the dataset has no generator")

    monkeypatch.setattr("workflows.runs.sample_writer", lambda dataset: refuse)
    lake.createDataFrame([], "n int")  # This call makes `lake` the active Spark session.

    code, out, err = citylake("run", "contact_centre")

    assert (code, "citylake: samples: the dataset has no generator" in err) == (1, True)
    assert "contact_centre the run failed. The error is below" in " ".join(out.split())
    assert "FAILED" in out


def test_dataset_with_neither_sample_nor_generator_is_skipped(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of all datasets runs the other datasets. A run of only this dataset fails."""
    monkeypatch.setattr("workflows.runs.dataset_names", lambda: ["contact_centre", "registrar"])
    writer = {"contact_centre": sample_writer("contact_centre"), "registrar": None}
    monkeypatch.setattr("workflows.runs.sample_writer", writer.get)
    lake.createDataFrame([], "n int")  # This call makes `lake` the active Spark session.

    one, everything = citylake("run", "registrar"), citylake("run")

    problem = (
        "registrar has no sample, and no generator in ingest/samples/registrar.py. To draw a sample from your file"
    )
    assert one[:2] == (1, "")
    assert f"citylake: samples: {problem}, run: citylake sample registrar --from FILE" in one[2]
    assert f"citylake: skipped: {problem}" in everything[2]
    assert "✓ contact_centre_curate" in everything[2]
    assert everything[0] == citylake("run", "contact_centre")[0]


def test_masking_key_given_as_file_name_is_not_printed(lake: SparkSession) -> None:
    """The key itself is passed instead of the name of its file."""
    citylake("sample", "registrar", "--to", "landing", "--rows", "30")
    key = "0123456789abcdef" * 4
    lake.createDataFrame([], "n int")  # This call makes `lake` the active Spark session.

    code, out, err = citylake("run", "registrar", "--data", "landing", "--warehouse", "w", "--masking-key", key)

    assert code == 1
    assert "✓ registrar_ingest" in err
    assert "not started: registrar_curate, registrar_maintain" in " ".join(err.split())
    assert "citylake: masking key (a text of 64 characters): the file cannot be read" in err
    assert "registrar: stage refine failed" in out or "stage refine failed: MaskingKeyError" in " ".join(out.split())
    assert "FAILED" in out
    assert key not in out + err
    assert sorted(path.name for path in Path("w").iterdir()) == ["ops", "raw"]


@pytest.mark.parametrize(
    ("dataset", "files", "first"),
    [
        ("registrar", ["applications.xlsx", "enrolments.xlsx", "withdrawals.xlsx"], "applications.xlsx"),
        (
            "inquiry_volume",
            [f"3-1-1-inquiry-volume-{part}" for part in ("2023.csv", "2024.xlsx", "corrections.csv")],
            "3-1-1-inquiry-volume-2023.csv",
        ),
    ],
)
def test_citylake_sample_writes_files_and_expected_answers(dataset: str, files: list[str], first: str) -> None:
    code, out, _ = citylake("sample", dataset, "--to", "here/it is", "--rows", "60", "--seed", "5")

    written = sorted(path.name for path in Path("here/it is").iterdir() if not path.name.startswith("_"))
    assert code == 0
    assert written == files
    assert out == f"{len(files)} files in here/it is, such as {first}. Right answers: here/it is/_truth.json\n"
    truth = json.loads(Path("here/it is/_truth.json").read_text())
    assert truth["counts"]["rows"] > 0
    assert (Path("here/it is") / MASKING_KEY).exists() == (dataset == "registrar")


@pytest.mark.parametrize("existing", ["here", "here/2024.csv"])
def test_citylake_sample_does_not_replace_existing_files(existing: str) -> None:
    Path(existing).parent.mkdir(exist_ok=True)
    Path(existing).write_text("mine")

    code, _, err = citylake("sample", "registrar", "--to", "here", "--rows", "60")

    assert (code, Path(existing).read_text()) == (1, "mine")
    assert "samples of 60 rows: here is not an empty folder. Give a new folder: --to DIR." in err


@pytest.mark.parametrize("command", [["sample", "registrar"], ["docs"]])
def test_the_output_folder_cannot_be_an_s3_address(command: list[str]) -> None:
    code, out, err = citylake(*command, "--to", "s3://city/here")

    assert (code, out, [*Path().iterdir()]) == (1, "", [])
    assert "s3://city/here is not a local folder" in err


def test_row_by_row_resolution_publishes_valid_rows(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The increment was blocked before."""
    dataset = replace(FEW, answers={"cities": FEW.answers["cities"]})
    monkeypatch.setattr(police_dispatch, "DATASET", dataset)
    job = dataset_job(dataset)
    args = replace(job.parse(["--landing", str(landing)]), stages=("ingest", "refine"))
    deliver(landing, "first", *GOOD)
    job.run(lake, args)
    deliver(landing, "next", event(1), *(event(number, day=None) for number in range(100, 200)))
    with pytest.raises(ExpectationsNotMetError):
        job.run(lake, args)

    code, out, err = citylake("resolve", "police_dispatch")
    assert (code, out) == (1, "")
    assert "start_time_present" in err
    code, out, _ = citylake("status", "police_dispatch")
    assert code == NEEDS_ATTENTION
    assert "101 rows are parked in quarantine" in " ".join(out.split())
    code, out, _ = citylake("show", "police_dispatch")
    assert code == NEEDS_ATTENTION
    assert "blocked since run" in " ".join(out.split())

    code, out, err = citylake("resolve", "police_dispatch", "--row-by-row")
    assert (code, err) == (0, "")
    assert "resolve: 101 rows in, 1 out, 100 quarantined" in out
    assert "curate: " in out
    rows = {zone: lake.table(f"lake.{zone}.police_dispatch") for zone in ("trusted", "quarantine")}
    assert {zone: table.count() for zone, table in rows.items()} == {"trusted": 4, "quarantine": 100}
    assert rows["quarantine"].where("_blocked_by IS NOT NULL").count() == 0
    assert citylake("status", "police_dispatch")[0] == 0


def test_plain_output_has_one_line_per_job(capsys: pytest.CaptureFixture) -> None:
    """The output is not a terminal."""
    with RunProgress(["contact_centre_ingest", "short"], quiet=False) as progress:
        progress.start("contact_centre_ingest")
        progress.finish("contact_centre_ingest", seconds=1.25, facts=["641 rows in", "641 out", "a long note " * 9])
        logging.getLogger("ingest").warning("columns ['Notes'] are new")
        progress.finish("short", seconds=12.5, state="FAILED")

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "✓ contact_centre_ingest    1.2 s  641 rows in, 641 out …"
    assert "columns ['Notes'] are new" in lines[1]
    assert lines[2:] == ["✗ short                   12.5 s"]
    assert "\x1b" not in "".join(lines)


def test_a_quiet_run_prints_only_warnings(capsys: pytest.CaptureFixture) -> None:
    with RunProgress(["a"], quiet=True) as progress:
        progress.start("a")
        progress.finish("a", seconds=1.0)
        logging.getLogger("ingest").warning("a column is new")

    assert [line.split() for line in capsys.readouterr().err.splitlines()] == [["WARNING", "a", "column", "is", "new"]]


def test_a_run_that_skips_all_files_needs_attention(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = replace(FEW, answers={"cities": FEW.answers["cities"]})
    monkeypatch.setattr(police_dispatch, "DATASET", dataset)
    job = dataset_job(dataset)

    def run() -> list[str]:
        stages = ("ingest", "refine")
        arguments = [job.parse(["--stage", stage, "--landing", str(landing)]) for stage in stages]
        return [entry.state for stage in arguments for entry in job.run(lake, stage)]

    wrong = landing.csv("wrong.csv", [["2024-01-01", 1]], columns=("Day", "Visits"))
    with pytest.raises(LandedFilesError, match="If raw had rows, such files would be skipped"):
        run()
    good = deliver(landing, "first", *GOOD)
    run()
    good.unlink()
    wrong.unlink()
    landing.csv("also wrong.csv", [["2024-01-01", 1]], columns=("Day", "Visits"))

    assert run() == ["SUCCEEDED_WITH_SKIPS", "SUCCEEDED"]
    assert lake.table("lake.trusted.police_dispatch").count() == len(GOOD)
    code, out, _ = citylake("status", "police_dispatch")
    assert code == NEEDS_ATTENTION
    assert "file also wrong.csv is skipped: the first row has no column of the dataset" in " ".join(out.split())
