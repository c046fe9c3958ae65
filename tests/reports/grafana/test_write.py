"""Test that dashboards are written completely or not at all, and that other files stay unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.errors import TargetError
from reports.grafana.write import write_dashboards


def test_each_dataset_has_a_file(tmp_path: Path) -> None:
    paths = write_dashboards({"a": "1", "b": "2"}, str(tmp_path / "new" / "folder"))

    assert [path.read_text() for path in paths] == ["1", "2"]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == ["a.json", "b.json"]


def test_only_the_dashboards_of_the_datasets_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("old")
    (tmp_path / "b.json").write_text("old")
    (tmp_path / "notes.txt").write_text("notes")

    write_dashboards({"a": "new"}, str(tmp_path))

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.json": "new",
        "b.json": "old",
        "notes.txt": "notes",
    }


def test_a_file_is_not_a_target(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("content")

    with pytest.raises(TargetError, match="this is a file. Give a folder with --grafana") as caught:
        write_dashboards({"a": "1"}, str(file))

    assert caught.value.where == str(file)
    assert file.read_text() == "content"


def test_a_folder_that_cannot_be_created_is_not_a_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")

    with pytest.raises(TargetError, match="the folder cannot be written"):
        write_dashboards({"a": "1"}, str(tmp_path / "file" / "folder"))


def test_nothing_is_replaced_if_a_dashboard_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("old")
    (tmp_path / "b.json").mkdir()

    with pytest.raises(TargetError, match="this is a folder"):
        write_dashboards({"a": "new", "b": "new"}, str(tmp_path))

    assert (tmp_path / "a.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]
