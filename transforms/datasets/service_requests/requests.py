"""Build requests from the raw rows of all cities, and mask the columns that can identify a person or a home."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.combine import union_by_name
from transforms.datasets.service_requests.kinds import request_kind, traffic_kind
from transforms.datasets.service_requests.layouts import read_layout, read_other_layouts
from transforms.datasets.service_requests.sources import LAYOUTS, SOURCES
from transforms.datasets.service_requests.sources.city_source import UNRESOLVED
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.geo import grid_cell
from transforms.masking import MaskingRule, generalize_coordinate, keyed_hash, mask
from transforms.schema import CAST_FAILURES, CAST_WARNINGS
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
_COLUMNS = (
    *("case_key", "city", "created_at", "created_month", "created_weekday", "created_hour", "revised_at"),
    *("status", "resolution", "closed_at", "hours_to_close", "closure_reason", "first_call_resolution", "channel"),
    *("agency", "division", "major_area", "topic", "request_type", "traffic_kind"),
    *("neighborhood", "council_district", "police_district", "zip", "longitude", "latitude", "grid_cell"),
    *("coordinates_are_valid", "content_hash"),
)


def build_requests(raw: DataFrame, *, masking_key: bytes, layouts: Collection[str] = tuple(LAYOUTS)) -> DataFrame:
    """Parse, standardize and mask the raw rows of all cities, and return the candidates for trusted.

    Rows: one for each raw row that is not dropped. `drop_superseded_rows` drops a row if the latest version of the file
    no longer has the key of the row. A request that was revised has several rows, and the publisher keeps the latest
    valid row. A row is also kept if its `_layout` is not in `layouts` or belongs to no source. In such a row, the city,
    key, creation time and close time are null. So the row fails the suite and is quarantined.

    Columns:

    - case_key: a keyed hash (HMAC-SHA-256) as 64 hexadecimal digits, or null if the creation time is missing. The
      hashed text has the city, the local creation time and the columns of `CitySource.key`, separated by U+001F. In
      this text, each sequence of white space in a column becomes one space.
    - city, created_at.
    - created_month: the first day of the month, in the city's local time.
    - created_weekday, created_hour: weekday (1 is Monday) and hour in the city's local time.
    - revised_at: the time of revision in the row, or the as-of time of the file (`read_layout`).
    - status: the status in the spelling of the source.
    - resolution: `resolved`, `closed otherwise` or `unresolved`, or null if the status is not known.
    - closed_at: the close time. If the source has only a close day, closed_at is the end of this day. If the row was
      last changed before the end of this day, closed_at is the time of the last change.
    - hours_to_close: null if the request is unresolved, a time is missing, or the result would be negative.
    - closure_reason, first_call_resolution, channel, agency, division, major_area, topic.
    - neighborhood, council_district, police_district, zip.
    - request_type: the type in the source. If the type is missing, request_type is the topic. If both are missing,
      request_type is the kind in `KINDS` that matches the summary.
    - traffic_kind: `accident`, `traffic` or null.
    - longitude, latitude: the coordinates in degrees, rounded down to 0.001 degrees (about 100 m). They are null if the
      place is missing or not in the city.
    - coordinates_are_valid: whether the place is in the city, or null if the row has no coordinates.
    - grid_cell: a cell with sides of 0.01 degrees.
    - content_hash: XXH64 of the columns that a revision can change. If two revisions have the same revised_at and
      closed_at, content_hash orders them.
    - the columns of `LINEAGE_COLUMNS`.
    - `_cast_failures`: a creation time that could not be read, or a malformed record. The value is redacted.
    - `_cast_warnings`: the values of optional columns that could not be read. The values are redacted.

    Args:
        raw: The raw rows.
        masking_key: The key of the hash, 32 bytes or more.
        layouts: The layouts that the rows have [default: the layouts of all sources]. The query plan contains only
            these layouts.

    Raises:
        MissingColumnError: Raw lacks a column of a layout.
        ArgumentError: The masking key is shorter than 32 bytes.

    Source: Denver and Vancouver open data, 3-1-1 service requests.
    """
    # Each layout is built separately, so that Spark evaluates only the expressions of a row's own source. A new city
    # does not make the expressions of the existing cities longer.
    sources = {layout: source for source in SOURCES for layout in source.layouts if layout in layouts}
    typed = [read_layout(raw, source=source, layout=layout) for layout, source in sources.items()]
    return (
        union_by_name(*typed, read_other_layouts(raw, known=sources))
        .transform(_standardize)
        .transform(mask, policy=MASKING_POLICY, key=masking_key)
        .transform(drop_superseded_rows, key=KEY)
        .withColumns(
            {
                "grid_cell": grid_cell(F.col("longitude"), F.col("latitude")),
                "content_hash": _hash_content(*_CONTENT_COLUMNS),
            }
        )
        .select(*_COLUMNS, *LINEAGE_COLUMNS, CAST_FAILURES, CAST_WARNINGS)
    )


def _standardize(rows: DataFrame) -> DataFrame:
    """Standardize spelling, and add the columns that are computed from unmasked values."""
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


def _clear_unknown_district(name: str) -> Column:
    return F.when(F.col(name) != "0", F.col(name))  # the city writes 0 for an unknown district


def _hash_content(*columns: str) -> Column:
    # Spark's hash skips nulls. The null flags are hashed too, because otherwise ("a", null) and (null, "a") would have
    # the same hash.
    return F.xxhash64(*columns, *(F.col(name).isNull() for name in columns))
