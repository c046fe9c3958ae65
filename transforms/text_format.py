"""`TextFormat`, the format of delimited text files."""

from __future__ import annotations

from dataclasses import dataclass, replace

ENCODINGS = ("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "windows-1252", "ISO-8859-1", "ISO-8859-15")
"""The encodings that can be read. Both Java and Python know these encodings."""

CHARACTERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " ", "none": ""}
"""The names of characters that are difficult to write on a command line."""


@dataclass(frozen=True)
class TextFormat:
    """The known format of delimited text files. An empty delimiter or encoding is detected for each file.

    Attributes:
        delimiter: The character between two cells.
        encoding: The encoding, one of `ENCODINGS`.
        quote: The character around cells that contain delimiters or line ends. Empty if files have no quoted cells.
    """

    delimiter: str = ""
    encoding: str = ""
    quote: str = '"'

    def with_options(
        self, *, delimiter: str | None = None, encoding: str | None = None, quote: str | None = None
    ) -> TextFormat:
        r"""Return a copy in which the given options of a command line are set.

        Raises:
            ValueError: An option is not one character, not the name of a character, or not a known encoding.

        >>> DETECTED_FORMAT.with_options(delimiter="tab", encoding="utf-16")
        TextFormat(delimiter='\t', encoding='UTF-16', quote='"')
        """
        changes: dict[str, str] = {}
        if delimiter is not None:
            changes["delimiter"] = _character("delimiter", delimiter)
            if not changes["delimiter"]:
                raise ValueError("the delimiter is empty. Expected one character, such as ';' or tab.")
        if quote is not None:
            changes["quote"] = _character("quote", quote)
        if encoding is not None:
            known = {name.casefold(): name for name in ENCODINGS}
            if encoding.casefold() not in known:
                raise ValueError(f"{encoding!r} is not a valid encoding. Expected one of {', '.join(ENCODINGS)}.")
            changes["encoding"] = known[encoding.casefold()]
        return replace(self, **changes)


DETECTED_FORMAT = TextFormat()
"""The delimiter and the encoding are detected. Cells may be quoted with `"`."""


def _character(option: str, text: str) -> str:
    character = CHARACTERS.get(text.casefold(), text)
    if len(character) > 1 or character in ("\r", "\n", "\0"):
        names = ", ".join(name for name, value in CHARACTERS.items() if name.isalpha() and (value or option == "quote"))
        raise ValueError(f"{text!r} is not a valid {option}. Expected one character, or one of {names}.")
    return character
