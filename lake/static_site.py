"""Publish the files of a static site to S3 or to a folder. Visitors see the old site or the new site, and never a mix.

The names of all files except the index page contain the hash of their content, and these files never change. The first
file is a copy of the index page. The copy marks the target as a site of CityLake, so a failed first publish can be
repeated. The other files follow. The index page links to the files of one version. It is written last, and in one step.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from uuid import uuid4

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
    def names(self) -> set[str]: ...

    def read(self, name: str) -> str: ...

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
    present = place.names()
    _require_site(place, present, target=target)
    version = f"index.{sha256(index.encode()).hexdigest()[:10]}.html"
    is_new = version not in present
    if is_new:
        place.write(version, index, cache=FOREVER)
    missing = {name: content for name, content in files.items() if name not in present}
    _write_all(place, missing)
    place.write(INDEX, index, cache=ALWAYS_CHECK)
    address = f"{target.rstrip('/')}/{INDEX}"
    written = is_new + len(missing) + 1
    return PublishedSite(address, written=written, unchanged=len(files) + 2 - written)


def _require_site(place: _Target, present: set[str], *, target: str) -> None:
    """Check that a target is empty or has an index page of CityLake."""
    pages = [INDEX] if INDEX in present else [name for name in present if fnmatch(name, "index.*.html")]
    if not present or any(GENERATOR in place.read(page) for page in pages):
        return
    problem = f"the folder has other files: {', '.join(sorted(present)[:3])}. Give an empty folder or S3 address"
    if INDEX in present:
        problem = f"{INDEX} is not a page of CityLake, so it is not replaced. Give another folder or address"
    raise SiteError(where=target, problem=problem)


def _write_all(place: _Target, files: Mapping[str, str]) -> None:
    """Write files concurrently. After an error, do not begin to write other files."""
    pool = ThreadPoolExecutor(_MAX_CONCURRENT_REQUESTS)
    try:
        for write in as_completed([pool.submit(place.write, *file, cache=FOREVER) for file in files.items()]):
            write.result()
    finally:
        pool.shutdown(cancel_futures=True)


class _Folder:
    """A folder on a disk, for example the folder of a web server."""

    def __init__(self, target: str) -> None:
        self.path = Path(target)
        with self._errors("cannot be read"):
            if self.path.exists() and not self.path.is_dir():
                raise SiteError(where=target, problem="this is a file. Give a folder or an s3:// address")

    def names(self) -> set[str]:
        with self._errors("cannot be read"):
            return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    def read(self, name: str) -> str:
        with self._errors(f"{name} cannot be read"):
            return (self.path / name).read_text(encoding="utf-8", errors="replace")

    def write(self, name: str, content: str, *, cache: str) -> None:  # noqa: ARG002  # a disk has no cache headers
        path = self.path / name
        partial = path.with_name(f".{uuid4().hex}")
        with self._errors(f"{name} cannot be written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                partial.write_text(content, encoding="utf-8")
                partial.chmod(0o644)
                partial.replace(path)  # in one step, so a reader never sees half a file
            finally:
                partial.unlink(missing_ok=True)

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
        self.target = target
        self.bucket, _, prefix = target.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        try:
            import boto3  # only a site on S3 needs boto3
        except ImportError as error:
            problem = "boto3 is not installed, but a site on S3 needs boto3. Run: pip install boto3"
            raise SiteError(where=target, problem=problem) from error
        with self._errors("the S3 client cannot be created", "Check your AWS profile and settings"):
            self.client = boto3.client("s3")

    def names(self) -> set[str]:
        with self._request("ListBucket"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        # The console of AWS creates a folder as an empty object whose key ends in a slash.
        return {key.removeprefix(self.prefix) for key in keys if not key.endswith("/")}

    def read(self, name: str) -> str:
        with self._request("GetObject"):
            answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.prefix}{name}")
            body: bytes = answer["Body"].read()
        return body.decode("utf-8", errors="replace")

    def write(self, name: str, content: str, *, cache: str) -> None:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        with self._request("PutObject"):
            self.client.put_object(
                Bucket=self.bucket,
                Key=f"{self.prefix}{name}",
                Body=content.encode(),
                ContentType=f"{kind}; charset=utf-8",
                CacheControl=cache,
            )

    def _request(self, action: str) -> AbstractContextManager[None]:
        advice = f"Check that the bucket exists and that your role allows s3:{action}"
        return self._errors(f"s3:{action} failed", advice)

    @contextmanager
    def _errors(self, problem: str, advice: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise SiteError(where=self.target, problem=f"{problem} ({error}). {advice}") from error
