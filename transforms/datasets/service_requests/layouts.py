"""Apply the rules of each city to the requests of its layouts."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.datasets.service_requests.sources import SOURCES
from transforms.datasets.service_requests.sources.city_source import CitySource
from transforms.geo import valid_coordinates
from transforms.revisions import file_as_of
from transforms.text import map_to_canonical
from transforms.times import local_time

_SEPARATOR = "\u001f"
_WHITESPACE = r"[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_SECONDS_PER_DAY = 86_400


def build_layout(rows: DataFrame, layout: str) -> DataFrame:
    """Add the columns that depend on the rules of the city whose files have this layout.

    Columns:

    - status: has the spelling of the source.
    - closed_at: the close time. If the row has only a close day, closed_at is the end of this day. If the row was last
      changed before the end of this day, closed_at is the time of the last change.
    - revised_at: the time of revision.
    - city, resolution, coordinates_are_valid.
    - case_key: the key before masking, or null if the creation time is missing.
    - `_local`: the creation time in the city's local time.

    `CitySource.as_of` gives the rule for revised_at. If the rule of the layout is `file`, revised_at is the as-of time
    of the file (`file_as_of`). If the rule is `row`, revised_at is the time of revision in the row. If this time is
    missing, revised_at is the earlier of two times: the modification time of the file and the latest time in the row.
    The times in a row are the creation time, the close time, and the start of the close day.
    """
    source = next(source for source in SOURCES if layout in source.layouts)
    is_dated_by_row = source.as_of[layout] == "row"
    return rows.transform(_add_times, zone=source.zone, is_dated_by_row=is_dated_by_row).transform(
        _apply_rules, source=source
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
    dated = rows.withColumns({"closed_at": F.coalesce("closed_at", end), "revised_at": as_of})
    return dated.drop("_closed_day", "_as_of")


def _apply_rules(rows: DataFrame, *, source: CitySource) -> DataFrame:
    """Add the columns that depend on the rules of the source."""
    longitude, latitude = F.col("longitude"), F.col("latitude")
    known_statuses = [status for statuses in source.statuses.values() for status in statuses]
    local_time_text = F.replace(F.substring(F.col("_local").cast("string"), 1, 19), F.lit(" "), F.lit("T"))
    texts = (F.trim(F.regexp_replace(name, _WHITESPACE, " ")) for name in source.key)
    key_texts = F.concat_ws(_SEPARATOR, *(F.coalesce(text, F.lit("")) for text in texts))  # never null
    key = (F.lit(source.city), F.lit(_SEPARATOR), local_time_text, F.lit(_SEPARATOR), key_texts)
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
