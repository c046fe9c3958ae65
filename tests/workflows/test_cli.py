import json
from pathlib import Path

import pytest

from workflows.cli import main


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


def test_render_prints_the_template_and_nothing_else(capsys: pytest.CaptureFixture) -> None:
    code, out, _ = citylake(capsys, "render", "contact_centre")

    assert code == 0
    assert json.loads(out)["Resources"]["Workflow"]["Properties"]["Name"] == "contact_centre"


def test_a_dataset_that_is_not_there_is_a_wrong_usage(capsys: pytest.CaptureFixture) -> None:
    code, _, err = citylake(capsys, "run", "parking")

    assert code == 2
    assert "invalid choice: 'parking' (choose from 'contact_centre'" in err
