"""`TextFormat`, the format of delimited text files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextFormat:
    """The known format of delimited text files. An empty part is detected for each file.

    Attributes:
        delimiter: The character between two cells.
        encoding: The encoding: UTF-8, UTF-16, UTF-16LE, UTF-16BE, windows-1252, ISO-8859-1 or ISO-8859-15.
        quote: The character around cells that contain delimiters or line ends. Empty if files have no quoted cells.
    """

    delimiter: str = ""
    encoding: str = ""
    quote: str = '"'


DETECTED_FORMAT = TextFormat()
"""The delimiter and the encoding are detected. Cells may be quoted with `"`."""
