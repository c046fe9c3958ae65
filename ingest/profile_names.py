"""Give the columns of files names that are safe in Python, in SQL and in the tables of the lake."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from transforms.names import snake_case

MAX_NAME_CHARACTERS = 40
"""Maximum number of characters in a name, except the number that distinguishes equal names."""

_NOT_ASCII = re.compile(r"[^a-z0-9_]+")
_RESERVED = """
all alter and anti any array as between both by case cast check collate column commit constraint create
cross cube current current_date current_time current_timestamp current_user date_add delete describe
distinct drop else end escape except exists external false fetch filter for foreign from full function
global grant group grouping having in inner insert intersect interval into is join lateral leading left like
local minus natural no not null of offset on only or order out outer overlaps partition primary range
references revoke right rollback rollup row rows select semi session_user set some start table tablesample
then to trailing true truncate union unique unknown update user using values when where window with
"""


def safe_names(headers: Sequence[str]) -> list[str]:
    """Return a different name in snake case for each header. The names have only the letters a to z, digits and `_`.

    >>> safe_names(["CallsOffered", "2023", "calls offered", "Größe", "日付", "order"])
    ['calls_offered', 'column_2023', 'calls_offered_2', 'grosse', 'column_5', 'order_column']
    """
    names: list[str] = []
    for position, header in enumerate(headers, 1):
        name = _safe_name(header) or f"column_{position}"
        number, unique = 1, name
        while unique in names:
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    return names


def is_reserved(name: str) -> bool:
    """Return True if Python or SQL reserves a name in snake case."""
    return keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _RESERVED.split()


def _safe_name(header: str) -> str:
    name = _NOT_ASCII.sub("_", snake_case(header.replace("ß", "ss"))).strip("_")
    name = re.sub("_+", "_", name)[:MAX_NAME_CHARACTERS].rstrip("_")
    if name[:1].isdigit():
        return f"column_{name}"
    return f"{name}_column" if is_reserved(name) else name
