"""What becomes of the columns that tell who or where somebody is, and how raw rows of any city become requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.datasets.service_requests.kinds import kind_of, traffic_kind
from transforms.datasets.service_requests.sources import SOURCES, UNRESOLVED, Source, fields_of_all
from transforms.dedupe import IS_CURRENT, LATEST, LINEAGE, drop_withdrawn
from transforms.errors import MissingColumnError
from transforms.geo import grid_cell, valid_coordinates
from transforms.masking import Masked, generalize_coordinate, keyed_hash, mask
from transforms.names import quoted
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, change_schema
from transforms.text import clean_text, spell_as
from transforms.times import local_time

KEY = ("case_key",)
EVENT_TIME = "created_at"

_CONTENT = (
    *("status", "agency", "closure_reason", "request_type", "traffic_kind", "first_call_resolution", "division"),
    *("major_area", "topic", "channel", "council_district", "police_district", "neighborhood", "zip"),
    *("longitude", "latitude"),
)
ORDER = (IS_CURRENT, "revised_at", "closed_at", "content_hash", "_source_file", "_row_number")
"""What orders the revisions of one request, the one that counts last.

Of revisions of one time the one that was closed later counts, then any, but always the same one.
"""

_block = partial(generalize_coordinate, degrees=0.001)
SENSITIVE = (
    Masked("case_key", keyed_hash, "is made of address and summary; joins the revisions of a request"),
    Masked("summary", "drop", "text that people type may name somebody; what it is about is in request_type"),
    Masked("customer_zip", "drop", "tells where who asked lives, and answers no question"),
    Masked("address_1", "drop", "mostly the home of who asked"),
    Masked("address_2", "drop", "as address_1"),
    Masked("intersection_1", "drop", "as address_1, nearly"),
    Masked("intersection_2", "drop", "as intersection_1"),
    Masked("geom", "drop", "the coordinates once more"),
    Masked("longitude", _block, "tells the house; the block, some 100 m, is enough for areas"),
    Masked("latitude", _block, "as longitude"),
)
"""The columns that tell who asked or where they live, what is done to each, and why. Unreadable cells are redacted."""

_TEXTS = (
    *("summary", "status", "channel", "agency", "division", "major_area", "type", "topic", "council_district"),
    *("police_district", "neighborhood", "closure_reason"),
)
_COLUMNS = (
    *("case_key", "city", "created_at", "created_month", "created_weekday", "created_hour", "revised_at"),
    *("status", "resolution", "closed_at", "hours_to_close", "closure_reason", "first_call_resolution", "channel"),
    *("agency", "division", "major_area", "topic", "request_type", "traffic_kind"),
    *("neighborhood", "council_district", "police_district", "zip", "longitude", "latitude", "grid_cell"),
    *("coordinates_are_valid", "content_hash"),
)
_SEPARATOR = "\u001f"
_WHITESPACE = r"[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"  # Python's
_SECONDS_OF_A_DAY = 86_400


def build_requests(raw: DataFrame, *, masking_key: bytes) -> DataFrame:
    """Type the raw rows of all cities, bring them in order and mask them: the candidates for trusted.

    Rows: one for one, each by itself; where raw says which are current, without those that a file's current content has
    withdrawn. Which revision of a request counts is decided by `KEY` and `ORDER`.

    Columns: case_key (64 hexadecimal digits: HMAC-SHA-256, under the masking key, of the city, the time created as its
    clocks show it and the columns of `Source.key`, each with its white space collapsed, joined by U+001F; null where
    the time is none); city; created_at; created_month (its first day), created_weekday (1 is Monday), created_hour, all
    three by the city's clocks; revised_at (what the row itself says, else when its file was delivered); status, as the
    source says it; resolution (`resolved`, `closed otherwise` or `unresolved`, null for a status that is not known);
    closed_at (of a source that says the day only its end, or the last change of the row if that is earlier);
    hours_to_close (null where unresolved, without a time, or where it would be less than 0); closure_reason;
    first_call_resolution; channel; agency, division, major_area, topic; request_type (the source's type, else its
    topic, else one of `KINDS` by the words of the summary); traffic_kind (`accident`, `traffic` or null); neighborhood,
    council_district, police_district, zip; longitude, latitude (degrees, the south-west corner of the block; null
    where they are those of no place in the city), grid_cell (of 0.01 degrees); coordinates_are_valid (null where there
    are none); content_hash (XXH64 of what a revision may change, to order those of one time); where the row comes from;
    `_cast_failures` of the time created, and `_cast_warnings` of what a request counts without: of both the values are
    redacted.

    Raises:
        MissingColumnError: Raw lacks a column of a form.
        ArgumentError: The masking key is shorter than 32 bytes.

    Source: Denver and Vancouver open data, 3-1-1 service requests.
    """
    return (
        raw.transform(_gather)
        .transform(
            change_schema,
            fields=fields_of_all(),
            keep=("_form", "city", "case_key", *(LATEST if IS_CURRENT in raw.columns else LINEAGE)),
            malformed="_malformed_record",
        )
        .transform(_tidy)
        .transform(mask, policy=SENSITIVE, key=masking_key)
        .transform(drop_withdrawn, key=KEY)
        .withColumns(
            {"grid_cell": grid_cell(F.col("longitude"), F.col("latitude")), "content_hash": _hash_of(*_CONTENT)}
        )
        .select(*_COLUMNS, *LATEST, CAST_FAILURES, CAST_WARNINGS)
    )


def _hash_of(*columns: str) -> Column:
    # Spark leaves nulls out: of ("a", null) and (null, "a") it would be the same.
    return F.xxhash64(*columns, *(F.col(name).isNull() for name in columns))


def _gather(raw: DataFrame) -> DataFrame:
    """Bring what each form calls its columns under one name, and the texts that make the key into `case_key`."""
    # Raw has one column for names that differ in capitals alone, spelled as the first file spelled it.
    there = {name.casefold(): name for name in raw.columns}
    said: dict[str, dict[str, list[str]]] = {}
    for source in SOURCES:
        for form, fields in source.forms.items():
            for field in fields:
                if field.source.casefold() not in there:
                    raise MissingColumnError(where="build_requests", column=field.source, available=raw.columns)
                said.setdefault(field.name, {}).setdefault(there[field.source.casefold()], []).append(form)
    texts = {
        name: F.coalesce(*(F.when(F.col("_form").isin(forms), F.col(quoted(column))) for column, forms in by.items()))
        for name, by in said.items()
    }
    city = F.coalesce(*(F.when(F.col("_form").isin([*source.forms]), source.city) for source in SOURCES))
    kept = (name for name in ("_form", "_malformed_record", *LATEST) if name in raw.columns)
    return raw.select(*(text.alias(name) for name, text in texts.items()), *kept, city.alias("city")).withColumn(
        "case_key", _of_city(_key_texts)
    )


def _of_city(of: Callable[[Source], Column]) -> Column:
    return F.coalesce(*(F.when(F.col("city") == source.city, of(source)) for source in SOURCES))


def _key_texts(source: Source) -> Column:
    """Return the texts that know a request, without its city and time; never null."""
    texts = (F.trim(F.regexp_replace(name, _WHITESPACE, " ")) for name in source.key)
    return F.concat_ws(_SEPARATOR, *(F.coalesce(text, F.lit("")) for text in texts))


def _tidy(rows: DataFrame) -> DataFrame:
    """Bring spelling in order while values are there to be read, and say what follows from them."""
    # Step by step: in one, Spark would compute a value again for each use of it.
    texts = {name: clean_text(F.col(name)) for name in _TEXTS}
    closed_on, given = F.col("closed_on"), (F.col("longitude") != 0) | (F.col("latitude") != 0)
    first = {
        "_local": _of_city(lambda source: local_time(F.col("created_at"), zone=source.zone)),
        "status": _of_city(_status),
        "request_type": F.coalesce("type", "topic", kind_of(F.col("summary"))),
        "traffic_kind": traffic_kind(F.concat_ws(". ", "type", "topic", "summary")),
        "council_district": _district("council_district"),
        "police_district": _district("police_district"),
        "coordinates_are_valid": F.when(given, _of_city(_is_in_city)),
        "closed_at": F.coalesce(
            "closed_at", F.when(closed_on.isNotNull(), F.least(_of_city(_end_of_day), "revised_at"))
        ),
    }
    seconds = F.unix_seconds("closed_at") - F.unix_seconds("created_at")
    clock = F.replace(F.substring(F.col("_local").cast("string"), 1, 19), F.lit(" "), F.lit("T"))
    then = {
        "resolution": _of_city(_resolution),
        "created_month": F.trunc(F.col("_local").cast("date"), "month"),
        "created_weekday": F.weekday("_local") + 1,
        "created_hour": F.hour("_local"),
        "revised_at": F.coalesce("revised_at", "_delivered_at"),
        "longitude": F.when(F.col("coordinates_are_valid"), F.col("longitude")),
        "latitude": F.when(F.col("coordinates_are_valid"), F.col("latitude")),
        "case_key": F.concat(F.col("city"), F.lit(_SEPARATOR), clock, F.lit(_SEPARATOR), F.col("case_key")),
    }
    is_open = F.coalesce(F.col("resolution") == UNRESOLVED, F.lit(False))
    hours = F.when(~is_open & (seconds >= 0), seconds / 3600)
    return rows.withColumns(texts).withColumns(first).withColumns(then).withColumn("hours_to_close", hours)


def _status(source: Source) -> Column:
    known = [status for statuses in source.statuses.values() for status in statuses]
    return spell_as(F.col("status"), known=known, others=source.spellings)


def _resolution(source: Source) -> Column:
    return F.coalesce(*(F.when(F.col("status").isin(*said), becomes) for becomes, said in source.statuses.items()))


def _district(name: str) -> Column:
    return F.when(F.col(name) != "0", F.col(name))  # 0 is how the city writes that it knows none


def _is_in_city(source: Source) -> Column:
    return valid_coordinates(F.col("longitude"), F.col("latitude"), within=source.within)


def _end_of_day(source: Source) -> Column:
    """Return the last second of the day closed, by the city's clocks."""
    shown = F.timestamp_seconds((F.unix_date("closed_on") + 1) * _SECONDS_OF_A_DAY - 1)
    return F.to_utc_timestamp(shown, source.zone)
