"""Translate suites of Great Expectations 0.12 to 0.18 to the form of release 1.24.

Release 1.0 renamed keys and removed arguments. An argument that does not change the outcome is dropped. An argument
that changes the outcome is translated. If release 1.24 has nothing equal, the suite is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.core import accepts_mostly
from expectations.errors import SuiteError
from expectations.row_condition import is_gx_language

RETIRED_TYPES: Mapping[str, str] = {
    "expect_multicolumn_values_to_be_unique": "Use expect_select_column_values_to_be_unique_within_record. If no two "
    "rows may have the same combination of values, use expect_compound_columns_to_be_unique",
    "expect_column_chisquare_test_p_value_to_be_greater_than": "Use expect_column_kl_divergence_to_be_less_than, which "
    "compares the values with the same partition_object",
    "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than": "Use expect_column_kl_divergence_to_be_less_than, "
    "which compares the values with the same partition_object",
    "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than": "Use "
    "expect_column_kl_divergence_to_be_less_than with a partition_object of the distribution",
    "expect_column_pair_cramers_phi_value_to_be_less_than": "There is no replacement",
    "expect_file_hash_to_equal": "There is no replacement, because a suite validates rows and not files",
    "expect_file_line_regex_match_count_to_be_between": "Use expect_column_values_to_match_regex on a column",
    "expect_file_line_regex_match_count_to_equal": "Use expect_column_values_to_match_regex on a column",
    "expect_file_size_to_be_between": "Use expect_table_row_count_to_be_between to limit the number of rows",
    "expect_file_to_be_valid_json": "Use expect_column_values_to_be_json_parseable on a column",
    "expect_file_to_exist": "There is no replacement, because a file that does not exist is always an error",
    "expect_file_to_have_valid_table_header": "Use expect_table_columns_to_match_set",
}
"""A hint for each expectation type of older releases that release 1.24 cannot validate."""

_RENAMED_TYPES = {
    "expect_column_pair_values_A_to_be_greater_than_B": "expect_column_pair_values_a_to_be_greater_than_b"
}
_WITHOUT_EFFECT = ("include_config", "output_strftime_format", "profiler_config", "auto")
"""Arguments that do not change the outcome: they change the result's form, or were used to write the suite."""

_COMPARES_TEXT_AS_DATES = "parse_strings_as_datetimes"
_TYPES_THAT_NEED_DATES = (
    *("expect_column_values_to_be_between", "expect_column_max_to_be_between", "expect_column_min_to_be_between"),
    *("expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"),
)
"""Types that are an error for a column of text. A column of dates is compared with dates, as the argument asks."""
_TYPES_THAT_IGNORE_DATES = ("expect_column_values_to_be_unique", "expect_column_value_lengths_to_equal")
_NOT_ESTIMATED = ("column", "mostly", "result_format", "catch_exceptions", "batch_id", *_WITHOUT_EFFECT)


def to_current_form(document: dict[str, Any], *, where: str) -> dict[str, Any]:
    """Return the JSON of a suite in the form of release 1.24. A suite that has this form is returned unchanged.

    Raises:
        SuiteError: An expectation has an argument that release 1.24 cannot express.
    """
    entries = document["expectations"]
    if "expectation_suite_name" not in document and not any(map(_has_old_form, entries)):
        return document
    name = document.get("name") or document.get("expectation_suite_name") or where
    meta = document.get("meta") or {}
    if not isinstance(meta, dict):
        raise SuiteError(suite=name, problem=f"'meta' is {meta!r}, expected an object.")
    meta = dict(meta)
    notes = document.get("notes") or _pop_notes(meta)
    for version in ("great_expectations_version", "great_expectations.__version__"):
        meta.pop(version, None)
    current = {
        "name": name,
        "id": document.get("id") or document.get("ge_cloud_id"),
        "expectations": [_translate(entry, suite=name, number=n) for n, entry in enumerate(entries, start=1)],
        "suite_parameters": document.get("suite_parameters") or document.get("evaluation_parameters"),
        "meta": meta,
        "notes": notes,
    }
    return {key: value for key, value in current.items() if value or key in ("expectations", "meta")}


