"""Build the page on expectation types from the compilers in `expectations.core`."""

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
[How the gate validates](../concepts/gate.md) explains the terms on this page.
[Differences from Great Expectations](expectation-differences.md) lists the intended differences.

In a suite, write the exact name of a column, including dots and spaces. If a name contains dots and no column has this
name, the name is a path into a struct.
"""

SECTIONS: Sequence[tuple[str, str, Iterable[Callable[..., object]]]] = (
    (
        "One column",
        "Every staged row is validated. Spark sets bits in the bit mask while it writes the rows, so no extra pass is "
        "needed.",
        ON_ONE_COLUMN,
    ),
    (
        "Several columns",
        "Every staged row is validated. Spark sets bits in the bit mask while it writes the rows, so no extra pass is "
        "needed.",
        ON_SEVERAL_COLUMNS,
    ),
    (
        "Across rows",
        "The rows that pass all critical expectations on single rows are compared with each other. Uniqueness costs "
        "one shuffle by the columns. For z-scores and outliers, Spark computes the source rows a second time to get "
        "the statistics. For increasing and decreasing values, Spark sorts all rows in one task.",
        ACROSS_ROWS,
    ),
    (
        "A column as a whole",
        "These expectations validate all rows together, except the rows for quarantine. One aggregation covers all "
        "these expectations.",
        COLUMN_AGGREGATES,
    ),
    (
        "The values of a column",
        "These expectations validate all rows together, except the rows for quarantine. One aggregation covers all "
        "these expectations. Another Spark job counts values outside a set and finds the most common value.",
        COLUMN_SETS,
    ),
    (
        "A table",
        "These expectations validate all rows together, except the rows for quarantine. No extra work is needed, "
        "because the schema and the row count are known.",
        ON_TABLES,
    ),
)

DELEGATED = """Great Expectations itself validates expectations of these types, over the rows that would be published.
In the `meta` of the result, `judged_by` is the release of Great Expectations. Great Expectations does not report which
rows fail, so no row goes to quarantine. If the expectation is critical and not met, the publish is blocked.

On AWS Glue, append `,great_expectations==1.24.1` to the value of `--additional-python-modules` in the rendered
template.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD + NOTE]
    for title, how, functions in SECTIONS:
        rows = [(code(item.__name__), code(_arguments(item)), _summary(item)) for item in functions]
        parts.append(f"## {title}\n\n{how}\n\n{table(['type', 'arguments', 'met if'], rows)}")
    types = "".join(f"- `{name}`\n" for name in sorted(DELEGATED_TO_GX))
    parts.append(f"## Delegated to Great Expectations\n\n{DELEGATED}\n{types}")
    refused = [(code(name), hint) for name, hint in sorted(NOT_ON_SPARK.items())]
    about = "Great Expectations cannot validate these types on Spark, so the gate rejects a suite with such a type."
    parts.append(f"## Not supported\n\n{about}\n\n{table(['type', 'use instead'], refused)}")
    return "\n".join(parts)


def _arguments(function: Callable[..., object]) -> str:
    _, *parameters = inspect.signature(function).parameters.values()
    names = [
        "min_value, max_value, strict_min, strict_max" if item.kind is item.VAR_KEYWORD else item.name
        for item in parameters
    ]
    return ", ".join(names)


def _summary(function: Callable[..., object]) -> str:
    return paragraph((inspect.getdoc(function) or "").split("\n\n")[0])
