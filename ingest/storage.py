"""Listing and reading landed files, on a disk and on S3."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import IO, Any

from ingest.errors import LandingError

_CHUNK = 1 << 20
_REQUESTS_AT_ONCE = 8  # boto3 keeps 10 connections open
_ONE_BY_ONE = Lock()  # boto3 makes clients in one thread at a time


@dataclass(frozen=True)
class LandedFile:
    """A file in landing.

    Attributes:
        name: Its path below the landing folder.
        uri: Where it is, as Spark and `open_file` read it.
        stored_at: When the storage last changed: the file system's modification time, or the upload to S3. UTC.
        modified_at: When the file was last modified, UTC. A listing sets it to `stored_at`, and
            `ingest.modified.with_modified_at` to the file's own modification time.
        checksum: Identifies the content: SHA-256, or S3's ETag.
        bytes: The size.
    """

    name: str
    uri: str
    stored_at: datetime
    modified_at: datetime
    checksum: str
    bytes: int


Known = Mapping[tuple[str, datetime, int], tuple[str, datetime]]
"""The name, `stored_at` and size of a file to its checksum, and when the checksum was computed."""


def list_files(landing: str, *, known: Known | None = None) -> list[LandedFile]:
    """List the files of a landing: a folder with all below it, one file, or a pattern such as `data/*.xlsx`.

    Hidden files (`.x`, `_x`, `~$x`, and all in folders so named) are not deliveries.

    On a disk, a checksum is computed from the whole file. A `known` checksum is used if the file has the same name,
    time and size, and if neither its content nor its entry on the disk has changed since.

    Raises:
        LandingError: The landing does not exist, or has a file whose name is not UTF-8.
    """
    found = _list_s3(landing) if is_s3(landing) else _list_disk(landing, known or {})
    files = sorted((file for file in found if not _hidden(file.name)), key=lambda file: file.name)
    # Python reads such a name's bytes as half characters, which neither Spark nor a terminal takes.
    if wrong := [_escaped(file.uri) for file in files if _escaped(file.uri) != file.uri]:
        raise LandingError(landing=_escaped(landing), problem=f"{', '.join(wrong)}: the name is not UTF-8. Rename it.")
    return files


def is_s3(uri: str) -> bool:
    """Whether a landing or a file is on S3."""
    return uri.startswith("s3://")


def object_metadata(uris: Sequence[str]) -> list[Mapping[str, str]]:
    """Return the user metadata of S3 objects. Sends one HEAD request per object.

    Raises:
        LandingError: An object does not answer.
    """
    if not uris:
        return []
    from botocore.exceptions import BotoCoreError, ClientError  # whoever has boto3 has it

    client = _s3(uris[0])

    def head(uri: str) -> Mapping[str, str]:
        bucket, key = _split(uri)
        try:
            metadata: Mapping[str, str] = client.head_object(Bucket=bucket, Key=key)["Metadata"]
        except (BotoCoreError, ClientError) as error:
            problem = f"{key} cannot be read ({error}). Check that the role allows s3:GetObject, and run again."
            raise LandingError(landing=uri, problem=problem) from error
        return metadata

    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
        return list(pool.map(head, uris))


def open_file(uri: str) -> IO[bytes]:
    """Open a landed file for reading."""
    if is_s3(uri):
        bucket, key = _split(uri)
        body: IO[bytes] = _s3(uri).get_object(Bucket=bucket, Key=key)["Body"]
        return body
    return open(uri, "rb")


def chunks(uri: str) -> Generator[bytes, None, None]:
    """Read a landed file piece by piece."""
    with closing(open_file(uri)) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def pattern_of(uri: str) -> str:
    """Return what Spark reads as this file: a file's name is no pattern."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", uri)


def scheme_of(place: str) -> str:
    """Return the scheme of an address, nothing for a path; a drive's letter is none.

    >>> scheme_of("s3://city/landing"), scheme_of("firehose:events"), scheme_of("./landing")
    ('s3', 'firehose', '')
    """
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", place)
    return found[1] if found else ""


def _list_disk(landing: str, known: Known) -> Iterator[LandedFile]:
    if Path(landing).is_dir():
        folder = Path(landing)
        paths = [path for path in folder.rglob("*") if path.is_file()]
    else:
        matches = [landing] if Path(landing).is_file() else glob.glob(landing, recursive=True)
        paths = [Path(match) for match in matches if Path(match).is_file()]
        if not paths:
            problem = "it does not exist. Give a folder, a file, or a pattern in quotes such as 'data/*.xlsx'."
            raise LandingError(landing=landing, problem=problem)
        folder = paths[0].parent if len(paths) == 1 else Path(os.path.commonpath([path.parent for path in paths]))

    def look(path: Path) -> LandedFile:
        name = path.relative_to(folder).as_posix()
        try:
            stat = path.stat()
            modified, changed = (datetime.fromtimestamp(at, timezone.utc) for at in (stat.st_mtime, stat.st_ctime))
            checksum, found_at = known.get((name, modified, stat.st_size), ("", changed))
            if not changed < found_at <= datetime.now(timezone.utc):  # nor if it was found by a clock put back since
                checksum = _digest(path)
        except OSError as error:
            problem = f"{path.name} cannot be read ({error}). Check its permissions."
            raise LandingError(landing=landing, problem=problem) from error
        return LandedFile(name, str(path.absolute()), modified, modified, checksum, stat.st_size)

    with ThreadPoolExecutor() as pool:  # Python reads and hashes several at once
        yield from pool.map(look, paths)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(str(path)):
        digest.update(chunk)
    return digest.hexdigest()


def _list_s3(landing: str) -> Iterator[LandedFile]:
    bucket, prefix = _split(landing)
    folder = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    pages = _s3(landing).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    objects = [item for page in pages for item in page.get("Contents", ())]
    # A prefix 'calls' also matches 'calls_old/…': only the object itself and what is below its folder count.
    objects = [item for item in objects if item["Key"] == prefix or item["Key"].startswith(folder)]
    if not objects:
        raise LandingError(landing=landing, problem="there is nothing under that prefix. Check bucket and prefix.")
    for item in objects:
        if item["Key"].endswith("/"):
            continue
        name = item["Key"].removeprefix(folder) if item["Key"] != prefix else prefix.rpartition("/")[2]
        uploaded_at = item["LastModified"].astimezone(timezone.utc)
        yield LandedFile(
            name=name,
            uri=f"s3://{bucket}/{item['Key']}",
            stored_at=uploaded_at,
            modified_at=uploaded_at,
            checksum=item["ETag"].strip('"'),
            bytes=item["Size"],
        )


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_", "~$")) for part in name.split("/"))


def _escaped(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _s3(uri: str) -> Any:
    try:
        import boto3  # Only a landing on S3 needs it; a laptop does not have to have it.
    except ImportError as error:
        problem = "boto3, which reads from S3, is not installed. AWS Glue has it. Elsewhere, run: pip install boto3"
        raise LandingError(landing=uri, problem=problem) from error
    with _ONE_BY_ONE:
        return boto3.client("s3")
