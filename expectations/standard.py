"""Make the suite of a dataset: standard expectations from its definition, and the expectations of its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from expectations.errors import SuiteError
from expectations.suite import Suite, parse_suite, read_document
from transforms.dataset import Dataset
from transforms.datasets import load_dataset
from transforms.schema import CAST_FAILURES, CAST_WARNINGS

CELLS_READABLE = "every_cell_readable"
"""The id of the expectation that quarantines each row with an unreadable required cell.

A suite can change only its `mostly` and its description.
"""

_MAX_NAMES = 5
_COLUMNS = ("column", "column_A", "column_B", "column_list")


def load_suite(dataset: str) -> Suite:
    """Return the suite of the dataset with this name. See `suite_of`.

    Raises:
        DatasetNotFoundError: No dataset has this name.
        SuiteError: The file of the suite is not valid.
    """
    return suite_of(load_dataset(dataset))


def suite_of(dataset: Dataset) -> Suite:
    """Return the suite of a dataset: the standard expectations, then the expectations of `suites/<dataset>.json`.

    An expectation of the file replaces the standard expectation with the same id. A dataset without a file has only the
    standard expectations.

    Raises:
        SuiteError: The file is not valid, or an expectation of the file has the id of a standard expectation, but
            another type or column. The expectation `every_cell_readable` can only change its `mostly` and its text.
    """
    return parse_suite(suite_text(dataset), where=f"{dataset.name}.json")


def suite_text(dataset: Dataset) -> str:
    """Return the suite of a dataset as JSON of Great Expectations. See `suite_of`."""
    document = _read_special(dataset.name)
    if document["expectations"]:
        parse_suite(json.dumps(document), where=f"{dataset.name}.json")  # for example, finds an id that is given twice
    special = {entry.get("id"): entry for entry in document["expectations"]}
    standard = standard_expectations(dataset)
    for entry in standard:
        if replacement := special.get(entry["id"]):
            _require_same_subject(replacement, entry, dataset=dataset.name)
    generated = {entry["id"] for entry in standard}
    others = [entry for entry in document["expectations"] if entry.get("id") not in generated]
    merged = [special.get(entry["id"], entry) for entry in standard]
    return json.dumps({**document, "expectations": [*merged, *others]}, indent=2, ensure_ascii=False)


def standard_expectations(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the standard expectations of a dataset, in the form of Great Expectations.

    The ids depend only on the names of columns:

    - `every_cell_readable`: each cell of a required field can be read.
    - `other_cells_readable`: the same for optional fields, as a warning.
    - `<column>_present`: each row has a value in the column. There is one expectation for each column of the key, and
      one for the event time.
    - `one_row_per_key`: the key is unique. An incremental run keeps one row of each key, so its suite has no such
      expectation.
    - `<event_time>_not_in_the_future`: the event time is not after the arrival of the row.
    - `some_rows`: at least one row can be published. An increment of two or more rows is always blocked if every row
      fails, so the suite of an incremental dataset does not have this expectation.
    """
    mostly = {"mostly": dataset.mostly}
    not_null, event = "expect_column_values_to_not_be_null", dataset.event_time
    entries = [
        _entry(
            CELLS_READABLE,
            "expect_column_values_to_be_null",
            {"column": CAST_FAILURES, **mostly},
            "Each cell of a required column can be read.",
        )
    ]
    if optional := {field.name: None for field in dataset.fields if not field.required}:
        names = ", ".join(optional) if len(optional) <= _MAX_NAMES else f"{len(optional)} columns"
        text = f"Each cell of an optional column can be read ({names})."
        kwargs = {"column": CAST_WARNINGS, **mostly}
        entries.append(_entry("other_cells_readable", "expect_column_values_to_be_null", kwargs, text, "warning"))
    for name in dict.fromkeys((*([event] if event else []), *dataset.key)):
        text = f"Each row has a value in {name}."
        entries.append(_entry(f"{name}_present", not_null, {"column": name, **mostly}, text))
    if not dataset.is_incremental:
        is_single = len(dataset.key) == 1
        kind = "column_values" if is_single else "compound_columns"
        kwargs = {"column": dataset.key[0]} if is_single else {"column_list": [*dataset.key]}
        subject = dataset.key[0] if is_single else f"combination of {', '.join(dataset.key[:-1])} and {dataset.key[-1]}"
        text = f"Each {subject} has one row."
        entries.append(_entry("one_row_per_key", f"expect_{kind}_to_be_unique", kwargs, text))
    if event:
        kwargs = {"column_A": "_ingested_at", "column_B": event, "or_equal": True}
        kwargs |= {"ignore_row_if": "either_value_is_missing", **mostly}
        text = f"{event} is not after the arrival of the row."
        type_ = "expect_column_pair_values_a_to_be_greater_than_b"
        entries.append(_entry(f"{event}_not_in_the_future", type_, kwargs, text))
    if not dataset.is_incremental:
        text = "At least one row can be published."
        entries.append(_entry("some_rows", "expect_table_row_count_to_be_between", {"min_value": 1}, text))
    return entries


def _entry(
    id_: str, type_: str, kwargs: Mapping[str, Any], description: str, severity: str = "critical"
) -> dict[str, Any]:
    return {
        "type": type_,
        "kwargs": dict(kwargs),
        "meta": {"generated": True},
        "id": id_,
        "description": description,
        "severity": severity,
    }


def _read_special(dataset: str) -> dict[str, Any]:
    file = resources.files("expectations.suites").joinpath(f"{dataset}.json")
    if not file.is_file():
        return {"name": dataset, "expectations": []}
    return read_document(file.read_text(encoding="utf-8"), where=f"{dataset}.json")


def _require_same_subject(entry: Mapping[str, Any], standard: Mapping[str, Any], *, dataset: str) -> None:
    kwargs = entry.get("kwargs") or {}
    subject, expected = (
        (type_, {name: arguments[name] for name in _COLUMNS if name in arguments})
        for type_, arguments in ((entry.get("type"), kwargs), (standard["type"], standard["kwargs"]))
    )
    if subject != expected:
        problem = (
            f"this id belongs to a standard expectation, {expected[0]} on {expected[1]}. Found: {subject[0]} on "
            f"{subject[1]}. Give the expectation another id, or correct its type and columns."
        )
        raise SuiteError(suite=dataset, expectation=standard["id"], problem=problem)
    extra = sorted(kwargs.keys() - {"column", "mostly"})
    if standard["id"] == CELLS_READABLE and (extra or entry.get("severity", "critical") != "critical"):
        found = f"the arguments {extra}" if extra else f"the severity {entry['severity']!r}"
        problem = (
            f"a row with an unreadable cell in a required column must always go to quarantine. Found: {found}. Change "
            "only 'mostly' and the description, or make the field optional with required=False."
        )
        raise SuiteError(suite=dataset, expectation=CELLS_READABLE, problem=problem)