def _has_old_form(entry: Any) -> bool:
    return isinstance(entry, dict) and "expectation_type" in entry


def _translate(entry: Any, *, suite: str, number: int) -> Any:
    if not _has_old_form(entry):
        return entry
    id_ = entry.get("id") or entry.get("ge_cloud_id")
    if not isinstance(entry["expectation_type"], str):
        problem = f"'expectation_type' is {entry['expectation_type']!r}, expected text."
        raise SuiteError(suite=suite, expectation=number, problem=problem)
    type_ = str(_RENAMED_TYPES.get(entry["expectation_type"], entry["expectation_type"]))
    kwargs, meta = entry.get("kwargs") or {}, entry.get("meta") or {}
    if isinstance(kwargs, dict):
        # Older releases wrote arguments without a value as null. Release 1.24 rejects null for some arguments.
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        if unknown := _find_problem(type_, kwargs):
            raise SuiteError(suite=suite, expectation=id_ or number, problem=unknown)
        kwargs = _translate_kwargs(type_, kwargs)
    meta = dict(meta) if isinstance(meta, dict) else meta
    context = entry.get("expectation_context")
    current = {
        "type": type_,
        "kwargs": kwargs,
        "id": id_,
        "description": entry.get("description") or (context.get("description") if isinstance(context, dict) else None),
        "severity": entry.get("severity"),
        "notes": entry.get("notes") or (_pop_notes(meta) if isinstance(meta, dict) else None),
        "meta": meta,
    }
    return {key: value for key, value in current.items() if value or key in ("type", "kwargs", "meta")}


def _find_problem(type_: Any, kwargs: Mapping[str, Any]) -> str | None:
    if kwargs.get("auto") and not kwargs.keys() - set(_NOT_ESTIMATED):
        return (
            "'auto' is true, and no other argument has a value. Great Expectations 1.0 removed the estimation of "
            "arguments. Remove 'auto', and write the values that you expect."
        )
    if kwargs.get("mostly", 1) != 1 and not accepts_mostly(str(type_)):
        return (
            f"{type_} applies to the whole table. Great Expectations 0.x ignored its 'mostly', and release 1.0 removed "
            f"it. Remove 'mostly'."
        )
    if kwargs.get("allow_cross_type_comparisons"):
        return (
            "'allow_cross_type_comparisons' is true. Great Expectations 1.0 removed this argument, because values of "
            "different types have no order. Remove the argument, and give the column one type."
        )
    accepted = (*_TYPES_THAT_NEED_DATES, *_TYPES_THAT_IGNORE_DATES)
    if kwargs.get(_COMPARES_TEXT_AS_DATES) and type_ not in accepted:
        return (
            f"{_COMPARES_TEXT_AS_DATES!r} is true. Great Expectations 1.0 removed this argument, and would compare a "
            f"text column as text. Remove the argument, and give the column the type date or timestamp."
        )
    return None


def _translate_kwargs(type_: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    dropped = (*_WITHOUT_EFFECT, _COMPARES_TEXT_AS_DATES, "allow_cross_type_comparisons")
    current = {name: value for name, value in kwargs.items() if name not in dropped}
    if current.get("mostly") == 1:
        del current["mostly"]  # This is the default. Release 1.24 rejects the argument for some types.
    if str(type_).startswith("expect_column_pair_") and current.get("ignore_row_if") == "never":
        current["ignore_row_if"] = "neither"
    if current.get("condition_parser") == "great_expectations__experimental__":
        current["condition_parser"] = "great_expectations"
    if "condition_parser" not in current and is_gx_language(current.get("row_condition")):
        current["condition_parser"] = "great_expectations"
    return current


def _pop_notes(meta: dict[str, Any]) -> Any:
    """Remove the notes from `meta`, and return them in the form of release 1.24: a text or a list of texts."""
    notes = meta.pop("notes", None)
    return notes.get("content") if isinstance(notes, dict) else notes
