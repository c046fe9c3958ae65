"""The commands that run datasets and write samples, in this process and without the terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.errors import ExpectationsNotMetError
from ingest.samples.files import MASKING_KEY
from jobs.stages import dataset_job
from tests.jobs.test_increments import FEW, GOOD, deliver, event
from transforms.datasets import dataset_names, police_dispatch
from workflows import cli, runs
from workflows.cli import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")


def citylake(capsys: pytest.CaptureFixture, *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def test_run_without_a_dataset_runs_each_of_them(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    codes = {"registrar": runs.NEEDS_ATTENTION}
    monkeypatch.setattr(cli, "run_on_samples", lambda name: started.append(name) or codes.get(name, 0))

    assert citylake(capsys, "run")[0] == runs.NEEDS_ATTENTION
    assert started == dataset_names()
    codes.clear()
    assert citylake(capsys, "run")[0] == 0
    assert {"contact_centre", "inquiry_volume", "registrar"} <= set(started)


def test_samples_are_made_once_and_the_key_beside_them_is_the_one_that_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(runs, "run_dataset", lambda dataset, **options: given.append((dataset, options)))
    folder = Path("samples/landing/registrar")
    folder.mkdir(parents=True)
    (folder / MASKING_KEY).touch()

    runs.run_on_samples("registrar")
    runs.run_on_samples("contact_centre")

    assert given[0][1]["masking_key"] == str(folder / MASKING_KEY)
    assert given[1][1] == {
        "landing": "samples/landing/contact_centre", "warehouse": "samples/warehouse", "masking_key": None,
    }  # fmt: skip
    assert [path.name for path in folder.iterdir()] == [MASKING_KEY]  # what is there is not made again
    assert Path("samples/landing/contact_centre/_truth.json").exists()


def test_data_without_the_dataset_that_it_is_of_is_a_wrong_usage(capsys) -> None:
    code, out, err = citylake(capsys, "run", "--data", "landing")

    assert (code, out) == (2, "")
    assert "--data is the landing of one dataset. Name the dataset" in err


@pytest.mark.parametrize("option", [["--warehouse", "x"], ["--masking-key", "x"], ["--rebuild"]])
def test_what_is_for_files_of_ones_own_is_not_ignored_without_them(capsys, option: list[str]) -> None:
    code, out, err = citylake(capsys, "run", "registrar", *option)

    assert (code, out) == (2, "")
    assert "are for your own files. Give the files: --data DIR" in err


def test_registrar_without_a_masking_key_runs_nothing(capsys) -> None:
    Path("landing").mkdir()

    code, out, err = citylake(capsys, "run", "registrar", "--data", "landing")

    assert (code, out) == (1, "")
    assert "citylake: workflow registrar: it needs --masking-key: Read the masking key from this file, or" in err
    assert [path.name for path in Path().iterdir()] == ["landing"]


def test_a_masking_key_that_is_not_there_stops_before_refine_and_is_not_told(
    lake: SparkSession, capsys, tmp_path: Path
) -> None:
    citylake(capsys, "sample", "registrar", "--to", "landing", "--rows", "30")
    key = "0123456789abcdef" * 4
    lake.createDataFrame([], "n int")  # makes this session the active one

    code, out, err = citylake(capsys, "run", "registrar", "--data", "landing", "--warehouse", "w", "--masking-key", key)

    assert code == 1
    assert "✓ registrar_ingest" in out
    assert "not started: registrar_curate" in out
    assert "citylake: masking key (a text of 64 characters): the file cannot be read" in err
    assert key not in out + err
    assert sorted(path.name for path in Path("w").iterdir()) == ["ops", "raw"]


@pytest.mark.parametrize(
    ("dataset", "files", "shown"),
    [
        ("registrar", ["applications.xlsx", "enrolments.xlsx", "withdrawals.xlsx"], "applications.xlsx"),
        (
            "inquiry_volume",
            [f"3-1-1-inquiry-volume-{part}" for part in ("2023.csv", "2024.xlsx", "corrections.csv")],
            "3-1-1-inquiry-volume-2023.csv",
        ),
    ],
)
def test_sample_writes_the_files_and_the_right_answers(capsys, dataset: str, files, shown) -> None:
    code, out, _ = citylake(capsys, "sample", dataset, "--to", "here/it is", "--rows", "60", "--seed", "5")

    found = sorted(path.name for path in Path("here/it is").iterdir() if not path.name.startswith("_"))
    assert code == 0
    assert found == files
    assert out == f"{len(files)} files in here/it is, such as {shown}. Right answers: here/it is/_truth.json\n"
    truth = json.loads(Path("here/it is/_truth.json").read_text())
    assert truth["counts"]["rows"] > 0
    assert (Path("here/it is") / MASKING_KEY).exists() == (dataset == "registrar")


@pytest.mark.parametrize("there", ["a file", "a folder with a file"])
def test_a_sample_is_not_put_beside_what_is_there(capsys, there: str) -> None:
    kept = Path("here") if there == "a file" else Path("here/2024.csv")
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")

    code, _, err = citylake(capsys, "sample", "registrar", "--to", "here", "--rows", "60")

    assert (code, kept.read_text()) == (1, "mine")
    assert "samples of 60 rows: here is not an empty folder. Give a new folder: --to DIR." in err


@pytest.mark.parametrize(("rows", "code"), [("0", 1), ("-5", 1), ("many", 2)])
def test_a_sample_of_a_wrong_size_is_refused(capsys, rows: str, code: int) -> None:
    found, out, err = citylake(capsys, "sample", "registrar", "--to", "here", "--rows", rows)

    assert (found, out) == (code, "")
    assert (f"samples of {rows} rows" if code == 1 else "invalid int value: 'many'") in err
    assert not Path("here").exists()


@pytest.mark.parametrize("command", [["sample", "registrar"], ["docs"]])
def test_what_is_written_to_a_folder_is_not_written_to_one_named_after_s3(capsys, command: list[str]) -> None:
    code, out, err = citylake(capsys, *command, "--to", "s3://city/here")

    assert (code, out, [*Path().iterdir()]) == (1, "", [])
    assert "s3://city/here is not a folder on this machine" in err


def test_a_sample_of_nothing_that_is_there_is_a_wrong_usage(capsys) -> None:
    assert citylake(capsys, "sample", "parking", "--to", "here")[0] == 2
    assert citylake(capsys, "sample", "registrar")[0] == 2


def test_a_blocked_increment_is_resolved_once_its_rows_pass_or_row_by_row(
    lake: SparkSession, capsys, landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = replace(FEW, answers={"cities": FEW.answers["cities"]})
    monkeypatch.setattr(runs, "lake_session", lambda warehouse: lake)
    monkeypatch.setattr(police_dispatch, "DATASET", dataset)
    job = dataset_job(dataset, stages=("ingest", "refine"))
    deliver(landing, "first", *GOOD)
    job.run(lake, job.parse(["--landing", str(landing)]))
    deliver(landing, "next", event(1), *(event(number, day=None) for number in range(100, 200)))
    with pytest.raises(ExpectationsNotMetError):
        job.run(lake, job.parse(["--landing", str(landing)]))

    code, out, err = citylake(capsys, "resolve", "police_dispatch")
    assert (code, out) == (1, "")
    assert "start_time_present" in err
    code, out, _ = citylake(capsys, "status", "police_dispatch")
    assert code == runs.NEEDS_ATTENTION
    assert "101 rows are parked in quarantine" in out

    code, out, err = citylake(capsys, "resolve", "police_dispatch", "--row-by-row")
    assert (code, err) == (0, "")
    assert "resolve: 101 rows in, 1 out, 100 quarantined" in out
    assert "curate: " in out
    rows = {zone: lake.table(f"lake.{zone}.police_dispatch") for zone in ("trusted", "quarantine")}
    assert {zone: table.count() for zone, table in rows.items()} == {"trusted": 4, "quarantine": 100}
    assert rows["quarantine"].where("_blocked_by IS NOT NULL").count() == 0
    assert citylake(capsys, "status", "police_dispatch")[0] == 0


@pytest.mark.parametrize(
    ("command", "defaults"),
    [
        (
            "resolve",
            [
                "warehouse if it exists, otherwise samples/warehouse",
                "the key of the samples",
                "publish the rows only if they",
            ],
        ),
        ("status", ["warehouse if it exists, otherwise samples/warehouse"]),
        ("run", ["samples]", "warehouse, for samples samples/warehouse]", "new rows only]"]),
    ],
)
def test_help_says_what_holds_if_an_option_is_not_given(capsys, command: str, defaults: list[str]) -> None:
    code, out, _ = citylake(capsys, command, "--help")

    assert code == 0
    assert [text for text in defaults if text not in " ".join(out.split())] == []
    assert out.count("[default: ") == len(defaults)
