"""What the gate found, in the shape of a Great Expectations validation result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from expectations.errors import ExpectationsNotMetError
from expectations.suite import Expectation, Suite

EXAMPLES = 20
"""How many unexpected values a result shows; GX's default for `partial_unexpected_count`."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a suite on the rows of one run.

    Attributes:
        suite: The suite.
        rows: Rows judged, those for quarantine included.
        quarantined: Rows for quarantine.
        results: One result for each expectation, in GX's form.
    """

    suite: Suite
    rows: int
    quarantined: int
    results: tuple[Mapping[str, Any], ...]

    @property
    def outcome(self) -> str:
        """`met`, `met with warnings` (an expectation of lesser severity is not) or `refused` (a critical one is)."""
        if self.failures():
            return "refused"
        return "met" if all(result["success"] for result in self.results) else "met with warnings"

    def failures(self) -> list[str]:
        """Return one line for each critical expectation that is not met."""
        return [
            _line(expectation, result["result"])
            for expectation, result in zip(self.suite.expectations, self.results, strict=True)
            if not result["success"] and expectation.severity == "critical"
        ]

    def require_met(self, *, kept_at: str) -> None:
        """Raise `ExpectationsNotMetError` if a critical expectation is not met; `kept_at` says where the rows are."""
        if failures := self.failures():
            raise ExpectationsNotMetError(suite=self.suite.name, failures=failures, kept_at=kept_at)

    def to_json_dict(self) -> dict[str, Any]:
        """Return GX's JSON form of a suite's validation result."""
        met = sum(result["success"] for result in self.results)
        return {
            "success": met == len(self.results),
            "results": list(self.results),
            "suite_name": self.suite.name,
            "suite_parameters": {},
            "statistics": {
                "evaluated_expectations": len(self.results),
                "successful_expectations": met,
                "unsuccessful_expectations": len(self.results) - met,
                "success_percent": met / len(self.results) * 100,
            },
            "meta": dict(self.suite.meta),
        }


def row_result(
    expectation: Expectation, *, rows: int, unexpected: int, missing: int | None, examples: Sequence[Any]
) -> dict[str, Any]:
    """Return GX's result of a row-level expectation; `missing` is None for a type that leaves no row out."""
    considered = rows - (missing or 0)
    result: dict[str, Any] = {
        "element_count": rows,
        "unexpected_count": unexpected,
        "unexpected_percent": _percent(unexpected, considered),
        "partial_unexpected_list": list(examples),
    }
    if missing is not None:
        result |= {
            "missing_count": missing,
            "missing_percent": _percent(missing, rows),
            "unexpected_percent_total": _percent(unexpected, rows),
            "unexpected_percent_nonmissing": _percent(unexpected, considered),
        }
    if not any(isinstance(cell, (dict, list)) for cell in _cells(examples, columns=len(expectation.columns))):
        ordered = sorted(examples, key=repr)
        counts = [{"value": value, "count": len(list(group))} for value, group in groupby(ordered)]
        result["partial_unexpected_counts"] = sorted(counts, key=lambda entry: -int(entry["count"]))
    # As GX: with no row to consider, any expectation is met.
    success = considered == 0 or (considered - unexpected) / considered >= expectation.mostly
    return _result(expectation, success, result)


def table_result(expectation: Expectation, success: bool, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return GX's result of a table-level expectation."""
    return _result(expectation, success, {name: _json_value(value) for name, value in result.items()})


def _result(expectation: Expectation, success: bool, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "success": success,
        "expectation_config": {
            "id": expectation.id,
            "type": expectation.type,
            "kwargs": dict(expectation.kwargs),
            "meta": dict(expectation.meta),
            "description": expectation.description,
            "severity": expectation.severity,
        },
        "result": result,
        "meta": {},
        "exception_info": {"raised_exception": False, "exception_traceback": None, "exception_message": None},
    }


def _cells(examples: Sequence[Any], *, columns: int) -> list[Any]:
    return list(examples) if columns == 1 else [cell for example in examples for cell in example]


def _json_value(value: Any) -> Any:
    """Return a value as GX writes it into JSON: decimals as floats, days and times in ISO form, NaN as null."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and math.isnan(value) else value


def _percent(part: int, total: int) -> float | None:
    return part / total * 100 if total else None


def _line(expectation: Expectation, result: Mapping[str, Any]) -> str:
    if "observed_value" in result:
        return f"{expectation.label}: observed {result['observed_value']}, expected {expectation.arguments}"
    examples = ", ".join(map(repr, result["partial_unexpected_list"][:3]))
    considered = result["element_count"] - result.get("missing_count", 0)
    return (
        f"{expectation.label}: {result['unexpected_count']} of {considered} rows are not as expected, at least "
        f"{expectation.mostly:.1%} must be; such as {examples}"
    )
