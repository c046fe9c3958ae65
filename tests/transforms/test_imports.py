"""Transforms need pyspark and the standard library, nothing else, so that they run wherever Spark does."""

import ast
import sys
from pathlib import Path

import pytest

TRANSFORMS = Path(__file__).parents[2] / "transforms"
ALLOWED = {"pyspark", "transforms", *sys.stdlib_module_names}


@pytest.mark.parametrize("module", sorted(TRANSFORMS.rglob("*.py")), ids=lambda path: path.relative_to(TRANSFORMS).name)
def test_only_spark_and_the_standard_library_are_imported(module: Path) -> None:
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]

    assert {name.split(".")[0] for name in names} <= ALLOWED
