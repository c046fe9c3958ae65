"""Open landed files, and unpack .gz and .zip files while they are read. Does not need Spark."""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from shutil import copyfileobj
from typing import IO

from ingest.errors import LandedFileError
from ingest.storage import chunks, is_s3, open_file, read_end

_GZIP_WBITS = zlib.MAX_WBITS | 16
_MAX_BYTES_TO_UNPACK = 1 << 20  # one byte of gzip may unpack to a thousand bytes, so unpack in small steps
_CHUNK_BYTES = 1 << 20
_ISIZE_BYTES = 4
_ENCRYPTED = 1  # the bit of `ZipInfo.flag_bits` that marks an encrypted member


def content_name(file: str) -> str:
    """Return the name of a file without the extension of its compression.

    >>> content_name("2024/calls.csv.gz"), content_name("calls.csv.zip"), content_name("calls.csv")
    ('2024/calls.csv', 'calls.csv', 'calls.csv')
    """
    return file[: file.rfind(".")] if file.lower().endswith((".gz", ".zip")) else file


@contextmanager
def open_content(file: str, uri: str) -> Iterator[IO[bytes]]:
    """Open a landed file for reading. A .gz file is unpacked, and so is the only member of a .zip file.

    Raises:
        LandedFileError: The file is damaged, or does not have the compression that its name indicates. Or a .zip file
            has a password, or does not have exactly one member. The error may also be raised while the file is read.
    """
    name = file.lower()
    try:
        if name.endswith(".zip"):
            with _open_member(file, uri) as member:
                yield member
        elif name.endswith(".gz"):
            with closing(chunks(uri)) as packed:
                yield io.BufferedReader(_Reader(unpack(packed)))
        else:
            with closing(open_file(uri)) as stream:
                yield stream
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        kind = "zip" if name.endswith(".zip") else "gzip"
        problem = (
            f"the file is not a complete {kind} file ({error}). Deliver the file again. If the file is not compressed, "
            f"remove .{'zip' if kind == 'zip' else 'gz'} from the name."
        )
        raise LandedFileError(where=file, problem=problem) from error


def content_chunks(file: str, uri: str) -> Iterator[bytes]:
    """Yield the unpacked content of a landed file in chunks. See `open_content`."""
    with open_content(file, uri) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def unpack(content: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack a gzip file. Raise an error if Hadoop could not unpack the file.

    This function does not use Python's module `gzip`. That module accepts NUL bytes at the end of a file, but Hadoop
    rejects such a file.
    """
    member = None
    for packed in content:
        rest, is_full = packed, False
        while rest or (member and is_full):
            member = member or zlib.decompressobj(_GZIP_WBITS)
            unpacked = member.decompress(rest, _MAX_BYTES_TO_UNPACK)
            yield unpacked
            rest, is_full = member.unconsumed_tail or member.unused_data, len(unpacked) == _MAX_BYTES_TO_UNPACK
            member = None if member.eof else member
    if member:
        raise EOFError("the end is missing")


def unpacked_size(uri: str) -> int:
    """Return the unpacked size that a gzip file states at its end, in bytes. The size is not verified.

    Source: RFC 1952, ISIZE.
    """
    return int.from_bytes(read_end(uri, _ISIZE_BYTES), "little")


class _Reader(io.RawIOBase):
    """A stream of the bytes that an iterator yields."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content, self._rest = content, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # `io` declares a wider type
        while not self._rest:
            unpacked = next(self._content, None)
            if unpacked is None:
                return 0
            self._rest = unpacked
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


@contextmanager
def _open_member(file: str, uri: str) -> Iterator[IO[bytes]]:
    with closing(open_file(uri)) as stream, tempfile.TemporaryFile() as copy:
        source: IO[bytes] = stream
        if is_s3(uri):  # zipfile must seek to the end of the file, but a stream from S3 cannot seek
            copyfileobj(stream, copy)
            source = copy
        with zipfile.ZipFile(source) as package:
            member = _only_member(file, package)
            try:
                opened = package.open(member)
            except NotImplementedError as error:
                problem = f"the compression of the zip file is not supported ({error}). Use the method 'deflate'."
                raise LandedFileError(where=file, problem=problem) from error
            with opened:
                yield opened


def _only_member(file: str, package: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [item for item in package.infolist() if not item.is_dir() and not _is_hidden(item.filename)]
    if len(members) != 1:
        problem = f"the zip file has {len(members)} files. Expected one text file. Deliver each file on its own."
        raise LandedFileError(where=file, problem=problem)
    if members[0].flag_bits & _ENCRYPTED:
        problem = "the zip file is protected by a password. Expected a file without a password. Deliver the file again."
        raise LandedFileError(where=file, problem=problem)
    return members[0]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
