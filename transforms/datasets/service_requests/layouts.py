"""Convert the raw rows of one layout to rows with the columns of requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.datasets.service_requests.sources.city_source import CitySource
from transforms.dedupe import LINEAGE_COLUMNS
from transforms.errors import MissingColumnError
from transforms.geo import valid_coordinates
from transforms.revisions import file_as_of
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, REPORT_TYPE, Field, change_schema
from transforms.sql import quoted
from transforms.text import map_to_canonical
from transforms.times import local_time

COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("summary", "status", "channel", "agency", "division", "major_area", "type", "topic"), "string"),
    **dict.fromkeys(("closure_reason", "council_district", "police_district", "neighborhood", "zip"), "string"),
    **dict.fromkeys(("customer_zip", "address_1", "address_2", "intersection_1", "intersection_2", "geom"), "string"),
    **dict.fromkeys(("created_at", "closed_at", "revised_at"), "timestamp"),
    "closed_on": "date",
    "first_call_resolution": "boolean",
    "longitude": "double",
    "latitude": "double",
}
"""The columns that a layout can have, and their types. If a layout does not have a column, the column is null."""

_REPORTS = dict.fromkeys((CAST_FAILURES, CAST_WARNINGS), REPORT_TYPE)
_ADDED_COLUMNS = {
    **dict.fromkeys(("city", "case_key", "resolution"), "string"),
    "_local": "timestamp_ntz",
    "coordinates_are_valid": "boolean",
}
_SEPARATOR = "\u001f"
_WHITESPACE = r"[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_SECONDS_PER_DAY = 86_400


def read_layout(raw: DataFrame, *, source: CitySource, layout: str) -> DataFrame:
    """Parse the raw rows of one layout, and add the columns that depend on the rules of its source.

    Rows: one for each raw row of the layout. Rows of other layouts are dropped.

    Columns:

    - the columns of `COLUMNS`. status has the spelling of the source.
    - closed_at: the close time. If the row has only a close day, closed_at is the end of this day. If the row was last
      changed before the end of this day, closed_at is the time of the last change.
    - revised_at: the time of revision.
    - city, resolution, coordinates_are_valid.
    - case_key: the key before masking, or null if the creation time is missing.
    - `_local`: the creation time in the city's local time.
    - the columns of `LINEAGE_COLUMNS`, `_cast_failures` and `_cast_warnings`.

    `source.as_of` gives the rule for revised_at. If the rule of the layout is `file`, revised_at is the as-of time of
    the file (`file_as_of`). If the rule is `row`, revised_at is the time of revision in the row. If this time is
    missing, revised_at is the earlier of two times: the modification time of the file and the latest time in the row.
    The times in a row are the creation time, the close time, and the start of the close day.

    Raises:
        MissingColumnError: Raw lacks a column of the layout.
    """
    fields = _match_spelling(raw, source.layouts[layout])
    is_dated_by_row = source.as_of[layout] == "row"
    return (
        raw.where(F.col("_layout") == layout)
        .withColumn("_key_texts", _join_key_texts(source, fields))
        .transform(change_schema, fields=fields, keep=("_key_texts", *LINEAGE_COLUMNS), malformed="_malformed_record")
        .transform(_select_columns, columns={**COLUMNS, "_key_texts": "string", **_REPORTS})
        .transform(_add_times, zone=source.zone, is_dated_by_row=is_dated_by_row)
        .transform(_apply_rules, source=source)
        .transform(_select_columns, columns={**COLUMNS, **_ADDED_COLUMNS, **_REPORTS})
    )


def read_other_layouts(raw: DataFrame, *, known: Collection[str]) -> DataFrame:
    """Keep the raw rows that belong to no known layout, so that these rows are quarantined and not lost.

    Ingest assigns a layout to each row, even to a malformed row. So a row without a known layout is from a source that
    was removed.

    Rows: only rows whose `_layout` is null or not in `known`.

    Columns: as in `read_layout`. revised_at is the modification time of the file. All other columns are null, except
    the columns of `LINEAGE_COLUMNS`, and `_cast_failures` if the record is malformed.
    """
    is_known = F.coalesce(F.col("_layout").isin(*known), F.lit(False))
    return (
        raw.where(~is_known)
        .transform(change_schema, fields=[], keep=LINEAGE_COLUMNS, malformed="_malformed_record")
        .withColumn("revised_at", F.col("_modified_at"))
        .transform(_select_columns, columns={**COLUMNS, **_ADDED_COLUMNS, **_REPORTS})
    )


def _match_spelling(raw: DataFrame, fields: Sequence[Field]) -> list[Field]:
    """Return the fields. The name of each source column gets the spelling in raw.

    If a column name differs only in capitals between two files, raw has one column with the spelling of the first file.
    """
    spellings = {name.casefold(): name for name in raw.columns}
    for field in fields:
        if field.source.casefold() not in spellings:
            raise MissingColumnError(where="build_requests", column=field.source, available=raw.columns)
    return [replace(field, source=spellings[field.source.casefold()]) for field in fields]


def _join_key_texts(source: CitySource, fields: Sequence[Field]) -> Column:
    """Join the texts of the key, except the city and the creation time. The result is never null."""
    columns = {field.name: field.source for field in fields}
    texts = (F.trim(F.regexp_replace(quoted(columns[name]), _WHITESPACE, " ")) for name in source.key)
    return F.concat_ws(_SEPARATOR, *(F.coalesce(text, F.lit("")) for text in texts))


def _select_columns(rows: DataFrame, *, columns: Mapping[str, str]) -> DataFrame:
    """Select the columns and the lineage. A column that the rows do not have is null."""
    return rows.select(
        *(
            F.col(name) if name in rows.columns else F.lit(None).cast(kind).alias(name)
            for name, kind in columns.items()
        ),
        *LINEAGE_COLUMNS,
    )


def _add_times(rows: DataFrame, *, zone: str, is_dated_by_row: bool) -> DataFrame:
    """Add the time at which a request was closed, and the time of revision of its row."""
    day_starts = F.timestamp_seconds(F.unix_date("closed_on") * _SECONDS_PER_DAY)
    day_ends = F.timestamp_seconds((F.unix_date("closed_on") + 1) * _SECONDS_PER_DAY - 1)
    end = F.when(F.col("closed_on").isNotNull(), F.least(F.to_utc_timestamp(day_ends, zone), "revised_at"))
    mentioned = ["created_at", "closed_at", "_closed_day"]
    rows = rows.withColumn("_closed_day", F.to_utc_timestamp(day_starts, zone))
    if is_dated_by_row:  # few rows lack revised_at, so do not scan whole files to find the as-of time
        as_of = F.coalesce("revised_at", F.least("_modified_at", F.greatest(*mentioned)))
    else:
        rows, as_of = rows.transform(file_as_of, time_columns=mentioned, name="_as_of"), F.col("_as_of")
    return rows.withColumns({"closed_at": F.coalesce("closed_at", end), "revised_at": as_of})


def _apply_rules(rows: DataFrame, *, source: CitySource) -> DataFrame:
    """Add the columns that depend on the rules of the source."""
    longitude, latitude = F.col("longitude"), F.col("latitude")
    known_statuses = [status for statuses in source.statuses.values() for status in statuses]
    local_time_text = F.replace(F.substring(F.col("_local").cast("string"), 1, 19), F.lit(" "), F.lit("T"))
    key = (F.lit(source.city), F.lit(_SEPARATOR), local_time_text, F.lit(_SEPARATOR), F.col("_key_texts"))
    resolutions = (F.when(F.col("status").isin(*statuses), name) for name, statuses in source.statuses.items())
    # status and `_local` are added in a separate step. In a single step, Spark would compute status and `_local` again
    # for each column that uses one of the two.
    return rows.withColumns(
        {
            "city": F.lit(source.city),
            "_local": local_time(F.col("created_at"), zone=source.zone),
            "status": map_to_canonical(F.col("status"), canonical=known_statuses, aliases=source.spellings),
            "coordinates_are_valid": F.when(
                (longitude != 0) | (latitude != 0), valid_coordinates(longitude, latitude, bounds=source.bounding_box)
            ),
        }
    ).withColumns({"case_key": F.concat(*key), "resolution": F.coalesce(*resolutions)})
