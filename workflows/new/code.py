"""Write Python code in the format of `ruff format`, so that the written files need no formatting."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

LINE_LENGTH = 120
_INDENT = 4
_MAX_LITERAL = 111  # characters that fit in one line, if the literal is an argument of a call within a tuple
_MAX_PIECE = 90

Code = str | tuple[str, Sequence["Code"], str]
"""An expression: a text, or a start such as `Field(`, the arguments, and an end such as `)`."""


def text_literal(text: str) -> str:
    r"""Return a text as a Python literal. A long text becomes several literals, each on its own line.

    >>> text_literal("O'Hare"), text_literal('a "b"'), text_literal("a\tb")
    ('"O\'Hare"', '\'a "b"\'', '"a\\tb"')
    """
    literal = _short_literal(text)
    if width(literal) <= _MAX_LITERAL:
        return literal
    pieces, piece = [], ""
    for character in text:
        if width(_short_literal(piece + character)) > _MAX_PIECE:
            pieces.append(piece)
            piece = ""
        piece += character
    return "\n".join(map(_short_literal, [*pieces, piece]))


def expression(code: Code, *, indent: int = 0, before: str = "", after: str = "") -> str:
    """Return an expression as lines of code. An expression that fits in one line has one line.

    >>> print(expression(("f(", ["first", ("g(", ["a" * 60, "b" * 60], ")")], ")"), before="x = "))
    x = f(
        first,
        g(
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,
            bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,
        ),
    )
    """
    margin = " " * indent
    line = f"{before}{_flat(code)}{after}"
    if isinstance(code, str) or ("\n" not in line and indent + width(line) <= LINE_LENGTH):
        return "\n".join(margin + part for part in line.split("\n"))
    start, parts, end = code
    lines = [expression(part, indent=indent + _INDENT, after=",") for part in parts]
    return "\n".join([f"{margin}{before}{start}", *lines, f"{margin}{end.removeprefix(',')}{after}"])


def tuple_of(parts: Sequence[Code], *, before: str = "(") -> Code:
    """Return a tuple. A tuple of one part ends with a comma."""
    return (before, parts, ",)") if len(parts) == 1 else (before, parts, ")")


def names_tuple(names: Sequence[str], *, before: str = "(") -> Code:
    """Return a tuple of texts."""
    return tuple_of([text_literal(name) for name in names], before=before)


def comment(text: str, *, indent: int = 0) -> str:
    """Return the lines of a comment."""
    return "\n".join(_wrap(text, margin=" " * indent + "# "))


def docstring(summary: str, *paragraphs: str, indent: int = 0) -> str:
    """Return a docstring. The summary must fit in one line."""
    margin = " " * indent
    if not paragraphs:
        return f'{margin}"""{summary}"""'
    lines = [f'{margin}"""{summary}']
    for paragraph in paragraphs:
        lines += ["", *_wrap(paragraph, margin=margin)]
    return "\n".join([*lines, f'{margin}"""'])


def width(line: str) -> int:
    """Return the width of a line on a terminal. East Asian letters have a width of 2, and combining marks of 0."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in line
    )


def _short_literal(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escape(character, quote) for character in text) + quote


def _escape(character: str, quote: str) -> str:
    if character in "\"'":
        return f"\\{character}" if character == quote else character
    return repr(character)[1:-1]


def _wrap(text: str, *, margin: str) -> list[str]:
    lines, line = [], margin
    for word in text.split():
        if width(f"{line} {word}") > LINE_LENGTH and line != margin:
            lines.append(line)
            line = margin
        line += word if line == margin else f" {word}"
    return [*lines, line]


def _flat(code: Code) -> str:
    if isinstance(code, str):
        return code
    start, parts, end = code
    return f"{start}{', '.join(_flat(part) for part in parts)}{end}"
