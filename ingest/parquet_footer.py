"""Read the footer of a Parquet file: its columns and their types. Does not need Spark.

Source: Apache Parquet Format, `parquet.thrift`; Apache Thrift, compact protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.errors import LandedFileError
from ingest.storage import read_end

Thrift = Mapping[int, Any]
"""A struct of Thrift: the values by the number of their field."""

_MARK, _ENCRYPTED_MARK = b"PAR1", b"PARE"
_LENGTH_BYTES = 4
_MAX_DEPTH = 64
_MAX_SHIFT = 63
ERRORS_OF_DAMAGED_FOOTERS = (IndexError, ValueError, KeyError, TypeError, AttributeError, struct.error)

_DECODED_TYPES = {1: True, 2: False}
_BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _MAP, _STRUCT, _UUID = 3, (4, 5, 6), 7, 8, (9, 10), 11, 12, 13


@dataclass(frozen=True)
class Node:
    """A column, or a part of a nested column.

    Attributes:
        name: The name.
        physical: The number of the physical type. None for a group.
        converted: The number of the converted type, which older programs write. None if the file has no such number.
        logical: The logical type. Its key is the number of the type.
        is_repeated: Whether a row has several values.
        precision, scale: The digits of a decimal.
        length: The length of a value in bytes, if all values have the same length.
        children: The parts of a group.
    """

    name: str
    physical: int | None
    converted: int | None = None
    logical: Thrift = field(default_factory=dict)
    is_repeated: bool = False
    precision: int = 0
    scale: int = 0
    length: int = 0
    children: tuple[Node, ...] = ()


def read_columns(file: str, uri: str, *, size: int) -> tuple[Node, ...]:
    """Return the columns of a Parquet file, in the order of the file. `size` is the size of the file in bytes.

    Raises:
        LandedFileError: The file is empty, encrypted, truncated or damaged. Or Spark cannot read the compression or an
            encoding of a column.
    """
    end = read_end(uri, len(_MARK) + _LENGTH_BYTES)
    if not end:
        raise LandedFileError(where=file, problem="the file is empty. Expected a Parquet file. Deliver the file again.")
    if end.endswith(_ENCRYPTED_MARK):
        raise _encryption(file)
    length = int.from_bytes(end[:_LENGTH_BYTES], "little")
    footer = read_end(uri, length + len(end)) if end.endswith(_MARK) else b""
    if len(footer) < length + len(end) or not length:
        raise footer_damage(file)
    try:
        metadata = _Reader(footer).read_struct()
        if _ENCRYPTION in metadata:
            raise _encryption(file)
        root, rest = _read_node(metadata[_SCHEMA], 0)
        if rest != len(metadata[_SCHEMA]):
            raise ValueError("the schema has more than one root")
        chunks = [chunk[_CHUNK_METADATA] for group in metadata[_ROW_GROUPS] for chunk in group[_GROUP_COLUMNS]]
        _require_data(chunks, size=size - len(footer))
        _require_known_forms(file, chunks)
    except LandedFileError:
        raise
    except ERRORS_OF_DAMAGED_FOOTERS as error:
        raise footer_damage(file) from error
    return root.children


_SCHEMA, _ROW_GROUPS, _ENCRYPTION = 2, 4, 8  # fields of FileMetaData
_GROUP_COLUMNS, _CHUNK_METADATA = 1, 3
_ENCODINGS, _PATH, _CODEC, _CHUNK_SIZE, _DATA_OFFSET, _DICTIONARY_OFFSET = 2, 3, 4, 7, 9, 11
_REPEATED, _BYTE_STREAM_SPLIT = 2, 9
_UNREADABLE_CODECS = {3: "LZO", 4: "BROTLI"}  # Spark does not include the classes that decompress them.
_PHYSICAL, _LENGTH, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _SCALE, _PRECISION, _LOGICAL = 1, 2, 3, 4, 5, 6, 7, 8, 10


def _read_node(elements: list[Thrift], position: int, depth: int = 0) -> tuple[Node, int]:
    """Read the node at a position and its children. Also return the position after them."""
    if depth > _MAX_DEPTH:
        raise ValueError("the schema is too deep")
    element, position, children = elements[position], position + 1, []
    for _ in range(element.get(_CHILDREN, 0)):
        child, position = _read_node(elements, position, depth + 1)
        children.append(child)
    node = Node(
        name=element[_NAME].decode("utf-8"),
        physical=None if children else element.get(_PHYSICAL),
        converted=element.get(_CONVERTED),
        logical=element.get(_LOGICAL, {}),
        is_repeated=element.get(_REPETITION) == _REPEATED,
        precision=element.get(_PRECISION, 0),
        scale=element.get(_SCALE, 0),
        length=element.get(_LENGTH, 0),
        children=tuple(children),
    )
    return node, position


def _require_data(chunks: Sequence[Thrift], *, size: int) -> None:
    """Raise an error if a part of the rows is missing. Spark would skip this part and read the other rows."""
    for chunk in chunks:
        start = min(chunk[_DATA_OFFSET], chunk.get(_DICTIONARY_OFFSET) or chunk[_DATA_OFFSET])
        if start + chunk[_CHUNK_SIZE] > size:
            raise ValueError("the rows are longer than the file")


def _require_known_forms(file: str, chunks: Sequence[Thrift]) -> None:
    """Raise an error if Spark cannot decompress or decode the values of a column."""
    for chunk in chunks:
        column = b".".join(chunk[_PATH]).decode("utf-8")
        if chunk[_CODEC] in _UNREADABLE_CODECS:
            codec = _UNREADABLE_CODECS[chunk[_CODEC]]
            problem = f"the column {column!r} is compressed with {codec}, which Spark cannot read. Write the file with "
            raise LandedFileError(where=file, problem=f"{problem}another compression: snappy, zstd, gzip, lz4 or none.")
        if _BYTE_STREAM_SPLIT in chunk[_ENCODINGS]:
            problem = f"the column {column!r} has the encoding BYTE_STREAM_SPLIT, which Spark cannot read. Write the "
            raise LandedFileError(where=file, problem=f"{problem}column with another encoding, such as PLAIN.")


class _Reader:
    """Reads values in the compact protocol of Thrift."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read_struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _MAX_DEPTH:
            raise ValueError("the footer is too deep")
        values: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            step, kind = head >> 4, head & 0x0F
            number = number + step if step else self._integer()
            values[number] = _DECODED_TYPES[kind] if kind in _DECODED_TYPES else self._value(kind, depth)
        return values

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind == _BINARY:
            return self._take(self._unsigned())
        if kind == _STRUCT:
            return self.read_struct(depth + 1)
        if kind in _LISTS:
            head = self._byte()
            size = head >> 4 if head >> 4 < 0x0F else self._unsigned()
            return [self._value(head & 0x0F, depth + 1) for _ in range(self._possible(size))]
        if kind == _BYTE or kind in _DECODED_TYPES:  # in a list, a boolean has a byte of its own
            return self._byte()
        if kind == _MAP:
            size = self._possible(self._unsigned())
            kinds = self._byte() if size else 0
            entries = [(self._value(kinds >> 4, depth + 1), self._value(kinds & 0x0F, depth + 1)) for _ in range(size)]
            return dict(entries)
        return self._take({_DOUBLE: 8, _UUID: 16}[kind])

    def _possible(self, size: int) -> int:
        if size > len(self._data) - self._at:
            raise ValueError("a list is longer than the footer")
        return size

    def _integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _unsigned(self) -> int:
        value, shift = 0, 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > _MAX_SHIFT:
                raise ValueError("a number is too long")
        return value | byte << shift

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        self._at += self._possible(size)
        return self._data[self._at - size : self._at]


def _encryption(file: str) -> LandedFileError:
    problem = "the Parquet file is encrypted. Expected a file without encryption. Deliver the file again."
    return LandedFileError(where=file, problem=problem)


def footer_damage(file: str) -> LandedFileError:
    """Return the error for a file that is truncated, damaged, or not a Parquet file."""
    problem = (
        "the file is not a complete Parquet file. Deliver the file again. If the file has another format, correct the "
        "extension of its name."
    )
    return LandedFileError(where=file, problem=problem)
