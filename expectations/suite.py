"""A Great Expectations suite as it stands in its JSON file: read, checked, not yet judged."""

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
_NOT_ARGUMENTS = ("mostly", "batch_id", "result_format", "catch_exceptions", "row_condition", "condition_parser")


@dataclass(frozen=True)
class Expectation:
    """One expectation of a suite.

    Attributes:
        id: What a reader calls it. GX's `id` where the suite gives one, else made from type and column.
        type: GX's name, such as `expect_column_values_to_be_between`.
        kwargs: GX's arguments, as in the file.
        severity: `critical`, `warning` or `info`.
        description: One sentence for people.
        meta: Whatever the suite says besides.
        notes: Notes for people, a text or texts.
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
        """The fraction of the judged rows that must be as expected."""
        return float(self.kwargs.get("mostly", 1.0))

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the type itself, without those that say how to judge and report."""
        return {name: value for name, value in self.kwargs.items() if name not in _NOT_ARGUMENTS}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        listed = self.kwargs.get("column_list")
        single = tuple(str(self.kwargs[name]) for name in ("column", "column_A", "column_B") if name in self.kwargs)
        return single + (tuple(map(str, listed)) if isinstance(listed, list) else ())

    @property
    def regexes(self) -> tuple[Any, ...]:
        """The regular expressions it names."""
        listed = self.kwargs.get("regex_list")
        single = (self.kwargs["regex"],) if "regex" in self.kwargs else ()
        return single + (tuple(listed) if isinstance(listed, list) else ())

    def to_json_dict(self) -> dict[str, Any]:
        """Return GX's JSON form."""
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
    """A suite: its name and its expectations in their order."""

    name: str
    expectations: tuple[Expectation, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)


def load_suite(dataset: str) -> Suite:
    """Read the suite of a dataset, `expectations/suites/<dataset>.json`.

    Raises:
        SuiteError: There is no such suite, or it is not one.
    """
    file = resources.files("expectations.suites").joinpath(f"{dataset}.json")
    if not file.is_file():
        raise SuiteError(suite=dataset, problem=f"there is no expectations/suites/{dataset}.json. Write one.")
    return parse_suite(file.read_text(encoding="utf-8"), where=f"{dataset}.json")


def parse_suite(text: str, *, where: str) -> Suite:
    """Read a suite from GX's own JSON form, as `ExpectationSuite.to_json_dict()` gives it.

    Raises:
        SuiteError: The text is not JSON, is not a suite, has no expectations, or uses one id twice.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SuiteError(suite=where, problem=f"is not JSON: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("expectations"), list):
        raise SuiteError(suite=where, problem="is no suite: it has no list 'expectations'.")
    name = document.get("name") or where
    entries = document["expectations"]
    if not entries:
        raise SuiteError(suite=name, problem="has no expectations, so it would pass anything. Add at least one.")
    expectations = [_expectation(entry, suite=name, number=n) for n, entry in enumerate(entries, start=1)]
    given = Counter(item.id for item in expectations if item.id)
    if twice := [key for key, count in given.items() if count > 1]:
        raise SuiteError(suite=name, problem=f"the ids {twice} are used more than once. Give each its own 'id'.")
    return Suite(name=name, expectations=_with_ids(expectations), meta=document.get("meta") or {})


def _with_ids(expectations: Sequence[Expectation]) -> tuple[Expectation, ...]:
    """Give those without an id one made from type and columns; numbered, where several would have the same."""
    taken = {item.id for item in expectations}
    named = []
    for item in expectations:
        made = " ".join([item.type.removeprefix("expect_"), *item.columns])
        numbered = (f"{made} {number}" for number in count(start=2))
        name = item.id or next(candidate for candidate in chain([made], numbered) if candidate not in taken)
        taken.add(name)
        named.append(replace(item, id=name))
    return tuple(named)


def _expectation(entry: Any, *, suite: str, number: int) -> Expectation:
    where = f"number {number}"
    if isinstance(entry, dict) and "expectation_type" in entry:
        problem = "is of a Great Expectations before 1.0. Write the suite with 1.24: ExpectationSuite.to_json_dict()."
        raise SuiteError(suite=suite, expectation=where, problem=problem)
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise SuiteError(suite=suite, expectation=where, problem="has no 'type'.")
    kwargs, key = entry.get("kwargs") or {}, entry.get("id") or ""
    if not isinstance(kwargs, dict) or not isinstance(key, str):
        problem = f"'kwargs' is {kwargs!r} and 'id' {key!r}, expected an object and a text."
        raise SuiteError(suite=suite, expectation=where, problem=problem)
    expectation = Expectation(
        id=key,
        type=entry["type"],
        kwargs=kwargs,
        severity=entry.get("severity") or "critical",
        description=entry.get("description"),
        meta=entry.get("meta") or {},
        notes=entry.get("notes"),
    )
    where = key or where
    if not isinstance(expectation.meta, dict):
        problem = f"meta is {expectation.meta!r}, expected an object."
        raise SuiteError(suite=suite, expectation=where, problem=problem)
    if expectation.severity not in SEVERITIES:
        problem = f"severity is {expectation.severity!r}, expected one of {list(SEVERITIES)}."
        raise SuiteError(suite=suite, expectation=where, problem=problem)
    if given := [name for name, value in kwargs.items() if isinstance(value, dict) and "$PARAMETER" in value]:
        problem = f"the values of {given} are suite parameters, given when a suite is run. Write the values themselves."
        raise SuiteError(suite=suite, expectation=where, problem=problem)
    mostly = kwargs.get("mostly", 1.0)
    if isinstance(mostly, bool) or not isinstance(mostly, (int, float)) or not 0 <= mostly <= 1:
        problem = f"mostly is {mostly!r}, expected a number from 0 to 1."
        raise SuiteError(suite=suite, expectation=where, problem=problem)
    return expectation
