"""The cities' request feeds, one module for each. To add a city, add a module that ends with `SOURCE = Source(...)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules

from transforms.datasets.service_requests.sources.source import Source
from transforms.schema import Field


def _sources() -> Iterator[Source]:
    for name in sorted(module.name for module in iter_modules(__path__)):
        if name != "source":
            yield import_module(f"{__name__}.{name}").SOURCE


SOURCES = tuple(_sources())
"""The feeds, in alphabetical order of their modules."""

LAYOUTS: Mapping[str, Sequence[Field]] = {
    layout: fields for source in SOURCES for layout, fields in source.layouts.items()
}
"""The layouts of all feeds, and the fields of each."""
