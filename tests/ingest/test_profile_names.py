"""Test the names of the columns of new datasets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.profile_names import is_reserved, safe_names


@given(st.lists(st.text(), min_size=1, max_size=30))
def test_every_name_is_a_different_identifier(headers):
    names = safe_names(headers)
    assert len({*names}) == len(headers)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) and not is_reserved(name) for name in names)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Number of Records", "number_of_records"),
        ("  Wait (minutes) ", "wait_minutes"),
        ("class", "class_column"),
        ("SELECT", "select_column"),
        ("2023", "column_2023"),
        ("% ", "column_1"),
        ("_source", "source"),
        ("Straße Nº", "strasse_no"),
        ("Дата", "column_1"),
        ("x" * 300, "x" * 40),
    ],
)
def test_hostile_headers_get_safe_names(header, name):
    assert safe_names([header]) == [name]


def test_equal_names_are_numbered():
    assert safe_names(["a b", "A-B", "a_b_2", "a.b"]) == ["a_b", "a_b_2", "a_b_2_2", "a_b_3"]
