"""Functions that the readers of delimited text and JSON share."""

from __future__ import annotations

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

COLON_IN_NAME = "Spark cannot read a text file with a ':' in its name. Rename the file."

_SCHEME = r"\A[a-z0-9]+:/+|\A/"
_MAX_ROWS_IN_PARTITION = 1 << 33  # the lower 33 bits of monotonically_increasing_id are the row number in the partition


def escape_pattern(uri: str) -> str:
    """Escape the characters that Spark would interpret as a pattern in a path."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", uri)


def file_key(uri: Column) -> Column:
    """Return the path of a file without its scheme, from Spark's `_metadata.file_path`. See `key_of`."""
    # Spark encodes a space in the path as `%20`, but does not encode a `+`. url_decode would turn a `+` into a space.
    # So encode each `+` first.
    path = F.url_decode(F.regexp_replace(uri, r"\+", "%2B"))
    return F.regexp_replace(path, _SCHEME, "")


def key_of(uri: str) -> str:
    """Return the path of a landed file without its scheme."""
    return re.sub(_SCHEME, "", uri)


def remove_mark(text: str) -> Column:
    """Remove a byte order mark from the start of the column `text`."""
    # Use substr instead of a trim. A trim would copy each text, even a text without a byte order mark.
    return F.expr(f"if(startswith({text}, '\ufeff'), substr({text}, 2), {text})")


def row_in_partition() -> Column:
    """Return the number of a row in its partition as a bigint. The first row has the number 0."""
    return F.monotonically_increasing_id().bitwiseAND(F.lit(_MAX_ROWS_IN_PARTITION - 1))
