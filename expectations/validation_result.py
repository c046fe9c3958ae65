"""The result of a validation, in the shape of a Great Expectations validation result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from expectations.suite import Expectation, Suite

LEVELS = ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")

_MAX_EXAMPLES_IN_COMPLETE = 200
_MAX_EXAMPLES_IN_MESSAGE = 3


@dataclass(frozen=True)
class ResultFormat:
    """The amount of detail in a result, as in GX.

    Attributes:
        level: One of `LEVELS`.
        partial_unexpected_count: Maximum number of unexpected values in a result.
    """

    level: str = "SUMMARY"
    partial_unexpected_count: int = 20

    @classmethod
    def parse(cls, result_format: str | Mapping[str, Any]) -> ResultFormat:
        """Parse GX's `result_format`, which is a level or a mapping.

        Raises:
            ValueError: The format is not valid, or has a key that the gate does not support.
        """
        settings = dict(result_format) if isinstance(result_format, Mapping) else {"result_format": result_format}
        level, count = settings.pop("result_format", None), settings.pop("partial_unexpected_count", 20)
        if level not in LEVELS or type(count) is not int or count < 0 or settings:
            raise ValueError(
                f"result_format is {result_format!r}. Expected one of {list(LEVELS)}, or an object. The object must "
                f"have a level as 'result_format'. The object may have a 'partial_unexpected_count' of 0 or more. "
                f"Other keys are not supported."
            )
        return cls(level, count)

    @property
    def max_examples(self) -> int:
        """Maximum number of unexpected values to find. The level `COMPLETE` has a fixed limit, as in GX."""
        limits = {"BOOLEAN_ONLY": 0, "COMPLETE": _MAX_EXAMPLES_IN_COMPLETE}
        return limits.get(self.level, self.partial_unexpected_count)

    def to_gx(self) -> dict[str, Any]:
        """Return the result format as a mapping for GX."""
        return {"result_format": self.level, "partial_unexpected_count": self.partial_unexpected_count}


@dataclass(frozen=True)
class ValidationResult:
    """The result of validating the rows of one run against a suite.

    Attributes:
        suite: The suite.
        rows: The number of validated rows, including rows for quarantine.
        quarantined: The number of rows for quarantine.
        results: One result for each expectation, in GX's form.
    """

    suite: Suite
    rows: int
    quarantined: int
    results: tuple[Mapping[str, Any], ...]

    @property
    def outcome(self) -> str:
        """The outcome: `met`, `met with warnings` or `blocked`.

        The outcome is `blocked` if a critical expectation is not met. The outcome is `met with warnings` if only
        expectations of a lower severity are not met.
        """
        if self.failures():
            return "blocked"
        return "met" if all(result["success"] for result in self.results) else "met with warnings"

    def failures(self) -> dict[str, str]:
        """Map the id of each critical expectation that is not met to a line that describes the failure."""
        return {
            expectation.id: f"{expectation.label}: {_describe_failure(expectation, result)}"
            for expectation, result in zip(self.suite.expectations, self.results, strict=True)
            if not result["success"] and expectation.severity == "critical"
        }

    def to_json_dict(self) -> dict[str, Any]:
        """Return the validation result in GX's JSON form."""
        met = sum(result["success"] for result in self.results)
        return {
            "success": met == len(self.results),
            "results": list(self.results),
            "suite_name": self.suite.name,
            "suite_parameters": dict(self.suite.parameters),
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
    result_format: ResultFormat,
) -> dict[str, Any]:
    """Return GX's result of a row-level expectation.

    Args:
        expectation: The expectation.
        considered: The number of considered rows, including the excluded rows.
        unexpected: The number of unexpected rows.
        missing: The number of rows that are excluded because a value is missing. None if the expectation type excludes
            no rows.
        examples: Some unexpected values.
        result_format: The amount of detail.
    """
    present = considered - (missing or 0)
    # As in GX, a row-level expectation is met if no row has a value to validate.
    is_met = present == 0 or (present - unexpected) / present >= expectation.mostly
    result: dict[str, Any] = {
        "element_count": considered,
        "unexpected_count": unexpected,
        "unexpected_percent": _percent(unexpected, present),
    }
    values = [_format_example(expectation, example) for example in examples]
    result["partial_unexpected_list"] = values[: result_format.partial_unexpected_count]
    if missing is not None:
        result |= {
            "missing_count": missing,
            "missing_percent": _percent(missing, considered),
            "unexpected_percent_total": _percent(unexpected, considered),
            "unexpected_percent_nonmissing": _percent(unexpected, present),
        }
    if result_format.level in ("SUMMARY", "COMPLETE") and result_format.partial_unexpected_count:
        result |= _count_examples(examples, max_values=result_format.partial_unexpected_count)
    if result_format.level == "COMPLETE":
        result["unexpected_list"] = values
    return _build_result(expectation, is_met, result, result_format)


