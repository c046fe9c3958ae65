"""Load the request feeds of the cities. Each feed has its own module.

To add a city, add a module that ends with `SOURCE = CitySource(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules

from transforms.datasets.service_requests.sources.city_source import CitySource
from transforms.schema import Field


def _load_sources() -> Iterator[CitySource]:
    for name in sorted(module.name for module in iter_modules(__path__)):
        if name != "city_source":
            yield import_module(f"{__name__}.{name}").SOURCE


SOURCES = tuple(_load_sources())
"""The feeds, in alphabetical order of their modules."""

LAYOUTS: Mapping[str, Sequence[Field]] = {
    layout: fields for source in SOURCES for layout, fields in source.layouts.items()
}
"""The layouts of all feeds, and the fields of each layout."""
