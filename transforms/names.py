"""Names of columns: as SQL reads them, as a table wants them, and which a frame must have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pyspark.sql import DataFrame

from transforms.errors import DuplicateColumnError, MissingColumnError

_WORDS = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


def quoted(name: str) -> str:
    """Return a column's name as Spark SQL reads it, whatever characters it has.

    >>> quoted("Calls. Offered")
    '`Calls. Offered`'
    """
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return a text as a literal of Spark SQL, quotes and backslashes escaped."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def require_columns(frame: DataFrame, columns: Sequence[str], *, where: str) -> None:
    """Raise `MissingColumnError` for the first of `columns` that `frame` does not have."""
    for column in columns:
        if column not in frame.columns:
            raise MissingColumnError(where=where, column=column, available=frame.columns)


def require_distinct(names: Sequence[str], *, where: str) -> None:
    """Raise `DuplicateColumnError` for names that are one to Spark, which does not tell `a` from `A`."""
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            raise DuplicateColumnError(where=where, columns=(seen[name.casefold()], name), available=names)
        seen[name.casefold()] = name


def snake_case(name: str) -> str:
    """Return a column's name in lower case, its words joined by underscores.

    A word begins at a capital letter after a small one, at the last of several capitals, and after anything that is no
    letter or digit. Accents are taken off; letters of other scripts stay. A name without any letter or digit is empty.

    >>> [snake_case(name) for name in ("CallsOffered", "BI_ID", "HTTPStatus", "% of Quartier né")]
    ['calls_offered', 'bi_id', 'http_status', 'of_quartier_ne']
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", "_".join(filter(None, _WORDS.split(plain))).lower())


def clean_names(rows: DataFrame) -> DataFrame:
    """Rename all columns to snake case; a column without a letter or digit is named for its place, `column_3`.

    Rows: unchanged. Columns: all kept, in their order.

    >>> spark.createDataFrame([(384, "x")], "CallsOffered int, `% ` string").transform(clean_names).columns
    ['calls_offered', 'column_2']

    Raises:
        DuplicateColumnError: Two columns would have one name. Rename one of them first.
    """
    names = [snake_case(name) or f"column_{place}" for place, name in enumerate(rows.columns, start=1)]
    require_distinct(names, where="clean_names")
    return rows.toDF(*names)
