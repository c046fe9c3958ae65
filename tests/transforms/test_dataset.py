"""Tests of `Dataset` and of `load_dataset`, which finds a dataset by its name."""

from __future__ import annotations

from importlib import import_module, resources

import pytest

import transforms.datasets
from transforms.dataset import Answer, Dataset
from transforms.datasets import dataset_names, load_dataset
from transforms.errors import DatasetNotFoundError
from transforms.schema import Field


def build_dataset(**changes):
    layouts = {
        "daily": (Field("Date", "date", "date"), Field("Calls", "calls", "int")),
        "old": (Field("D", "date", "date"),),
    }
    arguments = {
        "name": "calls", "description": "Calls by day", "layouts": layouts, "build": lambda raw: raw, "key": ("date",),
        "revision_order": ("_row_number",), "answers": {"daily": Answer(lambda calls: calls)},
    }  # fmt: skip
    return Dataset(**arguments | changes)


def test_source_columns_are_named_as_in_the_files():
    assert build_dataset().source_columns == {"daily": ("Date", "Calls"), "old": ("D",)}


def test_answer_reads_the_trusted_table_by_default():
    assert build_dataset().answers["daily"].reads == ("trusted",)


def test_every_suite_belongs_to_a_dataset():
    suites = {
        p.name.removesuffix(".json")
        for p in resources.files("expectations.suites").iterdir()
        if p.name.endswith(".json")
    }
    assert suites <= {*dataset_names()}


@pytest.mark.parametrize("name", dataset_names())
def test_every_dataset_is_defined_completely(name):
    dataset = load_dataset(name)
    assert dataset is import_module(f"transforms.datasets.{name}").DATASET
    assert dataset.name == name
    assert dataset.description
    assert "\n" not in dataset.description
    assert dataset.answers
    assert all(fields for fields in dataset.layouts.values())


def test_error_for_unknown_dataset_shows_existing_datasets():
    with pytest.raises(DatasetNotFoundError) as caught:
        load_dataset("contact_center")
    assert str(caught.value) == (
        "dataset 'contact_center': module transforms.datasets.contact_center does not exist. "
        f"Found: {dataset_names()}. Did you mean 'contact_centre'?"
    )
    assert (caught.value.name, caught.value.known[0]) == ("contact_center", "contact_centre")


def test_module_without_dataset_constant_is_refused(monkeypatch, tmp_path):
    (tmp_path / "half_written.py").write_text("KEY = ('date',)\n", encoding="utf-8")
    monkeypatch.setattr(transforms.datasets, "__path__", [*transforms.datasets.__path__, str(tmp_path)])
    assert "half_written" in dataset_names()
    with pytest.raises(DatasetNotFoundError, match=r"half_written has no DATASET. Import Dataset"):
        load_dataset("half_written")
