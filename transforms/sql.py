"""Escape names and literals for Spark SQL text."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Return a column name in backticks, so Spark SQL accepts any character in the name.

    >>> quoted("Calls. Offered")
    '`Calls. Offered`'
    """
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    r"""Return a text as a Spark SQL literal. Quotes, backslashes and variable references are escaped.

    >>> literal("O'Hare")
    "'O\\'Hare'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\u0024{") + "'"
