"""Read Great Expectations suites from their JSON files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

from expectations.errors import SuiteError
from expectations.gx_0x import to_current_form
from expectations.parameters import find_problem, is_parameter

SEVERITIES = ("critical", "warning", "info")
_COMMON_KWARGS = ("mostly", "batch_id", "result_format", "catch_exceptions", "row_condition", "condition_parser")
_EXPECTED_FORM = (
    'Expected the form of Great Expectations: {"name": "NAME", "expectations": [{"type": "TYPE", "kwargs": {…}}]}. '
    "ExpectationSuite.to_json_dict() returns this form."
)


@dataclass(frozen=True)
class Expectation:
    """One expectation of a suite.

    Attributes:
        id: The name of the expectation in tables and messages: GX's `id`. If the file has no `id` for the expectation,
            the name is made from the type and the columns.
        type: GX's name of the expectation type, such as `expect_column_values_to_be_between`.
        kwargs: GX's arguments, as in the file.
        severity: `critical`, `warning` or `info`.
        description: A sentence that explains the expectation to people.
        meta: GX's `meta`, as in the file.
        notes: Notes for people: a text or a list of texts.
    """

    id: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str = "critical"
    description: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    notes: Any = None

    def find_mostly_problem(self) -> str | None:
        """Return why `mostly` is not valid, or None. The value of a suite parameter is not known before evaluation."""
        mostly = self.kwargs.get("mostly", 1.0)
        if is_parameter(mostly) or (type(mostly) in (int, float) and 0 <= mostly <= 1):
            return None
        return f"'mostly' is {mostly!r}, expected a number from 0 to 1, such as 0.95 for 95 %."

    @property
    def mostly(self) -> float:
        """The minimum fraction of passing rows among the validated rows."""
        return float(self.kwargs.get("mostly", 1.0))

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that are specific to the expectation type."""
        return {name: value for name, value in self.kwargs.items() if name not in _COMMON_KWARGS}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the arguments name."""
        column_list = self.kwargs.get("column_list")
        single = tuple(str(self.kwargs[name]) for name in ("column", "column_A", "column_B") if name in self.kwargs)
        return single + (tuple(map(str, column_list)) if isinstance(column_list, list) else ())

    @property
    def regexes(self) -> tuple[Any, ...]:
        """The regular expressions in the arguments."""
        regex_list = self.kwargs.get("regex_list")
        single = (self.kwargs["regex"],) if "regex" in self.kwargs else ()
        return single + (tuple(regex_list) if isinstance(regex_list, list) else ())

    def to_json_dict(self) -> dict[str, Any]:
        """Return the expectation in GX's JSON form."""
        return {
            "id": self.id,
            "type": self.type,
            "kwargs": dict(self.kwargs),
            "meta": dict(self.meta),
            "description": self.description,
            "severity": self.severity,
            **({"notes": self.notes} if self.notes else {}),
        }

    @property
    def label(self) -> str:
        """The id and the description, for messages."""
        return f"{self.id} ({self.description})" if self.description else self.id


@dataclass(frozen=True)
class Suite:
    """A named list of expectations, in the order of the file.

    Attributes:
        name: The name of the suite.
        expectations: The expectations.
        meta: GX's `meta`, as in the file.
        parameters: The values of suite parameters, GX's `suite_parameters`.
    """

    name: str
    expectations: tuple[Expectation, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


def parse_suite(text: str, *, where: str) -> Suite:
    """Read a suite from the JSON of Great Expectations 0.12 to 1.24.

    Args:
        text: The JSON.
        where: The name of the file, for error messages.

    Raises:
        SuiteError: The text is not valid JSON, the JSON is not a suite, the suite has no expectations, or two
            expectations have the same id. The error is also raised for an argument of an older release that has no
            equal in release 1.24.
    """
    document = read_document(text, where=where)
    name = document.get("name") or where
    entries = document["expectations"]
    if not entries:
        problem = "the list 'expectations' is empty, so any data would pass. Add at least one expectation."
        raise SuiteError(suite=name, problem=problem)
    expectations = [_parse_expectation(entry, suite=name, number=n) for n, entry in enumerate(entries, start=1)]
    counts = Counter(item.id for item in expectations if item.id)
    if duplicates := [id_ for id_, number in counts.items() if number > 1]:
        problem = f"several expectations have the same id: {duplicates}. Give each expectation its own 'id'."
        raise SuiteError(suite=name, problem=problem)
    meta, parameters = document.get("meta") or {}, document.get("suite_parameters") or {}
    for key, value in (("meta", meta), ("suite_parameters", parameters)):
        if not isinstance(value, dict):
            raise SuiteError(suite=name, problem=f"{key!r} is {value!r}, expected an object.")
    return Suite(name, _add_ids(expectations), meta, parameters)


def read_document(text: str, *, where: str) -> dict[str, Any]:
    """Read the JSON of a suite, and return it in the form of Great Expectations 1.24. See `parse_suite`."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SuiteError(suite=where, problem=f"the text is not valid JSON: {error}. Correct the text.") from error
    if not isinstance(document, dict) or not isinstance(document.get("expectations"), list):
        raise SuiteError(suite=where, problem=f"the JSON has no list 'expectations'. {_EXPECTED_FORM}")
    return to_current_form(document, where=where)


def _add_ids(expectations: Sequence[Expectation]) -> tuple[Expectation, ...]:
    """If an expectation has no id, make the id from the type and the columns. A number makes a repeated id unique."""
    ids = {item.id for item in expectations}
    named = []
    for item in expectations:
        name = " ".join([item.type.removeprefix("expect_"), *item.columns])
        numbered = (f"{name} {number}" for number in count(start=2))
        id_ = item.id or next(candidate for candidate in chain([name], numbered) if candidate not in ids)
        ids.add(id_)
        named.append(replace(item, id=id_))
    return tuple(named)


def _parse_expectation(entry: Any, *, suite: str, number: int) -> Expectation:
    if not isinstance(entry, dict):
        not_an_object = f"the expectation is {entry!r}, expected an object. {_EXPECTED_FORM}"
        raise SuiteError(suite=suite, expectation=number, problem=not_an_object)
    kwargs, id_, severity = entry.get("kwargs") or {}, entry.get("id") or "", entry.get("severity") or "critical"
    label = id_ if id_ and isinstance(id_, str) else number
    if problem := _find_problem(entry, kwargs=kwargs, id_=id_, severity=severity):
        raise SuiteError(suite=suite, expectation=label, problem=problem)
    expectation = Expectation(
        id=id_,
        type=entry["type"],
        kwargs=kwargs,
        severity=severity,
        description=entry.get("description"),
        meta=entry.get("meta") or {},
        notes=entry.get("notes"),
    )
    if problem := find_problem(kwargs) or expectation.find_mostly_problem():
        raise SuiteError(suite=suite, expectation=label, problem=problem)
    return expectation


def _find_problem(entry: Mapping[str, Any], *, kwargs: Any, id_: Any, severity: Any) -> str | None:
    if not isinstance(entry.get("type"), str):
        return "'type' is missing or not text. Add the type, such as 'expect_column_values_to_not_be_null'."
    if not isinstance(id_, str):
        return f"'id' is {id_!r}, expected text."
    for name, value in (("kwargs", kwargs), ("meta", entry.get("meta") or {})):
        if not isinstance(value, dict):
            return f"{name!r} is {value!r}, expected an object."
    if severity not in SEVERITIES:
        return f"'severity' is {severity!r}, expected one of {list(SEVERITIES)}."
    return None
