"""Write gallery.md: every transform with its example, taken from the docstrings."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import transforms

HEAD = """# Gallery of the transforms

Each with its example, which the tests run. Written from the docstrings by `make gallery`; they also say what becomes of
rows, columns, nulls and types, and what is refused. [transforms.md](transforms.md) goes by Glue Studio's names.
"""


def functions() -> Iterator[tuple[str, str, Callable[..., object]]]:
    """Return module, name and function of each public function of the transforms, in order of the files."""
    for found in (module for module in iter_modules(transforms.__path__) if not module.ispkg):
        module = import_module(f"transforms.{found.name}")
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
                yield found.name, name, function


def gallery() -> str:
    """Return the page."""
    page, last = [HEAD], ""
    for module, name, function in functions():
        text = inspect.getdoc(function) or ""
        examples = [part for part in doctest.DocTestParser().parse(text) if isinstance(part, doctest.Example)]
        if not examples:
            continue
        if module != last:
            about = (inspect.getdoc(import_module(f"transforms.{module}")) or "").splitlines()[0]
            page.append(f"\n## [transforms/{module}.py](../transforms/{module}.py)\n\n{about}\n")
            last = module
        summary = text.split("\n\n")[0].replace("\n", " ")
        code = f">>> from transforms.{module} import {name}\n{_shown(examples)}"
        page.append(f"\n### {name}\n\n{summary}\n\n```python\n{code}\n```\n")
    return "".join(page)


def _shown(examples: list[doctest.Example]) -> str:
    lines = []
    for example in examples:
        first, *more = example.source.splitlines()
        lines += [f">>> {first}", *(f"... {line}" for line in more), *example.want.splitlines()]
    return "\n".join(lines)


if __name__ == "__main__":
    Path(__file__).with_name("gallery.md").write_text(gallery(), encoding="utf-8")
