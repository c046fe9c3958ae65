"""The page on expectation types, from the tables of `expectations.core`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence

from docs.generate.markdown import NOTE, code, paragraph, table
from expectations.core import DELEGATED_TO_GX, NOT_ON_SPARK
from expectations.core.across_rows import ACROSS_ROWS
from expectations.core.aggregates import COLUMN_AGGREGATES
from expectations.core.column_sets import COLUMN_SETS
from expectations.core.one_column import ON_ONE_COLUMN
from expectations.core.several_columns import ON_SEVERAL_COLUMNS
from expectations.core.tables import ON_TABLES

HEAD = """# Expectation types

The gate validates every expectation type of Great Expectations 1.24 that Great Expectations supports on Spark.
[How the gate validates](../concepts/gate.md) explains the words on this page.
[Differences from Great Expectations](expectation-differences.md) lists the intended differences.

A column is named as it is, including dots and blanks. If no column has a name with dots, the name is a path
into a struct.
"""

SECTIONS: Sequence[tuple[str, str, Iterable[Callable[..., object]]]] = (
    (
        "One column",
        "Validated for each row, in all staged rows. Cost: bits of the mask, in the pass that writes.",
        ON_ONE_COLUMN,
    ),
    (
        "Several columns",
        "Validated for each row, in all staged rows. Cost: bits of the mask, in the pass that writes.",
        ON_SEVERAL_COLUMNS,
    ),
    (
        "Across rows",
        "Validated for each row, among the rows that pass all expectations on single rows. Cost: uniqueness takes one "
        "shuffle by the columns. Z-scores and outliers compute the source once more, for the statistics. Increasing "
        "and decreasing values sort all rows in one task.",
        ACROSS_ROWS,
    ),
    (
        "A column as a whole",
        "Validated over the rows that would be published. Cost: one aggregation for all of these expectations.",
        COLUMN_AGGREGATES,
    ),
    (
        "The values of a column",
        "Validated over the rows that would be published. Cost: one aggregation for all of these expectations. Values "
        "outside a set, and the most common value, take another Spark job.",
        COLUMN_SETS,
    ),
    (
        "A table",
        "Validated over the rows that would be published. Cost: nothing, because the schema or the row count is known.",
        ON_TABLES,
    ),
)

DELEGATED = """Great Expectations validates these types itself, over the rows that would be published. `judged_by`
in the `meta` of the result names its release. Great Expectations does not report which rows fail, so no row goes to
quarantine. If the expectation is critical and not met, the publish is blocked.

On AWS Glue, append `,great_expectations==1.24.1` to the value of `--additional-python-modules` in the rendered
template.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD + NOTE]
    for title, how, functions in SECTIONS:
        rows = [(code(each.__name__), code(_arguments(each)), _summary(each)) for each in functions]
        parts.append(f"## {title}\n\n{how}\n\n{table(['type', 'arguments', 'met if'], rows)}")
    types = "".join(f"- `{name}`\n" for name in sorted(DELEGATED_TO_GX))
    parts.append(f"## Delegated to Great Expectations\n\n{DELEGATED}\n{types}")
    refused = [(code(name), hint) for name, hint in sorted(NOT_ON_SPARK.items())]
    about = "Great Expectations cannot validate these types on Spark either. A suite with one of them is an error."
    parts.append(f"## Not supported\n\n{about}\n\n{table(['type', 'use instead'], refused)}")
    return "\n".join(parts)


def _arguments(function: Callable[..., object]) -> str:
    _, *parameters = inspect.signature(function).parameters.values()
    names = [
        "min_value, max_value, strict_min, strict_max" if each.kind is each.VAR_KEYWORD else each.name
        for each in parameters
    ]
    return ", ".join(names)


def _summary(function: Callable[..., object]) -> str:
    return paragraph((inspect.getdoc(function) or "").split("\n\n")[0])
