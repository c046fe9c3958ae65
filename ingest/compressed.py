"""Open landed files, and unpack .gz and .zip files while they are read. Does not need Spark."""

from __future__ import annotations

import errno
import io
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import IO

from ingest.errors import LandedFileError
from ingest.storage import chunks, open_file, read_end
from ingest.workbook_package import ERRORS_OF_DAMAGED_PACKAGES, open_seekable

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
            has a password, or does not have exactly one member. The error is raised while the file is read.
    """
    name = file.lower()
    if name.endswith((".zip", ".gz")):
        with closing(_unpack_zip(file, uri) if name.endswith(".zip") else _unpack_gzip(file, uri)) as unpacked:
            yield io.BufferedReader(_Reader(unpacked))
    else:
        with closing(open_file(uri)) as stream:
            yield stream


def content_chunks(file: str, uri: str) -> Generator[bytes, None, None]:
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


def _unpack_gzip(file: str, uri: str) -> Generator[bytes, None, None]:
    with closing(chunks(uri)) as packed:
        try:
            yield from unpack(packed)
        except (EOFError, zlib.error) as error:
            raise _damage(file, "gzip", error) from error


def _unpack_zip(file: str, uri: str) -> Generator[bytes, None, None]:
    try:
        with (
            open_seekable(uri) as stream,
            zipfile.ZipFile(stream) as package,
            package.open(_only_member(file, package)) as member,
        ):
            while chunk := member.read(_CHUNK_BYTES):
                yield chunk
    except LandedFileError:
        raise
    except (*ERRORS_OF_DAMAGED_PACKAGES, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a wrong offset in a damaged zip gives EINVAL
            raise
        raise _damage(file, "zip", error) from error


def _damage(file: str, kind: str, error: Exception) -> LandedFileError:
    problem = (
        f"the file is not a complete {kind} file ({error}). Deliver the file again. If the file is not compressed, "
        f"remove .{'zip' if kind == 'zip' else 'gz'} from the name."
    )
    return LandedFileError(where=file, problem=problem)


def _only_member(file: str, package: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [item for item in package.infolist() if not item.is_dir() and not _is_hidden(item.filename)]
    if len(members) != 1:
        problem = f"the zip file has {len(members)} files. Expected one text file. Deliver each file on its own."
        raise LandedFileError(where=file, problem=problem)
    if members[0].flag_bits & _ENCRYPTED:
        problem = "the zip file is protected by a password. Expected a file without a password. Deliver the file again."
        raise LandedFileError(where=file, problem=problem)
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = "the compression of the zip file is not supported. Use the method 'deflate'."
        raise LandedFileError(where=file, problem=problem)
    return members[0]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