def table_result(
    expectation: Expectation, is_met: bool, result: Mapping[str, Any], result_format: ResultFormat
) -> dict[str, Any]:
    """Return GX's result of a table-level expectation."""
    details = {name: _to_json_value(value) for name, value in result.items()}
    if not result_format.partial_unexpected_count:
        details = {name: value for name, value in details.items() if not name.startswith("partial_")}
    return _build_result(expectation, is_met, details, result_format)


def _build_result(
    expectation: Expectation, is_met: bool, result: dict[str, Any], result_format: ResultFormat
) -> dict[str, Any]:
    return {
        "success": is_met,
        "expectation_config": expectation.to_json_dict(),
        "result": {} if result_format.level == "BOOLEAN_ONLY" else result,
        "meta": {},
        "exception_info": {"raised_exception": False, "exception_traceback": None, "exception_message": None},
    }


def _format_example(expectation: Expectation, example: tuple[Any, ...]) -> Any:
    """Return an example in GX's form: a value, a pair of values, or an object for a list of columns."""
    cells = _to_json_value(list(example))
    if "column_list" in expectation.kwargs:
        return dict(zip(expectation.columns, cells, strict=True))
    return cells[0] if len(cells) == 1 else cells


def _count_examples(examples: Sequence[tuple[Any, ...]], *, max_values: int) -> dict[str, Any]:
    cells = [example[0] if len(example) == 1 else example for example in examples]
    try:
        counts = sorted(Counter(cells).most_common(max_values), key=lambda entry: (-entry[1], entry[0]))
    except TypeError:  # Python cannot count lists or sort nulls. In both cases, GX also omits the counts.
        return {}
    return {
        "partial_unexpected_counts": [{"value": _to_json_value(value), "count": number} for value, number in counts]
    }


def _to_json_value(value: Any) -> Any:
    """Convert a value to JSON: decimals to numbers, dates and timestamps to ISO text, NaN to null, infinity to text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_to_json_value(item) for item in value]
    if isinstance(value, dict):
        return {name: _to_json_value(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _percent(part: int, total: int) -> float | None:
    return part / total * 100 if total else None


def _describe_failure(expectation: Expectation, entry: Mapping[str, Any]) -> str:
    """Describe a failure. The last sentence has no period, because a caller may add the location of the rows."""
    result, exception_info = entry["result"], entry["exception_info"]
    if exception_info.get("raised_exception", True):
        return f"Great Expectations raised an exception: {_join_messages(exception_info)}"
    arguments = ", ".join(f"{name}={value!r}" for name, value in expectation.arguments.items())
    expected = f", expected {arguments}" if arguments else ""
    if not result:
        return f"not met{expected}"
    if "element_count" not in result:
        details = {name: value for name, value in result.items() if value is not None and name != "details"}
        return f"found {details.get('observed_value', details or 'none')}{expected}"
    considered = result["element_count"] - result.get("missing_count", 0)
    minimum = f"at least {expectation.mostly * 100:.10g} % must pass"
    line = f"{result['unexpected_count']} of {considered} rows fail, {minimum}"
    values = result.get("partial_unexpected_list", [])[:_MAX_EXAMPLES_IN_MESSAGE]
    examples = ", ".join(_describe_value(value) for value in values if value is not None)
    return f"{line}. Examples: {examples}" if examples else line


def _describe_value(value: Any) -> str:
    """Return an unexpected value as text. An expectation of several columns has their values by name."""
    if isinstance(value, dict):
        return f"({', '.join(f'{name}={item!r}' for name, item in value.items())})"
    return repr(value)


def _join_messages(exception_info: Mapping[str, Any]) -> str:
    """Join the messages of all exceptions. GX may record an exception for each metric."""
    entries = [exception_info, *(entry for entry in exception_info.values() if isinstance(entry, dict))]
    messages = [str(entry["exception_message"]) for entry in entries if "exception_message" in entry]
    return "; ".join(dict.fromkeys(messages))
