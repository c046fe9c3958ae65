"""Text of Spark SQL: names and literals, with everything escaped that SQL would read as its own."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Return a column's name as Spark SQL reads it, whatever characters it has.

    >>> quoted("Calls. Offered")
    '`Calls. Offered`'
    """
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    r"""Return a text as a literal of Spark SQL: quotes, backslashes and variable references are escaped.

    >>> literal("O'Hare")
    "'O\\'Hare'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\u0024{") + "'"
