import json
from pathlib import Path

import pytest

import transforms.datasets
import workflows
from workflows.cli import main
from workflows.parts import workflow_of


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def citylake(capsys: pytest.CaptureFixture, *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def test_list_names_each_dataset(capsys: pytest.CaptureFixture) -> None:
    code, out, _ = citylake(capsys, "list")

    assert code == 0
    assert "contact_centre       Percentage of 3-1-1 calls handled" in out


@pytest.mark.parametrize("command", [("list",), ("run", "x"), ("render", "x")])
def test_a_dataset_without_its_workflow_is_an_error_that_names_what_is_missing(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    Path("x.py").touch()
    Path("samples/landing/x").mkdir(parents=True)
    monkeypatch.setattr(transforms.datasets, "__path__", [*transforms.datasets.__path__, str(tmp_path)])

    code, _, err = citylake(capsys, *command)

    assert code == 1
    said = "citylake: workflow x: the dataset is in transforms/datasets/, but there is no workflows/x.py with WORKFLOW."
    assert " ".join(err.split()).startswith(said)


def test_a_module_that_is_broken_is_not_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("y.py").write_text("import nowhere_at_all")
    monkeypatch.setattr(workflows, "__path__", [*workflows.__path__, str(tmp_path)])

    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
        workflow_of("y")


def test_render_prints_the_template_and_nothing_else(capsys: pytest.CaptureFixture) -> None:
    code, out, _ = citylake(capsys, "render", "contact_centre")

    assert code == 0
    assert json.loads(out)["Resources"]["Workflow"]["Properties"]["Name"] == "contact_centre"


def test_a_dataset_that_is_not_there_is_a_wrong_usage(capsys: pytest.CaptureFixture) -> None:
    code, _, err = citylake(capsys, "run", "parking")

    assert code == 2
    assert "invalid choice: 'parking' (choose from 'contact_centre'" in err
