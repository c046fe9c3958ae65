"""What a city's request feed is, and the readers of cells that several feeds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pyspark.sql import Column
from pyspark.sql import types as T

from transforms.casts import cast
from transforms.schema import Field
from transforms.sql import quoted

RESOLVED, CLOSED_OTHERWISE, UNRESOLVED = "resolved", "closed otherwise", "unresolved"

AsOf = Literal["row", "file"]
"""How the time is known of which a row tells the state.

- `row`: rows have their own time of revision, the field `revised_at`. A row without one is dated as its file.
- `file`: the file is an export of the live state, and its rows have no such time (`transforms.revisions.file_as_of`).
"""


@dataclass(frozen=True)
class Source:
    """A city's request feed.

    Attributes:
        city: Its name in trusted and in the case key.
        zone: The time zone of its clocks.
        within: The box that its places are in: minimum longitude, minimum latitude, maximum longitude, maximum
            latitude.
        key: The fields that identify a request, together with the city and the time created. Every layout has them.
        statuses: Each resolution, and the statuses that mean it. A status that is not listed is new: a warning.
        spellings: Other words for a status.
        layouts: The kinds of its files, and the fields of each. Names are unique among all sources.
        as_of: How the rows of each layout are dated.
    """

    city: str
    zone: str
    within: tuple[float, float, float, float]
    key: tuple[str, ...]
    statuses: Mapping[str, Sequence[str]]
    spellings: Mapping[str, str]
    layouts: Mapping[str, Sequence[Field]]
    as_of: Mapping[str, AsOf]

    @property
    def names(self) -> set[str]:
        """The names of all columns that one of its layouts has."""
        return {field.name for fields in self.layouts.values() for field in fields}


def instant(column: str) -> Column:
    """Read a time with its offset from UTC.

    >>> times = spark.createDataFrame([("2024-07-04T13:30:00-06:00",), ("2024-07-04T13:30:00",)], "t string")
    >>> read = times.select(instant("t").alias("t"))
    >>> [row[0] for row in read.selectExpr("date_format(t, 'HH:mm')").collect()]
    ['19:30', None]
    """
    return cast(quoted(column), source_type=T.StringType(), target_type=T.TimestampType(), where="service_requests")


text_field = partial(Field, type="string")
time_field = partial(Field, type="timestamp", parse=instant, expected="time such as 2024-07-04T13:30:00-06:00")
degrees_field = partial(Field, type="double", expected="degrees such as -104.9903", required=False)
