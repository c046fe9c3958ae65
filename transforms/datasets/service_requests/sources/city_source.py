"""Describe a city's request feed, and define the fields that several feeds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pyspark.sql import Column
from pyspark.sql import types as T

from transforms.casts import cast
from transforms.lossless import lossless
from transforms.schema import Field
from transforms.sql import quoted

RESOLVED, CLOSED_OTHERWISE, UNRESOLVED = "resolved", "closed otherwise", "unresolved"

AsOf = Literal["row", "file"]
"""Whether the time of revision comes from the row or from the file.

- `row`: each row has a time of revision in the field `revised_at`. If the time is missing, `read_layout` uses the
  earlier of two times: the modification time of the file and the latest time in the row.
- `file`: the file is an export of the live state. All rows have the as-of time of the file
  (`transforms.revisions.file_as_of`).
"""


@dataclass(frozen=True)
class CitySource:
    """A city's request feed.

    Attributes:
        city: The name of the city in trusted and in the case key.
        zone: The time zone of the city.
        bounding_box: The box around the city: minimum longitude, minimum latitude, maximum longitude, maximum latitude.
        key: The fields that identify a request, together with the city and the creation time. Each layout has these
            fields.
        statuses: The statuses of each resolution. If a status is not listed, the request has no resolution, and its row
            gets a warning.
        spellings: Other spellings of statuses. Each spelling is mapped to a status in `statuses`.
        layouts: The layouts of the files, and the fields of each layout. Layout names are unique among all sources.
        as_of: For each layout, whether the time of revision comes from the row or from the file.
    """

    city: str
    zone: str
    bounding_box: tuple[float, float, float, float]
    key: tuple[str, ...]
    statuses: Mapping[str, Sequence[str]]
    spellings: Mapping[str, str]
    layouts: Mapping[str, Sequence[Field]]
    as_of: Mapping[str, AsOf]

    @property
    def column_names(self) -> set[str]:
        """The names of the columns of all layouts."""
        return {field.name for fields in self.layouts.values() for field in fields}


@lossless
def parse_instant(column: str) -> Column:
    """Parse a time with its offset from UTC. A time without an offset gives null.

    >>> times = spark.createDataFrame([("2024-07-04T13:30:00-06:00",), ("2024-07-04T13:30:00",)], "t string")
    >>> read = times.select(parse_instant("t").alias("t"))
    >>> [row[0] for row in read.selectExpr("date_format(t, 'HH:mm')").collect()]
    ['19:30', None]
    """
    return cast(quoted(column), source_type=T.StringType(), target_type=T.TimestampType(), where="service_requests")


text_field = partial(Field, type="string")
time_field = partial(Field, type="timestamp", parse=parse_instant, expected="time such as 2024-07-04T13:30:00-06:00")
degrees_field = partial(Field, type="double", expected="degrees such as -104.9903", required=False)
