"""List and read landed files, on a disk and on S3."""

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
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Any

from ingest.errors import LandingError

_CHUNK_BYTES = 1 << 20
_MAX_CONCURRENT_REQUESTS = 8  # fewer than the 10 connections that boto3 keeps open
_CLIENT_LOCK = Lock()  # boto3 cannot create clients in several threads at once


@dataclass(frozen=True)
class LandedFile:
    """A file in landing.

    Attributes:
        name: The path below the landing folder.
        uri: The path or s3:// address of the file, for Spark and `open_file`.
        stored_at: The file system's modification time, or the time of the upload to S3 (UTC).
        modified_at: The time of the last modification (UTC). `list_files` sets `modified_at` to `stored_at`. Later,
            `ingest.modified.with_modified_at` sets `modified_at` to the file's own modification time.
        checksum: The checksum that identifies the content: SHA-256 on a disk, the ETag on S3.
        bytes: The size of the file in bytes.
    """

    name: str
    uri: str
    stored_at: datetime
    modified_at: datetime
    checksum: str
    bytes: int

    @property
    def folder(self) -> str:
        """The path of the file's folder below the landing folder. Empty for the landing folder itself."""
        return self.name.rpartition("/")[0]


KnownChecksums = Mapping[tuple[str, datetime, int], tuple[str, datetime]]
"""Maps each file to its known checksum.

The key has the name, `stored_at` and the size of the file. The value has the checksum, and the time at which the
checksum was computed (UTC).
"""


def list_files(landing: str, *, known: KnownChecksums | None = None) -> list[LandedFile]:
    """List the files of a landing: a folder with its subfolders, one file, or a pattern such as `data/*.xlsx`.

    Hidden files are skipped. A file is hidden if its name, or the name of one of its folders, starts with `.`, `_` or
    `~$`.

    On a disk, a checksum is computed from the whole file, unless `known` has a checksum for the same name, `stored_at`
    and size. A known checksum is used only if the file was not changed after the checksum was computed.

    Raises:
        LandingError: The landing does not exist. Or the name of a file is not UTF-8.
    """
    listing = _list_s3(landing) if is_s3(landing) else _list_disk(landing, known or {})
    files = sorted((file for file in listing if not _is_hidden(file.name)), key=lambda file: file.name)
    # If a file name is not UTF-8, Python decodes the wrong bytes to surrogate characters. Neither Spark nor a terminal
    # accepts these characters.
    if wrong := [_escape(file.uri) for file in files if _escape(file.uri) != file.uri]:
        problem = f"these file names are not valid UTF-8: {', '.join(wrong)}. Rename the files."
        raise LandingError(landing=_escape(landing), problem=problem)
    return files


def is_s3(uri: str) -> bool:
    """Return True if a landing or a file is on S3."""
    return uri.startswith("s3://")


def object_metadata(uris: Sequence[str]) -> list[Mapping[str, str]]:
    """Return the user metadata of S3 objects. Sends one HEAD request per object.

    Raises:
        LandingError: An object cannot be read.
    """
    if not uris:
        return []
    client = _connect(uris[0])
    from botocore.exceptions import BotoCoreError, ClientError

    def head(uri: str) -> Mapping[str, str]:
        bucket, key = _split_uri(uri)
        try:
            metadata: Mapping[str, str] = client.head_object(Bucket=bucket, Key=key)["Metadata"]
        except (BotoCoreError, ClientError) as error:
            problem = f"{key} cannot be read ({error}). Check that the role allows s3:GetObject, and run again."
            raise LandingError(landing=uri, problem=problem) from error
        return metadata

    with ThreadPoolExecutor(_MAX_CONCURRENT_REQUESTS) as pool:
        return list(pool.map(head, uris))


def open_file(uri: str) -> IO[bytes]:
    """Open a landed file for reading."""
    if is_s3(uri):
        bucket, key = _split_uri(uri)
        body: IO[bytes] = _connect(uri).get_object(Bucket=bucket, Key=key)["Body"]
        return body
    return open(uri, "rb")


