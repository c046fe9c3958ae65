"""Read Great Expectations suites from their JSON files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from itertools import chain, count
from typing import Any

from expectations.errors import SuiteError

SEVERITIES = ("critical", "warning", "info")
_COMMON_KWARGS = ("mostly", "batch_id", "result_format", "catch_exceptions", "row_condition", "condition_parser")
_WRITE_AGAIN = "Write the suite with Great Expectations 1.24: ExpectationSuite.to_json_dict()."


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
    """A named list of expectations, in the order of the file."""

    name: str
    expectations: tuple[Expectation, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)


def load_suite(dataset: str) -> Suite:
    """Read the suite of a dataset from `expectations/suites/<dataset>.json`.

    Raises:
        SuiteError: The file does not exist, or is not a valid suite.
    """
    file = resources.files("expectations.suites").joinpath(f"{dataset}.json")
    if not file.is_file():
        problem = f"the file expectations/suites/{dataset}.json does not exist. Check the name, or write the suite."
        raise SuiteError(suite=dataset, problem=problem)
    return parse_suite(file.read_text(encoding="utf-8"), where=f"{dataset}.json")


def parse_suite(text: str, *, where: str) -> Suite:
    """Read a suite from the JSON form that GX's `ExpectationSuite.to_json_dict()` returns.

    Args:
        text: The JSON.
        where: The name of the file, for error messages.

    Raises:
        SuiteError: The text is not valid JSON, the JSON is not a suite, the suite has no expectations, or two
            expectations have the same id.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SuiteError(suite=where, problem=f"the text is not valid JSON: {error}. Correct the text.") from error
    if not isinstance(document, dict) or not isinstance(document.get("expectations"), list):
        raise SuiteError(suite=where, problem=f"the JSON has no list 'expectations'. {_WRITE_AGAIN}")
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
    return Suite(name=name, expectations=_add_ids(expectations), meta=document.get("meta") or {})


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
        not_an_object = f"the expectation is {entry!r}, expected an object. {_WRITE_AGAIN}"
        raise SuiteError(suite=suite, expectation=number, problem=not_an_object)
    kwargs, id_, severity = entry.get("kwargs") or {}, entry.get("id") or "", entry.get("severity") or "critical"
    if problem := _find_problem(entry, kwargs=kwargs, id_=id_, severity=severity):
        raise SuiteError(suite=suite, expectation=id_ if id_ and isinstance(id_, str) else number, problem=problem)
    return Expectation(
        id=id_,
        type=entry["type"],
        kwargs=kwargs,
        severity=severity,
        description=entry.get("description"),
        meta=entry.get("meta") or {},
        notes=entry.get("notes"),
    )


def _find_problem(entry: Mapping[str, Any], *, kwargs: Any, id_: Any, severity: Any) -> str | None:
    if "expectation_type" in entry:
        return (
            f"the expectation has the key 'expectation_type' of releases before Great Expectations 1.0. {_WRITE_AGAIN}"
        )
    if not isinstance(entry.get("type"), str):
        return "'type' is missing or not text. Add the type, such as 'expect_column_values_to_not_be_null'."
    if not isinstance(id_, str):
        return f"'id' is {id_!r}, expected text."
    for name, value in (("kwargs", kwargs), ("meta", entry.get("meta") or {})):
        if not isinstance(value, dict):
            return f"{name!r} is {value!r}, expected an object."
    if severity not in SEVERITIES:
        return f"'severity' is {severity!r}, expected one of {list(SEVERITIES)}."
    parameters = [name for name, value in kwargs.items() if isinstance(value, dict) and "$PARAMETER" in value]
    if parameters:
        return f"the values of {parameters} are suite parameters, which are not supported. Write the actual values."
    mostly = kwargs.get("mostly", 1.0)
    if isinstance(mostly, bool) or not isinstance(mostly, (int, float)) or not 0 <= mostly <= 1:
        return f"'mostly' is {mostly!r}, expected a number from 0 to 1, such as 0.95 for 95 %."
    return None
