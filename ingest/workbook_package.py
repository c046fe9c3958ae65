"""Open the package of a workbook, which is a zip file of XML parts, with limits on its size."""

from __future__ import annotations

import errno
import io
import lzma
import posixpath
import shutil
import struct
import tempfile
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import IO

from ingest.errors import LandedFileError
from ingest.storage import is_s3, open_file

MAX_UNPACKED_BYTES = 1 << 30
"""Maximum unpacked size of the parts that are read at once: the texts, the styles, and the sheets."""

MAX_UNPACK_RATIO = 100
"""Maximum ratio of this unpacked size to the size of the file. Workbooks usually have a ratio of 5 to 20."""

MIN_BYTES_FOR_RATIO = 64 << 20
"""Up to this unpacked size, every ratio is allowed."""

MAX_SHEETS = 2000
"""Maximum number of sheets, including hidden sheets."""

MAX_DESCRIPTION_BYTES = 16 << 20
"""Maximum unpacked size of a part that describes the workbook, such as the list of its sheets."""

EXPECTED = "Expected a complete .xlsx or .xlsm file without a password"
ERRORS_OF_DAMAGED_PACKAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ET.ParseError),
    # zipfile raises these errors if a file in the zip is missing, encrypted, or compressed with an unknown method.
    *(LookupError, RuntimeError, ValueError, struct.error),
)