def chunks(uri: str) -> Generator[bytes, None, None]:
    """Yield the content of a landed file in chunks of 1 MiB."""
    with closing(open_file(uri)) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def read_end(uri: str, size: int) -> bytes:
    """Return the last `size` bytes of a landed file."""
    if is_s3(uri):
        bucket, key = _split_uri(uri)
        body: bytes = _connect(uri).get_object(Bucket=bucket, Key=key, Range=f"bytes=-{size}")["Body"].read()
        return body
    with open(uri, "rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - size, 0))
        return stream.read()


def compute_checksum(uri: str) -> str:
    """Return the SHA-256 of a landed file, in hexadecimal digits. Reads the whole file."""
    digest = hashlib.sha256()
    for chunk in chunks(uri):
        digest.update(chunk)
    return digest.hexdigest()


def scheme_of(address: str) -> str:
    """Return the scheme of an address. The scheme of a path is empty. A Windows drive letter is not a scheme.

    >>> scheme_of("s3://city/landing"), scheme_of("firehose:events"), scheme_of("./landing")
    ('s3', 'firehose', '')
    """
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", address)
    return match[1] if match else ""


def _list_disk(landing: str, known: KnownChecksums) -> Iterator[LandedFile]:
    if Path(landing).is_dir():
        folder = Path(landing)
        paths = [path for path in folder.rglob("*") if path.is_file()]
    else:
        matches = [landing] if Path(landing).is_file() else glob.glob(landing, recursive=True)
        paths = [Path(match) for match in matches if Path(match).is_file()]
        if not paths:
            problem = "it does not exist. Give a folder, a file, or a quoted pattern such as 'data/*.xlsx'."
            raise LandingError(landing=landing, problem=problem)
        folder = paths[0].parent if len(paths) == 1 else Path(os.path.commonpath([path.parent for path in paths]))

    def describe(path: Path) -> LandedFile:
        name = path.relative_to(folder).as_posix()
        try:
            stat = path.stat()
            modified, changed = (datetime.fromtimestamp(at, timezone.utc) for at in (stat.st_mtime, stat.st_ctime))
            checksum, computed_at = known.get((name, modified, stat.st_size), ("", changed))
            # A known checksum is valid if it was computed after the last change of the file. If `computed_at` is in the
            # future, the clock was set back, and the file may have changed after the checksum was computed.
            if not changed < computed_at <= datetime.now(timezone.utc):
                checksum = compute_checksum(str(path))
        except OSError as error:
            problem = f"{path.name} cannot be read ({error}). Check its permissions."
            raise LandingError(landing=landing, problem=problem) from error
        return LandedFile(name, str(path.absolute()), modified, modified, checksum, stat.st_size)

    with ThreadPoolExecutor() as pool:
        yield from pool.map(describe, paths)


def _list_s3(landing: str) -> Iterator[LandedFile]:
    bucket, prefix = _split_uri(landing)
    folder = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    pages = _connect(landing).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    objects = [item for page in pages for item in page.get("Contents", ())]
    # The prefix 'calls' also matches 'calls_old/…'. Keep only the object 'calls' and the objects below 'calls/'.
    objects = [item for item in objects if item["Key"] == prefix or item["Key"].startswith(folder)]
    if not objects:
        raise LandingError(landing=landing, problem="no object has this prefix. Check the bucket and the prefix.")
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


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_", "~$")) for part in name.split("/"))


def _escape(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _split_uri(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _connect(uri: str) -> Any:
    try:
        import boto3  # only a landing on S3 needs boto3
    except ImportError as error:
        problem = "boto3 is not installed, but a landing on S3 needs boto3. Run: pip install boto3"
        raise LandingError(landing=uri, problem=problem) from error
    with _CLIENT_LOCK:
        if boto3.DEFAULT_SESSION is None:
            boto3.setup_default_session()
        endpoints = (os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"))
        return _create_client(boto3.DEFAULT_SESSION, *endpoints)


@cache
def _create_client(session: Any, *_: str | None) -> Any:
    """Return one client for each session and each setting of the endpoint."""
    return session.client("s3")
