"""Test which names of columns may be values, because the first row of the file may be a row of values."""

from __future__ import annotations

import json

import pytest

from ingest.profile import profile_files
from ingest.profile_header import may_be_value
from ingest.storage import list_files

PERSONS = [f"{first} {last}" for first in ("Ann", "Bob", "Zoe") for last in ("Lee", "Stone", "Diaz", "Brown")]


def is_unsure(name, cells):
    return may_be_value(name, cells, is_header_repeated=[False] * len(cells))


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Boston", ["Denver", None, "Boston"]),
        ("yes", ["no", "yes"]),
        ("2019", ["2020", "2021", None]),
        ("CASE-001", ["CASE-002", "CASE-417"]),
        ("Max Poe", PERSONS),
    ],
)
def test_names_that_look_like_their_cells_are_unsure(name, cells):
    assert is_unsure(name, cells)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("City", ["Denver", "Boston"]),
        ("2019", ["5", "6"]),
        ("2019", [None]),
        ("q1", ["yes", "no"]),
        ("Staff Member", PERSONS),
        ("Reported By", PERSONS),
        ("Max Poe", ["Structure Fire", "Medical Incident"] * 6),
    ],
)
def test_other_names_are_sure(name, cells):
    assert not is_unsure(name, cells)


def names(file):
    return {column.source for column in profile_files(list_files(str(file))).columns if column.is_name_unsure}


def test_a_repeated_header_is_not_a_row_of_values(landing):
    assert names(landing.file("a.csv", b"City,Open\nDenver,yes\nCity,Open\nBoston,no\n")) == set()
    assert names(landing.file("b.csv", b"Denver,yes\nCity,Open\nDenver,no\n")) == {"Denver"}


def test_json_objects_always_have_names(landing):
    objects = [{"12": "12", "a@example.org": "x"}, {"12": "13", "a@example.org": "y"}]
    assert names(landing.file("a.json", json.dumps(objects).encode())) == set()
