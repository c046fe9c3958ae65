"""Find the JSON objects of a file, however they are laid out. Does not need Spark.

The file may have one object over many lines, several objects on one line, concatenated objects, or arrays of objects.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator

MAX_RECORD_CHARACTERS = 1 << 23
"""Maximum number of characters in a record. A longer record is cut into malformed records of this length."""

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # Python does not convert numbers of over 4,300 digits
_MAX_CHARACTERS_BEHIND = 1 << 14  # Python counts the lines before each error, so do not keep the text before it
_MAX_DEPTH = 1000  # as in Spark. If an invalid value is nested deeper, the end of its braces is not searched
_MAX_LITERAL = 16  # an error this close to the end of the text may be a value that is not completely read
_BLANKS = re.compile(r"[ \t\r\n,\ufeff]*")
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_MAY_FOLLOW_VALUE = re.compile(r"[ \t]*(?:[\r\n,\[\]{]|\Z)")
_ELEMENT = re.compile(r"[^,\]\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\r\n][ \t]*\{|[{}\[\]]', re.DOTALL)
_LINE_WITH_OBJECT = re.compile(r"[\r\n]([ \t]*)\{")


def find_records(content: Iterable[bytes], *, errors: str = "replace") -> Iterator[str]:
    """Yield each JSON object of a file as text. Reads the file in chunks.

    Each object at the top level, or in an array at the top level, is a record. All other text is also yielded, so
    nothing is lost:

    - A value that is not an object is a record.
    - An object that is not valid JSON is a record. It ends where its braces close. If its braces do not close, or if a
      later line starts with `{` and is not indented more than the object, it ends before this line.
    - If text follows a value on the same line, the value and the text are one record.
    - If an array does not close after a valid element, its opening bracket is a record.

    The text is UTF-8, or UTF-16 with a byte order mark. `errors` is an error handler of Python's
    `bytes.decode`. By default, invalid bytes become U+FFFD.
    """
    return _Scanner(_decode(content, errors)).records()


def _decode(content: Iterable[bytes], errors: str) -> Iterator[str]:
    decoder = None
    for chunk in content:
        if decoder is None:
            is_utf16 = chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            decoder = codecs.getincrementaldecoder("utf-16" if is_utf16 else "utf-8")(errors)
        yield decoder.decode(chunk)
    if decoder is not None:
        yield decoder.decode(b"", final=True)


class _Scanner:
    """The text that is not yet split into records: `_text` from `_position`, and then the rest of `_chunks`.

    `_column` is the number of characters that are before `_text` on the same line. `_failed_at` is the position up to
    which a value was decoded before it turned out to be invalid.
    """

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks, self._text, self._position, self._has_more = chunks, "", 0, True
        self._column, self._is_in_array, self._is_valid = 0, False, True
        self._failed_at = 0

    def records(self) -> Iterator[str]:
        while self._skip_blanks():
            character = self._text[self._position]
            if character == ("]" if self._is_in_array else "["):
                self._is_in_array = not self._is_in_array
                self._position += 1
            else:
                end = self._find_end()
                yield self._text[self._position : end].rstrip()
                self._position = end
        if self._is_in_array and self._is_valid:
            yield "["

    def _skip_blanks(self) -> bool:
        """Go to the next character that is not blank. Return False at the end of the file."""
        while True:
            self._position = _end(_BLANKS, self._text, self._position)
            if self._position > _MAX_CHARACTERS_BEHIND:
                self._drop_split_text()
            if self._position < len(self._text):
                return True
            if not self._read_more():
                return False

    def _read_more(self) -> bool:
        """Read more text. Return False at the end of the file, or if the record is too long."""
        rest = self._text[self._position :]
        if not self._has_more or len(rest) > MAX_RECORD_CHARACTERS:
            return False
        pieces, size = [rest], 0
        while self._has_more and size <= len(rest):
            piece = next(self._chunks, None)
            self._has_more = piece is not None
            pieces.append(piece or "")
            size += len(pieces[-1])
        self._drop_split_text()
        self._text = "".join(pieces)
        return True

    def _drop_split_text(self) -> None:
        self._column = self._indentation()
        self._failed_at -= self._position
        self._text, self._position = self._text[self._position :], 0

    def _indentation(self) -> int:
        """Return the number of characters that are before the position on the same line."""
        line_end = max(self._text.rfind(character, 0, self._position) for character in "\r\n")
        return self._position + self._column if line_end < 0 else self._position - line_end - 1

    def _find_end(self) -> int:
        """Return the end of the record that starts at the position."""
        end = self._find_end_of_value()
        while end >= len(self._text) - _MAX_LITERAL and self._read_more():
            self._failed_at = 0  # with more text, the value may be valid
            end = self._find_end_of_value()
        if not _MAY_FOLLOW_VALUE.match(self._text, end):
            end = _end(_REST_OF_LINE, self._text, end)
        return min(end, self._position + MAX_RECORD_CHARACTERS)

    def _find_end_of_value(self) -> int:
        if self._position < self._failed_at:
            return self._find_end_again()
        while True:
            try:
                end = _DECODER.raw_decode(self._text, self._position)[1]
                self._is_valid = True
                return end
            except json.JSONDecodeError as error:
                failed_at = error.pos
                is_cut = error.pos >= len(self._text) - _MAX_LITERAL or error.msg.startswith("Unterminated")
            except RecursionError:
                failed_at, is_cut = 0, False
            if not (is_cut and self._read_more()):
                self._is_valid, self._failed_at = False, failed_at
                return self._find_end_of_invalid()

    def _find_end_again(self) -> int:
        """Find the end of a value that an invalid value before it also held, without decoding the same text again."""
        end = self._find_end_of_invalid()
        try:
            self._is_valid = _DECODER.raw_decode(self._text[self._position : end])[1] == end - self._position
        except (json.JSONDecodeError, RecursionError):
            self._is_valid = False
        return end

    def _find_end_of_invalid(self) -> int:
        """Return the end of a value that is not valid JSON."""
        if self._text[self._position] not in "{[":
            return _end(_ELEMENT if self._is_in_array else _REST_OF_LINE, self._text, self._position)
        depth, indentation = 0, self._indentation()
        for token in _TOKEN.finditer(self._text, self._position):
            for line in _LINE_WITH_OBJECT.finditer(self._text, *token.span()):
                if len(line[1]) <= indentation:
                    return line.start()
            if token[0][0] != '"':
                depth += 1 if token[0][-1] in "{[" else -1
            if not depth:
                return token.end()
            if depth > _MAX_DEPTH:
                return len(self._text)
        return self._find_end_of_invalid() if self._read_more() else len(self._text)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
