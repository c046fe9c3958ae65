"""Publish the files of a static site to S3 or to a folder. Visitors see the old site or the new site, and never a mix.

All files except the index page have names that contain the hash of their content. They are written first and never
change. The index page links to the files of one version. It is written last, and in one step.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

from lake.errors import SiteError
from lake.session import is_s3

INDEX = "index.html"
GENERATOR = '<meta name="generator" content="CityLake">'
"""The element that marks an index page of CityLake. An index page without this element is never replaced."""

FOREVER = "public, max-age=31536000, immutable"
"""Cache-Control of files whose names contain the hash of their content."""

ALWAYS_CHECK = "no-cache"
"""Cache-Control of the index page. Browsers ask for a new version on each visit."""

_MAX_CONCURRENT_REQUESTS = 8  # fewer than the 10 connections that boto3 keeps open


@dataclass(frozen=True)
class PublishedSite:
    """The outcome of publishing a site.

    Attributes:
        index: The address of the index page.
        written: Number of files that were written.
        unchanged: Number of files that an earlier version had already written.
    """

    index: str
    written: int
    unchanged: int


class _Target(Protocol):
    def read_index(self) -> str | None: ...

    def names(self) -> set[str]: ...

    def write(self, name: str, content: str, *, cache: str) -> None: ...


def publish_site(files: Mapping[str, str], *, index: str, target: str) -> PublishedSite:
    """Write the files of a site, and then its index page. Earlier files are kept.

    Each version of the index page is also kept as `index.<hash>.html`. To go back to a version, copy this file to
    `index.html`. On S3, the copy needs the Cache-Control of the index page.

    Raises:
        SiteError: The target has files of another site, or cannot be read or written. The earlier site is
            unchanged.
    """
    if not target.removeprefix("s3://").strip("/ "):
        raise SiteError(
            where=target, problem="this is not a valid target. Give a folder, or an address such as s3://BUCKET/site"
        )
    place: _Target = _Bucket(target) if is_s3(target) else _Folder(target)
    existing = place.read_index()
    if existing is not None and GENERATOR not in existing:
        problem = f"{INDEX} is not a page of CityLake, so it is not replaced. Give another folder or address"
        raise SiteError(where=target, problem=problem)
    version = f"index.{sha256(index.encode()).hexdigest()[:10]}.html"
    present = place.names()
    missing = {name: content for name, content in {**files, version: index}.items() if name not in present}
    with ThreadPoolExecutor(_MAX_CONCURRENT_REQUESTS) as pool:
        for _ in pool.map(lambda item: place.write(*item, cache=FOREVER), missing.items()):
            pass  # The loop raises the error of a file that was not written, so the index page is not written.
    place.write(INDEX, index, cache=ALWAYS_CHECK)
    address = f"{target.rstrip('/')}/{INDEX}"
    return PublishedSite(address, written=len(missing) + 1, unchanged=len(files) + 1 - len(missing))


class _Folder:
    """A folder on a disk, for example the folder of a web server."""

    def __init__(self, target: str) -> None:
        self.path = Path(target)
        if self.path.exists() and not self.path.is_dir():
            raise SiteError(where=target, problem="this is a file. Give a folder or an s3:// address")
        names = self.names()
        if names and INDEX not in names:
            problem = f"the folder has other files: {', '.join(sorted(names)[:3])}. Give an empty folder"
            raise SiteError(where=target, problem=problem)

    def read_index(self) -> str | None:
        index = self.path / INDEX
        with self._errors("cannot be read"):
            return index.read_text(encoding="utf-8", errors="replace") if index.is_file() else None

    def names(self) -> set[str]:
        with self._errors("cannot be read"):
            return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    def write(self, name: str, content: str, *, cache: str) -> None:  # noqa: ARG002  # a disk has no cache headers
        path = self.path / name
        with self._errors(f"{name} cannot be written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as file:
                file.write(content)
            Path(file.name).chmod(0o644)
            os.replace(file.name, path)  # noqa: PTH105  # in one step, so a reader never sees half a file

    @contextmanager
    def _errors(self, problem: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            advice = "Check the permissions of the folder"
            raise SiteError(where=str(self.path), problem=f"{problem} ({error.strerror}). {advice}") from error


class _Bucket:
    """A prefix in a bucket on S3."""

    def __init__(self, target: str) -> None:
        try:
            import boto3  # only a site on S3 needs boto3
        except ImportError as error:
            problem = "boto3 is not installed, but a site on S3 needs boto3. Run: pip install boto3"
            raise SiteError(where=target, problem=problem) from error
        self.target = target
        self.bucket, _, prefix = target.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.client = boto3.client("s3")

    def read_index(self) -> str | None:
        if INDEX not in self.names():
            return None
        answer = self._call("GetObject", self.client.get_object, Bucket=self.bucket, Key=f"{self.prefix}{INDEX}")
        body: bytes = answer["Body"].read()
        return body.decode("utf-8", errors="replace")

    def names(self) -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        objects = self._call("ListBucket", lambda: [entry for page in pages for entry in page.get("Contents", ())])
        return {entry["Key"].removeprefix(self.prefix) for entry in objects}

    def write(self, name: str, content: str, *, cache: str) -> None:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._call(
            "PutObject",
            self.client.put_object,
            Bucket=self.bucket,
            Key=f"{self.prefix}{name}",
            Body=content.encode(),
            ContentType=f"{kind}; charset=utf-8",
            CacheControl=cache,
        )

    def _call(self, action: str, request: Any, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return request(**arguments)
        except (BotoCoreError, ClientError) as error:
            problem = (
                f"s3:{action} failed ({error}). Check that the bucket exists and that your role allows s3:{action}"
            )
            raise SiteError(where=self.target, problem=problem) from error
