"""The pages on the transforms say what is there: every one of Glue Studio's, and examples that run."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from pyspark.sql import functions as F

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "transforms.md").read_text(encoding="utf-8")
STUDIO = """Change Schema, Select Fields, Drop Fields, Rename Field, Spigot, Join, Union, Split Fields,
Select From Collection, Fill Missing Values, Filter, Drop Null Fields, Drop Duplicates, SQL, Aggregate, Flatten, UUID,
Identifier, To timestamp, Format timestamp, Conditional Router, Concatenate Columns, Split String, Array To Columns,
Add Current Timestamp, Pivot Rows To Columns, Unpivot Columns To Rows, Autobalance Processing, Derived Column, Lookup,
Explode Array Or Map Into Rows, Record Matching, Remove Null Rows, Parse JSON Column, Extract JSON Path,
Regex Extractor, Custom Transform, Evaluate Data Quality, Detect PII"""
BUILDING_BLOCKS = {"cast", "encode_key", "tie_breakers", "to_literal", "utc_instant", "utc_wall_clock"}
BUILDING_BLOCKS |= {"require_columns", "require_distinct", "require_number"}


@pytest.fixture(scope="module")
def gallery():
    spec = spec_from_file_location("gallery", DOCS / "gallery.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_transform_of_glue_studio_is_in_the_table_and_leads_somewhere():
    rows = dict(re.findall(r"^\| ([^|]+?) (?:\([^|]*\) )?\| ([^|]+?) \|", PAGE, flags=re.MULTILINE))
    for name in STUDIO.replace("\n", " ").split(","):
        assert re.search(r"`[a-z]+\.[a-z_]+`|\]\(|rows\.transform", rows[name.strip()]), name


def test_every_function_that_is_named_exists_and_every_one_that_exists_is_named(gallery):
    named = set(re.findall(r"`([a-z]+)\.([a-z_0-9]+)`", PAGE)) - {("spark", "sql")}
    for module, name in named:
        assert callable(getattr(import_module(f"transforms.{module}"), name))
    there = {(module, name) for module, name, _ in gallery.functions() if name not in BUILDING_BLOCKS}
    assert there - named == {("sql", "quoted"), ("sql", "literal")}


def test_links_lead_to_headings_of_the_page_and_to_files():
    headings = re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert len([link for link in links if link.startswith("#")]) == 8
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    assert [link for link in links if not link.startswith("#") and not (DOCS / link).exists()] == []


def test_plain_calls_give_what_the_page_says(spark):
    text = PAGE.replace("```python", "").replace("```", "")
    parsed = doctest.DocTestParser().get_doctest(text, {"spark": spark, "F": F}, "transforms.md", "transforms.md", 0)
    results = doctest.DocTestRunner().run(parsed)
    assert results.attempted > 10
    assert results.failed == 0


def test_every_transform_has_an_example_and_the_gallery_has_it(gallery):
    without = {name for _, name, function in gallery.functions() if ">>>" not in (function.__doc__ or "")}
    assert without == BUILDING_BLOCKS
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == gallery.gallery(), "run make gallery"
