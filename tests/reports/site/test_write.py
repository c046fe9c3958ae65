"""Test that a folder has the old site or the new site, and that other files are never deleted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reports.errors import TargetError
from reports.site.pages import Site
from reports.site.write import MANIFEST, write_site

SITE = Site("<p>index", {"a.html": "<p>a", "data/a.csv": "n\n1\n"})


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()
    }


def test_all_files_are_written(tmp_path: Path) -> None:
    index = write_site(SITE, str(tmp_path / "new" / "site"))

    assert index.read_text() == "<p>index"
    assert {*files_of(index.parent)} == {"index.html", "a.html", "data/a.csv", MANIFEST}
    assert index.parent.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["site"]


def test_an_old_site_is_replaced(tmp_path: Path) -> None:
    write_site(SITE, str(tmp_path / "site"))
    write_site(Site("<p>new", {"b.html": "<p>b"}), str(tmp_path / "site"))

    assert {*files_of(tmp_path / "site")} == {"index.html", "b.html", MANIFEST}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()

    assert write_site(SITE, str(tmp_path / "site")).is_file()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(TargetError, match=r"the folder has other files: notes.txt"):
        write_site(SITE, str(tmp_path))
    assert files_of(tmp_path) == {"notes.txt": "mine"}


def test_a_file_as_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")

    with pytest.raises(TargetError, match="this is a file. Give a folder with --to"):
        write_site(SITE, str(tmp_path / "site"))


def test_nothing_is_left_behind_if_a_file_cannot_be_written(tmp_path: Path) -> None:
    write_site(SITE, str(tmp_path / "site"))
    before = files_of(tmp_path)

    with pytest.raises(TargetError, match="cannot be written"):
        write_site(Site("<p>new", {"x" * 300: "the name is too long"}), str(tmp_path / "site"))
    assert files_of(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is read-only for root, so the error cannot occur")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(TargetError, match="is not a folder that can be written"):
        write_site(SITE, str(tmp_path / "site"))


def test_a_folder_that_cannot_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(TargetError, match="file is not a folder that can be written"):
        write_site(SITE, str(tmp_path / "file" / "site"))
