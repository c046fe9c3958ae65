"""Find columns that look personal, and propose a masking action that needs no key. Does not need Spark.

A column is judged by its name and by its values. The judgement is careful: a column that may be personal is masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

REDACT, DROP = "redact", "drop"
GENERALIZE_YEAR, GENERALIZE_PREFIX, GENERALIZE_COORDINATE = (
    "generalize_year",
    "generalize_prefix",
    "generalize_coordinate",
)

_OTHER_LANGUAGES = frozenset(  # French, German and Spanish, without accents
    {"nom", "noms", "prenom", "prenoms", "adherent", "usager", "usagere", "abonne", "emprunteur", "demandeur"}
    | {
        "nachname",
        "vorname",
        "familienname",
        "entleiher",
        "entleiherin",
        "kunde",
        "kundin",
        "antragsteller",
        "besucher",
    }
    | {"nombre", "nombres", "apellido", "apellidos", "cliente", "solicitante", "usuario", "usuaria", "titular"}
)
"""Words for names and for roles of persons."""

_PERSONS = frozenset(
    {"agent", "applicant", "author", "borrower", "caller", "cardholder", "child", "client", "complainant", "contact"}
    | {"customer", "driver", "employee", "guardian", "guest", "holder", "licensee", "member", "officer", "owner"}
    | {"parent", "passenger", "patient", "patron", "person", "reporter", "requester", "requestor", "resident", "staff"}
    | {"student", "subscriber", "suspect", "teacher", "tenant", "user", "victim", "visitor", "volunteer", "witness"}
)
_PARTS_OF_NAMES = frozenset({"family", "first", "full", "given", "last", "legal", "maiden", "middle", "preferred"})
_WHOLE_NAMES = frozenset(
    {"firstname", "fname", "forename", "fullname", "lastname", "lname", "middlename", "surname", "username"}
)
_NUMBERS_OF_PERSONS = frozenset({"id", "no", "number", "num", "nr", "card", "key", "code"})
_DOCUMENTS = frozenset(
    {"iban", "licence", "license", "mrn", "nhs", "passport", "phn", "plate", "sin", "ssn", "vin", "account"}
)
_BIRTHS = frozenset({"birth", "birthdate", "birthday", "birthdt", "born", "dob"})
_PHONES = frozenset(
    {"cell", "cellphone", "fax", "mobile", "phone", "tel", "telephone", "telefon", "telefono", "handy", "portable"}
)
_ADDRESSES = frozenset({"addr", "address", "addresses", "adresse", "adresses", "anschrift", "direccion", "domicilio"})
_POSTCODES = frozenset({"postal", "postalcode", "postcode", "zip", "zipcode"})
_LATITUDES, _LONGITUDES = frozenset({"lat", "latitude"}), frozenset({"lng", "lon", "long", "longitude"})
_PROJECTED = frozenset({"easting", "northing", "xcoord", "ycoord"})
_PROJECTED_NAMES = (("x",), ("y",), ("x", "coord"), ("y", "coord"), ("x", "coordinate"), ("y", "coordinate"))
_FREE_TEXTS = frozenset(
    {"comment", "comments", "description", "details", "feedback", "message", "narrative", "note", "notes", "remark"}
    | {"remarks", "statement", "summary", "text"}
)

_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?:\+?[0-9]{1,3}[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]+)?\Z")
_ADDRESS = re.compile(
    r"(?:#?[0-9]+[A-Za-z]? ?- ?)?[0-9]+[A-Za-z]? .*\b(?:st|street|ave?|avenue|rd|road|dr|drive|blvd|boulevard|lane|ln"
    r"|way|ct|court|pl|place|cres|crescent|hwy|highway|terrace|ter|pkwy|parkway|sq|square)\b",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"\bblock\b|\bblk\b|[0-9]XX\b", re.IGNORECASE)
_IP_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}\Z")
_NATIONAL_NUMBER = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}\Z|[0-9]{3}-[0-9]{3}-[0-9]{3}\Z")
_GEOMETRY = re.compile(
    r"(?:MULTI)?(?:POINT|LINESTRING|POLYGON)[ (]|[(\[]?-?[0-9]{1,3}\.[0-9]{3,} ?[, ] ?-?[0-9]{1,3}\.[0-9]{3,}[)\]]?\Z"
    r"|\{.*\b(?:lon|lng|longitude|coordinates)\b",
    re.IGNORECASE | re.DOTALL,
)
_PERSON = re.compile(r"[^\W\d_][\w'’.-]*,? (?:[^\W\d_][\w'’.-]* ?){1,3}\Z")
_TWO_WORDS = re.compile(r"[A-ZÀ-Þ][a-zß-ÿ'’]+,? [A-ZÀ-Þ][a-zß-ÿ'’-]+\Z")
_EXACT_COORDINATE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3,}\Z")

_MIN_SHARE = 0.5
_MIN_SHARE_OF_NAMES, _MIN_NAMES = 0.9, 10  # for a column whose name says nothing about persons
_MIN_SHARE_OF_EMAILS = 0.05  # a column in which some people left their address is personal too
_MIN_WORDS_OF_FREE_TEXT = 4
_MAX_LENGTH_OF_NAME = 40
_MIN_DIGITS_OF_PHONE = 7


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
    column = _Column(words, counts, type_, is_nested)
    checks = _CHECKS if counts else (_judge_empty_column,)
    return next((found for check in checks if (found := check(column))), None)


def _judge_empty_column(column: _Column) -> PersonalData | None:
    """Judge a column without values by its name, because a later file may have values."""
    if _has_name_of_person(column) or column.has(_BIRTHS | _PHONES | _ADDRESSES | {"email"}):
        return PersonalData(REDACT, "looks personal by its name", is_unsure=True)
    return None


def _judge_email(column: _Column) -> PersonalData | None:
    if column.most(_EMAIL.search, share=_MIN_SHARE_OF_EMAILS):
        return PersonalData(REDACT, "is an e-mail address, which identifies a person")
    return None


def _judge_birth(column: _Column) -> PersonalData | None:
    if not column.has(_BIRTHS):
        return None
    if column.type in ("date", "timestamp"):
        return PersonalData(GENERALIZE_YEAR, "is a date of birth. The year is precise enough for ages")
    return PersonalData(REDACT, "is a date of birth, which almost identifies a person")


def _judge_place(column: _Column) -> PersonalData | None:
    reason = "is an exact place, which can be the home of a person"
    if column.most(_GEOMETRY.match):
        return PersonalData(DROP, reason, is_unsure=True)
    if column.has(_LATITUDES | _LONGITUDES) and column.type == "double" and column.most(_EXACT_COORDINATE.match):
        return PersonalData(GENERALIZE_COORDINATE, reason)
    is_projected = column.has(_PROJECTED) or column.words in _PROJECTED_NAMES
    if is_projected and column.type in ("int", "bigint", "double"):
        return PersonalData(DROP, reason, is_unsure=True)
    return None


def _judge_number(column: _Column) -> PersonalData | None:
    if not column.is_code:
        return None
    if column.most(_NATIONAL_NUMBER.match):
        return PersonalData(REDACT, "looks like a national number of a person", is_unsure=True)
    if column.most(_IP_ADDRESS.match):
        return PersonalData(REDACT, "is the address of a computer, which can identify a person")
    if column.most(_PHONE.match) or (column.has(_PHONES) and column.most(_has_digits_of_phone)):
        return PersonalData(REDACT, "is a phone number, which identifies a person")
    if column.has(_DOCUMENTS) and (column.has(_NUMBERS_OF_PERSONS) or len(column.words) == 1):
        return PersonalData(REDACT, "is the number of a document or account, which identifies a person", is_unsure=True)
    if column.has(_PERSONS, _NUMBERS_OF_PERSONS):
        return PersonalData(REDACT, "is the number of a person, which identifies this person", is_unsure=True)
    return None


def _judge_address(column: _Column) -> PersonalData | None:
    if not column.is_text:
        return None
    if (column.has(_ADDRESSES) or column.most(_ADDRESS.match)) and not column.most(_BLOCK.search):
        return PersonalData(REDACT, "is an address, which can be the home of a person")
    if column.has(_POSTCODES):
        return PersonalData(GENERALIZE_PREFIX, "is the area of a home. Three characters are precise enough for areas")
    return None


def _judge_name(column: _Column) -> PersonalData | None:
    if not column.is_text:
        return None
    if _has_name_of_person(column):
        return PersonalData(REDACT, "is the name of a person")
    if column.has(_OTHER_LANGUAGES):
        return PersonalData(REDACT, "looks like the name of a person", is_unsure=True)
    is_short = all(len(text) <= _MAX_LENGTH_OF_NAME for text in column.counts)
    has_role = column.has(_PERSONS) or column.words in (("name",), ("names",)) or column.words[-1:] == ("by",)
    is_varied = len(column.counts) >= max(_MIN_NAMES, _MIN_SHARE * sum(column.counts.values()))
    looks_like_name = has_role and column.most(_PERSON.match)
    looks_like_name |= is_varied and column.most(_TWO_WORDS.match, share=_MIN_SHARE_OF_NAMES)
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
    if column.has(_FREE_TEXTS) and words >= _MIN_WORDS_OF_FREE_TEXT * cells:
        return PersonalData(REDACT, "is text that people type, and can contain a name", is_unsure=True)
    return None


_CHECKS = (
    *(_judge_email, _judge_birth, _judge_place, _judge_number, _judge_address, _judge_name),
    _judge_free_text,
)


def _has_name_of_person(column: _Column) -> bool:
    return column.has(_WHOLE_NAMES) or column.has(frozenset({"name", "names"}), _PERSONS | _PARTS_OF_NAMES)


def _has_digits_of_phone(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= _MIN_DIGITS_OF_PHONE
