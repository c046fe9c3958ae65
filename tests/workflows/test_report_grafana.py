"""Test `citylake report --grafana`, which writes dashboards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import workflows
from workflows.cli import app
from workflows.parts import dataset_names


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_dashboard_is_written_for_each_dataset_and_no_site(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", "--grafana", "dashboards"])

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "grafana: dashboards"
    assert sorted(path.stem for path in Path("dashboards").glob("*.json")) == sorted(
        [*dataset_names(), "citylake-grafana"]
    )
    assert [path.name for path in tmp_path.iterdir()] == ["dashboards"]


def test_only_the_named_datasets_have_dashboards() -> None:
    CliRunner().invoke(app, ["report", "registrar", "--grafana", "dashboards"])

    paths = {path.name: path.read_text(encoding="utf-8") for path in Path("dashboards").iterdir()}
    assert {*paths} == {"registrar.json", "citylake-grafana.json"}
    assert json.loads(paths["registrar.json"])["title"] == "Registrar"


def test_a_file_is_not_a_folder_for_dashboards() -> None:
    Path("dashboards").write_text("content")

    result = CliRunner().invoke(app, ["report", "--grafana", "dashboards"])

    assert result.exit_code == 1
    assert "Give a folder with --grafana" in " ".join(result.stderr.split())
    assert Path("dashboards").read_text() == "content"


def test_dashboards_do_not_need_spark() -> None:
    script = (
        "from pyspark import SparkContext; from typer.testing import CliRunner; from workflows.cli import app\n"
        "assert CliRunner().invoke(app, ['report', 'registrar', '--grafana', 'dashboards']).exit_code == 0\n"
        "print(SparkContext._active_spark_context)"
    )
    root = Path(workflows.__file__).parents[1]
    environment = {"PYTHONPATH": str(root)}
    printed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )

    assert printed.stdout == "None\n"
