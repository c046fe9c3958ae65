"""Test that a report replaces only its own folder, and replaces it as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from errno import EIO, ENOSPC
from itertools import count
from pathlib import Path

import pytest

from reports.errors import TargetError
from reports.target import TargetFolder, require_separate


def rename_that_fails(
    monkeypatch: pytest.MonkeyPatch, errors: Mapping[int, BaseException], *, is_done: bool = False
) -> None:
    """Let renames of paths fail. `errors` has the error of each failing rename, by its number from 1.

    If `is_done` is true, the error occurs after the path is renamed.
    """
    original = Path.rename
    numbers = count(1)

    def rename(path: Path, target: Path) -> Path:
        if error := errors.get(next(numbers)):
            if is_done:
                original(path, target)
            raise error
        return original(path, target)

    monkeypatch.setattr(Path, "rename", rename)


def folder(path: Path, option: str = "--csv") -> TargetFolder:
    return TargetFolder(str(path), option=option, manifest="citylake-csv.json")


def test_write_replaces_the_older_files(tmp_path: Path) -> None:
    target = folder(tmp_path / "new" / "csv")

    target.write({"a.csv": "1\n", "inner/b.csv": "é\n"})
    path = target.write({"a.csv": "2\n"})

    assert {file.relative_to(path).as_posix() for file in path.rglob("*")} == {"a.csv", "citylake-csv.json"}
    assert (path / "a.csv").read_text(encoding="utf-8") == "2\n"
    assert json.loads((path / "citylake-csv.json").read_text(encoding="utf-8")) == {"files": ["a.csv"]}
    assert path.stat().st_mode & 0o777 == 0o755
    assert [*path.parent.iterdir()] == [path]


def test_folder_with_other_files_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(TargetError, match=r"the folder has other files: notes\.txt\. .* with --csv"):
        folder(tmp_path).write({"a.csv": ""})
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_target_can_be_an_empty_folder_but_not_a_file(tmp_path: Path) -> None:
    folder(tmp_path).check()
    (tmp_path / "file").touch()

    with pytest.raises(TargetError, match="this is a file. Give a folder with --csv"):
        folder(tmp_path / "file").check()
    with pytest.raises(TargetError, match="file is not a folder that can be written. Give another folder with --csv"):
        folder(tmp_path / "file" / "csv").write({"a.csv": ""})


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is read-only for root, so the error cannot occur")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(TargetError, match="is not a folder that can be written"):
        folder(tmp_path / "csv").write({"a.csv": ""})


def test_files_that_people_added_are_not_deleted(tmp_path: Path) -> None:
    target = folder(tmp_path / "csv")
    target.write({"a.csv": "1\n"})
    (tmp_path / "csv" / "notes.txt").write_text("mine")

    with pytest.raises(TargetError, match=r"the folder has other files: notes\.txt"):
        target.write({"a.csv": "2\n"})
    assert (tmp_path / "csv" / "notes.txt").read_text() == "mine"


def test_the_current_folder_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    for path in (".", "..", ""):
        with pytest.raises(TargetError, match="is never replaced. Give another folder with --csv"):
            TargetFolder(path, option="--csv", manifest="m.json").check()


def test_the_target_of_a_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder(tmp_path / "link").write({"a.csv": "1\n"})

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a.csv").read_text() == "1\n"


def test_processes_that_write_the_same_folder_do_not_fail(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(10):
            folder(tmp_path / "csv").write({"a.csv": str(number)})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))

    assert (tmp_path / "csv" / "a.csv").read_text() in ("0", "1")
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


def test_a_workbook_cannot_be_inside_a_folder_that_is_replaced(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="Give another place with --excel"):
        require_separate([folder(tmp_path / "out")], files=[str(tmp_path / "out" / "a.xlsx")])


def test_failed_write_keeps_the_older_files(tmp_path: Path) -> None:
    target = folder(tmp_path / "csv")
    target.write({"a.csv": "1\n"})

    with pytest.raises(TargetError, match="cannot be written"):
        target.write({"a.csv": "2\n", "a.csv/b.csv": ""})
    assert (tmp_path / "csv" / "a.csv").read_text() == "1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(EIO, os.strerror(EIO))])
def test_interrupted_replace_puts_the_older_files_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    target = folder(tmp_path / "csv")
    target.write({"a.csv": "1\n"})
    rename_that_fails(monkeypatch, {2: error})

    with pytest.raises((KeyboardInterrupt, TargetError)):
        target.write({"a.csv": "2\n"})
    assert (tmp_path / "csv" / "a.csv").read_text() == "1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


@pytest.mark.parametrize(("number", "content"), [(1, "1\n"), (2, "2\n")])
def test_interrupt_after_a_rename_leaves_one_complete_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, content: str
) -> None:
    target = folder(tmp_path / "csv")
    target.write({"a.csv": "1\n"})
    rename_that_fails(monkeypatch, {number: KeyboardInterrupt()}, is_done=True)

    with pytest.raises(KeyboardInterrupt):
        target.write({"a.csv": "2\n"})
    assert (tmp_path / "csv" / "a.csv").read_text() == content
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(EIO, os.strerror(EIO))])
def test_older_files_that_cannot_be_put_back_are_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    target = folder(tmp_path / "csv")
    target.write({"a.csv": "1\n"})
    rename_that_fails(monkeypatch, {2: error, 3: OSError(ENOSPC, os.strerror(ENOSPC))})

    with pytest.raises(
        (TargetError, KeyboardInterrupt), match="cannot be replaced .No space left on device."
    ) as raised:
        target.write({"a.csv": "2\n"})
    (side,) = tmp_path.iterdir()
    assert (side / "a.csv").read_text() == "1\n"
    assert f"Its older files are in {side}. Rename {side} to {tmp_path / 'csv'}" in str(raised.value)


@pytest.mark.parametrize("manifest", ["", "{}", "[]", "null", '{"files": 1}', "garbage", "\xff"])
def test_folder_with_an_invalid_manifest_is_not_changed(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "citylake-csv.json").write_text(manifest, encoding="latin-1")

    with pytest.raises(TargetError, match=r"the folder has other files: citylake-csv\.json"):
        folder(tmp_path).write({"a.csv": ""})
    assert (tmp_path / "citylake-csv.json").read_text(encoding="latin-1") == manifest


def test_overlong_name_is_an_error_of_the_target(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"cannot be written \(File name too long\)"):
        folder(tmp_path / ("x" * 300)).check()


@pytest.mark.parametrize("inner", ["out", "out/../out", "out/csv"])
def test_targets_must_not_overlap(tmp_path: Path, inner: str) -> None:
    outer = folder(tmp_path / "out", "--to")

    with pytest.raises(TargetError, match="the folder of another output.* Give another place with --(csv|to)"):
        require_separate([outer, folder(tmp_path / inner)])
    require_separate([outer, folder(tmp_path / "output")])
