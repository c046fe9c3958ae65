"""Select the landed files that an ingest reads. Give a reason for each skipped file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession

from ingest.deliveries import Delivery, RawState, cached_checksums, latest_contents
from ingest.errors import LandingError
from ingest.formats import EXPECTED_FORMATS, Reading, is_readable, read_files
from ingest.modified import with_modified_at
from ingest.storage import LandedFile, list_files

UNCHANGED = "the file is unchanged and already in raw"
"""The reason for a known file that was ingested earlier under the same name."""


def landed_files(landing: str, state: RawState) -> tuple[list[LandedFile], dict[str, str]]:
    """List the landed files that have a readable format. Also return all other files, with a reason for each file.

    If raw does not have the content of a file, `modified_at` is the file's own modification time. Otherwise
    `modified_at` is `stored_at`.

    Raises:
        LandingError: The landing does not exist, or has no file in a format that can be read.
    """
    files, skipped = [], {}
    for file in list_files(landing, known=cached_checksums(state)):
        if is_readable(file.name):
            files.append(file)
        else:
            skipped[file.name] = f"unknown format. Expected {EXPECTED_FORMATS}"
    if not files:
        content = f"only {sorted(skipped)}" if skipped else "no files"
        problem = f"it holds {content}. Expected {EXPECTED_FORMATS}. Deliver a file in one of these formats."
        raise LandingError(landing=landing, problem=problem)
    checksums = {*latest_contents(state.deliveries).values()}
    new = {file.name: file for file in with_modified_at([file for file in files if file.checksum not in checksums])}
    return [new.get(file.name, file) for file in files], skipped


def new_files(
    files: Sequence[LandedFile], deliveries: Sequence[Delivery]
) -> tuple[list[LandedFile], dict[LandedFile, str]]:
    """Return the files whose content is not in raw. Also return the known files, with a reason for each file.

    A file is known if raw or an earlier file in `files` has the same content.
    """
    names_in_raw = {checksum: name for name, checksum in latest_contents(deliveries).items()}
    new: dict[str, LandedFile] = {}
    known: dict[LandedFile, str] = {}
    for file in files:
        if (name_in_raw := names_in_raw.get(file.checksum)) is not None:
            is_same_file = name_in_raw == file.name
            known[file] = UNCHANGED if is_same_file else f"raw already has this content, from {name_in_raw}"
        elif file.checksum in new:
            known[file] = f"it has the same content as {new[file.checksum].name}"
        else:
            new[file.checksum] = file
    return list(new.values()), known


def read_new_files(
    spark: SparkSession,
    files: Sequence[LandedFile],
    state: RawState,
    *,
    unread: Mapping[LandedFile, str],
    **options: Any,
) -> tuple[Reading, list[LandedFile], dict[LandedFile, str]]:
    """Read the files whose content is not yet in raw. `options` are passed to `read_files`.

    If several files have the same content, only the first file is read. If the first file cannot be read, the next file
    is tried, because its name may indicate another format.

    Args:
        spark: The session.
        files: The landed files.
        state: The state of raw.
        unread: The files that are already known to be unreadable, with a reason for each file.
        **options: The options of `read_files`.

    Returns:
        Three items. The first item has the frames, and the reasons for all unreadable files. The second item has the
        files that were read. The third item has the known files, with the reason for each file. The content of a known
        file is also in raw or in another file.
    """
    problems = dict(unread)
    while True:
        new, known = new_files([file for file in files if file not in problems], state.deliveries)
        reading = read_files(spark, new, **options)
        if not reading.unread:
            reading.unread.update(problems)
            return reading, new, known
        problems |= reading.unread
