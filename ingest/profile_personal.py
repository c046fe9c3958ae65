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
_PHONES = frozenset({"cell", "cellphone", "fax", "mobile", "phone", "tel", "telephone"})
_ADDRESSES = frozenset({"addr", "address", "addresses"})
_POSTCODES = frozenset({"postal", "postalcode", "postcode", "zip", "zipcode"})
_LATITUDES, _LONGITUDES = frozenset({"lat", "latitude"}), frozenset({"lng", "lon", "long", "longitude"})
_PROJECTED = frozenset({"easting", "northing", "xcoord", "ycoord"})
_FREE_TEXTS = frozenset(
    {"comment", "comments", "description", "details", "feedback", "message", "narrative", "note", "notes", "remark"}
    | {"remarks", "statement", "summary", "text"}
)

_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?:\+?[0-9]{1,3}[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]+)?\Z")
_ADDRESS = re.compile(
    r"(?:#?[0-9]+[A-Za-z]? ?- ?)?[0-9]+[A-Za-z]? .*\b(?:st|street|ave?|avenue|rd|road|dr|drive|blvd|boulevard|lane|ln|way"
    r"|ct|court|pl|place|cres|crescent|hwy|highway|terrace|ter|pkwy|parkway|sq|square)\b",
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
_EXACT_COORDINATE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3,}\Z")

_MIN_SHARE = 0.5
_MIN_SHARE_OF_EMAILS = 0.05  # a column in which some people left their address is personal too
_MIN_WORDS_OF_FREE_TEXT = 4
_MAX_LENGTH_OF_NAME = 40


@dataclass(frozen=True)
class PersonalData:
    """A column that looks personal.

    Attributes:
        action: The name of a function of `transforms.masking`, or `drop`.
        reason: Why the column is masked, in the form of the reason of a `MaskingRule`.
        is_unsure: Whether the column may also have no personal data.
    """

    action: str
    reason: str
    is_unsure: bool = False


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
    name, total = frozenset(words), sum(counts.values())
    if not total:
        return _empty_column(name)

    def share(test: Callable[[str], object]) -> float:
        return sum(count for text, count in counts.items() if test(text)) / total

    if share(_EMAIL.search) >= _MIN_SHARE_OF_EMAILS:
        return PersonalData(REDACT, "is an e-mail address, which identifies a person")
    if name & _BIRTHS:
        action = GENERALIZE_YEAR if type_ in ("date", "timestamp") else REDACT
        return PersonalData(action, "is a date of birth. The year is precise enough for ages")
    if share(_GEOMETRY.match) >= _MIN_SHARE:
        return PersonalData(DROP, "is an exact place, which can be the home of a person", is_unsure=True)
    if (coordinate := _find_coordinate(words, share, type_)) is not None:
        return coordinate
    if type_ not in ("string", "int", "bigint"):
        return None
    is_number = type_ in ("int", "bigint")
    if share(_NATIONAL_NUMBER.match) >= _MIN_SHARE:
        return PersonalData(REDACT, "looks like a national number of a person", is_unsure=True)
    if share(_IP_ADDRESS.match) >= _MIN_SHARE:
        return PersonalData(REDACT, "is an address of a computer, which can identify a person")
    if share(_PHONE.match) >= _MIN_SHARE or (
        name & _PHONES and share(lambda text: sum(map(str.isdigit, text)) >= 7) >= _MIN_SHARE  # noqa: PLR2004
    ):
        return PersonalData(REDACT, "is a phone number, which identifies a person")
    if name & _DOCUMENTS and (name & _NUMBERS_OF_PERSONS or len(words) == 1):
        return PersonalData(REDACT, "is a number of a document or account, which identifies a person", is_unsure=True)
    if name & _PERSONS and name & _NUMBERS_OF_PERSONS:
        return PersonalData(REDACT, "is a number of a person, which identifies this person", is_unsure=True)
    if is_number:
        return None
    return _find_text(words, counts, share, is_nested=is_nested)


def _empty_column(name: frozenset[str]) -> PersonalData | None:
    """Judge a column without values by its name, because a later file may have values."""
    is_name = bool(name & _WHOLE_NAMES) or ("name" in name and bool(name & (_PERSONS | _PARTS_OF_NAMES)))
    if is_name or name & (_BIRTHS | _PHONES | _ADDRESSES | {"email"}):
        return PersonalData(REDACT, "looks personal by its name", is_unsure=True)
    return None


def _find_coordinate(
    words: tuple[str, ...], share: Callable[[Callable[[str], object]], float], type_: str
) -> PersonalData | None:
    name = frozenset(words)
    reason = "is an exact coordinate, which can be the home of a person"
    is_exact = share(_EXACT_COORDINATE.match) >= _MIN_SHARE
    if name & (_LATITUDES | _LONGITUDES) and is_exact and type_ == "double":
        return PersonalData(GENERALIZE_COORDINATE, reason)
    is_projected = bool(name & _PROJECTED) or words in (("x",), ("y",), ("x", "coord"), ("y", "coord"))
    if (is_projected or words in (("x", "coordinate"), ("y", "coordinate"))) and type_ in ("int", "bigint", "double"):
        return PersonalData(DROP, reason, is_unsure=True)
    return None


def _find_text(
    words: tuple[str, ...],
    counts: Mapping[str, int],
    share: Callable[[Callable[[str], object]], float],
    *,
    is_nested: bool,
) -> PersonalData | None:
    name, total = frozenset(words), sum(counts.values())
    is_block = share(_BLOCK.search) >= _MIN_SHARE
    if (name & _ADDRESSES or share(_ADDRESS.match) >= _MIN_SHARE) and not is_block:
        return PersonalData(REDACT, "is an address, which can be the home of a person")
    if name & _POSTCODES:
        return PersonalData(GENERALIZE_PREFIX, "is the area of a home. Three characters are precise enough for areas")
    if name & _WHOLE_NAMES or ("name" in name and name & (_PERSONS | _PARTS_OF_NAMES)):
        return PersonalData(REDACT, "is the name of a person")
    is_short = all(len(text) <= _MAX_LENGTH_OF_NAME for text in counts)
    has_role = bool(name & _PERSONS) or words in (("name",), ("names",)) or words[-1:] == ("by",)
    if has_role and is_short and share(_PERSON.match) >= _MIN_SHARE:
        return PersonalData(REDACT, "looks like the name of a person", is_unsure=True)
    is_long = sum(count * len(text.split()) for text, count in counts.items()) >= _MIN_WORDS_OF_FREE_TEXT * total
    is_varied = 2 * len(counts) > total
    if (name & _FREE_TEXTS and is_long and is_varied) or (is_nested and is_varied):
        reason = "is text that people type, and can contain a name" if not is_nested else "is nested, and can contain a name"
        return PersonalData(REDACT, reason, is_unsure=True)
    return None
