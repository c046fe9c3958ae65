import os
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ingest.errors import LandingError
from ingest.storage import chunks, list_files


def names(landing: str) -> list[str]:
    return [file.name for file in list_files(landing)]


def test_hidden_files_are_not_listed(tmp_path: Path) -> None:
    """Files that are not hidden are listed, even in subfolders."""
    for name in ("b.csv", "2024/01/a.csv", ".hidden.csv", "_truth.json", "~$open.xlsx", "_tmp/c.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    assert names(str(tmp_path)) == ["2024/01/a.csv", "b.csv"]


def test_landing_path_may_be_a_file_or_pattern(tmp_path: Path) -> None:
    for name in ("a [1].csv", "b.csv", "c.xlsx"):
        (tmp_path / name).write_text(name)

    assert names(str(tmp_path / "a [1].csv")) == ["a [1].csv"]
    assert names(str(tmp_path / "*.csv")) == ["a [1].csv", "b.csv"]


def test_listed_files_have_checksums_and_utc_times(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("same")
    (tmp_path / "b.csv").write_text("same")
    (tmp_path / "c.csv").write_text("other")

    a, b, c = list_files(str(tmp_path))

    assert a.checksum == b.checksum != c.checksum
    assert a.stored_at == a.modified_at == datetime.fromtimestamp((tmp_path / "a.csv").stat().st_mtime, timezone.utc)


def test_error_shows_the_missing_landing_folder(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match="nowhere: it does not exist"):
        list_files(str(tmp_path / "nowhere"))


def test_invalid_utf_8_names_are_escaped_in_errors(tmp_path: Path) -> None:
    for name in (b"good.csv", b"\xc3\xa9t\xe9.csv", b"_\xff.csv"):
        (tmp_path / os.fsdecode(name)).write_text("x")

    with pytest.raises(LandingError) as raised:
        list_files(str(tmp_path))
    problem = f"these file names are not valid UTF-8: {tmp_path}/ét\\xe9.csv. Rename the files."
    assert str(raised.value) == f"landing {tmp_path}: {problem}"
    assert names(str(tmp_path / "g*.csv")) == ["good.csv"]


def test_s3_landing_path_requires_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)  # as if boto3 was not installed

    with pytest.raises(LandingError, match="landing s3://city/x: boto3 is not installed, .* Run: pip install boto3"):
        list_files("s3://city/x")


def test_objects_of_an_s3_prefix_are_listed(bucket) -> None:
    """The content of the objects can be read."""
    for key in (
        "landing/calls/2023.csv",
        "landing/calls/sub/2024.csv",
        "landing/calls/_x.csv",
        "landing/calls_old/x.csv",
    ):
        bucket.put_object(Bucket="city", Key=key, Body=key.encode())
    bucket.put_object(Bucket="city", Key="landing/calls/", Body=b"")

    files = list_files("s3://city/landing/calls")

    assert [file.name for file in files] == ["2023.csv", "sub/2024.csv"]
    assert b"".join(chunks(files[1].uri)) == b"landing/calls/sub/2024.csv"
    assert names("s3://city/landing/calls/2023.csv") == ["2023.csv"]


def test_changed_s3_object_has_another_checksum(bucket) -> None:
    bucket.put_object(Bucket="city", Key="landing/a.csv", Body=b"1")
    first = list_files("s3://city/landing")[0].checksum
    bucket.put_object(Bucket="city", Key="landing/a.csv", Body=b"2")

    assert list_files("s3://city/landing")[0].checksum != first


def test_an_s3_prefix_without_objects_is_an_error(bucket) -> None:
    with pytest.raises(LandingError, match="s3://city/nowhere: no object has this prefix"):
        list_files("s3://city/nowhere")
