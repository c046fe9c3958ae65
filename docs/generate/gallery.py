"""Build the gallery page, which shows every transform with the example from its docstring."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

import transforms
from docs.generate.markdown import NOTE

HEAD = """# Transforms gallery

This page shows each transform with its example. The examples run as tests. [Transforms by Glue Studio
node](glue-studio.md) lists the same transforms by the names that AWS Glue Studio uses.
"""


def functions() -> Iterator[tuple[str, str, Callable[..., object]]]:
    """Yield the module name, the function name and the function of each public transform.

    The modules are sorted by name. The modules that define datasets have no transforms.
    """
    for module_info in iter_modules(transforms.__path__):
        if module_info.ispkg or module_info.name in ("candidates", "dataset"):
            continue
        module = import_module(f"transforms.{module_info.name}")
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
                yield module_info.name, name, function


def page() -> str:
    """Return the page."""
    parts, last = [HEAD + NOTE], ""
    for module, name, function in functions():
        text = inspect.getdoc(function) or ""
        examples = [part for part in doctest.DocTestParser().parse(text) if isinstance(part, doctest.Example)]
        if not examples:
            continue
        if module != last:
            about = (inspect.getdoc(import_module(f"transforms.{module}")) or "").splitlines()[0]
            parts.append(f"\n## {module}\n\n{about}\n")
            last = module
        summary = text.split("\n\n")[0].replace("\n", " ")
        code = f">>> from transforms.{module} import {name}\n{_shown(examples)}"
        parts.append(f"\n### {name}\n\n{summary}\n\n```python\n{code}\n```\n")
    return "".join(parts)


def _shown(examples: list[doctest.Example]) -> str:
    lines = []
    for example in examples:
        first, *more = example.source.splitlines()
        lines += [f">>> {first}", *(f"... {line}" for line in more), *example.want.splitlines()]
    return "\n".join(lines)
