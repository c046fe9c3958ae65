from datetime import datetime, timezone

import pytest

from ingest.deliveries import Delivery, RawState
from ingest.errors import LandingError
from ingest.selection import landed_files
from ingest.storage import list_files


def test_s3_metadata_of_known_objects_is_not_read(bucket) -> None:
    for name in ("new.csv", "old.csv"):
        bucket.put_object(Bucket="city", Key=f"landing/{name}", Body=name.encode(), Metadata={"mtime": "1700000000"})
    checksum = next(file.checksum for file in list_files("s3://city/landing") if file.name == "old.csv")
    known = Delivery("old.csv", checksum, 1, 1, ["calls"], 0, 7, ingest_id="a", follows=None)

    files, skipped = landed_files("s3://city/landing", RawState(1, "a", (known,)))

    assert skipped == {}
    assert [file.name for file in files] == ["new.csv", "old.csv"]
    assert files[0].modified_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert files[1].modified_at == files[1].stored_at


def test_landing_folder_without_recognized_files_is_an_error(landing) -> None:
    with pytest.raises(LandingError, match=r"it holds no files. Expected .xlsx or .xlsm files, .csv or .tsv"):
        landed_files(str(landing), RawState(None, None))
    landing.file("notes.txt", b"x")
    with pytest.raises(
        LandingError, match=r"it holds only \['notes.txt'\]. Expected .xlsx or .xlsm files, .csv or .tsv"
    ):
        landed_files(str(landing), RawState(None, None))
    landing.csv("a.csv", [])

    files, skipped = landed_files(str(landing), RawState(None, None))

    assert [file.name for file in files] == ["a.csv"]
    assert skipped.keys() == {"notes.txt"}
    assert skipped["notes.txt"].startswith("unknown format. Expected .xlsx or .xlsm files, .csv or .tsv")
