import logging
import os
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
import xlsxwriter

from ingest.modified import parse_mtime, with_modified_at
from ingest.storage import list_files

STORED = datetime(2024, 6, 1, 12, tzinfo=timezone.utc)
WRITTEN = datetime(2023, 3, 1, 8, 30, tzinfo=timezone.utc)
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dcterms="http://purl.org/dc/terms/"><dcterms:modified>{}</dcterms:modified></cp:coreProperties>'
)


def modified(landing: object) -> dict[str, datetime]:
    return {file.name: file.modified_at for file in with_modified_at(list_files(str(landing)))}


def workbook(path: Path, written: datetime = WRITTEN) -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": written})
        book.add_worksheet()
    return stored(path)


def package(path: Path, core: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("docProps/core.xml", core)
    return stored(path)


def stored(path: Path, time: datetime = STORED) -> Path:
    os.utime(path, (time.timestamp(),) * 2)
    return path


def test_modification_time_comes_from_the_core_property(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx")
    workbook(tmp_path / "b.xlsx").rename(tmp_path / "b.XLSM")
    stored(tmp_path / "b.XLSM")

    assert modified(tmp_path) == {"a.xlsx": WRITTEN, "b.XLSM": WRITTEN}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2023-03-01T08:30:00Z", WRITTEN),
        ("2023-03-01T09:30:00+01:00", WRITTEN),
        ("2023-03-01T08:30:00", WRITTEN),
        (" 2023-03-01T08:30:00.000000000Z\n", WRITTEN),
        ("2023-03-01", datetime(2023, 3, 1, tzinfo=timezone.utc)),
        ("1601-01-01T00:00:00Z", STORED),  # this timestamp and the next timestamp are placeholders
        ("0001-01-01T00:00:00+14:00", STORED),
        ("last Wednesday", STORED),
        ("", STORED),
    ],
)
def test_core_property_is_parsed_as_iso_time(tmp_path: Path, text: str, time: datetime) -> None:
    package(tmp_path / "a.xlsx", CORE.format(text))

    assert modified(tmp_path) == {"a.xlsx": time}


def test_file_time_replaces_an_unreadable_core_property(tmp_path: Path) -> None:
    """The file time comes from the file system."""
    whole = workbook(tmp_path / "whole.xlsx").read_bytes()
    contents = {
        "no-zip.xlsx": b"Date;Calls\n",
        "empty.xlsx": b"",
        "short.xlsx": whole[: len(whole) // 2],
        "only.csv": whole,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        stored(tmp_path / name)
    entity = CORE.format("&written;").replace("<cp:", '<!DOCTYPE x [<!ENTITY written "2023-03-01">]><cp:', 1)
    cores = {
        "cut.xlsx": CORE[:60],
        "other.xlsx": "<a/>",
        "entity.xlsx": entity,
        "wide-entity.xlsx": entity.encode("utf-16"),
        "encoding.xlsx": '<?xml version="1.0" encoding="klingon"?>' + CORE.format("2023-03-01"),
    }
    for name, core in cores.items():
        package(tmp_path / name, core)
    with zipfile.ZipFile(tmp_path / "no-part.xlsx", "w") as file:
        file.writestr("xl/workbook.xml", "<a/>")
    stored(tmp_path / "no-part.xlsx")

    names = {*contents, *cores, "no-part.xlsx"}
    assert modified(tmp_path) == {**dict.fromkeys(names, STORED), "whole.xlsx": WRITTEN}


def test_damaged_workbooks_raise_no_error(tmp_path: Path) -> None:
    whole, random = workbook(tmp_path / "whole.xlsx").read_bytes(), Random(1)
    for number in range(300):
        damaged = bytearray(whole)
        for _ in range(random.choice((1, 20))):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        (tmp_path / f"{number}.xlsx").write_bytes(damaged)

    assert len(modified(tmp_path)) == 301


def test_core_property_after_storage_time_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workbook(tmp_path / "a.xlsx", STORED + timedelta(hours=1))
    workbook(tmp_path / "b.xlsx", STORED)

    assert modified(tmp_path) == {"a.xlsx": STORED, "b.xlsx": STORED}
    assert [record.getMessage() for record in caplog.records] == [
        "1 new file(s) have a modification time that is later than the time at which the file was stored. This "
        "modification time is ignored. The first of these files: a.xlsx"
    ]


def test_core_property_has_priority_over_mtime(bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`mtime` has priority over the upload time."""
    content = workbook(tmp_path / "a.xlsx").read_bytes()
    objects = {
        "both.xlsx": (content, {"mtime": "1700000000"}),
        "damaged.xlsx": (content[:99], {"mtime": "1700000000"}),
        "rclone.csv": (b"x", {"mtime": "1700000000.250000000"}),
        "iso.csv": (b"x", {"mtime": "2023-11-14T22:13:20Z"}),
        "future.csv": (b"x", {"mtime": "32503680000"}),
        "garbled.csv": (b"x", {"mtime": "soon"}),
        "plain.csv": (b"x", {}),
    }
    for name, (body, metadata) in objects.items():
        bucket.put_object(Bucket="city", Key=f"landing/{name}", Body=body, Metadata=metadata)
    uploaded = {file.name: file.stored_at for file in list_files("s3://city/landing")}
    moment = datetime.fromtimestamp(1_700_000_000, timezone.utc)

    with caplog.at_level(logging.INFO, logger="ingest"):
        assert modified("s3://city/landing") == {
            "both.xlsx": WRITTEN,
            "damaged.xlsx": moment,
            "rclone.csv": moment + timedelta(milliseconds=250),
            "iso.csv": moment,
            **{name: uploaded[name] for name in ("future.csv", "garbled.csv", "plain.csv")},
        }
    assert [record.getMessage() for record in caplog.records] == [
        "1 new file(s) have a modification time that is later than the time at which the file was stored. This "
        "modification time is ignored. The first of these files: future.csv",
        "3 of 7 new file(s) do not contain a modification time. The time of the upload to S3 is used instead",
    ]


@pytest.mark.parametrize("text", ["", "nan", "inf", "-1", "0", "1e300", "1700000000000000"])
def test_an_invalid_mtime_is_parsed_as_none(text: str) -> None:
    assert parse_mtime(text) is None
