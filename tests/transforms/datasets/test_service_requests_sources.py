"""Check that the descriptions of the feeds are complete and consistent."""

from __future__ import annotations

import pytest

from transforms.datasets.service_requests import sources
from transforms.datasets.service_requests.sources import LAYOUTS, SOURCES

TYPES = {field.name: field.type for fields in LAYOUTS.values() for field in fields}


def test_every_source_module_is_loaded_as_a_feed(monkeypatch, tmp_path):
    assert [source.city for source in SOURCES] == ["denver", "vancouver"]
    (tmp_path / "boulder.py").write_text("SOURCE = 'a feed'\n", encoding="utf-8")
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    assert [getattr(source, "city", source) for source in sources._load_sources()] == ["a feed", "denver", "vancouver"]


def test_layout_names_are_unique_across_all_feeds():
    assert len(LAYOUTS) == sum(len(source.layouts) for source in SOURCES)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.city)
def test_every_status_has_exactly_one_resolution(source):
    statuses = [status for statuses in source.statuses.values() for status in statuses]
    assert len(statuses) == len(set(statuses))
    assert set(source.spellings.values()) <= set(statuses)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.city)
def test_every_layout_has_the_required_fields(source):
    assert source.as_of.keys() == source.layouts.keys()
    for layout, fields in source.layouts.items():
        names = {field.name: field.type for field in fields}
        assert {*source.key, "created_at"} <= names.keys()
        assert ("revised_at" in names) == (source.as_of[layout] == "row")
        assert all(TYPES[name] == type_ for name, type_ in names.items())
