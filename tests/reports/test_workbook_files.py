"""Test the paths of workbooks, failed writes, the option of the command, and LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import workflows
from reports.answer import Answer
from reports.errors import TargetError
from reports.workbook.write import workbook_paths, write_workbook
from tests.reports.workbooks import Written, answer_rows, chart_of, facts, simple
from workflows.cli import app


def test_workbook_of_one_dataset_is_a_file() -> None:
    assert workbook_paths(["phone"], "out/calls.XLSX") == {"phone": Path("out/calls.XLSX")}


def test_workbooks_of_several_datasets_are_in_a_folder() -> None:
    assert workbook_paths(["a", "b"], "out") == {"a": Path("out/a.xlsx"), "b": Path("out/b.xlsx")}


@pytest.mark.parametrize(
    ("names", "target", "message"),
    [
        (
            ["phone"],
            "calls.csv",
            "calls.csv: the path of a workbook ends in .xlsx. Give such a path with --excel, such as",
        ),
        (["phone"], "out", "such as phone.xlsx"),
        (["a", "b"], "calls.xlsx", "this is the path of one workbook, but the report has 2 datasets"),
        (["phone"], "folder.xlsx", "folder.xlsx: this is a folder. Give the path of a workbook with --excel"),
        (["phone"], "file/calls.xlsx", "file is a file, not a folder. Give another path with --excel"),
        (["a", "b"], "file", "file is a file, not a folder"),
        (["phone"], f"{'x' * 300}.xlsx", "the workbook cannot be written (File name too long)"),
    ],
)
def test_targets_that_are_not_valid(
    names: list[str], target: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.xlsx").mkdir()
    Path("file").touch()

    with pytest.raises(TargetError) as raised:
        workbook_paths(names, target)
    assert message in str(raised.value)


def test_folder_that_became_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(TargetError, match="the workbook cannot be written"):
        write_workbook(facts(simple()), tmp_path / "out" / "phone.xlsx")


def test_missing_folders_are_created(tmp_path: Path) -> None:
    assert write_workbook(facts(simple()), tmp_path / "a" / "b" / "phone.xlsx").exists()


def test_failed_write_keeps_the_old_workbook(tmp_path: Path) -> None:
    path = write_workbook(facts(simple()), tmp_path / "phone.xlsx")
    old = path.read_bytes()
    broken = answer_rows(Answer("calls", "How many?", lambda rows: rows[9]["x"], ("name",)), [{"name": "a"}])

    with pytest.raises(IndexError):
        write_workbook(facts(broken), path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice Calc (soffice) is not installed")
def test_libreoffice_opens_the_workbook(tmp_path: Path) -> None:
    rows = [{"name": name, "calls": number} for number, name in enumerate(["=1+1", "שלום", "😀", "<b>"])]
    hours = [{"weekday": 1, "hour": hour, "calls": hour} for hour in range(24)]
    bars = chart_of("bars", "name", "calls", rows)
    heatmap = chart_of("heatmap", "hour", "calls", hours, "hours", series="weekday")
    path = write_workbook(facts(simple("plain", rows), bars, heatmap), tmp_path / "phone.xlsx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stdout + done.stderr
    converted = Written(tmp_path / "out" / "phone.xlsx")
    assert converted.cells.sheet_names == Written(path).cells.sheet_names
    assert len(converted.charts()) == 1
    assert converted.table("plain")[1:] == [list(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["registrar", "--excel", "out"], "out: the path of a workbook ends in .xlsx."),
        (["--excel", "out.xlsx"], "out.xlsx: this is the path of one workbook, but the report has 5 datasets"),
    ],
)
def test_command_checks_the_target_first(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark is not started, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["report", *arguments])

    assert result.exit_code == 1
    assert f"citylake: {message}" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_command_line_does_not_import_xlsxwriter() -> None:
    script = "import sys, workflows.report; from workflows.cli import app; assert 'xlsxwriter' not in sys.modules"

    subprocess.run([sys.executable, "-c", script], cwd=Path(workflows.__file__).parents[1], check=True)
