"""Find the time at which a landed file was last modified, from the most reliable source available."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone

from ingest.storage import LandedFile, is_s3, object_metadata
from ingest.workbook_package import ERRORS_OF_DAMAGED_PACKAGES, open_seekable, parse_xml

logger = logging.getLogger(__name__)

_MAX_CONCURRENT_FILES = 8
_WORKBOOK_EXTENSIONS = (".xlsx", ".xlsm")
_CORE_PROPERTIES = "docProps/core.xml"
_MODIFIED = "{http://purl.org/dc/terms/}modified"
_MAX_PROPERTIES_BYTES = 1 << 20

_EARLIEST_TIME = datetime(1980, 1, 1, tzinfo=timezone.utc)
"""A modification time before 1980 is a placeholder. Programs write 1601, 1900 or 1970 if they do not know the time."""


def with_modified_at(files: Sequence[LandedFile]) -> list[LandedFile]:
    """Return copies of the files. In each copy, `modified_at` is the modification time of the file.

    The modification time of a file is the first known time in this list:

    1. The core property `dcterms:modified` of the workbook.
    2. The metadata `mtime` of the S3 object, which rclone and s3fs write.
    3. The modification time in the file system.
    4. The time of the upload to S3. A log line shows the number of files that have only the time of the upload.

    Time 1 or 2 is ignored if it is later than the time at which the file was stored. A warning shows the number of
    files with an ignored time.
    """
    with ThreadPoolExecutor(_MAX_CONCURRENT_FILES) as pool:
        properties = dict(zip(files, pool.map(_read_core_property, files), strict=True))
    times = {file: time for file, time in properties.items() if time and time <= file.stored_at}
    objects = [file for file in files if is_s3(file.uri) and file not in times]
    metadata_times = {
        file: parse_mtime(metadata.get("mtime", ""))
        for file, metadata in zip(objects, object_metadata([file.uri for file in objects]), strict=True)
    }
    times |= {file: time for file, time in metadata_times.items() if time and time <= file.stored_at}
    candidates = [*properties.items(), *metadata_times.items()]
    if impossible := [file.name for file, time in candidates if time and time > file.stored_at]:
        logger.warning(
            "%d new file(s) have a modification time that is later than the time at which the file was stored. This "
            "modification time is ignored. The first of these files: %s",
            len(impossible),
            impossible[0],
        )
    if uploaded := [file for file in objects if file not in times]:
        logger.info(
            "%d of %d new file(s) do not contain a modification time. The time of the upload to S3 is used instead",
            len(uploaded),
            len(files),
        )
    return [replace(file, modified_at=times.get(file, file.stored_at)) for file in files]


def parse_mtime(text: str) -> datetime | None:
    """Parse a time in seconds since 1970 or in ISO 8601. Return None if the time is invalid or a placeholder.

    >>> print(parse_mtime("1700000000.5"), parse_mtime("2023-11-14T23:13:20+01:00"), parse_mtime("yesterday"))
    2023-11-14 22:13:20.500000+00:00 2023-11-14 22:13:20+00:00 None
    """
    try:
        time = datetime.fromtimestamp(float(text), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return _parse_iso(text)
    return time if time >= _EARLIEST_TIME else None


def _parse_iso(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text.strip())
        # Excel writes timestamps in UTC with a zone. The specification has no default zone, so a timestamp without a
        # zone is read as UTC.
        time = time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return time if time >= _EARLIEST_TIME else None


def _read_core_property(file: LandedFile) -> datetime | None:
    """Return `dcterms:modified` of a workbook.

    Return None if the file is not a workbook or cannot be read. The ingest reports unreadable workbooks later.
    """
    if not file.name.lower().endswith(_WORKBOOK_EXTENSIONS):
        return None
    with open_seekable(file.uri) as stream:
        try:
            with zipfile.ZipFile(stream) as package, package.open(_CORE_PROPERTIES) as part:
                root = parse_xml(part.read(_MAX_PROPERTIES_BYTES))
        except (*ERRORS_OF_DAMAGED_PACKAGES, OSError):
            return None
    return _parse_iso(root.findtext(_MODIFIED) or "")
