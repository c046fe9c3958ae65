"""The core expectation types of Great Expectations 1.24, grouped by how the gate validates each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from expectations.core.across_rows import ACROSS_ROWS
from expectations.core.aggregates import COLUMN_AGGREGATES
from expectations.core.column_sets import COLUMN_SETS
from expectations.core.one_column import ON_ONE_COLUMN
from expectations.core.rules import RowRule, TableRule
from expectations.core.several_columns import ON_SEVERAL_COLUMNS
from expectations.core.tables import ON_TABLES

ROW_LEVEL: Mapping[str, Callable[..., RowRule]] = {
    function.__name__: function for function in (*ON_ONE_COLUMN, *ON_SEVERAL_COLUMNS, *ACROSS_ROWS)
}
"""The compilers of the row-level expectation types. A row that fails goes to quarantine or gets a warning."""

TABLE_LEVEL: Mapping[str, Callable[..., TableRule]] = {
    function.__name__: function for function in (*ON_TABLES, *COLUMN_AGGREGATES, *COLUMN_SETS)
}
"""The compilers of the expectation types that apply to a whole table or column."""

DELEGATED_TO_GX = (
    "expect_column_kl_divergence_to_be_less_than",
    "expect_column_values_to_match_json_schema",
    "unexpected_rows_expectation",
)
"""The expectation types that only Great Expectations itself can validate.

To validate these types, Great Expectations runs SciPy, the user's SQL, or Python code for each value.
"""

_WITHOUT_MOSTLY = (*TABLE_LEVEL, "expect_column_kl_divergence_to_be_less_than")


def accepts_mostly(type_: str) -> bool:
    """Return whether GX accepts `mostly` for an expectation type.

    Some table-level types accept `mostly`. On Spark, GX ignores the `mostly` of these types.
    """
    return type_ not in _WITHOUT_MOSTLY or type_.startswith("expect_column_values_")


NOT_ON_SPARK: Mapping[str, str] = {
    "expect_column_values_to_be_dateutil_parseable": "Use expect_column_values_to_match_strftime_format",
    "expect_column_values_to_match_like_pattern": "Use expect_column_values_to_match_regex",
    "expect_column_values_to_match_like_pattern_list": "Use expect_column_values_to_match_regex_list",
    "expect_column_values_to_not_match_like_pattern": "Use expect_column_values_to_not_match_regex",
    "expect_column_values_to_not_match_like_pattern_list": "Use expect_column_values_to_not_match_regex_list",
    "expect_query_results_to_match_comparison": "Publish the second data source as a table, and join it",
    "expect_table_row_count_to_equal_other_table": "Use expect_table_row_count_to_equal",
}
"""A hint for each expectation type that Great Expectations cannot validate on a Spark DataFrame."""
