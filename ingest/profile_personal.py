"""Find columns that look personal, and propose a masking action that needs no key. Does not need Spark.

A column is judged by its name and by its values. The judgement is careful: a column that may be personal is masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface

from ingest.profile_words import (
    ADDRESSES,
    ATTRIBUTES,
    BIRTHS,
    CATEGORIES,
    FREE_TEXTS,
    LATITUDES,
    LONGITUDES,
    NUMBERED,
    OTHER_LANGUAGES,
    PARTS_OF_NAMES,
    PERSONS,
    PHONES,
    POSTCODES,
    PROJECTED,
    PROJECTED_NAMES,
    WHOLE_NAMES,
    ends_in_document,
    has_number_of,
    may_have_one_name,
    split_words,
)

REDACT, DROP = "redact", "drop"
GENERALIZE_YEAR, GENERALIZE_PREFIX, GENERALIZE_COORDINATE = (
    "generalize_year",
    "generalize_prefix",
    "generalize_coordinate",
)

_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[A-Za-z]{2,}")
PHONE = re.compile(r"(?:\+?[0-9]{1,3}[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]+)?\Z")
_ADDRESS = re.compile(
    r"(?:#?[0-9]+[A-Za-z]? ?- ?)?[0-9]+[A-Za-z]? .*\b(?:st|street|ave?|avenue|rd|road|dr|drive|blvd|boulevard|lane|ln"
    r"|way|ct|court|pl|place|cres|crescent|hwy|highway|terrace|ter|pkwy|parkway|sq|square)\b",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"\bblock\b|\bblk\b|[0-9]XX\b", re.IGNORECASE)
NATIONAL_NUMBER = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}\Z|[0-9]{3}-[0-9]{3}-[0-9]{3}\Z")
_GEOMETRY = re.compile(
    r"(?:MULTI)?(?:POINT|LINESTRING|POLYGON)[ (]|[(\[]?-?[0-9]{1,3}\.[0-9]{3,} ?[, ] ?-?[0-9]{1,3}\.[0-9]{3,}[)\]]?\Z"
    r"|\{.*\b(?:lon|lng|longitude|coordinates)\b",
    re.IGNORECASE | re.DOTALL,
)
_PERSON = re.compile(r"[^\W\d_][\w'’.-]*,? (?:[^\W\d_][\w'’.-]* ?){1,3}\Z")
TWO_WORDS = re.compile(r"[A-ZÀ-Þ][a-zß-ÿ'’]+,? [A-ZÀ-Þ][a-zß-ÿ'’-]+\Z")
_SURNAME = re.compile(r"[^\W\d_]['’]?[^\W\d_]+(?:['’-][^\W\d_]+)*\Z")
_EXACT_COORDINATE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3,}\Z")

_MIN_SHARE = 0.5
MIN_SHARE_OF_NAMES, MIN_NAMES = 0.9, 10  # for a column whose name says nothing about persons
_MIN_SHARE_OF_EMAILS = 0.05  # a column in which some people left their address is personal too
_MIN_WORDS_OF_FREE_TEXT = 4
_MAX_LENGTH_OF_NAME = 40
_MIN_DIGITS_OF_PHONE = 7
_MIN_DIGITS_OF_DOCUMENT = 5  # a smaller integer may be a count
_MAX_SHARE_OF_CATEGORIES = 0.2
_DOTS_OF_IPV4, _MIN_COLONS_OF_IPV6 = 3, 2


@dataclass(frozen=True)
class PersonalData:
    """A column that looks personal.

    Attributes:
        action: The name of a function of `transforms.masking`, or `drop`.
        reason: Why the column is masked, in the form of the reason of a `MaskingRule`.
        is_unsure: Whether the column may be without personal data.
    """

    action: str
    reason: str
    is_unsure: bool = False


@dataclass(frozen=True)
class _Column:
    """A column that is judged. `words` are the words of its name, and `counts` are its texts."""

    words: tuple[str, ...]
    counts: Mapping[str, int]
    type: str
    is_nested: bool

    @property
    def is_text(self) -> bool:
        return self.type == "string"

    @property
    def is_code(self) -> bool:
        return self.type in ("string", "int", "bigint")

    def has(self, *words: frozenset[str]) -> bool:
        """Return True if the name has a word of each set."""
        return all(group.intersection(self.words) for group in words)

    def most(self, test: Callable[[str], object], *, share: float = _MIN_SHARE) -> bool:
        """Return True if most cells pass a test."""
        return sum(count for text, count in self.counts.items() if test(text)) >= share * sum(self.counts.values())


def find_personal_data(
    words: tuple[str, ...], counts: Mapping[str, int], *, type_: str, is_nested: bool = False
) -> PersonalData | None:
    """Return the masking action for a column, or None if the column does not look personal.

    Args:
        words: The words of the column's name, in lower case.
        counts: The texts of the column, and how often each text occurs.
        type_: The type of the column as Spark DDL.
        is_nested: Whether the cells are JSON.
    """
    column = _Column(split_words(words), counts, type_, is_nested)
    checks = _CHECKS if counts else (_judge_empty_column,)
    return next((found for check in checks if (found := check(column))), None)


def _judge_empty_column(column: _Column) -> PersonalData | None:
    """Judge a column without values by its name, because a later file may have values."""
    is_number = has_number_of(column.words, NUMBERED | PERSONS) or ends_in_document(column.words)
    if is_number or _has_name_of_person(column) or column.has(BIRTHS | PHONES | ADDRESSES | {"email"}):
        return PersonalData(REDACT, "looks personal by its name", is_unsure=True)
    return None


def _judge_email(column: _Column) -> PersonalData | None:
    if column.most(_EMAIL.search, share=_MIN_SHARE_OF_EMAILS):
        return PersonalData(REDACT, "is an e-mail address, which identifies a person")
    return None


def _judge_birth(column: _Column) -> PersonalData | None:
    if not column.has(BIRTHS):
        return None
    if column.type in ("date", "timestamp"):
        return PersonalData(GENERALIZE_YEAR, "is a date of birth. The year is precise enough for ages")
    return PersonalData(REDACT, "is a date of birth, which almost identifies a person")


def _judge_place(column: _Column) -> PersonalData | None:
    reason = "is an exact place, which can be the home of a person"
    if column.most(_GEOMETRY.match):
        return PersonalData(DROP, reason, is_unsure=True)
    if column.has(LATITUDES | LONGITUDES) and column.type == "double" and column.most(_EXACT_COORDINATE.match):
        return PersonalData(GENERALIZE_COORDINATE, reason)
    is_projected = column.has(PROJECTED) or column.words in PROJECTED_NAMES
    if is_projected and column.type in ("int", "bigint", "double"):
        return PersonalData(DROP, reason, is_unsure=True)
    return None


def _judge_number(column: _Column) -> PersonalData | None:
    if not column.is_code:
        return None
    if column.most(NATIONAL_NUMBER.match):
        return PersonalData(REDACT, "looks like a national number of a person", is_unsure=True)
    if column.most(_is_ip_address):
        return PersonalData(REDACT, "is the address of a computer, which can identify a person")
    if column.most(PHONE.match) or (column.has(PHONES) and column.most(_has_digits_of_phone)):
        return PersonalData(REDACT, "is a phone number, which identifies a person")
    if has_number_of(column.words, NUMBERED) or (
        ends_in_document(column.words) and column.most(_document_test(column))
    ):
        return PersonalData(REDACT, "is the number of a document or account, which identifies a person", is_unsure=True)
    if has_number_of(column.words, PERSONS):
        return PersonalData(REDACT, "is the number of a person, which identifies this person", is_unsure=True)
    return None


def _judge_address(column: _Column) -> PersonalData | None:
    if not column.is_text:
        return None
    if (column.has(ADDRESSES) or column.most(_ADDRESS.match)) and not column.most(_BLOCK.search):
        return PersonalData(REDACT, "is an address, which can be the home of a person")
    if column.has(POSTCODES):
        return PersonalData(GENERALIZE_PREFIX, "is the area of a home. Three characters are precise enough for areas")
    return None


def _judge_name(column: _Column) -> PersonalData | None:
    if not column.is_text:
        return None
    if _has_name_of_person(column):
        return PersonalData(REDACT, "is the name of a person")
    if column.has(OTHER_LANGUAGES):
        return PersonalData(REDACT, "looks like the name of a person", is_unsure=True)
    is_short = all(len(text) <= _MAX_LENGTH_OF_NAME for text in column.counts)
    has_role = column.has(PERSONS) and not ATTRIBUTES.intersection(column.words[-1:])
    has_role |= column.words in (("name",), ("names",)) or column.words[-1:] == ("by",)
    is_varied = len(column.counts) >= max(MIN_NAMES, _MIN_SHARE * sum(column.counts.values()))
    looks_like_name = has_role and column.most(_PERSON.match)
    looks_like_name |= may_have_one_name(column.words) and _has_one_name(column)
    looks_like_name |= is_varied and column.most(TWO_WORDS.match, share=MIN_SHARE_OF_NAMES)
    if is_short and looks_like_name:
        return PersonalData(REDACT, "looks like the name of a person", is_unsure=True)
    return None


def _judge_free_text(column: _Column) -> PersonalData | None:
    cells = sum(column.counts.values())
    if not column.is_text or 2 * len(column.counts) <= cells:
        return None
    words = sum(count * len(text.split()) for text, count in column.counts.items())
    if column.is_nested:
        return PersonalData(REDACT, "is nested JSON, which can contain a name", is_unsure=True)
    if column.has(FREE_TEXTS) and words >= _MIN_WORDS_OF_FREE_TEXT * cells:
        return PersonalData(REDACT, "is text that people type, and can contain a name", is_unsure=True)
    return None


_CHECKS = (
    *(_judge_email, _judge_birth, _judge_place, _judge_number, _judge_address, _judge_name),
    _judge_free_text,
)


def _has_name_of_person(column: _Column) -> bool:
    return column.has(WHOLE_NAMES) or column.has(frozenset({"name", "names"}), PERSONS | PARTS_OF_NAMES)


def _document_test(column: _Column) -> Callable[[str], object]:
    is_count_possible = not column.is_text and len(column.words) > 1
    min_digits = _MIN_DIGITS_OF_DOCUMENT if is_count_possible else 1
    return lambda text: sum(map(str.isdigit, text)) >= min_digits


def _has_one_name(column: _Column) -> bool:
    """Return True if most cells look like a surname, and few texts are categories such as `Private`."""
    categories = sum(text.casefold() in CATEGORIES for text in column.counts)
    is_category = categories > _MAX_SHARE_OF_CATEGORIES * len(column.counts)
    return not is_category and column.most(lambda text: _SURNAME.match(text) or _PERSON.match(text))


def _is_ip_address(text: str) -> bool:
    if text.count(".") != _DOTS_OF_IPV4 and text.count(":") < _MIN_COLONS_OF_IPV6:
        return False
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True


def _has_digits_of_phone(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= _MIN_DIGITS_OF_PHONE
