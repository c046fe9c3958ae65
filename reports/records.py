"""Convert tables to JSON and CSV, with all rows and all columns. Dates and timestamps are in ISO form, in UTC."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Record = Mapping[str, Any]

_JSON_OPTIONS = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}


def records_of(rows: DataFrame) -> list[Record]:
    """Return the rows as JSON objects. Timestamps are in the session's time zone, which is UTC."""
    cells = F.to_json(F.struct(*(F.col(f"`{name}`") for name in rows.columns)), _JSON_OPTIONS)
    return [json.loads(row["record"]) for row in rows.select(cells.alias("record")).collect()]


def to_json(document: Any) -> str:
    """Return a document as indented JSON."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=str)


def to_csv(records: Iterable[Record], columns: Sequence[str]) -> str:
    r"""Return records as CSV with a header. A missing value is empty, and a nested value is JSON.

    >>> to_csv([{"day": "2024-01-01", "calls": None, "open": True}], ["day", "calls", "open"])
    'day,calls,open\n2024-01-01,,true\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(record.get(name)) for name in columns] for record in records)
    return text.getvalue()


def _csv_cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (bool, dict, list, tuple)) else value
