"""Standardize the requests of all cities, and define how they are masked and ordered."""

from __future__ import annotations

from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.datasets.service_requests.kinds import request_kind, traffic_kind
from transforms.datasets.service_requests.sources.city_source import UNRESOLVED
from transforms.geo import grid_cell
from transforms.masking import MaskingRule, generalize_coordinate, keyed_hash
from transforms.text import clean_text

KEY = ("case_key",)

_CONTENT_COLUMNS = (
    *("status", "agency", "closure_reason", "request_type", "traffic_kind", "first_call_resolution", "division"),
    *("major_area", "topic", "channel", "council_district", "police_district", "neighborhood", "zip"),
    *("longitude", "latitude"),
)
REVISION_ORDER = ("_is_current", "revised_at", "closed_at", "content_hash", "_source_file", "_row_number")
"""The columns that order the revisions of one request. The publisher keeps the last revision in this order.

First, `_is_current` is compared: current rows come after superseded rows. Next, `revised_at` is compared, and then the
close time. The remaining columns break ties, so that each run keeps the same revision.
"""

_generalize_to_block = partial(generalize_coordinate, degrees=0.001)
MASKING_POLICY = (
    MaskingRule("case_key", keyed_hash, "contains the address. The hash still joins the revisions of a request"),
    MaskingRule("summary", "drop", "is text that people type, and can contain a name. request_type keeps the subject"),
    MaskingRule("customer_zip", "drop", "is the area of the requester's home, and no answer uses it"),
    MaskingRule("address_1", "drop", "is usually the home of the requester"),
    MaskingRule("address_2", "drop", "is usually the home of the requester"),
    MaskingRule("intersection_1", "drop", "is almost the same information as address_1"),
    MaskingRule("intersection_2", "drop", "is almost the same information as address_1"),
    MaskingRule("geom", "drop", "is a copy of the coordinates"),
    MaskingRule(
        "longitude", _generalize_to_block, "identifies the house. A block (about 100 m) is precise enough for areas"
    ),
    MaskingRule("latitude", _generalize_to_block, "identifies the house, in the same way as longitude"),
)
"""Each column that can identify a requester or a home, its masking action, and the reason.

Unreadable cells are redacted.
"""

_TEXTS = (
    *("summary", "channel", "agency", "division", "major_area", "type", "topic", "council_district"),
    *("police_district", "neighborhood", "closure_reason"),
)
COLUMNS = (
    *("case_key", "city", "created_at", "created_month", "created_weekday", "created_hour", "revised_at"),
    *("status", "resolution", "closed_at", "hours_to_close", "closure_reason", "first_call_resolution", "channel"),
    *("agency", "division", "major_area", "topic", "request_type", "traffic_kind"),
    *("neighborhood", "council_district", "police_district", "zip", "longitude", "latitude", "grid_cell"),
    *("coordinates_are_valid", "content_hash"),
)
"""case_key is a keyed hash (HMAC-SHA-256) as 64 hexadecimal digits, or null if the creation time is missing.

The hashed text has the city, the local creation time and the columns of `CitySource.key`, separated by U+001F. In this
text, each sequence of white space in a column becomes one space. longitude and latitude are in degrees, rounded down to
0.001 degrees (about 100 m). resolution is `resolved`, `closed otherwise` or `unresolved`, or null if the status is not
known.
"""


def build_requests(rows: DataFrame) -> DataFrame:
    """Standardize spelling, and add the columns that are computed from unmasked values.

    `layouts.build_layout` adds other columns before this step.

    Columns:

    - created_month: the first day of the month, in the city's local time.
    - created_weekday, created_hour: weekday (1 is Monday) and hour in the city's local time.
    - hours_to_close: null if the request is unresolved, a time is missing, or the result would be negative.
    - request_type: the type in the source. If the type is missing, request_type is the topic. If both are missing,
      request_type is the kind in `KINDS` that matches the summary.
    - traffic_kind: `accident`, `traffic` or null.
    - longitude, latitude: degrees, or null if the place is missing or not in the city.
    - council_district, police_district: null if the city writes 0.

    Source: Denver and Vancouver open data, 3-1-1 service requests.
    """
    # The texts are cleaned in a separate step. In a single step, Spark would clean a text again for each column that
    # uses the text.
    texts = {name: clean_text(F.col(name)) for name in _TEXTS}
    is_open = F.coalesce(F.col("resolution") == UNRESOLVED, F.lit(False))
    seconds = F.unix_seconds("closed_at") - F.unix_seconds("created_at")
    return rows.withColumns(texts).withColumns(
        {
            "request_type": F.coalesce("type", "topic", request_kind(F.col("summary"))),
            "traffic_kind": traffic_kind(F.concat_ws(". ", "type", "topic", "summary")),
            "council_district": _clear_unknown_district("council_district"),
            "police_district": _clear_unknown_district("police_district"),
            "created_month": F.trunc(F.col("_local").cast("date"), "month"),
            "created_weekday": F.weekday("_local") + 1,
            "created_hour": F.hour("_local"),
            "longitude": F.when(F.col("coordinates_are_valid"), F.col("longitude")),
            "latitude": F.when(F.col("coordinates_are_valid"), F.col("latitude")),
            "hours_to_close": F.when(~is_open & (seconds >= 0), seconds / 3600),
        }
    )


def complete_requests(rows: DataFrame) -> DataFrame:
    """Add the columns that are computed from masked values.

    Columns:

    - grid_cell: a cell with sides of 0.01 degrees.
    - content_hash: XXH64 of the columns that a revision can change. If two revisions have the same revised_at and
      closed_at, content_hash orders them.
    """
    cell = grid_cell(F.col("longitude"), F.col("latitude"))
    return rows.withColumns({"grid_cell": cell, "content_hash": _hash_content(*_CONTENT_COLUMNS)})


def _clear_unknown_district(name: str) -> Column:
    return F.when(F.col(name) != "0", F.col(name))  # the city writes 0 for an unknown district


def _hash_content(*columns: str) -> Column:
    # Spark's hash skips nulls. The null flags are hashed too, because otherwise ("a", null) and (null, "a") would have
    # the same hash.
    return F.xxhash64(*columns, *(F.col(name).isNull() for name in columns))
