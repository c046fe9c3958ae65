"""Test that a report replaces only its own folder, and replaces it as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.errors import TargetError
from reports.target import TargetFolder, require_separate


def folder(path: Path, option: str = "--csv") -> TargetFolder:
    return TargetFolder(str(path), option=option, manifest="citylake-csv.json")


def test_write_replaces_the_older_files(tmp_path: Path) -> None:
    target = folder(tmp_path / "new" / "csv")

    target.write({"a.csv": "1\n", "inner/b.csv": "é\n"})
    path = target.write({"a.csv": "2\n"})

    assert {file.relative_to(path).as_posix() for file in path.rglob("*")} == {"a.csv", "citylake-csv.json"}
    assert (path / "a.csv").read_text(encoding="utf-8") == "2\n"
    assert json.loads((path / "citylake-csv.json").read_text(encoding="utf-8")) == {"files": ["a.csv"]}
    assert [*path.parent.iterdir()] == [path]


def test_folder_with_other_files_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(TargetError, match=r"files that are not a report of CityLake: notes\.txt\. .* with --csv"):
        folder(tmp_path).write({"a.csv": ""})
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_target_can_be_an_empty_folder_but_not_a_file(tmp_path: Path) -> None:
    folder(tmp_path).check()
    (tmp_path / "file").touch()

    with pytest.raises(TargetError, match="this is a file. Give a folder with --csv"):
        folder(tmp_path / "file").check()
    with pytest.raises(TargetError, match=r"cannot be written \(.+\)\. Check its permissions.* with --csv"):
        folder(tmp_path / "file" / "csv").write({"a.csv": ""})


def test_failed_write_keeps_the_older_files(tmp_path: Path) -> None:
    target = folder(tmp_path / "csv")
    target.write({"a.csv": "1\n"})

    with pytest.raises(TargetError, match="cannot be written"):
        target.write({"a.csv": "2\n", "a.csv/b.csv": ""})
    assert (tmp_path / "csv" / "a.csv").read_text() == "1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


@pytest.mark.parametrize("inner", ["out", "out/../out", "out/csv"])
def test_targets_must_not_overlap(tmp_path: Path, inner: str) -> None:
    outer = folder(tmp_path / "out", "--to")

    with pytest.raises(TargetError, match="--csv and --to|--to and --csv"):
        require_separate([outer, folder(tmp_path / inner)])
    require_separate([outer, folder(tmp_path / "output")])
