"""Test that the pages about transforms mention every transform, and that the examples on the pages are correct."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

from pyspark.sql import functions as F

from docs.generate import gallery

REFERENCE = Path(__file__).parents[2] / "docs/reference"
PAGE = (REFERENCE / "glue-studio.md").read_text(encoding="utf-8")
PLAIN = (REFERENCE / "plain-spark.md").read_text(encoding="utf-8")
MASKING = (REFERENCE.parent / "concepts/masking.md").read_text(encoding="utf-8")
STUDIO = """Change Schema, Select Fields, Drop Fields, Rename Field, Spigot, Join, Union, Split Fields,
Select From Collection, Fill Missing Values, Filter, Drop Null Fields, Drop Duplicates, SQL, Aggregate, Flatten, UUID,
Identifier, To timestamp, Format timestamp, Conditional Router, Concatenate Columns, Split String, Array To Columns,
Add Current Timestamp, Pivot Rows To Columns, Unpivot Columns To Rows, Autobalance Processing, Derived Column, Lookup,
Explode Array Or Map Into Rows, Record Matching, Remove Null Rows, Parse JSON Column, Extract JSON Path,
Regex Extractor, Custom Transform, Evaluate Data Quality, Detect PII"""
BUILDING_BLOCKS = {"cast", "encode_key", "tie_breakers", "to_literal", "utc_instant", "utc_wall_clock"}
BUILDING_BLOCKS |= {"find_row_loss", "is_lossless", "lossless"}
BUILDING_BLOCKS |= {"require_columns", "require_distinct", "require_number"}


def test_every_glue_studio_node_has_an_equivalent():
    """The table on the page `glue-studio.md` has a link or a transform for each node."""
    rows = dict(re.findall(r"^\| ([^|]+?) (?:\([^|]*\) )?\| ([^|]+?) \|", PAGE, flags=re.MULTILINE))
    for name in STUDIO.replace("\n", " ").split(","):
        assert re.search(r"`[a-z]+\.[a-z_]+`|\]\(|rows\.transform", rows[name.strip()]), name


def test_pages_mention_every_transform():
    """Each function that the pages mention must exist too."""
    named = set(re.findall(r"`([a-z]+)\.([a-z_0-9]+)`", PAGE + MASKING)) - {("spark", "sql")}
    for module, name in named:
        assert callable(getattr(import_module(f"transforms.{module}"), name))
    existing = {(module, name) for module, name, _ in gallery.functions() if name not in BUILDING_BLOCKS}
    assert existing - named == {("sql", "quoted"), ("sql", "literal")}


def test_plain_spark_examples_give_the_printed_output(spark):
    text = PLAIN.replace("```python", "").replace("```", "")
    parsed = doctest.DocTestParser().get_doctest(text, {"spark": spark, "F": F}, "plain-spark.md", None, 0)
    results = doctest.DocTestRunner().run(parsed)
    assert results.attempted > 10
    assert results.failed == 0


def test_every_transform_has_a_gallery_example():
    without = {name for _, name, function in gallery.functions() if ">>>" not in (function.__doc__ or "")}
    assert without == BUILDING_BLOCKS
    assert (REFERENCE / "gallery.md").read_text(encoding="utf-8") == gallery.page(), "run make reference"