_CHUNK_BYTES = 1 << 20
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls files and files with a password have this format
_IS_ENCRYPTED, _STORED_METHODS = 0x1, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. The name of a sheet may be the name of a person, so messages show the number.

    Attributes:
        number: The position of the sheet in the workbook, from 1. Hidden sheets and chart sheets are counted.
        part: The name of the part that has the cells.
        is_hidden: Whether the sheet is hidden.
    """

    number: int
    part: str
    is_hidden: bool


class Package:
    """An open package of a workbook.

    Attributes:
        file: The name of the landed file.
        sheets: The worksheets. Chart sheets and macro sheets are left out.
        date_system: 1904 if serial number 0 is the date 1904-01-01, otherwise 1900.
        texts, styles: The names of the parts with the shared strings and the styles, or empty texts.
    """

    def __init__(self, file: str, package: zipfile.ZipFile, *, packed: int) -> None:
        self.file, self._zip, self._packed = file, package, packed
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in package.infolist():
            name = _part_name(info.filename)
            if name in self._infos:
                raise zipfile.BadZipFile("two parts have the same name")
            self._infos[name] = info
        workbook = next((part for kind, part, _ in self._relations("") if kind == "officeDocument"), "xl/workbook.xml")
        self._require_workbook(workbook)
        root, relations = self._parse(workbook), self._relations(workbook)
        parts = {identifier: (kind, part) for kind, part, identifier in relations}
        self.texts, self.styles = (
            next((part for found, part, _ in relations if found == kind and _part_name(part) in self._infos), "")
            for kind in ("sharedStrings", "styles")
        )
        settings = next((each for each in root.iter() if _local(each.tag) == "workbookPr"), None)
        is_1904 = settings is not None and settings.get("date1904", "").strip().lower() in ("1", "true", "on")
        self.date_system = 1904 if is_1904 else 1900
        sheets = [each for each in root.iter() if _local(each.tag) == "sheet"]
        if len(sheets) > MAX_SHEETS:
            problem = f"the workbook has {len(sheets):,} sheets. Expected at most {MAX_SHEETS:,}. Split the workbook."
            raise LandedFileError(where=file, problem=problem)
        if any(_relation_id(each) not in parts for each in sheets):
            raise zipfile.BadZipFile("a sheet has no part")
        self.sheets = tuple(
            Sheet(number, part, is_hidden=each.get("state", "visible").lower() != "visible")
            for number, each in enumerate(sheets, 1)
            for kind, part in [parts[_relation_id(each)]]
            if kind == "worksheet"
        )

    def unpack_limit(self) -> UnpackLimit:
        """Return a new limit for the parts that are read at once."""
        return UnpackLimit(self.file, packed=self._packed)

    def chunks(self, part: str, *, limit: UnpackLimit) -> Iterator[bytes]:
        """Yield the content of a part. The size in the directory of the zip may be wrong, so the content is counted."""
        info = self._info(part)
        if info.compress_type not in _STORED_METHODS:
            raise zipfile.BadZipFile("a part is compressed with a method that workbooks do not use")
        with self._zip.open(info) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                limit.count(len(chunk))
                yield chunk

    def _info(self, part: str) -> zipfile.ZipInfo:
        try:
            return self._infos[_part_name(part)]
        except KeyError:
            raise zipfile.BadZipFile("a part is missing") from None

    def _parse(self, part: str) -> ET.Element:
        limit = UnpackLimit(self.file, packed=self._packed, max_bytes=MAX_DESCRIPTION_BYTES)
        return parse_xml(b"".join(self.chunks(part, limit=limit)))

    def _relations(self, part: str) -> list[tuple[str, str, str]]:
        """Return the kind, the target and the id of each relation of a part."""
        folder, name = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{name}.rels")
        if _part_name(source) not in self._infos:
            return []
        return [
            (each.get("Type", "").rpartition("/")[2], _resolve(each.get("Target", ""), folder), each.get("Id", ""))
            for each in self._parse(source)
        ]

    def _require_workbook(self, part: str) -> None:
        kind = ""
        if "mimetype" in self._infos and "content.xml" in self._infos:
            kind = "an OpenDocument file, such as an .ods file"
        elif part.endswith(".bin") or "xl/workbook.bin" in self._infos:
            kind = "a binary workbook (.xlsb)"
        elif _part_name(part) not in self._infos:
            problem = f"the file is a zip file without a workbook. {EXPECTED}. Deliver the workbook itself."
            raise LandedFileError(where=self.file, problem=problem)
        if kind:
            raise LandedFileError(where=self.file, problem=_describe_other_format(kind))


class UnpackLimit:
    """Counts unpacked bytes, and raises an error if there are too many."""

    def __init__(self, file: str, *, packed: int, max_bytes: int = MAX_UNPACKED_BYTES) -> None:
        ratio_bytes = max(MIN_BYTES_FOR_RATIO, MAX_UNPACK_RATIO * packed)
        self._file, self._unpacked, self._max_bytes = file, 0, min(max_bytes, ratio_bytes)

    def count(self, size: int) -> None:
        """Add a number of unpacked bytes.

        Raises:
            LandedFileError: The unpacked size is larger than the limit.
        """
        self._unpacked += size
        if self._unpacked > self._max_bytes:
            problem = (
                f"the parts of the workbook that are read together have more than {self._max_bytes >> 20} MiB of "
                "unpacked XML, which is the maximum for this file. Save only the table as a new workbook, or deliver "
                "the rows as a csv file."
            )
            raise LandedFileError(where=self._file, problem=problem)


@contextmanager
def open_package(file: str, uri: str) -> Iterator[Package]:
    """Open a workbook.

    Raises:
        LandedFileError: The file is not an .xlsx or .xlsm workbook, is damaged, or has a password.
    """
    with ExitStack() as stack:
        stream = stack.enter_context(open_seekable(uri))
        start = stream.read(len(_OLE_MARK))
        if not start.startswith(b"PK"):
            raise LandedFileError(where=file, problem=_describe_other_file(start, stream))
        with translate_damage(file):
            packed = stream.seek(0, io.SEEK_END)
            package = stack.enter_context(zipfile.ZipFile(stream))
            if any(info.flag_bits & _IS_ENCRYPTED for info in package.infolist()):
                raise LandedFileError(where=file, problem=_PASSWORD)
            opened = Package(file, package, packed=packed)
        yield opened


@contextmanager
def translate_damage(file: str) -> Iterator[None]:
    """Convert the errors of a damaged package to an error that names the file."""
    try:
        yield
    except LandedFileError:
        raise
    except (*ERRORS_OF_DAMAGED_PACKAGES, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a wrong offset in a damaged zip gives EINVAL
            raise
        problem = f"the file is a damaged or incomplete workbook. {EXPECTED}. Deliver the file again."
        raise LandedFileError(where=file, problem=problem) from error


@contextmanager
def open_seekable(uri: str) -> Iterator[IO[bytes]]:
    """Open a landed file. A file on S3 is copied to a temporary file, because zipfile must seek to the end."""
    with closing(open_file(uri)) as stream:
        if not is_s3(uri):
            yield stream
            return
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            yield copy


def parse_xml(content: bytes) -> ET.Element:
    """Parse a small XML part. Reject a DOCTYPE, because its entities could read files or become very large."""
    # The parser refuses a DOCTYPE, so the XML has no entities.
    root: ET.Element = ET.fromstring(content, ET.XMLParser(target=_TreeWithoutDoctype()))  # noqa: S314 - see above
    return root


class _TreeWithoutDoctype(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ET.ParseError(
            f"a DOCTYPE declaration is not allowed. Found: name {name}, public ID {pubid}, system ID {system}"
        )


_PASSWORD = f"the file is protected by a password. {EXPECTED}. Remove the password, and deliver the file again."


def _describe_other_file(start: bytes, stream: IO[bytes]) -> str:
    """Describe a file that is not a zip file."""
    if start != _OLE_MARK:
        return f"the file is not an Excel workbook. {EXPECTED}. Deliver the file again."
    is_encrypted, tail = False, b""
    name = "EncryptedPackage".encode("utf-16-le")
    while not is_encrypted and (chunk := stream.read(_CHUNK_BYTES)):
        is_encrypted, tail = name in tail + chunk, chunk[-len(name) :]
    return _PASSWORD if is_encrypted else _describe_other_format("a workbook in an old format of Excel (.xls)")


def _describe_other_format(kind: str) -> str:
    return (
        f"the file is {kind}. {EXPECTED}. Open the file in Excel or LibreOffice, save it as an Excel workbook (.xlsx), "
        "and deliver the saved file."
    )


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def _resolve(target: str, folder: str) -> str:
    target = target.replace("\\", "/")
    return posixpath.normpath(target if target.startswith("/") else posixpath.join("/", folder, target))[1:]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _relation_id(element: ET.Element) -> str:
    return next((value for name, value in element.items() if name.startswith("{") and _local(name) == "id"), "")
