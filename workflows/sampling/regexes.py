"""Draw texts that match a regular expression."""

from __future__ import annotations

import re
from random import Random
from typing import Any

_MAX_REPEATS = 8
_CATEGORIES = {
    f"CATEGORY_{prefix}{name}": re.compile(rf"\{letter.upper() if prefix else letter}")
    for name, letter in (("DIGIT", "d"), ("SPACE", "s"), ("WORD", "w"))
    for prefix in ("", "NOT_")
}
_PRINTABLE = [chr(number) for number in range(32, 127)]


def draw_match(regex: str, random: Random) -> str | None:
    """Return a random text that matches the regular expression, or None if the expression is too complex.

    >>> draw_match("^(Spring|Fall) 20[0-9]{2}$", Random(1)) is not None
    True
    """
    try:
        tree = re._parser.parse(regex.replace(r"\z", r"\Z"))  # type: ignore[attr-defined]
        text = "".join(_draw(tree, random))
        return text if re.search(regex.replace(r"\z", r"\Z"), text) else None
    except (re.error, ValueError, RecursionError):
        return None


def _draw(tree: Any, random: Random) -> list[str]:
    return [_draw_part(str(kind), argument, random) for kind, argument in tree]


def _draw_part(kind: str, argument: Any, random: Random) -> str:
    if kind == "LITERAL":
        return chr(argument)
    if kind == "AT":
        return ""
    if kind == "BRANCH":
        return "".join(_draw(random.choice(argument[1]), random))
    if kind == "SUBPATTERN":
        return "".join(_draw(argument[-1], random))
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        low, high, part = argument
        count = random.randint(low, min(int(high), low + _MAX_REPEATS))
        return "".join("".join(_draw(part, random)) for _ in range(count))
    if kind in ("IN", "NOT_LITERAL", "ANY"):
        matching = [character for character in _PRINTABLE if _matches(kind, argument, character)]
        return random.choice(matching)
    raise ValueError(f"the part {kind} of a regular expression is not supported")


def _matches(kind: str, argument: Any, character: str) -> bool:
    if kind == "ANY":
        return True
    if kind == "NOT_LITERAL":
        return bool(ord(character) != argument)
    negate, found = False, False
    for part, value in argument:
        name = str(part)
        if name == "NEGATE":
            negate = True
        elif name == "LITERAL":
            found |= ord(character) == value
        elif name == "RANGE":
            found |= value[0] <= ord(character) <= value[1]
        elif name == "CATEGORY":
            found |= _CATEGORIES[str(value)].fullmatch(character) is not None
    return found != negate
