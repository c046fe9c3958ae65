"""Transforms import only pyspark and the standard library, so they run wherever Spark runs."""

import ast
import sys
from pathlib import Path

TRANSFORMS = Path(__file__).parents[2] / "transforms"
ALLOWED = {"pyspark", "transforms", *sys.stdlib_module_names}


def test_transforms_import_only_spark_and_the_standard_library():
    for module in TRANSFORMS.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        assert {name.split(".")[0] for name in names} <= ALLOWED, module
