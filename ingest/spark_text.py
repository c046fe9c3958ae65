"""Functions that the readers of delimited text and JSON share."""

from __future__ import annotations

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

COLON_IN_NAME = "Spark cannot read a text file with a ':' in its name. Rename the file."

_MAX_ROWS_IN_PARTITION = 1 << 33  # the lower 33 bits of monotonically_increasing_id are the row number in the partition


def escape_pattern(uri: str) -> str:
    """Escape the characters that Spark would interpret as a pattern in a path."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", uri)


def row_in_partition() -> Column:
    """Return the number of a row in its partition as a bigint. The first row has the number 0."""
    return F.monotonically_increasing_id().bitwiseAND(F.lit(_MAX_ROWS_IN_PARTITION - 1))
