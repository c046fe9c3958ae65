"""What the gate found, in the shape of a Great Expectations validation result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from expectations.errors import ExpectationsNotMetError
from expectations.suite import Expectation, Suite

LEVELS = ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")


@dataclass(frozen=True)
class ResultFormat:
    """How much a result says, as in GX.

    Attributes:
        level: One of `LEVELS`.
        partial_unexpected_count: How many unexpected values a result shows.
    """

    level: str = "SUMMARY"
    partial_unexpected_count: int = 20

    @classmethod
    def parse(cls, given: str | Mapping[str, Any]) -> ResultFormat:
        """Read GX's `result_format`, a level or a structure.

        Raises:
            ValueError: It is none, or has a key that the gate does not know.
        """
        settings = dict(given) if isinstance(given, Mapping) else {"result_format": given}
        level, most = settings.pop("result_format", None), settings.pop("partial_unexpected_count", 20)
        if level not in LEVELS or type(most) is not int or most < 0 or settings:
            raise ValueError(
                f"result_format is {given!r}, expected one of {list(LEVELS)}, or an object with one of them as "
                f"'result_format' and a 'partial_unexpected_count'. All rows that fail are in quarantine."
            )
        return cls(level, most)

    @property
    def most_examples(self) -> int:
        """How many unexpected values are looked for; for a complete result GX's limit, 200."""
        return {"BOOLEAN_ONLY": 0, "COMPLETE": 200}.get(self.level, self.partial_unexpected_count)

    def as_great_expectations(self) -> dict[str, Any]:
        """Return GX's structure."""
        return {"result_format": self.level, "partial_unexpected_count": self.partial_unexpected_count}


@dataclass(frozen=True)
class ValidationResult:
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

    def failures(self) -> dict[str, str]:
        """Return a line for each critical expectation that is not met, by its id."""
        return {
            expectation.id: _line(expectation, result)
            for expectation, result in zip(self.suite.expectations, self.results, strict=True)
            if not result["success"] and expectation.severity == "critical"
        }

    def require_met(
        self, *, kept_at: str, first_rows: Mapping[str, str] | None = None, hint: str | None = None
    ) -> None:
        """Raise `ExpectationsNotMetError` if a critical expectation is not met.

        Args:
            kept_at: Where the rows are.
            first_rows: An expectation's id to which rows are the first that fail it.
            hint: What to do, if not to deliver a corrected file.
        """
        places = first_rows or {}
        failures = [
            f"{line}; first in {places[id_]}" if id_ in places else line for id_, line in self.failures().items()
        ]
        if failures:
            raise ExpectationsNotMetError(
                suite=self.suite.name, failures=failures, kept_at=kept_at, **({"hint": hint} if hint else {})
            )

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
    expectation: Expectation,
    considered: int,
    unexpected: int,
    missing: int | None,
    examples: Sequence[tuple[Any, ...]],
    wanted: ResultFormat,
) -> dict[str, Any]:
    """Return GX's result of a row-level expectation; `missing` is None for a type that leaves no row out."""
    present = considered - (missing or 0)
    # As GX: with no row to judge, any expectation is met.
    success = present == 0 or (present - unexpected) / present >= expectation.mostly
    result: dict[str, Any] = {
        "element_count": considered,
        "unexpected_count": unexpected,
        "unexpected_percent": _percent(unexpected, present),
    }
    values = [_shown(expectation, example) for example in examples]
    result["partial_unexpected_list"] = values[: wanted.partial_unexpected_count]
    if missing is not None:
        result |= {
            "missing_count": missing,
            "missing_percent": _percent(missing, considered),
            "unexpected_percent_total": _percent(unexpected, considered),
            "unexpected_percent_nonmissing": _percent(unexpected, present),
        }
    if wanted.level in ("SUMMARY", "COMPLETE") and wanted.partial_unexpected_count:
        result |= _value_counts(examples, most=wanted.partial_unexpected_count)
    if wanted.level == "COMPLETE":
        result["unexpected_list"] = values
    return _result(expectation, success, result, wanted)


def table_result(
    expectation: Expectation, success: bool, result: Mapping[str, Any], wanted: ResultFormat
) -> dict[str, Any]:
    """Return GX's result of a table-level expectation."""
    shown = {name: _json_value(value) for name, value in result.items()}
    if not wanted.partial_unexpected_count:
        shown = {name: value for name, value in shown.items() if not name.startswith("partial_")}
    return _result(expectation, success, shown, wanted)


def _result(expectation: Expectation, success: bool, result: dict[str, Any], wanted: ResultFormat) -> dict[str, Any]:
    return {
        "success": success,
        "expectation_config": expectation.to_json_dict(),
        "result": {} if wanted.level == "BOOLEAN_ONLY" else result,
        "meta": {},
        "exception_info": {"raised_exception": False, "exception_traceback": None, "exception_message": None},
    }


def _shown(expectation: Expectation, example: tuple[Any, ...]) -> Any:
    """Return an example as GX shows it: a value, a pair, or for a list of columns an object."""
    cells = _json_value(list(example))
    if "column_list" in expectation.kwargs:
        return dict(zip(expectation.columns, cells, strict=True))
    return cells[0] if len(cells) == 1 else cells


def _value_counts(examples: Sequence[tuple[Any, ...]], *, most: int) -> dict[str, Any]:
    cells = [example[0] if len(example) == 1 else example for example in examples]
    try:
        counts = sorted(Counter(cells).most_common(most), key=lambda entry: (-entry[1], entry[0]))
    except TypeError:  # Lists cannot be counted, and missing values not be ordered: GX leaves these counts out too.
        return {}
    return {"partial_unexpected_counts": [{"value": _json_value(value), "count": number} for value, number in counts]}


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it: decimals as numbers, days and times in ISO form, NaN as null, infinity as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, dict):
        return {name: _json_value(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _percent(part: int, total: int) -> float | None:
    return part / total * 100 if total else None


def _line(expectation: Expectation, found: Mapping[str, Any]) -> str:
    result = found["result"]
    if found["exception_info"].get("raised_exception", True):
        return f"{expectation.label}: Great Expectations could not judge it: {_messages(found['exception_info'])}"
    if not result:
        return f"{expectation.label}: expected {expectation.arguments}"
    if "element_count" not in result:
        observed = {name: value for name, value in result.items() if value is not None and name != "details"}
        seen = (
            f"observed {observed['observed_value']}" if "observed_value" in observed else f"found {observed or 'none'}"
        )
        return f"{expectation.label}: {seen}, expected {expectation.arguments}"
    examples = ", ".join(repr(each) for each in result.get("partial_unexpected_list", [])[:3] if each is not None)
    considered = result["element_count"] - result.get("missing_count", 0)
    return (
        f"{expectation.label}: {result['unexpected_count']} of {considered} rows are not as expected, at least "
        f"{expectation.mostly * 100:.10g} % must be" + (f"; such as {examples}" if examples else "")
    )


def _messages(exception_info: Mapping[str, Any]) -> str:
    entries = [exception_info, *(entry for entry in exception_info.values() if isinstance(entry, dict))]
    return "; ".join(
        dict.fromkeys(str(entry["exception_message"]) for entry in entries if "exception_message" in entry)
    )
