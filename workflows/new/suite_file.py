"""Write `expectations/suites/<name>.json` of a new dataset.

The suite of a dataset also has standard expectations, so this file has only bounds of numbers. The bounds are guesses.
Therefore they only give warnings, and a row outside the bounds is still published.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from ingest.profile_columns import ColumnProfile
from workflows.new.plan import NewDataset
from workflows.new.words import words_of

_IDENTIFIERS = frozenset({"code", "id", "key", "no", "nr", "num", "number", "ref"})
_MAX_PERCENT = 100


def suite_file(dataset: NewDataset) -> str:
    """Return the suite as JSON."""
    expectations = [entry for column in dataset.columns if (entry := _bounds(column))]
    document = {"name": dataset.name, "expectations": expectations, "meta": {"great_expectations_version": "1.24.1"}}
    return json.dumps(document, indent=2) + "\n"


def _bounds(column: ColumnProfile) -> dict[str, Any] | None:
    low, high = column.values.low, column.values.high
    if not column.is_number or column.bounds is None or not isinstance(low, Decimal) or not isinstance(high, Decimal):
        return None
    if low < 0 or _IDENTIFIERS.intersection(column.words[-1:]) or column.words[-1:] == ("year",):
        return None
    is_percentage = column.unit == "percent" and 1 < high <= _MAX_PERCENT
    kwargs: dict[str, Any] = {"column": column.name, "min_value": 0}
    if is_percentage:
        kwargs["max_value"] = _MAX_PERCENT
    low_text, high_text = column.bounds
    rule = "is between 0 and 100" if is_percentage else "is not negative"
    return {
        "type": "expect_column_values_to_be_between",
        "kwargs": kwargs,
        "meta": {"notes": f"Unsure: this bound is a guess. The files have values from {low_text} to {high_text}."},
        "id": f"{column.name}_{'is_a_percentage' if is_percentage else 'not_negative'}",
        "description": f"The value of {words_of(column.name)} {rule}.",
        "severity": "warning",
    }
