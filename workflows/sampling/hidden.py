"""Find and replace many sensitive texts in other texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

MIN_CHARACTERS_TO_SEARCH = 5
"""A sensitive value of at least this length is also searched in the other cells."""

_MAX_ATTEMPTS = 20


class HiddenTexts:
    """Sensitive texts and their replacements. Differences in case and in the number of blanks are ignored.

    The search looks up the first characters at each position of a text, so its time does not grow with the number of
    sensitive texts. A regular expression would try each of them.

    Args:
        replacements: The replacement of each text, or a function that draws one. A replacement is drawn once.
    """

    def __init__(self, replacements: Mapping[str, str | Callable[[], str]]) -> None:
        folded = {_fold(text)[0].strip(): value for text, value in replacements.items()}
        self._replacements = {text: value for text, value in folded.items() if len(text) >= MIN_CHARACTERS_TO_SEARCH}
        lengths: dict[str, set[int]] = {}
        for text in self._replacements:
            lengths.setdefault(text[:MIN_CHARACTERS_TO_SEARCH], set()).add(len(text))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield the start, the end and the folded form of each sensitive text. The longest one is found first."""
        folded, positions = _fold(text)
        start = 0
        while start <= len(folded) - MIN_CHARACTERS_TO_SEARCH:
            lengths = self._lengths.get(folded[start : start + MIN_CHARACTERS_TO_SEARCH], ())
            pieces = (folded[start : start + length] for length in lengths)
            if found := next((piece for piece in pieces if piece in self._replacements), ""):
                yield positions[start], positions[start + len(found) - 1] + 1, found
            start += len(found) or 1

    def replace(self, text: str) -> str:
        """Replace the sensitive texts in a text."""
        parts, done = [], 0
        for start, end, found in self.find(text):
            parts += [text[done:start], self._replacement(found)]
            done = end
        return "".join([*parts, text[done:]])

    def _replacement(self, found: str) -> str:
        value = self._replacements[found]
        if not isinstance(value, str):
            drawn = (value() for _ in range(_MAX_ATTEMPTS))
            value = next((each for each in drawn if _fold(each)[0] not in self._replacements), "")
            self._replacements[found] = value
        return value


def _fold(text: str) -> tuple[str, list[int]]:
    """Return a text without differences in case and blanks, and the position of each character in the original text.

    `casefold` makes two characters of some characters, such as `ss` of `\u00df`.
    """
    characters: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(text):
        for folded in " " if character.isspace() else character.casefold():
            if folded != " " or characters[-1:] != [" "]:
                characters.append(folded)
                positions.append(position)
    return "".join(characters), positions
