"""Words in the names of columns that may be personal. Does not need Spark."""

from __future__ import annotations

from collections.abc import Iterable

OTHER_LANGUAGES = frozenset(  # French, German and Spanish, without accents
    {"nom", "noms", "prenom", "prenoms", "adherent", "usager", "usagere", "abonne", "emprunteur", "demandeur"}
    | {"nachname", "vorname", "familienname", "entleiher", "entleiherin", "kunde", "kundin", "antragsteller"}
    | {"besucher"}
    | {"nombre", "nombres", "apellido", "apellidos", "cliente", "solicitante", "usuario", "usuaria", "titular"}
)
"""Words for names and for roles of persons."""

PERSONS = frozenset(
    {"agent", "applicant", "author", "borrower", "caller", "cardholder", "child", "client", "complainant", "contact"}
    | {"customer", "driver", "employee", "guardian", "guest", "holder", "licensee", "member", "officer", "owner"}
    | {"parent", "passenger", "patient", "patron", "person", "reporter", "requester", "requestor", "resident", "staff"}
    | {"student", "subscriber", "suspect", "teacher", "tenant", "user", "victim", "visitor", "volunteer", "witness"}
    | {"defendant", "doctor", "donor", "father", "inspector", "instructor", "landlord", "mother", "nurse", "occupant"}
    | {"offender", "physician", "plaintiff", "spouse", "supervisor", "taxpayer", "voter"}
)
PARTS_OF_NAMES = frozenset({"family", "first", "full", "given", "last", "legal", "maiden", "middle", "preferred"})
WHOLE_NAMES = frozenset(
    {"firstname", "fname", "forename", "fullname", "lastname", "lname", "middlename", "surname", "username"}
)
NUMBERS_OF_PERSONS = frozenset({"id", "no", "number", "num", "nr", "key", "code"})
DOCUMENTS = frozenset(
    {"account", "barcode", "card", "iban", "licence", "license", "mrn", "nhs", "passport", "phn", "plate", "sin", "ssn"}
    | {"vin"}
)
"""Words for documents and accounts. A column with this last word has the number of the document."""

NUMBERED = DOCUMENTS | {"insurance", "medicaid", "medicare", "national", "social"}
"""Words that name a document if a word for a number follows, as in `social_insurance_number`."""

THINGS = frozenset({"asset", "book", "copy", "equipment", "gift", "item", "parcel", "product", "sample", "stock"})
"""Words for things that have numbers and barcodes too. These numbers do not identify a person."""

ATTRIBUTES = frozenset(
    {"age", "agency", "brand", "category", "city", "class", "count", "counts", "country", "department", "district"}
    | {"division", "expiry", "gender", "group", "issuer", "kind", "language", "level", "month", "province", "race"}
    | {"rank", "region", "role", "sex", "state", "status", "title", "total", "type", "types", "year"}
)
"""Words for a property that many persons or documents share. `owner_type` and `card_status` identify nobody."""

BIRTHS = frozenset({"birth", "birthdate", "birthday", "birthdt", "born", "dob"})
PHONES = frozenset(
    {"cell", "cellphone", "fax", "mobile", "phone", "tel", "telephone", "telefon", "telefono", "handy", "portable"}
)
ADDRESSES = frozenset({"addr", "address", "addresses", "adresse", "adresses", "anschrift", "direccion", "domicilio"})
POSTCODES = frozenset({"postal", "postalcode", "postcode", "zip", "zipcode"})
LATITUDES, LONGITUDES = frozenset({"lat", "latitude"}), frozenset({"lng", "lon", "long", "longitude"})
PROJECTED = frozenset({"easting", "northing", "xcoord", "ycoord"})
PROJECTED_NAMES = (("x",), ("y",), ("x", "coord"), ("y", "coord"), ("x", "coordinate"), ("y", "coordinate"))
FREE_TEXTS = frozenset(
    {"comment", "comments", "description", "details", "feedback", "message", "narrative", "note", "notes", "remark"}
    | {"remarks", "statement", "summary", "text"}
)

CATEGORIES = frozenset(
    {"active", "adult", "business", "child", "city", "commercial", "company", "corporation", "county", "counter"}
    | {"desk", "email", "external", "federal", "government", "inactive", "individual", "internal", "kiosk", "mail"}
    | {"mobile", "municipal", "municipality", "new", "no", "none", "nonresident", "online", "organization", "other"}
    | {"phone", "private", "province", "provincial", "public", "residential", "returning", "school", "senior", "state"}
    | {"staff", "student", "unknown", "web", "website", "yes", "youth"}
)
"""Texts that a column of persons has if its cells are categories of persons, not surnames."""

_FIRST_PARTS = PERSONS | NUMBERED | {"credit", "debit", "drivers", "health", "id", "library", "membership"}
_LAST_PARTS = NUMBERS_OF_PERSONS | DOCUMENTS | PHONES | {"address", "email", "name", "names"}
_KNOWN = WHOLE_NAMES | PERSONS | DOCUMENTS | PHONES


def split_words(words: Iterable[str]) -> tuple[str, ...]:
    """Split words that are written together.

    >>> split_words(("userid", "creditcard", "cardholder", "city"))
    ('user', 'id', 'credit', 'card', 'cardholder', 'city')
    """
    return tuple(part for word in words for part in _split(word))


def has_number_of(words: tuple[str, ...], owners: frozenset[str]) -> bool:
    """Return True if a name is the number of an owner, such as `user_id`. `number_of_users` is a count.

    >>> [has_number_of(words, PERSONS) for words in (("user", "id"), ("id", "user"), ("number", "of", "staff"))]
    [True, True, False]
    """
    if _is_property(words):
        return False
    first = next((position for position, word in enumerate(words) if word in owners), len(words))
    is_before = words[0] in NUMBERS_OF_PERSONS and words[-1] in owners
    return is_before or bool(NUMBERS_OF_PERSONS.intersection(words[first + 1 :]))


def ends_in_document(words: tuple[str, ...]) -> bool:
    """Return True if the last word is a document.

    >>> [ends_in_document(words) for words in (("library", "card"), ("cards", "issued"), ("item", "barcode"))]
    [True, False, False]
    """
    return words[-1] in DOCUMENTS and not _is_property(words)


def may_have_one_name(words: tuple[str, ...]) -> bool:
    """Return True if a name is a role or a part of a name.

    >>> [may_have_one_name(words) for words in (("officer", "2"), ("owner", "last"), ("last",), ("last", "seen"))]
    [True, True, True, False]
    """
    words = tuple(word for word in words if not word.isdigit() and word != "assigned")
    is_part = PARTS_OF_NAMES.intersection(words[-1:]) and (len(words) == 1 or PERSONS.intersection(words))
    return bool(is_part or PERSONS.intersection(words[-1:]))


def _is_property(words: tuple[str, ...]) -> bool:
    is_count = words[0] in NUMBERS_OF_PERSONS and words[1:2] == ("of",) and words[0] not in ("id", "code", "key")
    return is_count or words[-1] in ATTRIBUTES or bool(THINGS.intersection(words))


def _split(word: str) -> tuple[str, ...]:
    if word not in _KNOWN:
        for position in range(2, len(word) - 1):
            first, last = word[:position], word[position:]
            if first in _FIRST_PARTS and last in _LAST_PARTS:
                return first, last
    return (word,)
