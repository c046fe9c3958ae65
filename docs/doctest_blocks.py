"""A Griffe extension: examples of docstrings become code blocks in the API reference."""

from __future__ import annotations

import re
from typing import Any

import griffe


class DoctestBlocks(griffe.Extension):
    """Fence each paragraph of a docstring that is a doctest example."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"^>>> .*(?:\n.+)*", _fenced, obj.docstring.value, flags=re.MULTILINE)


def _fenced(example: re.Match[str]) -> str:
    return f"```pycon\n{example[0]}\n```"
